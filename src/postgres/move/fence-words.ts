/** By which words and values a row names the source, for the condition of a fence. */
import { mayLack } from '../../engine/edit/json-changes.ts';
import { parsePattern } from '../../engine/edit/json-pointer.ts';
import { foldText } from '../../engine/inventory/term.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import type { FencedPlace } from '../../engine/plan/fence.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Sought } from '../facts/sought.ts';
import type { Site } from '../scope/site.ts';
import { columnOf, equalsEach, isKeyOf, isLoose } from '../sql/cast.ts';
import { holdsSql, isList } from '../sql/document.ts';
import { allOf, anyOf, bind, column, ident, list, literal, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

/** The values of one component of a place that mean the source. */
export interface SourceWords {
  /** As the mover and the database compare. */
  readonly exact: readonly string[];
  /** In any letters, and without the blanks around them, as the inventory compares. */
  readonly folded: readonly string[];
  /** The member of an object that holds them. */
  readonly member?: string;
}

/** In the order of the mappings. A name may be any that the inventory knows for the source; what the target is called is none. */
export function wordsOf({ place, mappings }: FencedPlace, terms: Sought['terms']): SourceWords[] {
  const fields = place.json?.fields;
  const templates =
    fields === undefined
      ? place.columns.map((part) => part.template)
      : Object.keys(fields).map((name) => `{${name}}`);
  const names = terms.filter(({ by }) => by === 'name').map(({ text }) => text);
  return templates.map((template, at) => {
    const written = [...new Set(mappings.map(({ from }) => from[at] ?? ''))];
    const targets = new Set(
      mappings
        .flatMap(({ to }) => to[at] ?? [])
        .filter((to) => !written.includes(to))
        .map(foldText),
    );
    const isName = /\{(?:name|spelling)\}/.test([template, ...(place.also ?? [])].join(' '));
    const exact = [...new Set([...written, ...(isName ? names : [])])];
    const folded = [...new Set(exact.map(foldText))].filter((word) => !targets.has(word));
    const member = fields === undefined ? undefined : Object.values(fields)[at];
    return { exact, folded, ...(member === undefined ? {} : { member }) };
  });
}

export function columnsName(table: Table, place: Place, words: readonly SourceWords[]): Sql {
  return allOf(
    place.columns.map(({ column: name }, at) => {
      const own = columnOf(table, name);
      const { exact = [], folded = [] } = words[at] ?? {};
      const value = column('t', name);
      const equal = exact.filter((word) => isKeyOf(own, word)).map((word) => equalsEach(own, value, [word]));
      return anyOf([
        ...equal,
        sql`lower(btrim(${plainText(value)}, E' \\t\\n\\r\\f\\v')) = ANY (${bind(folded, 'text[]')})`,
      ]);
    }),
  );
}

/** The text of a value, however its column compares. */
function plainText(value: Sql): Sql {
  return sql`${value}::text COLLATE "default"`;
}

export function documentNames(
  site: Site,
  table: Table,
  { place, words }: { readonly place: Place; readonly words: readonly SourceWords[] },
): Sql {
  const own = columnOf(table, place.column);
  const value = column('t', place.column);
  const call = (name: string, args: readonly Sql[]): Sql =>
    sql`${ident(site.state.schema)}.${ident(name)}(${list(args)})`;
  const plain = words[0] ?? { exact: [], folded: [] };
  const equal =
    isLoose(own) && place.shape !== 'inside' ? [holdsSql({ own, value }, bind(plain.exact, 'text[]'))] : [];
  if (place.carrier === 'text')
    return anyOf([call('text_names', [plainText(value), literal(place.shape), jsonOf(plain)]), ...equal]);
  const text = isList(own) || own.kind.endsWith('[]') ? sql`to_jsonb(${value})::text` : plainText(value);
  const named = call('document_names', [call('document', [text]), jsonOf(pointOf(place, words))]);
  // Of a document that cannot be read nobody knows that it does not name the source.
  const unread = call('mentions', [text, bind(plain.exact.map(bareOf), 'text[]')]);
  return anyOf([sql`coalesce(${named}, ${unread}, false)`, ...equal]);
}

function jsonOf(value: unknown): Sql {
  return sql`${literal(JSON.stringify(value))}::jsonb`;
}

/** Where in the document it is, as `document_names` reads it. An array is a list of its elements. */
function pointOf(place: Place, words: readonly SourceWords[]): unknown {
  const { json, shape, carrier } = place;
  const elements = carrier === 'array' && json === undefined && shape !== 'list';
  const { steps, names } = parsePattern(json?.pointer ?? (elements ? '/*' : ''));
  // An object without its key is named by the rest, as the editors have it.
  const components = words.map((_, at) => templateAt(place, at));
  const parts = words.map((part, at) =>
    mayLack(components, at) ? { ...part, exact: [...part.exact, ''] } : part,
  );
  return { steps, names, shape, parts };
}

export function columnsOf({ column: own, columns }: Place): string[] {
  return [...new Set([own, ...columns.map(({ column: name }) => name)])];
}

/**
 * The words of which a row must hold one before its condition is asked, as `plain` of the migration writes them. It is `always` asked
 * where the database could take something else for equal, or where it could fold letters in another way.
 */
export function searchedBefore(
  table: Table,
  place: Place,
  words: readonly SourceWords[],
): { readonly searched: string[]; readonly always: boolean } {
  const naming =
    words.find(({ exact }, at) => exact.length > 0 && /key|name|spelling/.test(templateAt(place, at))) ??
    words[0];
  const all = [...(naming?.exact ?? []), ...(naming?.folded ?? [])];
  const columns: Column[] = columnsOf(place).map((name) => columnOf(table, name));
  const strange = columns.some(({ comparison }) => comparison?.collation !== undefined);
  const plain = all.every((word) => /^[\x20-\x7e]+$/.test(word));
  const searched = new Set(all.filter((word) => word !== '').map(bareOf));
  return { searched: [...searched], always: strange || !plain };
}

function templateAt({ json, columns }: Place, at: number): string {
  return json?.fields === undefined ? (columns[at]?.template ?? '') : (Object.keys(json.fields)[at] ?? '');
}

function bareOf(word: string): string {
  return JSON.stringify(word).slice(1, -1).toLowerCase().replaceAll('\\', '');
}
