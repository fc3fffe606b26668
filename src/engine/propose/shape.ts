/** What the shape of a table says about its rows: records of the past, permissions, settings, the dead among them. */
import type { Column, Table } from '../catalogue/catalog.ts';
import type { Role } from '../rules/config.ts';
import { type Observations, valuesOf } from './observation.ts';
import {
  findWorded,
  namesModel,
  namesProvider,
  singular,
  singularWords,
  snake,
  sqlName,
  sqlText,
  wordSet,
} from './wording.ts';

/** A guess and what it rests on. */
export interface Guess<T> {
  readonly value: T;
  readonly reason: string;
}

const recordWords = wordSet(`
  message question answer run log usage event history audit trace invocation execution request response metric cost billing ledger
  activity feedback generation prediction transaction turn reply call statistic stat`);
const doubtfulWords = wordSet(
  'conversation chat session thread version revision snapshot archive backup copy job',
);
const happenedWords = wordSet(`
  created asked answered occurred happened logged recorded started finished sent executed used ran called`);
const happenedName = new RegExp(
  `^(${[...happenedWords].join('|')})(_(at|on|date|time))?$|^(at|ts|timestamp|day|date|time|when|month)$`,
);

/** Do the rows record what happened? `history` where name and shape agree, `ask` where only one of them says so. */
export function guessHistory(table: Table): Guess<Extract<Role, 'history' | 'ask'>> | undefined {
  const words = singularWords(table.name);
  const record = words.find((word) => recordWords.has(word));
  const doubtful = words.find((word) => doubtfulWords.has(word));
  const updated = findWorded(table, /^(last_)?(updated|modified|changed|edited)(_(at|on|date|time))?$/)?.name;
  const happened = findWorded(table, happenedName)?.name;
  const measure = /(^|_)(tokens?|cost|duration|latency|elapsed|seconds|ms)(_|$)/;
  const measured = findWorded(table, measure, ['integer', 'other'])?.name;
  const past = 'records of what happened';
  if (record !== undefined && updated !== undefined)
    return {
      value: 'ask',
      reason: `"${record}" in the name says records, but ${updated} says that rows are changed`,
    };
  if (record !== undefined) {
    const said =
      happened === undefined ? `"${record}" in the name` : `"${record}" in the name and ${happened}`;
    return { value: 'history', reason: `${said}, and no column says when a row was changed: ${past}` };
  }
  if (happened !== undefined && measured !== undefined && updated === undefined)
    return { value: 'history', reason: `${happened} and ${measured}, and nothing is changed later: ${past}` };
  if (doubtful === undefined) return undefined;
  return { value: 'ask', reason: `"${doubtful}" in the name: still in use, or kept as it was?` };
}

const permissionWords = wordSet('allowed allow grant enabled available permission access permitted');

/**
 * Is the place part of a key that ties two things together: a permission to use a model? Where rows carry more than that, such as
 * settings, a row that collides is not redundant.
 */
export function guessGrant(table: Table, column: string): Guess<'grant'> | undefined {
  const words = singularWords(table.name);
  const isPermission = words.some((word) => permissionWords.has(word));
  const key = table.uniqueIndexes.find(
    (index) =>
      index.columns.length > 1 &&
      index.columns.includes(column) &&
      (index.predicate === undefined || isPermission),
  );
  if (key === undefined) return undefined;
  const tied = (name: string | null): boolean =>
    name !== null &&
    (namesModel(name) || namesProvider(name) || isId(table, name) || words.includes(singular(snake(name))));
  const payload = table.columns.filter(
    (other) => !key.columns.includes(other.name) && !isIncidental(table, other),
  );
  if (!key.columns.every(tied) || payload.length > (isPermission ? 1 : 0)) return undefined;
  const others = key.columns.filter((name) => name !== column).join(', ');
  return {
    value: 'grant',
    reason: `the key ${key.name} ties a model to ${others}: a permission, not a choice`,
  };
}

function isIncidental(table: Table, column: Column): boolean {
  const name = snake(column.name);
  return (
    column.generated ||
    isId(table, column.name) ||
    namesModel(column.name) ||
    namesProvider(column.name) ||
    /^(created|updated|modified|granted|added|deleted|revoked|position|sort|note|comment|reason|since|until|is_)|_(at|on|by)$/.test(
      name,
    )
  );
}

/** Does a column say which row this is, or which it belongs to? */
export function isId(table: Table, name: string): boolean {
  return (
    table.foreignKeys.some((key) => key.columns.includes(name)) ||
    table.primaryKey.includes(name) ||
    /(^|_)(id|uuid|key|no|ref)$/.test(snake(name))
  );
}

/** The column by which a person knows a row. */
export function guessDisplay(table: Table): string | undefined {
  for (const pattern of [
    /^(display_?)?name$/,
    /^title$/,
    /^label$/,
    /_(name|title)$/,
    /^(subject|slug|handle|email)$/,
  ]) {
    const found = table.columns.find(
      (column) =>
        column.kind === 'text' &&
        pattern.test(snake(column.name)) &&
        !namesModel(column.name) &&
        !namesProvider(column.name),
    );
    if (found !== undefined) return found.name;
  }
  return undefined;
}

/** SQL that holds for soft-deleted and archived rows. */
export function guessDead(table: Table, seen: Observations): Guess<string> | undefined {
  const stamp = findWorded(
    table,
    /^(deleted|archived|removed|trashed|discarded|revoked)(_(at|on|date|time))$/,
  );
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
  return statusGuess(table, seen, /^(archived|deleted|removed|trashed|discarded)$/i, 'put away');
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

function statusGuess(
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

/** The column with the settings that belong to a model reference. */
export function guessParameters(table: Table, column: string): string | undefined {
  const main = /^(completion_|chat_|llm_|ai_)?(models?|llm)(_(id|name|key|slug))?$/.test(snake(column));
  const found = table.columns.find(
    (other) =>
      (other.kind === 'json' || other.kind === 'jsonb') &&
      /(^|_)(kwargs|parameters|params|model_settings|model_config|generation_(config|settings)|settings)$/.test(
        snake(other.name),
      ),
  );
  return main ? found?.name : undefined;
}
