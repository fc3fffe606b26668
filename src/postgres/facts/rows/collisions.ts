/** Which rows of a table meet in one unique key once a merge is done. The database itself judges, by the definition of the key. */
import type { TableId } from '../../../engine/catalogue/catalog.ts';
import { columnPath, findNamedTable } from '../../../engine/catalogue/names.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import { mayFollow } from '../../../engine/rules/rows/merging.ts';
import type { Tx } from '../../driver/database.ts';
import { many, prepared } from '../../driver/question.ts';
import type { Question } from '../../driver/question.ts';
import { columnOf, equality } from '../../sql/cast.ts';
import { quoteTable } from '../../sql/identifiers.ts';
import { ofKeys, rowsAfter } from '../../sql/merging.ts';
import type { MergedTable } from '../../sql/merging.ts';
import { column, join, list, literal, raw, sql } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';

/** A unique key or an exclusion, as it is compared. */
interface Meeting {
  readonly name: string;
  readonly parts: readonly { readonly value: Sql; readonly equals: Sql; readonly nullsMeet: boolean }[];
  readonly predicate?: string;
  /** Its columns, and those that its expressions read. */
  readonly reads: readonly string[];
}

/** What the catalogue does not keep for other plans. */
export interface UniqueDefinitions {
  readonly exclusions: readonly Meeting[];
  /** By column, the expression of what the database computes. */
  readonly computed: ReadonlyMap<string, string>;
}

interface ExclusionRow {
  readonly name: string;
  readonly parts: readonly string[];
  readonly operators: readonly string[];
  readonly predicate: string | null;
  readonly reads: readonly string[];
}

const exclusionsSql =
  prepared(`SELECT k.conname::text AS name, pg_get_expr(i.indpred, i.indrelid) AS predicate,
    ARRAY(SELECT pg_get_indexdef(i.indexrelid, at, false) FROM generate_series(1, i.indnkeyatts::int) at ORDER BY at) AS parts,
    ARRAY(SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname) FROM unnest(k.conexclop) WITH ORDINALITY x (op, at)
          JOIN pg_operator o ON o.oid = x.op JOIN pg_namespace n ON n.oid = o.oprnamespace ORDER BY x.at) AS operators,
    ARRAY(SELECT DISTINCT a.attname::text FROM pg_depend d JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
          WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0
            AND (d.classid, d.objid) IN (('pg_class'::regclass, i.indexrelid), ('pg_constraint'::regclass, k.oid))) AS reads
  FROM pg_constraint k JOIN pg_index i ON i.indexrelid = k.conindid
  WHERE k.contype = 'x' AND k.conrelid = $1::text::regclass ORDER BY k.conname::text COLLATE "C"`);

const computedSql = prepared(`SELECT a.attname::text AS name, pg_get_expr(d.adbin, d.adrelid) AS text
  FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = $1::text::regclass AND a.attgenerated <> '' AND NOT a.attisdropped`);

export async function readDefinitions(tx: Tx, table: MergedTable['table']): Promise<UniqueDefinitions> {
  const [rows, computed] = await tx.together([
    many<ExclusionRow>(exclusionsSql, [quoteTable(table)]),
    many<{ name: string; text: string }>(computedSql, [quoteTable(table)]),
  ]);
  const exclusions = rows.map(({ name, parts, operators, predicate, reads }) => ({
    name,
    reads,
    ...(predicate === null ? {} : { predicate }),
    parts: parts.map((text, at) => ({
      value: raw(text),
      equals: raw(operators[at] ?? '='),
      nullsMeet: false,
    })),
  }));
  return { exclusions, computed: new Map(computed.map(({ name, text }) => [name, text])) };
}

function uniqueKeys(rules: Rules, { table }: MergedTable): Meeting[] {
  const said =
    Object.entries(rules.config.unique ?? {}).find(
      ([name]) => findNamedTable(rules.scope, name)?.id === table.id,
    )?.[1] ?? [];
  const byConvention = said.map((columns) => ({
    name: `unique by configuration: ${columns.join(', ')}`,
    columns,
  }));
  return [...table.uniqueIndexes, ...byConvention].map((key) => {
    const { name, columns, expressions, reads, predicate, nullsNotDistinct } = {
      expressions: undefined,
      reads: undefined,
      predicate: undefined,
      nullsNotDistinct: false,
      ...key,
    };
    const parts = columns.map((each, at) => {
      const expression = expressions?.[at] ?? null;
      const plain = each !== null && expression === null;
      return {
        value: plain ? column('d', each) : raw(expression ?? 'NULL'),
        equals: plain ? equality(columnOf(table, each)) : raw('='),
        nullsMeet: nullsNotDistinct,
      };
    });
    const read = [...columns.flatMap((each) => each ?? []), ...(reads ?? [])];
    return { name, parts, reads: read, ...(predicate === undefined ? {} : { predicate }) };
  });
}

/** A row that changes, and one that it meets: one that stays as it is, or one that changes, too. */
export interface Met {
  readonly table: TableId;
  readonly constraint: string;
  /** The column in which they come to meet, as plans call it. */
  readonly place: string;
  readonly row: string;
  readonly other: string;
  /** Does the other one change, too? */
  readonly moves: boolean;
}

/** Every two rows of the table that meet, none of those that are lost already. */
export function meetings(
  rules: Rules,
  one: MergedTable,
  { definitions, lost }: { readonly definitions: UniqueDefinitions; readonly lost: readonly string[] },
): Question<Met[]>[] {
  const changed = one.columns.map(({ name }) => name);
  return [...uniqueKeys(rules, one), ...definitions.exclusions].flatMap((key) => {
    const computed = new Map([...definitions.computed].filter(([name]) => key.reads.includes(name)));
    const own =
      key.reads.find((name) => changed.includes(name)) ?? (computed.size > 0 ? changed[0] : undefined);
    if (own === undefined) return [];
    const column = key.reads.find((name) => mayChange(rules, one, name)) ?? own;
    const about = [
      sql`${literal(one.table.id)} AS "table"`,
      sql`${literal(key.name)} AS constraint`,
      sql`${literal(columnPath(rules.scope, one.table, column))} AS place`,
    ];
    const where = lost.length === 0 ? {} : { where: sql`NOT (${ofKeys(one, lost)})` };
    return [many<Met>(meetingSql(key, { rows: rowsAfter(one, { ...where, computed }), about }))];
  });
}

/** Refers the column to rows that may be lost? A key is called by the first such column, whichever of them changes by now. */
function mayChange({ config, catalog, subject }: Rules, { table }: MergedTable, name: string): boolean {
  if (subject === undefined || name === config.tenant.column) return false;
  return mayFollow(catalog, subject, { table, column: name });
}

/** Of two rows that change the one with the greater key is the one that would go. */
function meetingSql(key: Meeting, { rows, about }: { rows: Sql; about: readonly Sql[] }): Sql {
  const values = key.parts.map(({ value }, at) => sql`${value} AS ${raw(`p${at}`)}`);
  const met = key.parts.map(({ equals, nullsMeet }, at) => {
    const [u, v] = [raw(`u.p${at}`), raw(`v.p${at}`)];
    return nullsMeet
      ? sql`(${u} ${equals} ${v} OR (${u} IS NULL AND ${v} IS NULL))`
      : sql`${u} ${equals} ${v}`;
  });
  const predicate = key.predicate === undefined ? raw('') : sql` WHERE ${raw(key.predicate)}`;
  return sql`WITH parts AS MATERIALIZED (SELECT d."drover:k" AS k, d."drover:m" AS m, ${list(values)} FROM (${rows}) d${predicate})
    SELECT ${list(about)}, u.k AS row, v.k AS other, v.m AS moves FROM parts u JOIN parts v ON u.k <> v.k AND ${join(met, ' AND ')}
    WHERE u.m AND (NOT v.m OR u.k COLLATE "C" > v.k COLLATE "C") ORDER BY v.m, u.k COLLATE "C", v.k COLLATE "C"`;
}
