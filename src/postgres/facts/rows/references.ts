/** What refers to the rows that a merge loses, and what of it cannot follow. */
import { findTable, type ForeignKey, type Table } from '../../../engine/catalogue/catalog.ts';
import { rowCount, verbOf } from '../../../engine/plan/row-text.ts';
import type { Tx } from '../../driver/database.ts';
import { keyExpression } from '../../sql/keys.ts';
import { mergedTables, ofKeys, rowsAfter } from '../../sql/merging.ts';
import { allOf, bind, column, list, rowsOf, sql } from '../../sql/sql.ts';
import type { Growing, Lost } from './growing.ts';

/** What refers to rows that are lost since, by a column that is not changed with them anyway, becomes a mapping. */
export async function addReferences(tx: Tx, growing: Growing, fresh: readonly Lost[]): Promise<void> {
  const { catalog } = growing.about.rules;
  for (const [id, lost] of Map.groupBy(fresh, ({ table }) => table)) {
    const table = findTable(catalog, id);
    const keys = catalog.tables.flatMap((child) =>
      child.foreignKeys
        .filter(({ references }) => references === id)
        .map((foreignKey) => ({ child, foreignKey })),
    );
    if (table === undefined) continue;
    for (const same of Map.groupBy(keys, ({ foreignKey }) =>
      foreignKey.referencedColumns.join('\0'),
    ).values())
      await addReference(tx, growing, { table, lost, keys: same });
  }
}

interface Referred {
  readonly table: Table;
  readonly lost: readonly Lost[];
  /** Foreign keys that lead to the same columns. */
  readonly keys: readonly { readonly child: Table; readonly foreignKey: ForeignKey }[];
}

async function addReference(tx: Tx, growing: Growing, { table, lost, keys }: Referred): Promise<void> {
  const [first] = keys;
  const columns = first?.foreignKey.referencedColumns ?? [];
  const images = await readBoth(tx, growing, { table, lost, columns });
  let changing = changingColumns(growing, table);
  for (const { row, survivor, own, other, now, then } of images) {
    const differing = columns.filter((_, at) => own[at] !== other[at]);
    const [name = '', ...more] = differing;
    const at = columns.indexOf(name);
    const known = growing.mappings.find((each) => each.table === table.id && each.column === name);
    const [from = null, to = null] = [now[at], then[at]];
    if (differing.length === 0 || now.some((value) => value === null) || known?.pairs.get(from ?? '') === to)
      continue;
    if (more.length > 0 || to === null || !isAlone(growing, table, name) || changing.has(name)) {
      await refuseReferred(tx, growing, { table, keys, row, survivor });
      continue;
    }
    const mapping = known ?? { table: table.id, column: name, pairs: new Map<string, string>() };
    for (const [key, value] of mapping.pairs) if (value === from) mapping.pairs.set(key, to);
    mapping.pairs.set(from ?? '', to);
    if (known !== undefined) continue;
    growing.mappings.push(mapping);
    changing = changingColumns(growing, table);
  }
}

/** Does the column alone, within the tenant, say which row is meant? */
function isAlone({ about: { rules } }: Growing, table: Table, name: string): boolean {
  const { column: tenant } = rules.config.tenant;
  return table.uniqueIndexes.some(
    ({ columns, predicate }) =>
      predicate === undefined &&
      columns.includes(name) &&
      columns.every((each) => each === name || each === tenant),
  );
}

function changingColumns(growing: Growing, table: Table): ReadonlySet<string> {
  const columns = mergedTables(growing.merging()).get(table.id)?.columns ?? [];
  return new Set(columns.map(({ name }) => name));
}

interface Both {
  readonly row: string;
  readonly survivor: string;
  /** What the two have in the columns afterwards. */
  readonly own: readonly (string | null)[];
  readonly other: readonly (string | null)[];
  /** What they have now. */
  readonly now: readonly (string | null)[];
  readonly then: readonly (string | null)[];
}

function readBoth(
  tx: Tx,
  growing: Growing,
  { table, lost, columns }: { table: Table; lost: readonly Lost[]; columns: readonly string[] },
): Promise<Both[]> {
  const each = mergedTables(growing.merging()).get(table.id);
  if (each === undefined || columns.length === 0) return Promise.resolve([]);
  const keys = lost.flatMap(({ row, survivor }) => [row, survivor]);
  const after = rowsAfter(each, { where: ofKeys(each, keys) });
  const texts = (alias: string): ReturnType<typeof sql> =>
    sql`ARRAY[${list(columns.map((name) => sql`${column(alias, name)}::text`))}]::text[]`;
  const [rows, survivors] = [lost.map(({ row }) => row), lost.map(({ survivor }) => survivor)];
  return tx.many<Both>(sql`WITH after AS MATERIALIZED (${after}),
      now AS MATERIALIZED (SELECT ${keyExpression(each.key, 't')}::text AS k, ${texts('t')} AS v
        FROM ${rowsOf(table)} t WHERE ${ofKeys(each, keys)})
    SELECT p.u AS row, p.v AS survivor, ${texts('a')} AS own, ${texts('b')} AS other, n.v AS now, m.v AS "then"
    FROM unnest(${bind(rows, 'text[]')}, ${bind(survivors, 'text[]')}) p (u, v)
    JOIN after a ON a."drover:k" = p.u JOIN after b ON b."drover:k" = p.v JOIN now n ON n.k = p.u JOIN now m ON m.k = p.v
    ORDER BY p.u COLLATE "C"`);
}

/** What refers to the row by more than one column that would change cannot follow in one statement that knows each column by itself. */
async function refuseReferred(
  tx: Tx,
  growing: Growing,
  { table, keys, row, survivor }: Pick<Referred, 'table' | 'keys'> & { row: string; survivor: string },
): Promise<void> {
  const own = mergedTables(growing.merging()).get(table.id);
  if (own === undefined) return;
  for (const { child, foreignKey } of keys) {
    const joined = allOf(
      foreignKey.columns.map(
        (name, at) => sql`${column('c', name)} = ${column('t', foreignKey.referencedColumns[at] ?? '')}`,
      ),
    );
    const { rows } = await tx.one<{ rows: number }>(
      sql`SELECT count(*) AS rows FROM ${rowsOf(child)} c JOIN ${rowsOf(table)} t ON ${joined} WHERE ${ofKeys(own, [row])}`,
    );
    if (rows === 0) continue;
    const message =
      `the row ${row} of ${table.id} would be lost to ${survivor}, and ${rowCount(rows)} of ${child.id} ${verbOf(rows, 'refer')} ` +
      `to it by ${foreignKey.name}, of which more than one column would change, or one that others share: ` +
      'make these rows refer to the other one first';
    growing.impossible.push({ word: 'compound', message });
  }
}
