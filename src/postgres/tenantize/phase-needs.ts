/** What a phase of a conversion needs of a database before its first step, counted and listed. It only reads. */
import type { ConvertedTable } from '../../engine/tenantize/conversion.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../sql/identifiers.ts';
import type { ConversionStepRecord, WrittenStep } from './conversion-records.ts';

/** Rights that the login lacks for a conversion, in words: without them some step would fail halfway. */
export async function lackingForConversion(
  tx: Tx,
  { tables, steps }: { readonly tables: readonly ConvertedTable[]; readonly steps: readonly WrittenStep[] },
): Promise<string[]> {
  const { superuser, creates, makes, login } = await tx.one<{
    superuser: boolean;
    creates: boolean;
    makes: boolean;
    login: string;
  }>(
    `SELECT r.rolsuper AS superuser, r.rolcreaterole AS creates, has_database_privilege(current_database(), 'CREATE') AS makes,
       current_user::text AS login FROM pg_roles r WHERE r.rolname = current_user`,
  );
  if (superuser) return [];
  const strange = await tx.many<{ name: string; owner: string }>(
    `SELECT c.oid::regclass::text AS name, pg_get_userbyid(c.relowner)::text AS owner FROM pg_class c
     WHERE c.oid = ANY($1::text[]::regclass[]) AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1`,
    [tables.map(({ v1 }) => quoteTable(v1))],
  );
  return [
    ...(creates ? [] : [`${login} may not make roles (CREATEROLE)`]),
    ...(makes ? [] : [`${login} may not make schemas in this database (GRANT CREATE ON DATABASE)`]),
    ...strange.map(({ name, owner }) => `${name} belongs to ${owner}, and ${login} is no member of it`),
    ...(await lackingInSchemas(tx, { tables, steps, login })),
    ...(await strangeObjects(tx, { tables, steps, login })),
  ];
}

interface NeedsOfSteps {
  readonly tables: readonly ConvertedTable[];
  readonly steps: readonly WrittenStep[];
  readonly login: string;
}

/** Rights on schemas that are there; those that the steps make are the login's own. */
async function lackingInSchemas(tx: Tx, { tables, steps, login }: NeedsOfSteps): Promise<string[]> {
  const needs = tables.flatMap(({ v1, v2, ownerRole }) => [
    { role: login, schema: v1.schema, right: 'CREATE' },
    { role: login, schema: v2.schema, right: 'CREATE' },
    { role: ownerRole, schema: v1.schema, right: 'CREATE' },
  ]);
  for (const { change } of steps) {
    if (change.kind === 'root') needs.push({ role: login, schema: change.at.schema, right: 'CREATE' });
    if (change.kind === 'schema' && change.isThere && change.users.length > 0)
      needs.push({ role: login, schema: change.schema, right: 'USAGE WITH GRANT OPTION' });
    if (change.kind === 'usage')
      for (const right of ['USAGE WITH GRANT OPTION', 'CREATE WITH GRANT OPTION'])
        needs.push({ role: login, schema: change.schema, right });
  }
  const lacking = await tx.many<{ role: string; schema: string; right: string }>(
    `SELECT DISTINCT n->>'role' AS role, n->>'schema' AS schema, n->>'right' AS right FROM jsonb_array_elements($1::jsonb) n
     WHERE NOT has_schema_privilege((n->>'role')::name, to_regnamespace(quote_ident(n->>'schema'))::oid, n->>'right') ORDER BY 1, 2, 3`,
    [JSON.stringify(needs)],
  );
  return lacking.map(({ role, schema, right }) => `${role} lacks ${right} on the schema ${schema}`);
}

/** Views, types and routines that the steps change or drop, and that belong to others. */
async function strangeObjects(tx: Tx, { tables, steps, login }: NeedsOfSteps): Promise<string[]> {
  const [views, types]: [string[], string[]] = [[], []];
  for (const { change } of steps) {
    if (change.kind === 'invoker') views.push(quoteTable(change.view));
    if (change.kind === 'drop-type') types.push(change.type);
  }
  const routines = tables.flatMap(({ shim }) => shim?.routines ?? []);
  const strange = await tx.many<{ name: string; owner: string }>(
    `SELECT name, owner FROM (
       SELECT v AS name, pg_get_userbyid(c.relowner)::text AS owner FROM unnest($1::text[]) v JOIN pg_class c ON c.oid = to_regclass(v)
       UNION SELECT y, pg_get_userbyid(t.typowner)::text FROM unnest($2::text[]) y JOIN pg_type t ON t.oid = to_regtype(y)
       UNION SELECT r->>'signature', r->>'owner' FROM jsonb_array_elements($3::jsonb) r
     ) objects WHERE NOT pg_has_role(owner::name, 'USAGE') ORDER BY 1`,
    [views, types, JSON.stringify(routines.map(({ signature, owner }) => ({ signature, owner })))],
  );
  return strange.map(({ name, owner }) => `${name} belongs to ${owner}, and ${login} is no member of it`);
}

/** Roles that the steps would make and that are there: on the way back they would go, whoever they belong to. */
export async function takenRoles(tx: Tx, steps: readonly WrittenStep[]): Promise<string[]> {
  const wanted = steps.flatMap(({ change }) => (change.kind === 'roles' ? change.roles : []));
  const found = await tx.many<{ name: string }>(
    `SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY($1::text[]) ORDER BY 1`,
    [wanted],
  );
  return found.map(({ name }) => name);
}

/** Rows of other tenants than zero, by table: V1 could not tell them from its own. */
export async function rowsOfOthers(tx: Tx, steps: readonly ConversionStepRecord[]): Promise<string[]> {
  const found: string[] = [];
  for (const { change, state } of steps) {
    if (state !== 'done' || (change.kind !== 'owner-column' && change.kind !== 'root')) continue;
    if (change.zero === undefined) continue;
    const column = quoteIdent(change.kind === 'root' ? change.key : change.column);
    const { rows } = await tx.one<{ rows: number }>(
      `SELECT count(*)::float8 AS rows FROM ${quoteTable(change.at)} WHERE ${column}::text <> ${quoteLiteral(change.zero)}`,
    );
    if (rows > 0) found.push(`${quoteTable(change.at)}: ${rows}`);
  }
  return found;
}
