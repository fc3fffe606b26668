/**
 * What the database itself would do to rows that the one statement of a re-key does not write. The action of a foreign key runs with the
 * rights of the owner of the table, so it reaches rows that nobody counted: of tables that were not read, and rows that policies hide.
 *
 * Every key is read from pg_constraint anew: the catalogue keeps one of several on the same columns, and none of a table that is ignored.
 */
import { tableId } from '../../../engine/catalogue/catalog.ts';
import type { Policy, Table, TableId } from '../../../engine/catalogue/catalog.ts';
import { findNamedTable } from '../../../engine/catalogue/names.ts';
import type { AroundFollowers } from '../../../engine/plan/snapshot.ts';
import type { Follower, Subject } from '../../../engine/rules/rows/followers.ts';
import { tableOf } from '../../../engine/rules/references.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import { findHiding, showAllRows } from '../../../engine/rules/visible.ts';
import type { Tx } from '../../driver/database.ts';
import { many, prepared } from '../../driver/question.ts';
import { policiesBinding } from '../visibility.ts';

interface Reach {
  readonly rules: Rules;
  readonly subject: Subject;
  /** The tables that are written to, and those of them that lose rows. */
  readonly touched: readonly Follower[];
  readonly removed: ReadonlySet<TableId>;
  /** Do two rows become one? Then whatever refers to the one that goes follows, by whichever column. */
  readonly merges: boolean;
}

/** A foreign key that leads to a table whose rows change. */
interface LeadingKey {
  readonly name: string;
  /** The table that refers; of a partition the whole table. */
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** The number of the table that it leads to among those that were asked for, from 1. */
  readonly to: number;
  readonly led: readonly string[];
  /** As PostgreSQL writes it: NO ACTION, RESTRICT, CASCADE, SET NULL, SET DEFAULT. */
  readonly on_update: string;
  readonly on_delete: string;
}

/** What forbids a re-key, with the word of its kind. */
export type Impossible = AroundFollowers['impossible'];

/** A key that stands on one partition counts for its table; the copies that PostgreSQL makes for partitions do not count. */
const leadingSql = prepared(`
SELECT k.conname::text AS name, n.nspname::text AS schema, c.relname::text AS "table", u.at::int AS "to",
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY x (n, at)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.n ORDER BY x.at) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY x (n, at)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.n ORDER BY x.at) AS led,
       '{"a":"NO ACTION","r":"RESTRICT","c":"CASCADE","n":"SET NULL","d":"SET DEFAULT"}'::jsonb ->> k.confupdtype::text AS on_update,
       '{"a":"NO ACTION","r":"RESTRICT","c":"CASCADE","n":"SET NULL","d":"SET DEFAULT"}'::jsonb ->> k.confdeltype::text AS on_delete
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY u (schema, name, at)
JOIN pg_namespace pn ON pn.nspname = u.schema JOIN pg_class p ON p.relnamespace = pn.oid AND p.relname = u.name
JOIN pg_constraint k ON k.contype = 'f' AND k.conparentid = 0 AND coalesce(pg_partition_root(k.confrelid)::oid, k.confrelid) = p.oid
JOIN pg_class c ON c.oid = coalesce(pg_partition_root(k.conrelid)::oid, k.conrelid) JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", k.conname COLLATE "C"`);

/** Why the database would change, or refuse to leave, rows that the re-key does not write: nothing where it does neither. */
export async function readReach(tx: Tx, reach: Reach): Promise<Impossible> {
  const { rules, touched } = reach;
  const tables = touched.map(({ table }) => tableOf(rules, table));
  const keys = await tx.ask(
    many<LeadingKey>(leadingSql, [tables.map(({ schema }) => schema), tables.map(({ name }) => name)]),
  );
  const binding = await tx.ask(policiesBinding(tables));
  const hiding = new Map(tables.map((table, at) => [table.id, binding[at]]));
  return [...tenantRoot(reach), ...keys.flatMap((key) => reaching({ ...reach, hiding }, key))];
}

/** Whose a row is, is said by the keys of this table: with another one the rows would be another tenant's. */
function tenantRoot({ rules, subject }: Reach): Impossible {
  const { root: named = 'none' } = rules.config.tenant;
  const root = named === 'none' ? undefined : findNamedTable(rules.scope, named);
  if (root?.id !== subject.table.id) return [];
  const message =
    `${root.id} is tenant.root, so its keys say which tenant is meant, and a tenant is never made another one. ` +
    'Other tables of the configuration can be re-keyed';
  return [{ word: 'tenant-root', message }];
}

interface ReachSeen extends Reach {
  /** By table the policies that bind the session; undefined where none do. */
  readonly hiding: ReadonlyMap<TableId, readonly Policy[] | undefined>;
}

function reaching(reach: ReachSeen, key: LeadingKey): Impossible {
  const { rules, subject, hiding, touched, removed, merges } = reach;
  const follower = touched[key.to - 1];
  if (follower === undefined) return [];
  const follows = follower.columns.some(({ column }) => key.led.includes(column));
  const anew = removed.has(follower.table);
  if (!follows && !anew) return [];
  const id = tableId(key.schema, key.table);
  const table = rules.catalog.tables.find((one) => one.id === id);
  const said = `the foreign key ${key.name} of ${id} leads to ${follower.table}`;
  if (table === undefined) return [notRead(said, key)];
  const acting = [
    ...(follows && acts(key.on_update) ? [`ON UPDATE ${key.on_update}`] : []),
    ...(anew && acts(key.on_delete) ? [`ON DELETE ${key.on_delete}`] : []),
  ];
  if (acting.length === 0) return [];
  const policies = hiding.get(id);
  if (!follows && !merges) return [notFollowing({ said, id, acting }, subject)];
  if (policies === undefined || showsAllThatRefer(reach, { table, policies, key })) return [];
  const message =
    `row-level security may hide rows of ${id} from this session, and ${said} with ${acting.join(' and ')}, which changes hidden rows, ` +
    'too, with nobody to count them and nothing to take them back. Use a login, or a database.session.role, that sees all its rows';
  return [{ word: 'hidden-rows', message }];
}

function acts(action: string): boolean {
  return action !== 'NO ACTION' && action !== 'RESTRICT';
}

function notRead(said: string, { schema, on_update, on_delete }: LeadingKey): Impossible[number] {
  const message =
    `${said} (ON UPDATE ${on_update}, ON DELETE ${on_delete}), and that table is not read, so its rows cannot follow. Take it out of ` +
    `database.ignore, or name ${schema} under database.schemas`;
  return { word: 'not-read', message };
}

/** The row is removed and inserted: a key on its other columns sees the removal, and does not see that they come back. */
function notFollowing(
  { said, id, acting }: { said: string; id: TableId; acting: readonly string[] },
  { table, key }: Subject,
): Impossible[number] {
  const message =
    `${said} by other columns than ${key}, with ${acting.join(' and ')}: the row would be written anew, and the rows of ${id} that ` +
    `refer to it would be touched. ALTER TABLE ${table.id} ALTER COLUMN ${key} SET GENERATED BY DEFAULT first`;
  return { word: 'written-anew', message };
}

/**
 * Does the session see every row that refers by this key? Either all rows, or all of the tenant, where the key itself makes a row the
 * tenant's: then it contains the column of the tenant on both sides, leads to the row itself, and the policies read that column alone.
 */
function showsAllThatRefer(
  { rules, subject, touched }: Reach,
  {
    table,
    policies,
    key,
  }: { readonly table: Table; readonly policies: readonly Policy[]; readonly key: LeadingKey },
): boolean {
  if (showAllRows(policies)) return true;
  const { column } = rules.config.tenant;
  const at = column === undefined ? -1 : key.columns.indexOf(column);
  const onlyTenant = policies.every(
    ({ using, reads = [] }) =>
      using === 'true' ||
      (reads.length > 0 && reads.every((read) => read.table === table.id && read.column === column)),
  );
  const to = touched[key.to - 1];
  const following = to?.columns.filter(({ column: name }) => key.led.includes(name)) ?? [];
  const toRow = to?.table === subject.table.id && following.every(({ column: name }) => name === subject.key);
  return (
    at !== -1 &&
    key.led[at] === column &&
    toRow &&
    onlyTenant &&
    findHiding(rules, table, policies) === undefined
  );
}
