/**
 * Counts rows that stand where they must not: under another tenant's row, under two tenants, under nothing. It only reads, as the login;
 * of a table whose rows the login does not all see nothing is counted, and that is said.
 */
import { findColumn, findTable } from '../../engine/catalogue/catalog.ts';
import type { ForeignKey, Table, TableId } from '../../engine/catalogue/catalog.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { DamageFact, DamageReport } from '../../engine/isolation/damage.ts';
import type { Hop } from '../../engine/rules/links.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Database, Tx } from '../driver/database.ts';
import { backToSavepoint } from '../driver/question.ts';
import { rowName } from '../sql/keys.ts';
import { severalOwnersSql, tenantOfRowSql } from '../sql/row.ts';
import { allOf, column, join, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

/** From this many rows on a table is sampled, unless all shall be read. */
const manyRows = 1_000_000;

export interface DamageRequest {
  readonly rules: Rules;
  /** `sample`: tables of many rows are sampled. */
  readonly mode: 'full' | 'sample';
}

/** One thing that may be wrong with rows of a table. */
interface DamageQuestion {
  readonly rule: DamageFact['rule'];
  readonly table: Table;
  readonly by: string;
  /** Of row `t`: the owner, what it is compared with, and whether it is wrong. */
  readonly from: Sql;
  readonly to: Sql;
  readonly joins?: Sql;
  readonly wrong: Sql;
  /** What else has to be seen. */
  readonly reads: readonly TableId[];
}

/** @returns what was found, what was read, and what could not be read */
export function readDamage(database: Database, request: DamageRequest): Promise<DamageReport> {
  const opening = {
    isolation: 'repeatable read',
    readOnly: true,
    settings: ['SET LOCAL statement_timeout = 60000'],
  } as const;
  return database.transaction(opening, (tx) => count(tx, request));
}

async function count(tx: Tx, { rules, mode }: DamageRequest): Promise<DamageReport> {
  const owned = rules.catalog.tables.filter(({ id }) => rules.ownership.get(id)?.kind === 'tenant');
  const hidden = await listHidden(tx, rules.catalog.tables);
  const found: DamageFact[] = [];
  const unseen: DamageReport['unseen'][number][] = [];
  const tables = new Map<TableId, DamageReport['tables'][number]>();
  for (const question of owned.flatMap((table) => questionsOf(rules, table))) {
    const { table, by } = question;
    const reason = [table.id, ...question.reads].flatMap((id) => hidden.get(id) ?? [])[0];
    if (reason !== undefined) {
      unseen.push({ table: table.id, by, reason });
      continue;
    }
    const share = mode === 'sample' && table.rowEstimate >= manyRows ? manyRows / table.rowEstimate : 1;
    const asked = await ask(tx, rules, { question, share });
    if (typeof asked === 'string') unseen.push({ table: table.id, by, reason: asked });
    else {
      const sampled = share < 1 ? { sampled: asked.read } : {};
      tables.set(table.id, { table: table.id, ...sampled });
      if (asked.fact.rows > 0) found.push({ ...asked.fact, ...sampled });
    }
  }
  return { tables: [...tables.values()], found, unseen };
}

/** Tables of which the login does not see all rows, and why. */
async function listHidden(tx: Tx, tables: readonly Table[]): Promise<ReadonlyMap<TableId, string>> {
  const rows = await tx.many<{ id: TableId; reason: string }>(
    `SELECT t.id, CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT')
       THEN 'the login may not read it' ELSE 'policies hide rows of it from the login' END AS reason
     FROM unnest($1::text[], $2::text[], $3::text[]) AS t (id, schema, name)
     JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
     WHERE NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid)`,
    [tables.map(({ id }) => id), tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
  );
  return new Map(rows.map(({ id, reason }) => [id, reason]));
}

interface CountedRow {
  readonly read: number;
  readonly rows: number;
  readonly tenants: readonly { from: string; to: string; rows: number }[];
  readonly keys: readonly string[];
}

async function ask(
  tx: Tx,
  rules: Rules,
  { question, share }: { readonly question: DamageQuestion; readonly share: number },
): Promise<{ fact: DamageFact; read: number } | string> {
  const { rule, table, by, from, to, joins = raw(''), wrong } = question;
  const sample = share < 1 ? raw(` TABLESAMPLE SYSTEM (${(share * 100).toFixed(4)})`) : raw('');
  const query = sql`WITH looked AS MATERIALIZED (
      SELECT ${rowName(rules, table)} AS key, (${from})::text AS "from", (${to})::text AS "to", coalesce(${wrong}, false) AS wrong
      FROM ${rowsOf(table)} t${sample}${joins}),
    pairs AS (SELECT coalesce("from", 'nobody') AS "from", coalesce("to", 'nobody') AS "to", count(*) AS rows FROM looked WHERE wrong
      GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20),
    firsts AS (SELECT key FROM looked WHERE wrong ORDER BY key LIMIT 20)
    SELECT (SELECT count(*) FROM looked) AS read, (SELECT count(*) FROM looked WHERE wrong) AS rows,
      (SELECT coalesce(json_agg(p), '[]') FROM pairs p) AS tenants, ARRAY(SELECT key FROM firsts) AS keys`;
  await tx.run('SAVEPOINT "drover:damage"');
  try {
    const { read, rows, tenants, keys } = await tx.one<CountedRow>(query);
    return { read, fact: { rule, table: table.id, by, rows, tenants, keys } };
  } catch (error) {
    const state = error instanceof DroverError ? error.data['sqlState'] : undefined;
    if (typeof state !== 'string' || state === '') throw error;
    await tx.ask(backToSavepoint('drover:damage'));
    return state === '57014' ? 'it took longer than a minute' : `the database refused to count it (${state})`;
  }
}

function questionsOf(rules: Rules, table: Table): DamageQuestion[] {
  const ownership = rules.ownership.get(table.id);
  if (ownership?.kind !== 'tenant') return [];
  const root = findNamedTable(rules.scope, rules.config.tenant.root ?? '');
  if (table.id === root?.id) return [];
  const direct = ownership.paths.find(({ hops }) => hops.length === 0);
  const hops = ownership.paths.flatMap(({ hops: [first] }) => first ?? []);
  const reads = ownership.paths.flatMap(({ hops: all }) => all.map(({ table: id }) => id));
  const context = { rules, table, size: 1, tenants: [''] };
  const owner = direct === undefined ? tenantOfRowSql(context) : column('t', direct.column);
  const several = severalOwnersSql(context);
  const crossing = table.foreignKeys.flatMap((key) =>
    crossingOf(rules, { table, key, owner, reads, hops, direct: direct?.column }),
  );
  const isSeveral =
    direct === undefined && ownership.paths.length > 1 && !ownership.paths.every(({ many }) => many);
  return [
    ...crossing,
    ...(isSeveral
      ? [
          {
            rule: 'rows-two-owners' as const,
            table,
            by: 'its ways to an owner',
            from: sql`(${several})[1]`,
            to: sql`(${several})[2]`,
            wrong: sql`(${several}) IS NOT NULL`,
            reads,
          },
        ]
      : []),
    ...hops.flatMap((hop) => orphanOf(rules, table, hop)),
    ...(direct === undefined || root === undefined
      ? []
      : strayOf(rules, { table, own: direct.column, root })),
    ...withoutOwner({ table, owner, several, reads }, direct?.column),
  ];
}

interface CrossingInput {
  readonly table: Table;
  readonly key: ForeignKey;
  readonly owner: Sql;
  readonly reads: readonly TableId[];
  readonly hops: readonly Hop[];
  readonly direct: string | undefined;
}

/** A row and what its key leads to have different owners. By a way that says itself whose the row is they cannot. */
function crossingOf(
  rules: Rules,
  { table, key, owner, reads, hops, direct }: CrossingInput,
): DamageQuestion[] {
  const parent = findTable(rules.catalog, key.references);
  const ownership = rules.ownership.get(key.references);
  const root = findNamedTable(rules.scope, rules.config.tenant.root ?? '');
  if (parent === undefined || ownership?.kind !== 'tenant' || parent.id === root?.id) return [];
  const isOwning = hops.some(({ from }) => from.join('\0') === key.columns.join('\0'));
  if (direct === undefined && isOwning) return [];
  const above = ownership.paths.find(({ hops: all }) => all.length === 0)?.column;
  const carries = key.columns.some((name, at) => name === direct && key.referencedColumns[at] === above);
  if (carries && key.validated) return [];
  const of =
    above === undefined
      ? tenantOfRowSql({ rules, table: parent, size: 1, tenants: [''] })
      : column('t', above);
  const names = key.referencedColumns.map((name, at) => sql`${column('t', name)} AS ${raw(`k${at}`)}`);
  const on = key.columns.map((name, at) => sql`${column('t', name)} = ${raw(`parent.k${at}`)}`);
  const ofParent = ownership.paths.flatMap(({ hops: all }) => all.map(({ table: id }) => id));
  return [
    {
      rule: 'rows-cross-tenants',
      table,
      by: key.name,
      from: owner,
      to: raw('parent.owner'),
      joins: sql` JOIN (SELECT ${join(names, ', ')}, (${of})::text AS owner FROM ${rowsOf(parent)} t) parent ON ${allOf(on)}`,
      wrong: sql`(${owner})::text <> parent.owner`,
      reads: [...reads, parent.id, ...ofParent],
    },
  ];
}

/** A way to the owner that leads to no row. Of a validated key there is none. */
function orphanOf(rules: Rules, table: Table, hop: Hop): DamageQuestion[] {
  const parent = findTable(rules.catalog, hop.table);
  const key = table.foreignKeys.find(({ columns }) => columns.join('\0') === hop.from.join('\0'));
  if (parent === undefined || hop.how !== 'equal' || key?.validated === true) return [];
  const isJunction = key === undefined && hop.from.join('\0') === table.primaryKey.join('\0');
  if (isJunction) return [];
  const on = hop.from.map(
    (name, at) => sql`${column('p', hop.to[at] ?? '')}::text = ${column('t', name)}::text`,
  );
  const set = hop.from.map((name) => sql`${column('t', name)} IS NOT NULL`);
  return [
    {
      rule: 'rows-orphaned',
      table,
      by: hop.from.join(', '),
      from: raw('NULL'),
      to: raw('NULL'),
      wrong: sql`${allOf(set)} AND NOT EXISTS (SELECT FROM ${rowsOf(parent)} p WHERE ${allOf(on)})`,
      reads: [parent.id],
    },
  ];
}

/** An owner that is no tenant. */
function strayOf(
  rules: Rules,
  { table, own, root }: { readonly table: Table; readonly own: string; readonly root: Table },
): DamageQuestion[] {
  const key = rules.config.tenant.key ?? root.primaryKey[0] ?? '';
  const isTied = table.foreignKeys.some(
    ({ columns, references, validated }) => validated && references === root.id && columns.includes(own),
  );
  if (isTied || key === '') return [];
  const owner = column('t', own);
  return [
    {
      rule: 'rows-orphaned',
      table,
      by: own,
      from: owner,
      to: raw('NULL'),
      wrong: sql`${owner} IS NOT NULL AND NOT EXISTS (SELECT FROM ${rowsOf(root)} p WHERE ${column('p', key)}::text = ${owner}::text)`,
      reads: [root.id],
    },
  ];
}

function withoutOwner(
  { table, owner, several, reads }: { table: Table; owner: Sql; several: Sql; reads: readonly TableId[] },
  direct: string | undefined,
): DamageQuestion[] {
  if (direct !== undefined && findColumn(table, direct)?.notNull === true) return [];
  const wrong =
    direct === undefined ? sql`(${owner}) IS NULL AND (${several}) IS NULL` : sql`${owner} IS NULL`;
  return [
    {
      rule: 'rows-without-owner',
      table,
      by: direct ?? 'its ways to an owner',
      from: raw('NULL'),
      to: raw('NULL'),
      wrong,
      reads,
    },
  ];
}
