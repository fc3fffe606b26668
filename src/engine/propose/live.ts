/** Which rows of a table are in use: by a status, or because another table points at them. */
import { given } from '../given.ts';
import type { Table, TableId } from '../catalogue/catalog.ts';
import type { PlaceConfig } from '../rules/config.ts';
import { columnPath, type NameScope } from '../catalogue/names.ts';
import { matchRate, type Observations } from './observation.ts';
import { guessDoubtful, guessReplaced } from './states.ts';
import { snake } from './wording.ts';

interface LiveInput {
  readonly scope: NameScope;
  readonly seen: Observations;
}

interface Pointer {
  readonly from: string;
  readonly isCurrent: boolean;
}

/** Columns of other tables that point at a version of something: `flows.current_version_id`. */
export function findPointers({ scope, seen }: LiveInput, table: Table): Pointer[] {
  const isVersion = /(^|_)(versions?|revisions?|snapshots?|configs?|configurations?)$/.test(
    snake(table.name),
  );
  if (!isVersion) return [];
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
  return /(^|_)(current|active|live|published|latest|head|production|deployed)(_|$)/.test(snake(column));
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
  const live =
    current === undefined ? replaced && `NOT (${replaced.value})` : `pointed-at-by ${current.from}`;
  const ask = doubtful?.value ?? (other === undefined ? undefined : `pointed-at-by ${other.from}`);
  return {
    conditions: given({ live, ask }),
    reasons: [
      current && `${current.from} says which row is in use`,
      other && `${other.from} may still use an older one`,
      current === undefined ? replaced?.reason : undefined,
      doubtful?.reason,
    ].filter((reason) => reason !== undefined),
  };
}
