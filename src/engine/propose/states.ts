/** In which state rows are: put away, not served, not in use yet, replaced. */
import type { Table } from '../catalogue/catalog.ts';
import { type Guess, type Observations, valuesOf } from './observation.ts';
import { findWorded, snake, sqlName, sqlText, wordSet } from '../catalogue/wording.ts';

/** When a row was put away. */
export const putAway = /^(deleted|archived|removed|trashed|discarded|revoked)(_(at|on|date|time))$/;

/** SQL that holds for soft-deleted and archived rows. */
export function guessDead(table: Table, seen: Observations): Guess<string> | undefined {
  const stamp = findWorded(table, putAway);
  if (stamp !== undefined)
    return {
      value: `${sqlName(stamp.name)} IS NOT NULL`,
      reason: `${stamp.name} says when a row was put away`,
    };
  const flag = table.columns.find(
    (column) =>
      column.type === 'boolean' && /^(is_)?(deleted|archived|removed|trashed)$/.test(snake(column.name)),
  );
  if (flag !== undefined)
    return { value: sqlName(flag.name), reason: `${flag.name} marks rows that were put away` };
  return statusGuess(table, seen, /^(archived?|deleted|removed|trashed|discarded)$/i, 'put away');
}

/** SQL that holds for tenants that are not served now: suspended, closed, put away. */
export function guessSuspended(table: Table, seen: Observations): Guess<string> | undefined {
  const away = guessDead(table, seen);
  const stamp = findWorded(
    table,
    /^(suspended|closed|disabled|deactivated|blocked|frozen|cancell?ed)_(at|on|since)$/,
  );
  const off = table.columns.find(
    ({ name, type }) =>
      type === 'boolean' &&
      /^(is_)?(suspended|closed|disabled|deactivated|blocked|frozen)$/.test(snake(name)),
  );
  const on = table.columns.find(
    ({ name, type }) => type === 'boolean' && /^(is_)?(active|enabled)$/.test(snake(name)),
  );
  const status = statusGuess(
    table,
    seen,
    /^(suspended|closed|disabled|deactivated|inactive|blocked|frozen|cancell?ed|archived?|deleted|churned|paused|locked)$/i,
    'not served now',
  );
  const flags = [
    stamp && {
      value: `${sqlName(stamp.name)} IS NOT NULL`,
      reason: `${stamp.name} says since when it is not served`,
    },
    off && { value: sqlName(off.name), reason: `${off.name} says that it is not served` },
    on && { value: `NOT ${sqlName(on.name)}`, reason: `${on.name} says that it is served` },
  ];
  return status ?? flags.find((flag) => flag !== undefined) ?? away;
}

const unusedWords = wordSet(`
  draft pending disabled inactive paused suspended review proposed staged cancell?ed closed completed? delivered done finished
  failed resolved`);

/** SQL that holds for rows of which a person must say whether they are in use. */
export function guessDoubtful(table: Table, seen: Observations): Guess<string> | undefined {
  const flag = table.columns.find(
    (column) => column.type === 'boolean' && /^(is_)?draft$/.test(snake(column.name)),
  );
  if (flag !== undefined)
    return { value: sqlName(flag.name), reason: `${flag.name} marks rows that are not in use yet` };
  return statusGuess(
    table,
    seen,
    new RegExp(`^(${[...unusedWords].join('|')})$`, 'i'),
    'perhaps not in use: still to come, or over',
  );
}

/** SQL that holds for rows that a later one has replaced. */
export function guessReplaced(table: Table, seen: Observations): Guess<string> | undefined {
  return statusGuess(
    table,
    seen,
    /^(superseded|replaced|obsolete|historic|historical|expired|old|previous)$/i,
    'replaced by later ones',
  );
}

/** SQL that holds where the state of a row is one of those words, as the rows have them. */
export function statusGuess(
  table: Table,
  seen: Observations,
  pattern: RegExp,
  meaning: string,
): Guess<string> | undefined {
  const column = findWorded(table, statusPattern);
  const found = valuesOf(seen, table.id, column?.name)
    .filter((value) => pattern.test(value))
    .sort();
  if (column === undefined || found.length === 0) return undefined;
  const condition =
    found.length === 1 ? `= ${sqlText(found[0] ?? '')}` : `IN (${found.map(sqlText).join(', ')})`;
  return {
    value: `${sqlName(column.name)} ${condition}`,
    reason: `${column.name} says that these rows are ${meaning}`,
  };
}

/** Columns whose few values say what state a row is in. */
export const statusPattern = /(^|_)(status|state|lifecycle|stage)$/;
