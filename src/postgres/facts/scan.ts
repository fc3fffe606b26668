/**
 * The inventory of a plan: every row that names the source, in every column that can, whatever the configuration says. What a place
 * writes is counted with the places (places.ts); here is what no place covers.
 *
 * Each table is read once, whatever the number of its columns. The server picks the candidates and sends the values of those only,
 * through a cursor, so that memory stays bounded. What a candidate really says is decided by src/engine/inventory. The reading
 * takes no lock beyond ACCESS SHARE and uses the index on the tenant column where there is one.
 */
import { askEach, distribute } from '../driver/members.ts';
import type { Numbered } from '../driver/members.ts';
import type { Occurrence } from '../../engine/inventory/occurrence.ts';
import type { Scannable } from '../../engine/inventory/scannable.ts';
import type { Uncovered, Owner } from '../../engine/plan/snapshot.ts';
import { firstFetch, nextFetch } from '../driver/cursors.ts';
import type { Tx } from '../driver/database.ts';
import { forEachMember } from '../sql/sql.ts';
import { mayHoldShared } from '../../engine/rules/references.ts';
import type { Batch, Member } from './member.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { candidateQuery, tooLargeText } from './scan-query.ts';
import type { CandidateRow, CandidateQuery } from './scan-query.ts';
import { isLeftAlone } from '../../engine/rules/place.ts';
import { isDocumentList } from '../sql/document.ts';
import type { DocumentValue } from '../../engine/edit/documents.ts';
import { isWeakKey } from '../../engine/inventory/term.ts';
import { likeTest } from '../../engine/inventory/rough-pattern.ts';
import { Tally } from '../../engine/inventory/tally.ts';
import { placesAt } from '../../engine/rules/coverage.ts';
import { markCovered } from '../../engine/rules/documents.ts';
import type { EditRule } from '../../engine/rules/documents.ts';
import type { Place } from '../../engine/rules/place.ts';
import { mayName } from '../../engine/rules/mapping.ts';
import { namesakeTest } from '../../engine/rules/namesakes.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { sourceTerm, unrelatedTerm } from './sought.ts';

/** What a scan finds for one member. */
export interface Scanned {
  readonly uncovered: readonly Uncovered[];
  /** Other models of which the source's name is a part. */
  readonly related: readonly Occurrence[];
}

/** For each member what names its source in these tables and is covered by no place. */
export async function scanUncovered(
  tx: Tx,
  batch: Batch,
  scannable: readonly Scannable[],
): Promise<Scanned[]> {
  const size = batch.members.length;
  const found = batch.members.map(() => ({ uncovered: [] as Uncovered[], related: [] as Occurrence[] }));
  const shared = isSharedRows(batch.members[0]?.intent.tenant);
  const seen = scannable.filter(({ table }) => !shared || mayHoldShared(batch.rules, table.id));
  const queries = seen.flatMap((target) => candidateQuery(batch, target) ?? []);
  const asked = queries.flatMap((query) =>
    query.precheck === undefined ? [] : [{ query, precheck: query.precheck }],
  );
  const answers = await tx.together(
    asked.map(({ precheck }) => askEach<{ possible: boolean }>(size, precheck)),
  );
  const impossible = new Set(
    asked.flatMap(({ query }, at) =>
      answers[at]?.some(([row]) => row?.possible === true) === true ? [] : [query],
    ),
  );
  for (const query of queries) {
    if (impossible.has(query)) continue;
    for (const [member, reading] of (await readTable(tx, batch, query)).entries()) {
      for (const one of reading.uncovered()) found[member]?.uncovered.push(one);
      for (const one of reading.related()) found[member]?.related.push(one);
    }
  }
  return found;
}

async function readTable(tx: Tx, batch: Batch, query: CandidateQuery): Promise<ScanReading[]> {
  const size = batch.members.length;
  const readings = batch.members.map((member) => new ScanReading(batch.rules, member, query));
  await tx.batches<CandidateRow & Numbered>(
    { sql: forEachMember(size, query.select()), size: firstFetch },
    (rows) => {
      for (const [member, own] of distribute<CandidateRow>(size, rows).entries())
        for (const row of own) readings[member]?.add(row);
      return Promise.resolve(nextFetch(rows, sizeOf));
    },
  );
  return readings;
}

function sizeOf({ v }: CandidateRow): number {
  return v.reduce((size, text) => size + (text?.length ?? 0), 0);
}

const samples = 5;
/** Rows of several tenants of which it is kept whose they are: those that are shown are among the first. */
const mostOwned = 1000;

/** A key means nothing without its table: where a place holds keys of other models, an equal one is theirs. */
function isOfOthers(place: Place, { pair }: Member): boolean {
  return !mayName(place, pair.source) && place.columns.some(({ template }) => template === '{key}');
}

/** Rows that are alike in whose they are. */
interface AlikeRows {
  readonly owner: Owner;
  readonly dead: boolean;
  readonly past: boolean;
  /** Places that mean other rows of their column than these. */
  readonly notOf: ReadonlySet<string>;
  readonly tally: Tally;
  /** Of rows of several tenants, by their keys. */
  readonly owners: Map<string, readonly string[]>;
}

/** Reads the candidates of one table for one member: which of them name the source, where, and which places lead there. */
class ScanReading {
  readonly #rules: Rules;
  readonly #member: Member;
  readonly #query: CandidateQuery;
  readonly #edits: readonly (readonly EditRule[])[];
  /** By place of the table: does a text name another provider's model there, or the target? */
  readonly #tests: ReadonlyMap<Place, (text: string) => boolean>;
  readonly #groups = new Map<string, AlikeRows>();
  /** May a text name the source? As the server asks of what direct places leave of a document. */
  readonly #mayName: (text: string) => boolean;

  constructor(rules: Rules, member: Member, query: CandidateQuery) {
    this.#rules = rules;
    this.#member = member;
    this.#query = query;
    this.#edits = query.columns.map(({ documents }) =>
      documents.map((place) => ({ place, mappings: member.mappings.get(place.id) ?? [] })),
    );
    const places = rules.places.filter(({ table }) => table === query.table.id);
    this.#tests = new Map(places.map((place) => [place, namesakeTest(place, member.pair, rules.config)]));
    const isSure = member.patterns !== undefined && !member.terms.some(isWeakKey);
    const named = isSure ? likeTest(member.patterns) : undefined;
    this.#mayName = (text) => named === undefined || text.includes(String.raw`\u`) || named(text);
  }

  add(row: CandidateRow): void {
    // A name in another tenant's row does not mean this tenant's model.
    if (row.owner === 'other') return;
    const cells = row.v.map((text, at) => (text === null ? null : this.#uncoveredText(text, at, row)));
    for (const past of [false, true]) {
      const own = cells.map((text, at) => (this.#isPast(row, at) === past ? text : null));
      if (own.every((text) => text === null)) continue;
      const { tally, owners } = this.#group(row, past);
      tally.add(() => row.k, [...own, ...row.beside]);
      if (row.owners !== null && owners.size < mostOwned) owners.set(row.k, row.owners);
    }
  }

  /** Is the row live for no place of the column of which it is one? What is ignored says nothing of that. */
  #isPast({ live }: CandidateRow, at: number): boolean {
    const said = (this.#edits[at] ?? []).flatMap(({ place }, number) =>
      isLeftAlone(place) ? [] : [live[at]?.[number] ?? null],
    );
    return said.includes(false) && !said.includes(true);
  }

  #uncoveredText(text: string, at: number, row: CandidateRow): string {
    const edits = this.#edits[at] ?? [];
    if (text === tooLargeText) return this.#tooLarge(at, row);
    const rules = edits.filter((_, number) => typeof row.live[at]?.[number] === 'boolean');
    if (rules.length === 0) return this.#isNamesake(at, text) ? '' : text;
    const isList = this.#query.columns[at]?.isList === true;
    const value: DocumentValue = isList
      ? { text, elements: JSON.parse(text) as (string | null)[], alike: row.alike[at] ?? null }
      : { text, elements: null, alike: row.alike[at] ?? null };
    const answering = this.#answering(row, at);
    const marked = markCovered(rules, value, {
      isNamesake: (place, element) => this.#tests.get(place)?.(element) === true,
      answers: (rule) => answering.has(rule) && !isLeftAlone(rule.place) && rule.mappings.length > 0,
    });
    if (marked === undefined) return '';
    const left = isList ? JSON.stringify(marked.elements) : marked.text;
    return this.#mayName(left) ? left : '';
  }

  /** Of a document that cannot be read a place asks of which the row is a live one; where it is none, any. */
  #answering(row: CandidateRow, at: number): Set<EditRule> {
    const past = this.#isPast(row, at);
    const edits = this.#edits[at] ?? [];
    return new Set(
      edits.filter((_, number) => row.live[at]?.[number] === !past && row.seen[at]?.[number] === true),
    );
  }

  /** Where no place asks about the value, it counts as one that names the source. */
  #tooLarge(at: number, row: CandidateRow): string {
    const asking = [...this.#answering(row, at)].some(({ place }) => !isLeftAlone(place));
    return asking ? '' : (this.#member.terms.find((term) => !isWeakKey(term))?.text ?? '');
  }

  /** By what a scalar place of the column says that its values are. */
  #isNamesake(at: number, text: string): boolean {
    const { table, columns } = this.#query;
    const name = columns[at]?.name;
    return [...this.#tests].some(
      ([place, test]) => place.table === table.id && place.column === name && test(text),
    );
  }

  #notOf({ chosen }: CandidateRow): string[] {
    return this.#query.columns.flatMap(({ choosing }, at) =>
      choosing.flatMap((place, number) => (chosen[at]?.[number] === true ? [] : [place.id])),
    );
  }

  #group(row: CandidateRow, past: boolean): AlikeRows {
    const { owner, dead } = row;
    const notOf = this.#notOf(row);
    const id = JSON.stringify([owner, dead, past, notOf]);
    const known = this.#groups.get(id);
    if (known !== undefined) return known;
    const { table, columns } = this.#query;
    const tally = new Tally({
      table: table.id,
      // A list arrives as JSON, with its elements as they are.
      columns: columns.map(({ name, kind, isList }) => ({
        name,
        kind: isList || isDocumentList({ kind }) ? 'json' : kind,
        isLink: false,
      })),
      matcher: this.#member.matcher,
      samples,
    });
    const group = {
      owner,
      dead,
      past,
      notOf: new Set(notOf),
      tally,
      owners: new Map<string, readonly string[]>(),
    };
    this.#groups.set(id, group);
    return group;
  }

  uncovered(): Uncovered[] {
    return [...this.#groups.values()].flatMap(({ owner, dead, past, notOf, tally, owners }) =>
      tally.occurrences().flatMap((found) => {
        if (found.snapshot || found.model !== sourceTerm) return [];
        const places = placesAt(this.#rules, found).filter(({ id }) => !notOf.has(id));
        if (found.by === 'key' && places.some((place) => isOfOthers(place, this.#member))) return [];
        if (places.some(isLeftAlone)) return [];
        const about = { owner, dead, past, owners, places: places.map(({ id }) => id) };
        return [{ ...this.#asDeclared(found), ...about }];
      }),
    );
  }

  related(): Occurrence[] {
    return [...this.#groups.values()].flatMap(({ tally }) =>
      tally
        .occurrences()
        .filter(({ snapshot, model }) => model !== unrelatedTerm && (snapshot || model !== sourceTerm)),
    );
  }

  #asDeclared(found: Occurrence): Occurrence {
    const column = this.#query.columns.find(({ name }) => name === found.column);
    return column?.kind.endsWith('[]') === true ? { ...found, kind: column.kind } : found;
  }
}
