/** How tables in a sub-select hang together, and whether a row is tied to one of theirs by a key. */
import type { Table, TableId } from '../../engine/catalogue/catalog.ts';
import type { Joined } from './names.ts';
import { isExactlyCaller } from './value.ts';
import type { JoinedColumn, ValueSource } from './value.ts';

/** The two sides of an equality. */
export type EqualSides = readonly [ValueSource, ValueSource];

/** A column of the row that is equal to one of a table. */
export interface RowLink {
  readonly column: string;
  readonly to: JoinedColumn;
}

/** The value is this column, and nothing was made of it. */
export function joinedColumn({
  joined,
  columns,
  settings,
  computed,
  substitutes,
  literals,
}: ValueSource): JoinedColumn | undefined {
  const isBare =
    joined.length === 1 && columns.length === 0 && settings.length === 0 && literals.length === 0;
  return isBare && !computed && !substitutes ? joined[0] : undefined;
}

export function rowColumn({
  joined,
  columns,
  settings,
  computed,
  substitutes,
  literals,
}: ValueSource): string | undefined {
  const isBare =
    columns.length === 1 && joined.length === 0 && settings.length === 0 && literals.length === 0;
  return isBare && !computed && !substitutes ? columns[0] : undefined;
}

/** Each pair in both directions. */
export function bothWays(pairs: readonly EqualSides[]): EqualSides[] {
  return pairs.flatMap(([a, b]): EqualSides[] => [
    [a, b],
    [b, a],
  ]);
}

export function rowLinks(pairs: readonly EqualSides[]): RowLink[] {
  return bothWays(pairs).flatMap(([row, other]) => {
    const [column, to] = [rowColumn(row), joinedColumn(other)];
    return column === undefined || to === undefined ? [] : [{ column, to }];
  });
}

/** Is the table, or one that equalities join it with, tied to whoever asks? */
export function isAnchored(pairs: readonly EqualSides[], alias: string): boolean {
  const reached = new Set([alias]);
  const both = bothWays(pairs);
  for (const name of reached)
    for (const [a, b] of both)
      if (joinedColumn(a)?.alias === name) {
        const next = joinedColumn(b)?.alias;
        if (next !== undefined) reached.add(next);
      }
  return both.some(([a, b]) => reached.has(joinedColumn(a)?.alias ?? '') && isExactlyCaller(b));
}

/** Does a key tie the row to the one of that table, so that no row of the same look does? */
export function isByKey(
  links: readonly RowLink[],
  {
    subject,
    tables,
    joined,
  }: { subject: Table | undefined; tables: ReadonlyMap<TableId, Table>; joined: Joined },
): boolean {
  const other = tables.get(joined.table ?? '');
  const mine = links.filter(({ to }) => to.alias === joined.alias);
  if (subject === undefined || other === undefined || mine.length === 0) return false;
  const theirs = mine.map(({ to }) => to.column);
  const keys = [other.primaryKey, ...uniqueOf(other)].filter((key) => key.length > 0);
  if (keys.some((key) => key.every((column) => theirs.includes(column)))) return true;
  return (
    mine.some(({ column, to }) => refers(subject, other, { from: column, to: to.column })) ||
    mine.some(({ column, to }) => refers(other, subject, { from: to.column, to: column })) ||
    mine.some(({ column, to }) => haveOneTarget(subject, column, { table: other, column: to.column }))
  );
}

function uniqueOf({ uniqueIndexes }: Table): string[][] {
  return uniqueIndexes
    .filter(({ predicate, columns }) => predicate === undefined && !columns.includes(null))
    .map(({ columns }) => columns.filter((column) => column !== null));
}

/** By a key of that column alone, or by a part of one that is random enough to be its own. */
function refers(from: Table, to: Table, { from: column, to: target }: { from: string; to: string }): boolean {
  return from.foreignKeys.some(({ columns, references, referencedColumns }) => {
    const at = columns.indexOf(column);
    const isThat = references === to.id && at >= 0 && referencedColumns[at] === target;
    return (
      isThat && (columns.length === 1 || to.columns.find(({ name }) => name === target)?.type === 'uuid')
    );
  });
}

function haveOneTarget(subject: Table, column: string, other: { table: Table; column: string }): boolean {
  const targets = (table: Table, name: string): string[] =>
    table.foreignKeys.flatMap(({ columns, references, referencedColumns }) => {
      const at = columns.indexOf(name);
      const isOwnKey =
        columns.length === 1 || table.columns.find((each) => each.name === name)?.type === 'uuid';
      return at >= 0 && isOwnKey ? [`${references} ${referencedColumns[at] ?? ''}`] : [];
    });
  const theirs = targets(other.table, other.column);
  return targets(subject, column).some((target) => theirs.includes(target));
}
