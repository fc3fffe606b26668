/**
 * Would moving a row break a unique key with expressions, such as `lower(model)`, or one that compares otherwise than its column? The
 * database computes the key of the row as it would be, and of the rows that are there.
 */
import type { UniqueIndex } from '../../engine/catalogue/catalog.ts';
import { castFor, columnOf, equality, isLoose } from './cast.ts';
import { columnsOf, matchSql } from './match.ts';
import type { EachMapping, PlaceRow, RowContext } from './match.ts';
import { allOf, column, each, ident, list, raw, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

export type Key = Pick<UniqueIndex, 'columns' | 'expressions' | 'reads' | 'predicate' | 'nullsNotDistinct'>;

interface ExpressionKey {
  readonly key: Key;
  /** SQL over a row `t` that names the source: does it move? */
  readonly moves: () => Sql;
  /** The number of the mapping by which the row moves. */
  readonly at: number;
}

/** Another row has the key already, or arrives at it before this one. An enum that lacks the target refuses the move by itself. */
export function takenByExpression(context: RowContext, row: PlaceRow, about: ExpressionKey): Sql[] {
  const mapping = row.mappings[about.at];
  if (mapping === undefined || !isWritable(context, row, mapping)) return [raw('false')];
  const { key } = about;
  const there = sql`SELECT ${keyParts(key)}, y.ctid AS drover_at, y.tableoid AS drover_in
    FROM ${rowsOf(context.table)} y WHERE ${allOf(predicateOf(key))}`;
  const other = allOf([
    ...sameKey(context, key, 'u', 'n'),
    raw('(u.drover_in, u.drover_at) <> (t.tableoid, t.ctid)'),
  ]);
  return [
    sql`EXISTS (SELECT 1 FROM (${movedKey(context, row, { key, mapping })}) n, (${there}) u WHERE ${other})`,
    ...row.mappings
      .slice(0, about.at + 1)
      .flatMap((_, earlier) => arriving(context, row, { ...about, mapping, earlier })),
  ];
}

function isWritable({ table }: RowContext, row: PlaceRow, { to }: EachMapping): boolean {
  return columnsOf(row).every((name, part) => {
    const { labels } = columnOf(table, name);
    return labels === undefined || (to[part] ?? []).every((value) => labels.includes(value));
  });
}

/** Rows of one spelling may arrive at one key only where the column held several writings of it. */
function arriving(
  context: RowContext,
  row: PlaceRow,
  {
    key,
    moves,
    mapping,
    at,
    earlier,
  }: ExpressionKey & { readonly mapping: EachMapping; readonly earlier: number },
): Sql[] {
  const other = row.mappings[earlier];
  const several = columnsOf(row).some((name) => isLoose(columnOf(context.table, name)));
  if (other === undefined || (earlier === at && !several) || !isWritable(context, row, other)) return [];
  const tests = [
    matchSql(context, { columns: columnsOf(row), mappings: [other] }),
    raw(
      earlier === at
        ? '(t.tableoid, t.ctid) < (o.drover_in, o.drover_at)'
        : '(t.tableoid, t.ctid) <> (o.drover_in, o.drover_at)',
    ),
    ...predicateOf(key),
    moves(),
    sql`EXISTS (SELECT 1 FROM (${movedKey(context, row, { key, mapping: other })}) n WHERE ${allOf(sameKey(context, key, 'n', 'o'))})`,
  ];
  const own = movedKey(context, row, { key, mapping });
  return [
    sql`EXISTS (SELECT 1 FROM (SELECT k.*, t.ctid AS drover_at, t.tableoid AS drover_in FROM (${own}) k) o
      WHERE EXISTS (SELECT 1 FROM ${rowsOf(context.table)} t WHERE ${allOf(tests)}))`,
  ];
}

/** The key that row `t` would have. */
function movedKey(
  { table }: RowContext,
  row: PlaceRow,
  { key, mapping }: { readonly key: Key; readonly mapping: EachMapping },
): Sql {
  const moved = columnsOf(row);
  const values = table.columns.map((own) => {
    const part = moved.indexOf(own.name);
    const value = part < 0 ? column('t', own.name) : each(mapping.to[part] ?? [], castFor(own));
    return sql`${value} AS ${ident(own.name)}`;
  });
  return sql`SELECT ${keyParts(key)} FROM (SELECT ${list(values)}) x`;
}

function keyParts({ columns, expressions = [] }: Key): Sql {
  return list(
    columns.map((name, at) => {
      const expression = expressions[at] ?? null;
      return sql`${expression === null ? ident(name ?? '') : sql`(${raw(expression)})`} AS ${raw(`drover_k${at}`)}`;
    }),
  );
}

function sameKey(
  { table }: RowContext,
  { columns, expressions = [], nullsNotDistinct }: Key,
  a: string,
  b: string,
): Sql[] {
  return columns.map((name, at) => {
    const plain =
      name === null || (expressions[at] ?? null) !== null ? raw('=') : equality(columnOf(table, name));
    return sql`${raw(`${a}.drover_k${at}`)} ${nullsNotDistinct ? raw('IS NOT DISTINCT FROM') : plain} ${raw(`${b}.drover_k${at}`)}`;
  });
}

function predicateOf({ predicate }: Key): Sql[] {
  return predicate === undefined ? [] : [sql`(${raw(predicate)})`];
}
