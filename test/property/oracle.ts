/**
 * What a migration must come to, computed from the text of all tables and the rules of the specification. It shares nothing
 * with the engine: no SQL, no groups of rows, no plan; one row after the other.
 */
import { isNoDocument, moveDocument, pairsOf, speaksOfSource } from './oracle-values.ts';
import type { Pair } from './oracle-values.ts';
import { ownerOf } from './oracle-owner.ts';
import type { Owner } from './oracle-owner.ts';
import { placeId } from './place-id.ts';
import { sameKey, uniqueKeys } from './unique-keys.ts';
import type { Cells, PlaceDef, TableDef, World } from './world.ts';

export type Dump = ReadonlyMap<string, readonly Cells[]>;

export interface Expected {
  readonly dump: Dump;
  readonly counts: Readonly<Record<string, number>>;
  /** `place reason` → rows. */
  readonly left: Readonly<Record<string, number>>;
  readonly completion: string;
}

/** Of what no place covers each spelling counts; how many there are is for the inventory to say. */
export const uncounted = 0;

/** What happens to one place of one row. */
type Verdict =
  | { readonly kind: 'move'; readonly cells: Cells; readonly order: number }
  | { readonly kind: 'remove' }
  | {
      readonly kind: 'stay';
      readonly reason: string;
      readonly live: boolean;
      /** What no place covers is called by its column alone. */
      readonly uncovered?: true;
      /** A row that is no tenant's own; by name it refers to no row of a tenant. */
      readonly shared?: 'by name' | 'by key';
    };

interface Tally {
  readonly counts: Record<string, number>;
  readonly left: Record<string, number>;
  own: boolean;
  shared: boolean;
  refers: boolean;
}

export function expectedOf(given: World, dump: Dump): Expected {
  const world: Judging = { ...given, doubted: isTwinInUse(given, dump) };
  const tally: Tally = { counts: {}, left: {}, own: false, shared: false, refers: false };
  const after = new Map<string, readonly Cells[]>(dump);
  for (const table of world.subjects) after.set(table.name, moveTable(world, table, { dump, tally }));
  if (!tally.refers) retire(world, after);
  const completion = tally.own ? 'partial' : tally.shared ? 'complete for the tenant' : 'complete';
  return { dump: after, counts: tally.counts, left: tally.left, completion };
}

function retire(world: World, after: Map<string, readonly Cells[]>): void {
  if (!world.hasModelTable) return;
  const { names, me, source, target } = world;
  const models = after.get(names.models) ?? [];
  after.set(
    names.models,
    models.map((row) =>
      row[names.tenant] === me && row[names.id] === source.key && !isMarked(world, row)
        ? { ...row, [names.state]: world.words.gone, [names.successor]: target.key ?? null }
        : row,
    ),
  );
}

/** Whoever is said to succeed the source stays its successor. */
function isMarked({ names, words }: World, row: Cells): boolean {
  return row[names.state] === words.gone && row[names.successor] !== null;
}

function moveTable(world: Judging, table: TableDef, { dump, tally }: { dump: Dump; tally: Tally }): Cells[] {
  const rows = dump.get(table.name) ?? [];
  const judged = rows.map((row) => judgeRow(world, table, row, ownerOf(world, { dump, table, row })));
  withCollisions(world, table, rows, judged);
  return rows.flatMap((row, at) => {
    const verdicts = judged[at] ?? new Map<PlaceDef, Verdict>();
    countRow(table, verdicts, tally);
    if ([...verdicts.values()].some((verdict) => verdict.kind === 'remove')) return [];
    const moves = [...verdicts.values()].flatMap((verdict) =>
      verdict.kind === 'move' ? [verdict.cells] : [],
    );
    return [Object.assign({}, row, ...moves) as Cells];
  });
}

/** A row counts once for its scalar places together, and once for each column of documents. */
function countRow(table: TableDef, verdicts: ReadonlyMap<PlaceDef, Verdict>, tally: Tally): void {
  const counted = new Set<string>();
  for (const [place, verdict] of verdicts) {
    if (verdict.kind === 'stay') {
      const at = verdict.uncovered === true ? { ...place, pointer: '' } : place;
      const id = `${placeId(table, at)} ${verdict.reason}`;
      tally.left[id] = verdict.uncovered === true ? uncounted : (tally.left[id] ?? 0) + 1;
      const { live, shared } = verdict;
      tally.own ||= live && shared === undefined;
      tally.shared ||= live && shared !== undefined;
      tally.refers ||= live && shared !== 'by name';
    } else counted.add(place.carrier === 'columns' ? 'columns' : (place.columns[0] ?? ''));
  }
  if (counted.size > 0) tally.counts[table.entity] = (tally.counts[table.entity] ?? 0) + counted.size;
}

function judgeRow(world: Judging, table: TableDef, row: Cells, owner: Owner): Map<PlaceDef, Verdict> {
  const verdicts = new Map<PlaceDef, Verdict>();
  for (const place of table.places) {
    const named = nameIn(world, place, row);
    const verdict =
      named === undefined || place.role === 'ignore'
        ? judgeBroken(world, { place, row, owner })
        : judge(world, { table, place, row, owner, named });
    if (verdict !== undefined) verdicts.set(place, verdict);
  }
  return verdicts;
}

interface Named {
  readonly cells: Cells;
  readonly order: number;
  readonly unreadable: boolean;
  /** A member has the name already that another would get. */
  readonly colliding?: true;
}

/** Does the place name the source, and what would the row hold after a move? */
function nameIn(world: World, place: PlaceDef, row: Cells): Named | undefined {
  if (place.carrier === 'columns') return nameInColumns(world, place, row);
  const [column = ''] = place.columns;
  const text = row[column] ?? null;
  const moved = text === null ? undefined : moveDocument(world, place, text);
  if (moved === undefined) return undefined;
  if (moved === 'colliding') return { cells: {}, order: 0, unreadable: false, colliding: true };
  if (moved === 'unreadable') return { cells: {}, order: 0, unreadable: true };
  return { cells: { [column]: moved.text }, order: 0, unreadable: false };
}

function nameInColumns(world: World, place: PlaceDef, row: Cells): Named | undefined {
  const pairs = pairsOf(world, place);
  const order = pairs.findIndex((pair) => place.columns.every((column, at) => row[column] === pair.from[at]));
  const pair: Pair | undefined = pairs[order];
  if (pair === undefined) return undefined;
  const cells = Object.fromEntries(place.columns.map((column, at) => [column, pair.to[at] ?? null]));
  return { cells: { ...cells, ...settingsAfter(world, place, row) }, order, unreadable: false };
}

function settingsAfter({ names, parameters, words }: World, place: PlaceDef, row: Cells): Cells {
  if (!place.settings) return {};
  const text = row[names.parameters] ?? null;
  const set = text !== null && text !== '{}' && text !== 'null';
  return {
    ...((set || text === null) && parameters === 'reset' ? { [names.parameters]: '{}' } : {}),
    ...(row[names.effort] === words.high ? { [names.effort]: words.medium } : {}),
    [names.spare]: null,
  };
}

interface Occasion {
  readonly table: TableDef;
  readonly place: PlaceDef;
  readonly row: Cells;
  readonly owner: Owner;
  readonly named: Named;
}

/** Everything but collisions. */
function judge(world: Judging, occasion: Occasion): Verdict | undefined {
  const { place, owner } = occasion;
  const byKey = world.byKeyAlone && place.templates.includes('key');
  if (owner === 'other' && !byKey) return undefined;
  if (place.role === 'history' || place.role === 'dead-copy') return stay(place.role, false);
  if (owner === 'disagree') return stay('disagreeing-owners', true);
  if (owner === 'other') return stay('other-tenant', byKey);
  if (owner !== 'mine') {
    const own = judgeMine(world, occasion);
    if (own.kind === 'stay' && ['history', 'dead'].includes(own.reason)) return own;
    return {
      ...stay({ global: 'global', none: 'no-owner', shared: 'shared' }[owner], true),
      shared: byKey ? 'by key' : 'by name',
    };
  }
  if (world.entityTypes?.includes(occasion.table.entity) === false) return stay('not-requested', true);
  return judgeMine(world, occasion);
}

/** A place lies at a pointer. Of a text that is no document nobody can say where the name stands. */
function judgeBroken(
  world: Judging,
  { place, row, owner }: Pick<Occasion, 'place' | 'row' | 'owner'>,
): Verdict | undefined {
  const text = row[place.columns[0] ?? ''] ?? null;
  const isBroken = place.carrier === 'json' && text !== null && isNoDocument(text);
  if (!isBroken || owner === 'other' || !speaksOfSource(world, text)) return undefined;
  const uncovered = { uncovered: true } as const;
  if (owner === 'disagree') return { ...stay('disagreeing-owners', true), ...uncovered };
  if (row[world.names.deleted] === 'true' && world.deadRows === 'leave')
    return { ...stay('dead', false), ...uncovered };
  if (owner === 'mine') return { ...stay('ask', true), ...uncovered };
  return { ...stay(owner === 'global' ? 'global' : 'no-owner', true), ...uncovered, shared: 'by name' };
}

function judgeMine(world: Judging, { place, row, named }: Occasion): Verdict {
  const { names, deadRows, words } = world;
  const status = statusOf(world, place, row);
  if (status !== words.active && status !== words.draft) return stay('history', false);
  if (row[names.deleted] === 'true' && deadRows === 'leave') return stay('dead', false);
  if (named.unreadable) return stay('ask', true);
  const asks = status === words.draft || place.role === 'ask' || (world.doubted && saysNameAlone(place));
  if (asks && place.answer === 'none') return stay('ask', true);
  if (asks && place.answer === 'keep') return stay('kept', false);
  if (named.colliding === true) return outcomes[place.collision];
  return { kind: 'move', cells: named.cells, order: named.order };
}

/** The name alone may mean the model of another provider where the tenant may have it in use, too. */
interface Judging extends World {
  readonly doubted: boolean;
}

/** Does a live row that may be the tenant's name the twin, in a place that says the provider? A table of models has it. */
function isTwinInUse(world: World, dump: Dump): boolean {
  const { twin, hasModelTable, subjects, words } = world;
  if (twin === undefined || hasModelTable) return twin !== undefined;
  const theirs = { ...world, source: twin };
  return subjects.some((table) =>
    (dump.get(table.name) ?? []).some((row) => {
      const named = table.places.filter((place) => {
        const told = [...place.templates, place.also].some((one) => one?.startsWith('provider') === true);
        const status = statusOf(world, place, row);
        const isUse = ['reference', 'grant', 'ask'].includes(place.role);
        if (!told || !isUse || (status !== words.active && status !== words.draft)) return false;
        const found = nameIn(theirs, { ...place, templates: withProvider(place), settings: false }, row);
        return found !== undefined && !found.unreadable;
      });
      return named.length > 0 && ownerOf(world, { dump, table, row }) !== 'other';
    }),
  );
}

/** Without the form that says the name alone. */
function withProvider({ templates, also }: PlaceDef): PlaceDef['templates'] {
  return also === undefined ? templates : [also];
}

function saysNameAlone({ templates }: PlaceDef): boolean {
  return templates.includes('name') && !templates.includes('provider');
}

function statusOf({ names, words }: World, place: PlaceDef, row: Cells): string | null {
  return place.statuses ? (row[names.status] ?? null) : words.active;
}

function stay(reason: string, live: boolean): Extract<Verdict, { kind: 'stay' }> {
  return { kind: 'stay', reason, live };
}

/** A row that would come to hold a key that another row holds or comes to hold before it does not move. */
function withCollisions(
  world: World,
  table: TableDef,
  rows: readonly Cells[],
  judged: readonly Map<PlaceDef, Verdict>[],
): void {
  const collisions = rows.flatMap((row, at) =>
    [...(judged[at] ?? [])].flatMap(([place, verdict]) =>
      verdict.kind === 'move' && collides(world, table, { place, verdict, row, rows, judged })
        ? [{ at, place }]
        : [],
    ),
  );
  for (const { at, place } of collisions) judged[at]?.set(place, outcomes[place.collision]);
}

const outcomes: Readonly<Record<PlaceDef['collision'], Verdict>> = {
  'drop-redundant': { kind: 'remove' },
  skip: { kind: 'stay', reason: 'collision', live: true },
  ask: { kind: 'stay', reason: 'ask', live: true },
};

interface Move {
  readonly place: PlaceDef;
  readonly verdict: Extract<Verdict, { kind: 'move' }>;
  readonly row: Cells;
  readonly rows: readonly Cells[];
  readonly judged: readonly ReadonlyMap<PlaceDef, Verdict>[];
}

function collides(world: World, table: TableDef, { place, verdict, row, rows, judged }: Move): boolean {
  if (place.carrier !== 'columns') return false;
  const keys = uniqueKeys(table).filter((key) =>
    key.columns.some((column) => place.columns.includes(column)),
  );
  const after: Cells = { ...row, ...verdict.cells };
  return rows.some((other, at) => {
    if (other === row) return false;
    const theirs = judged[at]?.get(place);
    const before = theirs?.kind === 'move' && theirs.order < verdict.order;
    const held: Cells = before ? { ...other, ...theirs.cells } : other;
    return keys.some((key) => sameKey(key, world.names.deleted, after, held));
  });
}
