/**
 * What the server looks for by itself, as conditions over the columns of a row as text, byte by byte. They let rows through that name
 * nothing, and never keep one back that does.
 */
import { isUuid } from '../../engine/uuid.ts';
import { isWeakKey, speaksOfModels } from '../../engine/inventory/term.ts';
import type { Term } from '../../engine/inventory/term.ts';
import { likePatterns, likeText, roughPieces, stemOf } from '../../engine/inventory/rough-pattern.ts';
import { quoteIdent, quoteLiteral } from '../sql/identifiers.ts';
import type { ReadColumn } from './relations.ts';
import { isKey } from '../../engine/catalogue/value-kinds.ts';

/** `all`: every row is sent. `terms`: rows that may name one of a few terms. `stems`: rows with the beginning of any name. */
export type ReadWay = 'all' | 'terms' | 'stems';

export interface TermSearch {
  readonly way: ReadWay;
  readonly terms: readonly Term[];
  /** Does a foreign key lead from the column to the model's row? */
  readonly isLink: (column: string) => boolean;
}

/** Undefined where every row has to be sent. */
export function rowCondition(columns: readonly ReadColumn[], search: TermSearch): string | undefined {
  if (search.way === 'all') return undefined;
  const conditions = columns.map((column) =>
    isKey(column.kind) ? keyCondition(column, search) : textCondition(column, textSql(column), search),
  );
  if (conditions.includes(undefined)) return undefined;
  const numbers = search.terms.filter(isWeakKey).map(({ text }) => text);
  return (
    [...conditions, ...numberConditions(columns, numbers)]
      .filter((condition) => condition !== 'false')
      .join(' OR ') || 'false'
  );
}

function textCondition({ kind }: ReadColumn, text: string, { way, terms }: TermSearch): string | undefined {
  const named = terms.filter((term) => !isWeakKey(term));
  if (named.length === 0) return 'false';
  const found = way === 'stems' ? stemCondition(named, text) : needleConditions(named, text);
  // JSON may write any character as an escape; jsonb never does so without need.
  const escaped =
    /^(json|text|citext)/.test(kind) && kind !== 'jsonb'
      ? `(ascii(${text}) IN (${documentStarts}) AND strpos(${text}, '\\u00') > 0)`
      : undefined;
  return found === undefined || escaped === undefined ? found : `${found} OR ${escaped}`;
}

/** What a document begins with: blanks, a quote, brackets. */
const documentStarts = '9, 10, 13, 32, 34, 91, 123';

/** A column as text. */
function textSql({ name, kind }: ReadColumn): string {
  const column = `t.${quoteIdent(name)}`;
  const text =
    kind === 'bytea'
      ? `encode(${column}, 'escape')`
      : kind === 'bytea[]'
        ? `array_to_string(ARRAY(SELECT encode(e, 'escape') FROM unnest(${column}) AS e), ' ')`
        : `${column}::text`;
  return `(${text} COLLATE "C")`;
}

function needleConditions(terms: readonly Term[], text: string): string | undefined {
  const patterns = likePatterns(terms);
  return patterns?.map((pattern) => `lower(${text}) LIKE ${quoteLiteral(pattern)}`).join(' OR ');
}

/** Names begin with few words, which a server finds faster than a pattern of them. */
function stemCondition(terms: readonly Term[], text: string): string | undefined {
  const pieces = roughPieces(terms.map((term) => term.text.trim()));
  if (pieces === undefined) return undefined;
  const stems = new Set(pieces.map(stemOf));
  const shortest = [...stems].filter(
    (stem) => ![...stems].some((other) => other !== stem && stem.includes(other)),
  );
  const list = shortest.map((stem) => quoteLiteral(`%${likeText(stem)}%`));
  return `lower(${text}) LIKE ANY (ARRAY[${list.join(', ')}])`;
}

function keyCondition(column: ReadColumn, { terms, isLink }: TermSearch): string {
  const keys = terms.filter(({ by }) => by === 'key').map(({ text }) => text);
  const ofUuids = column.kind.startsWith('uuid');
  const fitting = keys.filter((key) => (ofUuids ? isUuid(key) : /^-?\d{1,18}$/.test(key)));
  const trusted = ofUuids || isLink(column.name) || speaksOfModels(column.name);
  if (fitting.length === 0 || !trusted) return 'false';
  const list = `${quoteLiteral(`{${fitting.join(',')}}`)}::${ofUuids ? 'uuid' : 'bigint'}[]`;
  const name = `t.${quoteIdent(column.name)}`;
  return column.kind.endsWith('[]')
    ? `${name}::${ofUuids ? 'uuid' : 'bigint'}[] && ${list}`
    : `${name} = ANY (${list})`;
}

/** Finds one of the texts between what is no letter or digit, as a pattern of PostgreSQL. */
function wordPattern(texts: readonly string[]): string {
  const words = texts.map((text) => text.replace(/^\W+|\W+$/g, '').replaceAll(/\W/g, String.raw`\$&`));
  return String.raw`\m(${words.join('|')})\M`;
}

/** A number is a key where its column, its document or a value beside it speaks of a model. */
function numberConditions(columns: readonly ReadColumn[], numbers: readonly string[]): string[] {
  const texts = columns.flatMap((column) =>
    isKey(column.kind) ? [] : [{ name: column.name, text: textSql(column) }],
  );
  if (numbers.length === 0 || texts.length === 0) return [];
  const pattern = quoteLiteral(wordPattern(numbers));
  const row = `concat_ws(' ', ${texts.map(({ text }) => text).join(', ')}) ~* 'model|llm'`;
  return texts.map(({ name, text }) => `(${text} ~ ${pattern}${speaksOfModels(name) ? '' : ` AND ${row}`})`);
}
