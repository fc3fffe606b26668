/** What the session of a tenant cannot see: rows behind policies, tables and columns that it may not read. */
import type { Policy, Table, TableId } from '../../engine/catalogue/catalog.ts';
import type { Hidden } from '../../engine/plan/snapshot.ts';
import type { Place } from '../../engine/rules/place.ts';
import { mayHoldShared } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { findHiding, showAllRows } from '../../engine/rules/visible.ts';
import type { RulesGround } from '../catalogue/rules.ts';
import { many, prepared, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';

interface SeenTable {
  readonly role: string;
  readonly reachable: boolean;
  readonly bound: boolean;
  /** The policies that bind the role. */
  readonly policies: readonly string[];
  readonly closed: readonly string[];
}

/**
 * Asked of the catalogue alone, with the rights of the session; it fails on no table. Oids are looked up there too, because a cast to
 * regclass needs a right on the schema.
 */
const seenSql = prepared(`
SELECT current_user::text AS role, has_schema_privilege(n.oid, 'USAGE') AS reachable,
       c.relrowsecurity AND row_security_active(c.oid) AS bound,
       ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
             AND EXISTS (SELECT FROM unnest(p.polroles) AS r WHERE CASE WHEN r = 0 THEN true ELSE pg_has_role(r, 'USAGE') END)) AS policies,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT') ORDER BY a.attnum) AS closed
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY u (schema, name, n)
JOIN pg_namespace n ON n.nspname = u.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = u.name
ORDER BY u.n`);

/** For a tenant, or for the shared rows: then the tables that can hold none of them are nobody's business. */
export function hiddenFrom(rules: Rules, tenant: TenantKey): Question<Hidden[]> {
  const counts = (table: TableId): boolean => !isSharedRows(tenant) || mayHoldShared(rules, table);
  const tables = rules.catalog.tables.filter(({ id }) => counts(id));
  if (tables.length === 0) return { statements: [], read: () => [] };
  return readAs(seenTables(tables), (rows) =>
    tables.flatMap((table, at) => {
      const seen = rows[at];
      return seen === undefined ? [] : hiddenOf(rules, table, seen);
    }),
  );
}

function seenTables(tables: readonly Table[]): Question<SeenTable[]> {
  return many<SeenTable>(seenSql, [tables.map(({ schema }) => schema), tables.map(({ name }) => name)]);
}

/** The tables whose policies bind the session and do not show all rows to it. */
export function hidingFrom(tables: readonly Table[]): Question<TableId[]> {
  return readAs(policiesBinding(tables), (binding) =>
    tables.flatMap(({ id }, at) => {
      const policies = binding[at];
      return policies === undefined || showAllRows(policies) ? [] : [id];
    }),
  );
}

/** The policies that bind the session at each table, in its order; undefined where row-level security does not. */
export function policiesBinding(tables: readonly Table[]): Question<(readonly Policy[] | undefined)[]> {
  return readAs(seenTables(tables), (rows) =>
    tables.map((table, at) => {
      const seen = rows[at];
      return seen?.bound === true ? bindingOf(table, seen) : undefined;
    }),
  );
}

function bindingOf({ policies }: Table, seen: SeenTable): Policy[] {
  return policies.filter(({ name }) => seen.policies.includes(name));
}

function hiddenOf(rules: Rules, table: Table, seen: SeenTable): Hidden[] {
  const closed = closedOf(table, seen);
  const hiding = seen.bound ? findHiding(rules, table, bindingOf(table, seen)) : undefined;
  return [...closed, ...(hiding === undefined ? [] : [{ table: table.id, ...hiding }])];
}

/** Columns that can name nothing and that no place needs are nobody's business. */
function closedOf(table: Table, { role, reachable, closed }: SeenTable): Hidden[] {
  const naming = table.columns.filter(({ name, kind }) => kind !== 'other' && closed.includes(name));
  const grants = [
    ...(reachable ? [] : [`GRANT USAGE ON SCHEMA ${quoteIdent(table.schema)} TO ${quoteIdent(role)}`]),
    ...(closed.length === 0 ? [] : [grantOf(table, role, closed)]),
  ];
  if (reachable && naming.length === 0) return [];
  return [
    {
      table: table.id,
      why: 'no right to read',
      columns: reachable ? closed : undefined,
      grant: grants.join('; '),
    },
  ];
}

function grantOf(table: Table, role: string, closed: readonly string[]): string {
  const some = closed.length < table.columns.length ? ` (${closed.map(quoteIdent).join(', ')})` : '';
  return `GRANT SELECT${some} ON ${quoteTable(table)} TO ${quoteIdent(role)}`;
}

/** The ground without what cannot be read: what the database would refuse is told instead. */
export function groundSeen(ground: RulesGround, hidden: readonly Hidden[]): RulesGround {
  const closed = new Set(hidden.flatMap(({ why, table }) => (why === 'no right to read' ? [table] : [])));
  if (closed.size === 0) return { ...ground, hidden };
  const { rules, scannable } = ground;
  const places = rules.places.filter((place) => isReadable(rules, place, closed));
  return {
    ...ground,
    hidden,
    rules: { ...rules, places },
    scannable: scannable.filter(({ table }) => !closed.has(table.id)),
  };
}

function isReadable(rules: Rules, place: Place, closed: ReadonlySet<TableId>): boolean {
  const ownership = rules.ownership.get(place.table);
  const hops = ownership?.kind === 'tenant' ? ownership.paths.flatMap((path) => path.hops) : [];
  const { live, ask } = place.conditions;
  const conditions = [live, ask].flatMap((one) =>
    one === undefined || one.kind === 'sql' ? [] : [one.table],
  );
  const others = [
    ...hops.map(({ table }) => table),
    ...conditions,
    ...(place.allowed === undefined || 'where' in place.allowed ? [] : [place.allowed.table]),
  ];
  return !closed.has(place.table) && others.every((table) => !closed.has(table));
}
