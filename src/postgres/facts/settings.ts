/** What stands beside the references that move: parameters in documents, settings in columns, words that may say through whom. */
import type { Tx } from '../driver/database.ts';
import { askEach } from '../driver/members.ts';
import { companionColumns } from '../../engine/plan/companion-columns.ts';
import type { CompanionValues, ParameterDocuments, ServersBeside } from '../../engine/plan/snapshot.ts';
import type { Column } from '../../engine/catalogue/catalog.ts';
import { serversOfOthers } from '../../engine/catalogue/wording.ts';
import { compareText } from '../../engine/order.ts';
import { movingStates } from '../../engine/plan/decide.ts';
import { saysNameAlone, saysProvider } from '../../engine/rules/namesakes.ts';
import { directPlace, isSmallSql, namesSource } from '../sql/direct.ts';
import { columnsOf } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';
import { stateSql } from '../sql/state.ts';
import { candidateSql } from './documents.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Question } from '../driver/question.ts';
import { columnOf } from '../sql/cast.ts';
import { anyOf, bind, column, list, literal, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { parametersChange } from './columns.ts';
import type { Batch } from './member.ts';
import { addEach, movingOnSource, usedPlace } from './used-places.ts';
import type { PlaceInUse } from './used-places.ts';

/**
 * Distinct parameters of this tenant's rows that move, where they are translated, or where not all of the document is reset. Their
 * number is small where people choose from a form.
 */
export function parametersOf(
  used: PlaceInUse,
  add: (member: number, found: ParameterDocuments) => void,
): Question<void>[] {
  if (!isRead(used)) return [];
  return [
    addEach<ParameterRow>(used, documentsSql(used), (member, rows) => add(member, documentsOf(used, rows))),
  ];
}

interface ParameterRow {
  readonly text: string | null;
  readonly rows: number;
}

function isRead({ place, members }: PlaceInUse): boolean {
  const policy = members[0]?.intent.parameters ?? 'keep';
  if (place.parameters === undefined || policy === 'keep') return false;
  return policy === 'translate' || place.parameterMembers === 'known';
}

function documentsSql(used: PlaceInUse): Sql {
  const { context, place, members } = used;
  const held = columnOf(context.table, place.parameters ?? '');
  const changes = parametersChange(held, place, members[0]?.intent.parameters ?? 'keep');
  return sql`SELECT ${column('t', held.name)}::text AS text, count(*) AS rows FROM ${rowsOf(context.table)} t
    WHERE ${movingOnSource(used)} AND ${changes} GROUP BY 1 ORDER BY 1`;
}

function documentsOf({ place, context }: PlaceInUse, rows: readonly ParameterRow[]): ParameterDocuments {
  const documents = rows.flatMap(({ text, rows: count }) => (text === null ? [] : [{ text, rows: count }]));
  const unset = rows.find(({ text }) => text === null)?.rows ?? 0;
  return { place: place.id, table: context.table.id, column: place.parameters ?? '', unset, documents };
}

/** The documents as they are now, for each member: a step may have changed what else they hold. */
export async function readParameters(
  tx: Tx,
  { rules, members }: Batch,
  id: string,
): Promise<ParameterDocuments[]> {
  const place = rules.places.find((one) => one.id === id);
  const at = [...members.keys()];
  const [used] =
    place === undefined ? [] : usedPlace({ rules, members }, { id, table: tableOf(rules, place.table), at });
  if (used === undefined) return [];
  const found = await tx.ask(askEach<ParameterRow>(members.length, documentsSql(used)));
  return found.map((rows) => documentsOf(used, rows));
}

/** More values than these are not told apart: nobody chooses from so many. */
const mostValues = 1000;

/** The values of settings in columns of their own, the most frequent first, as far as they matter for the target. */
export function companionsOf(
  used: PlaceInUse,
  add: (member: number, found: CompanionValues) => void,
): Question<void>[] {
  const { context, place } = used;
  return companionColumns(context.rules, place)
    .filter(({ parameter }) => parameter === undefined || used.members.some(knowsTarget))
    .map((one) => {
      const value = column('t', one.column);
      const select = sql`SELECT ${value}::text AS text, count(*) AS rows FROM ${rowsOf(context.table)} t
        WHERE ${movingOnSource(used)} AND ${value} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${raw(String(mostValues))}`;
      return addEach<CompanionValues['values'][number]>(used, select, (member, values) => {
        if (values.length > 0) add(member, { place: place.id, ...one, values });
      });
    });
}

function knowsTarget({ pair }: PlaceInUse['members'][number]): boolean {
  return pair.target.parameters !== undefined;
}

/*
 * Where nobody says the provider, what stands beside a name may say through whom its model is reached: the kind of a node
 * (`azureChatOpenAI`), an address, a type of credential. No place compares it, so it is counted.
 */

/** Which servers of others' models the rows name that move there: each set of them with its rows, and none of them. */
export function serversOf(
  used: PlaceInUse,
  add: (member: number, found: ServersBeside) => void,
): Question<void>[] {
  const { place, context, members } = used;
  const isSaid = members.some(({ pair }) => pair.source.components['provider'] !== undefined);
  if (isSaid || place.byKey || !saysNameAlone(place) || saysProvider(place)) return [];
  const own = place.carrier === 'columns' ? columnsOf(used.row) : [];
  const texts = context.table.columns.flatMap((one) => (own.includes(one.name) ? [] : textOf(one)));
  if (texts.length === 0) return [];
  // One search for each word takes a fifth of the time of a pattern of all of them.
  const words = serversOfOthers
    .toSorted(compareText)
    .map((word) => sql`CASE WHEN strpos(r.text, ${literal(word)}) > 0 THEN ${literal(word)} END`);
  const text = sql`lower(concat_ws(' ', ${list(texts)}) COLLATE "C")`;
  const select = sql`SELECT concat_ws(', ', ${list(words)}) AS servers, count(*) AS rows
    FROM (SELECT ${text} AS text FROM ${rowsOf(context.table)} t WHERE ${movingSql(used)} OFFSET 0) r GROUP BY 1 ORDER BY 1`;
  return [
    addEach<ServersBeside['rows'][number]>(used, select, (member, rows) => {
      if (rows.some(({ servers }) => servers !== '')) add(member, { place: place.id, rows });
    }),
  ];
}

/** What people wrote to be read says nothing of servers. */
function textOf({ name, kind }: Column): Sql[] {
  const text = sql`${column('t', name)}::text`;
  if (/^(json|jsonb|text\[\]|enum)/.test(kind)) return [text];
  return /^(text|citext)$/.test(kind)
    ? [sql`CASE WHEN ${text} COLLATE "C" !~ '[[:space:]]' THEN ${text} END`]
    : [];
}

/** May the document of row `t` name the source? Where SQL knows the way, nobody has to make a text of the document. */
function mayNameSql(context: PlaceInUse['context'], row: PlaceInUse['row']): Sql {
  const candidate = candidateSql(context, row.place.column, [row]);
  if (directPlace(context.table, row) === undefined) return candidate;
  const isLarge = sql`NOT ${isSmallSql(row.place.column)}`;
  return anyOf([namesSource(context, row), sql`(${isLarge} AND ${candidate})`]);
}

function movingSql(used: PlaceInUse): Sql {
  const { context, row, place, members } = used;
  if (place.carrier === 'columns') return movingOnSource(used);
  const states = members[0] === undefined ? [] : movingStates(members[0].intent, place);
  return sql`${mayNameSql(context, row)} AND ${mineSql(context)}
    AND (${stateSql(context, row)}) = ANY (${bind(states, 'text[]')})`;
}
