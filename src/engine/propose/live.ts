/** Which rows of a table are in use: by a status, or because another table points at them. */
import { given } from '../given.ts';
import { findColumn, type Table, type TableId } from '../catalogue/catalog.ts';
import type { PlaceConfig } from '../rules/place-config.ts';
import { columnPath, type NameScope } from '../catalogue/names.ts';
import { type Guess, matchRate, type Observations } from './observation.ts';
import { guessDoubtful, guessReplaced } from './states.ts';
import { snake, sqlName } from '../catalogue/wording.ts';

interface LiveInput {
  readonly scope: NameScope;
  readonly seen: Observations;
}

/** Columns of other tables that point at a version of something: `flows.current_version_id`. */
function findPointers(
  { scope, seen }: LiveInput,
  table: Table,
): { readonly from: string; readonly isCurrent: boolean }[] {
  if (!/(^|_)(versions?|revisions?|snapshots?|configs?|configurations?)$/.test(snake(table.name))) return [];
  const found = scope.catalog.tables.flatMap((other) => {
    if (other.id === table.id) return [];
    const byKey = other.foreignKeys
      .filter((key) => key.references === table.id)
      .flatMap((key) => key.columns.slice(-1));
    return [...new Set([...byKey, ...matching(seen, other.id, table.id)])].map((column) => ({
      from: columnPath(scope, other, column),
      isCurrent: isCurrent(column),
    }));
  });
  return found.some((pointer) => pointer.isCurrent) ? found : [];
}

function matching(seen: Observations, from: TableId, to: TableId): string[] {
  return seen.links
    .filter((link) => link.table === from && link.target === to && (matchRate(link) ?? 0) >= 0.8)
    .map((link) => link.column);
}

function isCurrent(column: string): boolean {
  if (/(^|_)(previous|prev|prior|former|old|superseded|rollback)(_|$)/.test(snake(column))) return false;
  return /(^|_)(current|active|live|published|latest|head|production|deployed)(_|$)/.test(snake(column));
}

/** Of versions of something the column that says which one is in use: `is_active`. */
function currentFlag(table: Table): Guess<string> | undefined {
  if (!/(^|_)(versions?|revisions?)$/.test(snake(table.name))) return undefined;
  const column = table.columns.find(
    ({ name, type }) =>
      type === 'boolean' && /^(is_)?(current|active|live|published|latest|deployed)$/.test(snake(name)),
  );
  if (column === undefined) return undefined;
  return { value: sqlName(column.name), reason: `${column.name} says which version is in use` };
}

/** Of versions to which nothing points those that no later one follows: `newest by flow_id, version`. */
function newestOf({ scope }: LiveInput, table: Table): Guess<string> | undefined {
  const isReferred = scope.catalog.tables.some(({ foreignKeys }) =>
    foreignKeys.some((key) => key.references === table.id),
  );
  if (isReferred || !/(^|_)(versions?|revisions?)$/.test(snake(table.name))) return undefined;
  const counts = (name: string): boolean =>
    findColumn(table, name)?.kind === 'integer' &&
    /^(version|revision|number|seq|rev|v)(_(no|nr|number))?$/.test(snake(name));
  const keys = [
    table.primaryKey,
    ...table.uniqueIndexes.map((index) => index.columns.filter((name) => name !== null)),
  ];
  for (const columns of keys) {
    const of = columns.filter((name) => !counts(name));
    const isParent = of.some((name) => table.foreignKeys.some((key) => key.columns.includes(name)));
    const order = columns.find(counts);
    if (order === undefined || columns.length - of.length !== 1 || !isParent) continue;
    const names = [...of, order].map(sqlName);
    return {
      value: `newest by ${names.join(', ')}`,
      reason: `nothing points at its rows, and ${order} counts up`,
    };
  }
  return undefined;
}

/** Does anything say which of its versions is in use? Then not all of them are history. */
export function tellsCurrent(input: LiveInput, table: Table): boolean {
  return (
    findPointers(input, table).length > 0 || (currentFlag(table) ?? newestOf(input, table)) !== undefined
  );
}

/** Conditions for a place of the table, with reasons. */
export function guessConditions(
  input: LiveInput,
  table: Table,
): { conditions: Partial<PlaceConfig>; reasons: string[] } {
  const [found, doubtful, replaced] = [
    findPointers(input, table),
    guessDoubtful(table, input.seen),
    guessReplaced(table, input.seen),
  ];
  const current = found.find((pointer) => pointer.isCurrent);
  const other = found.find((pointer) => !pointer.isCurrent);
  const flag = current === undefined ? (currentFlag(table) ?? newestOf(input, table)) : undefined;
  const live =
    current === undefined
      ? (flag?.value ?? (replaced && `NOT (${replaced.value})`))
      : `pointed-at-by ${current.from}`;
  const ask = doubtful?.value ?? (other === undefined ? undefined : `pointed-at-by ${other.from}`);
  return {
    conditions: given({ live, ask }),
    reasons: [
      current && `${current.from} says which row is in use`,
      other && `${other.from} may still use an older one`,
      flag?.reason,
      current === undefined && flag === undefined ? replaced?.reason : undefined,
      doubtful?.reason,
    ].filter((reason) => reason !== undefined),
  };
}
