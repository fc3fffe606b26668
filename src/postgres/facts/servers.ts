/**
 * Where nobody says the provider, what stands beside a name may say through whom its model is reached: the kind of a node
 * (`azureChatOpenAI`), an address, a type of credential. No place compares it, so it is counted.
 */
import type { Column } from '../../engine/catalogue/catalog.ts';
import { serversOfOthers } from '../../engine/catalogue/wording.ts';
import { movingStates } from '../../engine/plan/decide.ts';
import type { ServersBeside } from '../../engine/plan/snapshot.ts';
import { saysNameAlone, saysProvider } from '../../engine/rules/namesakes.ts';
import type { Question } from '../driver/question.ts';
import { columnsOf } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';
import { stateSql } from '../sql/state.ts';
import { bind, column, list, literal, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { candidateSql } from './documents.ts';
import { addEach, movingOnSource } from './used-places.ts';
import type { PlaceInUse } from './used-places.ts';

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
  const words = sql`ARRAY(SELECT DISTINCT lower(m[1]) COLLATE "C" FROM regexp_matches(concat_ws(' ', ${list(texts)}),
    ${literal(`(${serversOfOthers.join('|')})`)}, 'gi') m ORDER BY 1)`;
  const select = sql`SELECT array_to_string(x.words, ', ') AS servers, count(*) AS rows
    FROM (SELECT ${words} AS words FROM ${rowsOf(context.table)} t WHERE ${movingSql(used)}) x GROUP BY 1 ORDER BY 1`;
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
  return /^(text|citext)$/.test(kind) ? [sql`CASE WHEN ${text} !~ '[[:space:]]' THEN ${text} END`] : [];
}

function movingSql(used: PlaceInUse): Sql {
  const { context, row, place, members } = used;
  if (place.carrier === 'columns') return movingOnSource(used);
  const states = members[0] === undefined ? [] : movingStates(members[0].intent, place);
  return sql`${candidateSql(context, place.column, [row])} AND ${mineSql(context)}
    AND (${stateSql(context, row)}) = ANY (${bind(states, 'text[]')})`;
}
