/** The terms of all members of a batch, as conditions on the columns of one table. */
import { isUuid } from '../../engine/uuid.ts';
import { likeText } from '../../engine/inventory/rough-pattern.ts';
import type { Scannable, ScannedColumn } from '../../engine/inventory/scannable.ts';
import { isWeakKey } from '../../engine/inventory/term.ts';
import { isKey } from '../../engine/catalogue/value-kinds.ts';
import { saysWhichRows } from '../../engine/rules/place.ts';
import type { Place } from '../../engine/rules/place.ts';
import { castFor, columnOf, exactText } from '../sql/cast.ts';
import { directPlace, withoutNamed } from '../sql/direct.ts';
import type { DirectPlace } from '../sql/direct.ts';
import { alikeSql, isDocumentList } from '../sql/document.ts';
import { columnsOf, placeMatches } from '../sql/match.ts';
import type { Each, PlaceRow, RowContext } from '../sql/match.ts';
import { anyOf, bind, column as columnSql, each, list, nothing, raw, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { candidateSql } from './documents.ts';
import { patternsOf, placeRow, rowAlone, rowContext } from './member.ts';
import type { Batch } from './member.ts';

export interface CandidateColumn extends ScannedColumn {
  /** A PostgreSQL array of texts: its elements come as JSON. */
  readonly isList: boolean;
  /** The uuids that are sought, as their digits; empty where a key is none. */
  readonly uuids: Each;
  /** Places in its documents and lists. */
  readonly documents: readonly Place[];
  /** Places that take it as one value, and say which rows they mean. */
  readonly choosing: readonly Place[];
}

/** A list for each column, which a list of lists in SQL could not be, because they differ in length. */
export function testsSql(tests: readonly (readonly Sql[])[]): Sql {
  return sql`to_jsonb(ARRAY[${list(tests.map((own) => sql`to_jsonb(ARRAY[${list(own)}]::boolean[])`))}]::jsonb[])`;
}

export function textOf({ name, kind, isList, uuids }: CandidateColumn): Sql {
  const column = columnSql('t', name);
  if (isDocumentList({ kind })) return sql`to_json(${column})::text`;
  if (isList) return sql`to_json(${column}::text[])::text`;
  if (kind !== 'bytea') return sql`${column}::text`;
  const text = sql`encode(${column}, 'escape')`;
  if (uuids.every((digits) => digits === '')) return text;
  // Sixteen bytes may be a uuid as a program writes it, or a text.
  const isKey = sql`octet_length(${column}) = 16 AND encode(${column}, 'hex') = ${each(uuids, 'text')}`;
  return sql`CASE WHEN ${isKey} THEN encode(${column}, 'hex') ELSE ${text} END`;
}

interface CandidateCondition {
  readonly column: CandidateColumn;
  readonly condition: Sql;
}

/** The terms of all members, as conditions on the columns of one table. */
export class CandidateSearch {
  readonly #batch: Batch;
  readonly #target: Scannable;
  readonly #context: RowContext;
  /** Of the table, by column. */
  readonly #places: ReadonlyMap<string, Place[]>;
  /** Patterns in lower case, as many for each member; undefined where every text has to be read. */
  readonly #patterns: readonly Each[] | undefined;
  readonly #uuids: Each;
  readonly #weak: Each;

  constructor(batch: Batch, target: Scannable) {
    this.#batch = batch;
    this.#target = target;
    this.#context = rowContext(batch.rules, target.table, batch.members);
    const own = batch.rules.places.filter(({ table }) => table === target.table.id);
    this.#places = Map.groupBy(own, ({ column }) => column);
    this.#patterns = patternsOf(batch);
    const keys = batch.members.map(({ terms }) => terms.find(({ by }) => by === 'key'));
    this.#uuids = keys.map((key) => (key !== undefined && isUuid(key.text) ? key.text : ''));
    this.#weak = keys.map((key) => (key !== undefined && isWeakKey(key) ? key.text : ''));
  }

  conditions(): CandidateCondition[] {
    return this.#target.columns.flatMap((scanned) => {
      const column = this.#columnOf(scanned);
      const found = this.#beyondDirect(column);
      return found === undefined ? [] : [{ column, condition: this.#beyondPlaces(column, found) }];
    });
  }

  /**
   * Holds for every row for which a condition holds, and for few others: one look at the texts of all columns together. The conditions
   * look at each column several times, and so only at these rows.
   */
  rough(columns: readonly CandidateColumn[]): Sql {
    if (this.#patterns === undefined) return raw('true');
    const texts = columns.filter(({ kind }) => !isKey(kind));
    const row = sql`lower(concat_ws(' ', ${list(texts.map(textOf))}) COLLATE "C")`;
    const named =
      texts.length === 0 ? [] : [sql`${row} LIKE ANY (${this.#roughPatterns(texts, this.#patterns)})`];
    return anyOf([
      ...named,
      ...columns
        .filter(({ kind }) => isKey(kind))
        .flatMap((column) => this.#namedSql(column, textOf(column)) ?? []),
    ]);
  }

  /** Names, of which a uuid is one, weak keys, and the escapes behind which a document may hide either. */
  #roughPatterns(texts: readonly CandidateColumn[], names: readonly Each[]): Sql {
    const size = this.#batch.members.length;
    const patterns = [
      ...names,
      ...(this.#weak.every((key) => key === '') ? [] : [this.#weak.map(weakPattern)]),
      ...(texts.some(mayEscape) ? [Array<string>(size).fill(String.raw`%\\u%`)] : []),
    ];
    if (size === 1) return bind(patterns.flat(), 'text[]');
    return sql`ARRAY[${list(patterns.map((pattern) => each(pattern, 'text')))}]`;
  }

  /** The places that answer for what they find. In a text that people wrote only the inventory counts names. */
  #placesAt(name: string): Place[] {
    return (this.#places.get(name) ?? []).filter(({ role }) => role !== 'prose');
  }

  /** Does a direct place look at one of the columns? Then what moves makes nearly every table have candidates. */
  hasDirect(columns: readonly CandidateColumn[]): boolean {
    return columns.some((column) => this.#directAt(column).length > 0);
  }

  /** Does a scalar place look at the column? */
  isCovered(name: string): boolean {
    return this.#placesAt(name).some(({ carrier }) => carrier === 'columns');
  }

  #columnOf(scanned: ScannedColumn): CandidateColumn {
    const places = this.#placesAt(scanned.name);
    const documents = places.filter(({ carrier }) => carrier !== 'columns');
    const all = this.#places.get(scanned.name) ?? [];
    const choosing = all.filter((place) => place.json === undefined && saysWhichRows(place));
    return {
      ...scanned,
      isList: scanned.kind.endsWith('[]') && !isDocumentList(scanned),
      uuids: this.#uuids.map((uuid) => uuid.toLowerCase().replaceAll('-', '')),
      documents,
      choosing,
    };
  }

  /** What is left of a document without what its direct places find, because that is theirs. It is made once for all tests of it. */
  #beyondDirect(column: CandidateColumn): Sql | undefined {
    const { rules } = this.#batch;
    const direct = this.#directAt(column);
    if (direct.length === 0) return this.#namedSql(column, textOf(column));
    const named = this.#namedSql(column, raw('drover_rest.text'));
    const rest = sql`SELECT (${withoutNamed({ rules }, column.name, direct)})::text AS text OFFSET 0`;
    return named === undefined ? undefined : sql`(SELECT ${named} FROM (${rest}) drover_rest)`;
  }

  #directAt({ documents }: Pick<CandidateColumn, 'documents'>): DirectPlace[] {
    const rows = documents.map((place) => rowAlone(place, this.#batch.members));
    return rows.flatMap((row) => directPlace(this.#target.table, row) ?? []);
  }

  /** What the scalar places of the column find is theirs; a row that names the model of another provider is no occurrence. */
  #beyondPlaces({ name }: CandidateColumn, found: Sql): Sql {
    const { rules, members } = this.#batch;
    const places = this.#placesAt(name).filter(({ carrier }) => carrier === 'columns');
    const covered = places.flatMap((place) => {
      const row = placeRow(rules, place, members);
      return row.mappings.length === 0 ? [] : [placeMatches(this.#context, row), ...this.#namesakes(row)];
    });
    return covered.length === 0 ? found : sql`(${found}) AND (${anyOf(covered)}) IS NOT TRUE`;
  }

  #namesakes(row: PlaceRow): Sql[] {
    const columns = columnsOf(row);
    if (row.place.foreignKey !== undefined || columns.length < 2) return [];
    const equals = (at: number): Sql =>
      anyOf(row.mappings.map(({ from }) => this.#equals(columns[at] ?? '', from[at])));
    const others = columns
      .slice(1)
      .map((name, at) => sql`${columnSql('t', name)}::text <> '' AND NOT (${equals(at + 1)})`);
    return [sql`(${equals(0)} AND (${anyOf(others)}))`];
  }

  #equals(name: string, values: Each = []): Sql {
    return sql`${columnSql('t', name)} = ${each(values, castFor(columnOf(this.#target.table, name)))}`;
  }

  /** Only for places of which the editors write names. */
  alike({ name, documents }: CandidateColumn): Sql {
    const { rules, members } = this.#batch;
    const held = { own: columnOf(this.#target.table, name), value: columnSql('t', name) };
    const rows = documents.map((place) => placeRow(rules, place, members));
    const terms = members.map((_, member) =>
      rows.flatMap((row) => row.mappings.flatMap(({ from }) => from.map((each) => each[member] ?? ''))),
    );
    return documents.length === 0 ? raw('NULL::jsonb') : alikeSql(held, listsOf(terms));
  }

  seen(columns: readonly CandidateColumn[]): Sql {
    const { rules, members } = this.#batch;
    return testsSql(
      columns.map(({ name, documents }) =>
        documents.map(
          (place) =>
            sql`coalesce(${candidateSql(this.#context, name, [placeRow(rules, place, members)])}, false)`,
        ),
      ),
    );
  }

  /** Short texts of the row: a word beside a key may say that it means a model. */
  beside(): Sql {
    if (this.#weak.every((key) => key === '')) return nothing;
    const short = this.#target.table.columns.filter(({ kind }) => kind === 'text');
    return list(short.map(({ name }) => sql`left(${columnSql('t', name)}::text, 64)`));
  }

  /** @param value the text of the column, or what of it no place covers */
  #namedSql(column: CandidateColumn, value: Sql): Sql | undefined {
    const name = columnSql('t', column.name);
    const kind = column.kind.replace('[]', '');
    if (kind === 'uuid') return this.#keysSql(column, { name, keys: this.#uuids, type: 'uuid' });
    if (kind === 'integer') {
      const numbers = this.#weak.map((key) => (/^-?\d{1,18}$/.test(key) ? key : ''));
      return this.#keysSql(column, { name, keys: numbers, type: 'bigint' });
    }
    const text = sql`lower(${value} COLLATE "C")`;
    const named = anyOf([
      ...this.#nameTests(text),
      ...this.#escapes(column, value),
      ...this.#weakTests(text),
    ]);
    const unrelated = this.#batch.members.map((member) => member.unrelated);
    const isWord = (kind === 'text' || kind === 'enum') && !column.isList;
    if (!isWord || unrelated.every((texts) => texts.length === 0)) return named;
    return sql`${named} AND ${text} <> ALL (${listsOf(unrelated)})`;
  }

  #keysSql(
    { isList }: CandidateColumn,
    { name, keys, type }: { readonly name: Sql; readonly keys: Each; readonly type: string },
  ): Sql | undefined {
    if (keys.every((key) => key === '')) return undefined;
    const key = each(keys, `text`);
    const value = sql`nullif(${key}, '')::${raw(type)}`;
    return isList ? sql`${value} = ANY (${name}::${raw(type)}[])` : sql`${name} = ${value}`;
  }

  /** A uuid is one of the names. */
  #nameTests(text: Sql): Sql[] {
    if (this.#patterns === undefined) return [raw('true')];
    return this.#patterns.map((pattern) => sql`${text} LIKE ${each(pattern, 'text')}`);
  }

  /** JSON may write any character as an escape. In jsonb only a document that is a string does so without need. */
  #escapes(column: CandidateColumn, value: Sql): Sql[] {
    if (!mayEscape(column)) return [];
    if (column.kind !== 'text' && column.kind !== 'citext') return [sql`strpos(${value}, '\\u') > 0`];
    const text = exactText(columnSql('t', column.name));
    return [sql`(strpos(${text}, '\\u') > 0 AND ascii(${text}) IN (9, 10, 13, 32, 34, 91, 123))`];
  }

  /** A weak key as a word of its own; whether anything speaks of models the reading decides. */
  #weakTests(text: Sql): Sql[] {
    if (this.#weak.every((key) => key === '')) return [];
    const words = this.#weak.map(
      (key) => `(^|[^[:alnum:]])${key.toLowerCase().replaceAll(/\W/g, String.raw`\$&`)}([^[:alnum:]]|$)`,
    );
    return [sql`(${each(this.#weak, 'text')} <> '' AND ${text} ~ ${each(words, 'text')})`];
  }
}

/** Where there is no such key, it fits the empty text alone. */
function weakPattern(key: string): string {
  return key === '' ? '' : `%${likeText(key.toLowerCase())}%`;
}

/** May a value be a document, in which any character may be written as an escape? */
function mayEscape({ kind }: ScannedColumn): boolean {
  return /^(jsonb?|text|citext|hstore)(\[\])?$/.test(kind);
}

/** A list for each member; most have the same one. */
function listsOf(lists: readonly (readonly string[])[]): Sql {
  const [first] = lists;
  return lists.every((one) => one === first) ? bind(first, 'text[]') : each(lists, 'text[]');
}
