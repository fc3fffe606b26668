/** Do the rows of a table record what happened? By their shape first, and by the words in their name. */
import type { Table } from '../catalogue/catalog.ts';
import type { PlaceRole } from '../rules/place-config.ts';
import type { Guess, Observations } from './observation.ts';
import { putAway, statusGuess } from './states.ts';
import {
  findWorded,
  frameworkWords,
  isModelWord,
  singularWords,
  snake,
  wordSet,
} from '../catalogue/wording.ts';

const recordWords = wordSet(`
  message question answer run log usage event history audit trace invocation execution request response metric cost billing ledger
  activity feedback generation prediction transaction turn reply call statistic stat spend spending span interception deleted`);
const doubtfulWords = wordSet(
  'conversation chat session thread version revision snapshot archive backup copy job step queue',
);
/** What such a table lists is in use, whatever else its name says. */
const configurationWords = wordSet(`
  setting config configuration template preference default policy rule prompt option profile definition type role permission`);
const happenedWords = wordSet(`
  created asked answered occurred happened logged recorded started finished sent executed used ran called`);
const happenedName = new RegExp(
  `^(${[...happenedWords].join('|')})(_(at|on|date|time))?$|^(at|ts|timestamp|day|date|time|when|month)$`,
);
const past = 'records of what happened';

/** Do the rows record what happened? `history` where name and shape agree, `ask` where only one of them says so. */
export function guessHistory(table: Table): Guess<Extract<PlaceRole, 'history' | 'ask'>> | undefined {
  const words = singularWords(table.name).filter((word) => !frameworkWords.has(word));
  const head = words.at(-1) ?? '';
  if (isModelWord(head) || configurationWords.has(head)) return undefined;
  const record = words.find((word) => recordWords.has(word));
  const doubtful = words.find((word) => doubtfulWords.has(word));
  return byShape(table) ?? byWord(table, record) ?? byMeasure(table) ?? byDoubt(doubtful);
}

/** What no name has to say: all rows are put away, or there is one for each day. */
function byShape(table: Table): Guess<'history'> | undefined {
  const away = findWorded(table, putAway);
  if (away?.notNull === true)
    return { value: 'history', reason: `each row has ${away.name}: ${past}, and kept` };
  const day = table.columns.find(
    (column) =>
      /(^|_)(day|date|month|week|hour)$/.test(snake(column.name)) &&
      table.uniqueIndexes.some((index) => index.columns.length > 1 && index.columns.includes(column.name)),
  );
  if (day === undefined) return undefined;
  return { value: 'history', reason: `one row for each ${day.name} of its key: ${past}` };
}

function byWord(table: Table, record: string | undefined): Guess<'history' | 'ask'> | undefined {
  if (record === undefined) return undefined;
  const [updated, happened] = [updatedColumn(table), findWorded(table, happenedName)?.name];
  if (updated !== undefined)
    return {
      value: 'ask',
      reason: `"${record}" in the name says records, but ${updated} says that rows are changed`,
    };
  const said = happened === undefined ? `"${record}" in the name` : `"${record}" in the name and ${happened}`;
  return { value: 'history', reason: `${said}, and no column says when a row was changed: ${past}` };
}

function byMeasure(table: Table): Guess<'history' | 'ask'> | undefined {
  const happened = findWorded(table, happenedName)?.name;
  const measure = /(^|_)(tokens?|cost|duration|latency|elapsed|seconds|ms|spend)(_|$)/;
  const isLimit = /(^|_)(max|limit|min|budget|context|window)(_|$)/;
  const measured = table.columns.find(
    ({ name, kind }) =>
      ['integer', 'other'].includes(kind) && measure.test(snake(name)) && !isLimit.test(snake(name)),
  )?.name;
  if (happened === undefined || measured === undefined) return undefined;
  const updated = updatedColumn(table);
  return updated === undefined
    ? { value: 'history', reason: `${happened} and ${measured}, and nothing is changed later: ${past}` }
    : {
        value: 'ask',
        reason: `${happened} and ${measured} say records, but ${updated} says that rows are changed`,
      };
}

function byDoubt(word: string | undefined): Guess<'ask'> | undefined {
  return word === undefined
    ? undefined
    : { value: 'ask', reason: `"${word}" in the name: still in use, or kept as it was?` };
}

function updatedColumn(table: Table): string | undefined {
  return findWorded(table, /^(last_)?(updated|modified|changed|edited)(_(at|on|date|time))?$/)?.name;
}

const waitingStatus = new RegExp(
  `^(queued|pending|scheduled|waiting|planned|todo|created|new|open|retry(ing)?|running|in_?progress|processing|active|started|claimed)$`,
  'i',
);

/** Of records the rows that have not happened yet: queued work. */
export function guessWaiting(table: Table, seen: Observations): Guess<string> | undefined {
  return statusGuess(table, seen, waitingStatus, 'work that has not happened yet');
}
