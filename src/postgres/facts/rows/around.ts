/** What the catalogue says of the tables that a re-key writes to: what forbids it, what fires, what is computed, what no index serves. */
import { rowCount } from '../../../engine/plan/row-text.ts';
import { displayName, type Check, type Table, type TableId } from '../../../engine/catalogue/catalog.ts';
import { columnPath } from '../../../engine/catalogue/names.ts';
import type { AroundFollowers } from '../../../engine/plan/snapshot.ts';
import { isWrittenAnew, type Follower, type Subject } from '../../../engine/rules/rows/followers.ts';
import { redirectTrigger } from '../../../engine/rules/rows/redirect.ts';
import { tableOf, type Rules } from '../../../engine/rules/references.ts';
import type { Tx } from '../../driver/database.ts';
import { one, prepared, type Question } from '../../driver/question.ts';
import { keysText, type KeyPair } from '../../../engine/key-pairs.ts';
import { castFor, columnOf } from '../../sql/cast.ts';
import { followingColumns, followsSql } from '../../sql/following.ts';
import { becomesText, isAmong } from '../../sql/key-map.ts';
import { quoteTable } from '../../sql/identifiers.ts';
import { mineSql } from '../../sql/row.ts';
import { bind, column, ident, list, raw, rowsOf, sql, type Sql } from '../../sql/sql.ts';
import { rowContext, type Member } from '../member.ts';
import { askSafely, metSql, notJudged } from '../refusals.ts';
import { readReach, type Impossible } from './reach.ts';

export interface Around {
  readonly rules: Rules;
  readonly subject: Subject;
  readonly member: Member;
  /** The keys of the rows, and those that they get; at least one. */
  readonly pairs: readonly KeyPair[];
  /** Of rows that go through a free key, that one. */
  readonly through?: readonly KeyPair[];
  /** Where the row becomes one with another: what of the database changes, and which tables lose rows. */
  readonly merging?: { readonly changed: readonly Follower[]; readonly removed: ReadonlySet<TableId> };
}

/** What the catalogue does not keep of a table for other plans. */
interface Touched {
  readonly rules: readonly string[];
  /** The definition of its partition key; null where it has no partitions. */
  readonly partition: string | null;
  /** The key columns of its indexes, in their order. */
  readonly indexes: readonly (readonly string[])[];
  readonly views: readonly string[];
}

export async function readAround(tx: Tx, about: Around): Promise<AroundFollowers> {
  const { rules, merging } = about;
  const tables = touchedTables(about).map((follower) => ({
    follower,
    table: tableOf(rules, follower.table),
  }));
  const touched = await tx.together(
    tables.map(({ table }) => {
      const events = merging?.removed.has(table.id) === true ? ['2', '4'] : ['2'];
      return one<Touched>(prepared(touchedSql), [quoteTable(table), events]);
    }),
  );
  const judged = await readRefused(tx, about);
  const { through = [] } = about;
  const between = through.length === 0 ? undefined : await readRefused(tx, { ...about, pairs: through });
  const refused = [
    ...(await readReach(tx, reachOf(about))),
    ...(await readTaken(tx, about)),
    ...judged.impossible,
    ...(between?.impossible ?? []),
  ];
  const all = tables.flatMap((each, at) => {
    const found = touched[at];
    return found === undefined ? [] : [{ ...each, found }];
  });
  return {
    impossible: [...all.flatMap((each) => forbidding(about, each)), ...refused],
    unjudged: judged.unjudged,
    triggers: all.flatMap(({ table }) => firing(about, table).map((name) => `${table.id}.${name}`)),
    derived: [
      ...all.flatMap(({ table }) =>
        table.columns.filter((each) => each.computed).map(({ name }) => columnPath(rules.scope, table, name)),
      ),
      ...new Set(all.flatMap(({ found }) => found.views)),
    ],
    unindexed: all.flatMap((each) => unindexed(about, each)),
  };
}

function reachOf(about: Around): Parameters<typeof readReach>[1] {
  const { rules, subject, merging } = about;
  return {
    rules,
    subject,
    touched: touchedTables(about),
    removed: removedFrom(about),
    merges: merging !== undefined,
  };
}

/** What a re-key changes; of a merge what it changes, and not the key of the row, which goes. */
function touchedTables({ subject, merging }: Pick<Around, 'subject' | 'merging'>): readonly Follower[] {
  return merging?.changed ?? subject.followers;
}

/** Tables of which rows are removed. A row that is written anew is removed, too. */
function removedFrom({ subject, merging }: Pick<Around, 'subject' | 'merging'>): ReadonlySet<TableId> {
  return merging?.removed ?? new Set(isWrittenAnew(subject) ? [subject.table.id] : []);
}

/** Materialised views are found behind views, too. A rule that makes a view is none. */
const touchedSql = `SELECT
  ARRAY(SELECT r.rulename::text FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type::text = ANY ($2::text[]) AND r.ev_enabled <> 'D'
        ORDER BY 1) AS rules,
  CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition,
  coalesce((SELECT jsonb_agg(ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (n, at)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n WHERE k.at <= i.indnkeyatts ORDER BY k.at))
    FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL), '[]') AS indexes,
  ARRAY(WITH RECURSIVE seen AS (
      SELECT c.oid AS relation
      UNION SELECT r.ev_class FROM seen s
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.relation AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_rewrite r ON r.oid = d.objid)
    SELECT v.oid::regclass::text FROM seen JOIN pg_class v ON v.oid = seen.relation WHERE v.relkind = 'm' ORDER BY 1) AS views
  FROM pg_class c WHERE c.oid = $1::text::regclass`;

interface TouchedTable {
  readonly follower: Follower;
  readonly table: Table;
  readonly found: Touched;
}

function forbidding(
  { rules, subject, merging }: Around,
  { follower, table, found }: TouchedTable,
): Impossible {
  const names = [...new Set(follower.columns.map((each) => each.column))];
  const { partition } = found;
  const parted = names.filter((name) => partition !== null && speaksOf(partition, name));
  const computed = names.filter((name) => columnOf(table, name).computed);
  const always = names.filter(
    (name) =>
      columnOf(table, name).generated &&
      !columnOf(table, name).computed &&
      !(table.id === subject.table.id && name === subject.key && merging === undefined),
  );
  const led = rules.catalog.tables.flatMap(({ id, foreignKeys }) =>
    foreignKeys
      .filter(({ references }) => references === table.id)
      .flatMap(({ name, referencedColumns }) =>
        referencedColumns.some((each) => columnOf(table, each).computed) ? [`${name} of ${id}`] : [],
      ),
  );
  return [
    ...found.rules.map((rule) => ({
      word: 'rule',
      message: `the rule ${rule} of ${table.id} rewrites updates, so nobody can say what one of them does: drop or disable it first`,
    })),
    ...parted.map((name) => ({
      word: 'no-partition',
      message: `${table.id} is partitioned by ${name} (${partition ?? ''}), and its rows would have to change their partition`,
    })),
    ...[
      ...computed.map((name) => `${table.id}.${name} is computed by the database`),
      ...led.map(
        (key) => `the foreign key ${key} refers to a column of ${table.id} that the database computes`,
      ),
    ].map((message) => ({ word: 'computed', message: `${message}, so nobody can write another key there` })),
    ...always.map((name) => ({
      word: 'identity',
      message:
        `${table.id}.${name} is GENERATED ALWAYS AS IDENTITY, and refers to another row: an UPDATE of it is refused. ` +
        `ALTER TABLE ${table.id} ALTER COLUMN ${name} SET GENERATED BY DEFAULT first`,
    })),
  ];
}

/** Does a definition of the catalogue name the column? There a name is in quotes unless it is plain. */
function speaksOf(definition: string, name: string): boolean {
  return definition.split(/("(?:[^"]|"")+"|[\w$]+)/).includes(displayName(name));
}

/** Triggers that an UPDATE of the row sets off; of a row that is written anew those of an INSERT and a DELETE, too. */
function firing(about: Around, { id, triggers }: Table): string[] {
  const removes = about.merging === undefined ? /\b(?:UPDATE|INSERT|DELETE)\b/ : /\b(?:UPDATE|DELETE)\b/;
  const sets = removedFrom(about).has(id) ? removes : /\bUPDATE\b/;
  const others = triggers.filter(({ name }) => !name.startsWith(redirectTrigger));
  return others.filter(({ enabled, definition }) => enabled && sets.test(definition)).map(({ name }) => name);
}

/** Columns by which the rows are looked for, to which no index leads. */
function unindexed({ rules }: Around, { follower, table, found }: TouchedTable): string[] {
  const open = follower.columns.filter(({ column: name, beside }) => {
    const known = new Set(beside.map((each) => each.column));
    return !found.indexes.some((columns) => {
      const at = columns.indexOf(name);
      return at !== -1 && columns.slice(0, at).every((before) => known.has(before));
    });
  });
  return [...new Set(open.map(({ column: name }) => columnPath(rules.scope, table, name)))];
}

/** A key that is unique over all tenants, and that a row of another one has. Rows that the session may not see are told by the write. */
async function readTaken(tx: Tx, { rules, subject, member, pairs, merging }: Around): Promise<Impossible> {
  const { table, key } = subject;
  const isAlone = (columns: readonly (string | null)[]): boolean =>
    columns.length === 1 && columns[0] === key;
  const { tenant } = member.intent;
  if (
    merging !== undefined ||
    tenant === undefined ||
    !table.uniqueIndexes.some(({ columns }) => isAlone(columns))
  )
    return [];
  const mine = mineSql({ rules, table, size: 1, tenants: [tenant] });
  const own = columnOf(table, key);
  const tos = pairs.map(({ to }) => to);
  const taken = await tx.many<{
    key: string;
  }>(sql`SELECT ${column('t', key)}::text AS key FROM ${rowsOf(table)} t
      WHERE ${isAmong(own, column('t', key), tos)} AND NOT coalesce(${mine}, false) ORDER BY 1`);
  if (taken.length === 0) return [];
  const held = keysText(taken.map((row) => row.key));
  const rows = taken.length === 1 ? `a row ${held} that is` : `rows ${held} that are`;
  const message = `${table.id} has ${rows} not of this tenant, and ${key} is unique over all of them`;
  return [{ word: 'key-taken', message }];
}

interface RefusedCount {
  readonly rows: readonly number[];
}

/** Rows that a CHECK, a domain or a length would refuse with the other key, and the rules that could not be asked. */
async function readRefused(tx: Tx, about: Around): Promise<Pick<AroundFollowers, 'impossible' | 'unjudged'>> {
  const asked = about.subject.followers
    .map((one) => followingOf(about, one))
    .flatMap((follower) => {
      const table = tableOf(about.rules, follower.table);
      const names = new Set(follower.columns.map((each) => each.column));
      const checks = table.checks.filter(({ columns }) => columns.some((name) => names.has(name)));
      return checks.map((check) => ({ table, follower, check }));
    });
  const impossible: Impossible[number][] = [];
  const unjudged: AroundFollowers['unjudged'][number][] = [];
  for (const one of asked) {
    const { table, check } = one;
    const found = await askSafely(tx, refusedRows(about, one));
    const rows = found?.rows[0] ?? 0;
    const tos = keysText(about.pairs.map(({ to }) => to));
    const message = `${rowCount(rows)} of ${table.id} cannot hold ${tos} (${check.name}: ${check.definition})`;
    if (found === undefined) unjudged.push(notJudged(one));
    else if (rows > 0) impossible.push({ word: 'key-type', message });
  }
  return { impossible, unjudged };
}

/** The key of a row that becomes one with another is not written. */
function followingOf({ merging }: Around, { table, columns }: Follower): Follower {
  const written =
    merging === undefined ? columns : columns.filter(({ foreignKey }) => foreignKey !== undefined);
  return { table, columns: written };
}

interface Checked {
  readonly table: Table;
  readonly follower: Follower;
  readonly check: Check;
}

function refusedRows(about: Around, { table, follower, check }: Checked): Question<RefusedCount> {
  const context = rowContext(about.rules, table, [about.member]);
  const { rules, subject, pairs } = about;
  const following = { rules, subject, keys: pairs.map(({ from }) => from), tenants: context.tenants };
  const changed = new Map(
    followingColumns(following, context, follower).map(({ name, follows }) => [name, follows]),
  );
  const columns = check.columns.map(
    (name) => sql`${valueSql(about, { table, check, name, follows: changed.get(name) })} AS ${ident(name)}`,
  );
  return one<RefusedCount>(sql`SELECT ARRAY[count(*) FILTER (WHERE coalesce(NOT (${metSql(check)}), false))]::bigint[] AS rows
    FROM (SELECT ${list(columns)} FROM ${rowsOf(table)} t WHERE ${followsSql(following, context, follower)}) drover_row`);
}

/** What the column would hold, in its type without domain and length: a cast to those would refuse or cut the value. */
function valueSql(
  { pairs }: Around,
  {
    table,
    check,
    name,
    follows,
  }: Omit<Checked, 'follower'> & { readonly name: string; readonly follows: Sql | undefined },
): Sql {
  const own = columnOf(table, name);
  const bare = raw(check.bare ?? own.type);
  if (follows === undefined) return column('t', name);
  const cast = check.bare === undefined ? castFor(own) : 'text';
  const [only, ...others] = pairs;
  const then =
    only !== undefined && others.length === 0
      ? bind(only.to, cast)
      : sql`(${becomesText(sql`${column('t', name)}::text`, pairs)})`;
  return sql`CASE WHEN ${follows} THEN ${then}::${bare} ELSE ${column('t', name)}::${bare} END`;
}
