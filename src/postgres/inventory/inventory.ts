/**
 * The inventory of a database: every occurrence of the terms, by value, blind to any configuration. It only reads. All tables are seen
 * as they are at one moment: in one transaction, or in several that share its snapshot.
 *
 * `readInventory` works in a transaction that is open, for a plan; `takeInventory` opens its own, several at a time on a server.
 */
import type { TableId } from '../../engine/catalogue/catalog.ts';
import { createMatcher } from '../../engine/inventory/matcher.ts';
import { partKeys } from '../../engine/inventory/keys.ts';
import type { KeyLink } from '../../engine/inventory/keys.ts';
import type { Occurrence, SchemaOccurrence, UnreadObject } from '../../engine/inventory/occurrence.ts';
import type { Term } from '../../engine/inventory/term.ts';
import type { Tx } from '../driver/database.ts';
import { ReadingProgress } from './progress.ts';
import type { InventoryProgress } from './progress.ts';
import { OpenTable, readPieces } from './read-tables.ts';
import type { Piece, TableRead } from './read-tables.ts';
import { readKeyLinks, readRelations } from './relations.ts';
import { occurrencesInSchema, readSchemaTexts } from '../catalogue/schema-texts.ts';
import type { ReadWay } from './search.ts';

export interface InventoryRequest {
  /** What is counted. Longer names of others keep shorter ones from being found in them. */
  readonly terms: readonly Term[];
  /** What the server shall look for by itself: the terms of one model, which the others only stand beside. Undefined for all. */
  readonly sought?: readonly Term[];
  /** Columns from which a foreign key leads to the sought model's row: `public.agents` → columns. */
  readonly links?: ReadonlyMap<TableId, ReadonlySet<string>>;
  /** Only these tables. */
  readonly only?: ReadonlySet<TableId>;
  /** Who looks through the rows; measured where nothing is said. */
  readonly way?: ReadWay;
  /** Of the pages of large tables. */
  readonly samplePercent?: number;
  /** Keys kept for each occurrence; 5 where nothing is said. */
  readonly samples?: number;
  readonly stopped?: () => boolean;
}

export interface Inventory {
  readonly occurrences: readonly Occurrence[];
  /** Keys of rows that read like a model and that nothing calls one; they are no occurrences. */
  readonly keys: readonly Occurrence[];
  readonly schema: readonly SchemaOccurrence[];
  readonly read: readonly TableRead[];
  readonly unread: readonly UnreadObject[];
  readonly way: { readonly kind: ReadWay; readonly why: string };
  /** Somebody stopped the inventory before its end. */
  readonly stopped: boolean;
}

/** Gaps behind which a model may be named; the others are told for what follows from them. */
const blind = new Set<UnreadObject['gap']>([
  'foreign table',
  'no right to read',
  'rows hidden by a policy',
  'failed',
  'large objects',
  'stopped',
]);

/** Was everything read in which a model could be named? Not asked of a sample. */
export function isComplete({ stopped, unread }: Inventory): boolean {
  return !stopped && unread.every(({ gap }) => !blind.has(gap));
}

/** What there is to do, found out before the first table is read. */
export interface PreparedInventory {
  readonly tables: readonly OpenTable[];
  /** What nobody has begun to read. */
  readonly queue: Piece[];
  /** Known before anything is read. */
  readonly unread: readonly UnreadObject[];
  readonly stopped: () => boolean;
  readonly schema: readonly SchemaOccurrence[];
  readonly keyLinks: readonly KeyLink[];
  readonly way: Inventory['way'];
  readonly progress: () => InventoryProgress;
}

/** In a transaction that is open already; REPEATABLE READ, so that all tables are of one moment. */
export async function readInventory(tx: Tx, request: InventoryRequest): Promise<Inventory> {
  const prepared = await prepareInventory(tx, request);
  await readPieces(tx, prepared.queue, prepared.stopped);
  return finishInventory(prepared);
}

/** @param connections that share the work: large tables are read in pieces where there are several */
export async function prepareInventory(
  tx: Tx,
  request: InventoryRequest,
  connections = 1,
): Promise<PreparedInventory> {
  const { terms, sought, links, only, samplePercent, samples = 5, stopped = () => false } = request;
  const withKeys = (sought ?? terms).some(({ by }) => by === 'key');
  const { tables: relations, unread } = await readRelations(tx, {
    withKeys,
    ...(only === undefined ? {} : { only }),
  });
  const matcher = createMatcher(terms);
  const way = await chooseWay(tx, request);
  const search = { way: way.kind, terms: sought ?? terms };
  const progress = new ReadingProgress(relations, () => performance.now());
  const readers = { matcher, samples, progress, stopped };
  const tables = relations.map((table) => {
    const isLink = (column: string): boolean => links?.get(table.id)?.has(column) === true;
    return new OpenTable({ table, search: { ...search, isLink }, samplePercent }, readers, connections);
  });
  return {
    tables,
    queue: tables.flatMap((table) => table.pieces()),
    unread,
    stopped,
    schema: only === undefined ? occurrencesInSchema(await readSchemaTexts(tx), matcher) : [],
    keyLinks: await readKeyLinks(tx),
    way,
    progress: () => progress.state(),
  };
}

/** One model is looked for by the server; all of them by us, who do it faster, unless the line is slow. */
async function chooseWay(tx: Tx, { sought, way }: InventoryRequest): Promise<Inventory['way']> {
  if (way !== undefined) return { kind: way, why: 'It was asked for.' };
  if (sought !== undefined)
    return { kind: 'terms', why: 'The server looks for the model and sends the rows that may name it.' };
  if (tx.copyOut === undefined)
    return { kind: 'all', why: 'Every row is read here: the database is in this process.' };
  const speed = await measureLine(tx);
  const shown = `${Math.max(1, Math.round(speed / 1_000_000))} MB/s`;
  return speed < slowLine
    ? {
        kind: 'stems',
        why: `The line is slow (${shown}): the server sends only rows with the beginning of a name.`,
      }
    : { kind: 'all', why: `The line is fast (${shown}): every row is sent once and read here.` };
}

export function finishInventory({
  tables,
  unread,
  schema,
  keyLinks,
  way,
  stopped,
}: PreparedInventory): Inventory {
  const order = ({ table, column, path }: Occurrence): string => `${table} ${column} ${path ?? ''}`;
  const gaps = [...unread, ...tables.map((table) => table.gap()).filter((each) => each !== undefined)];
  const read = tables.map((table) => table.seen()).filter((each) => each !== undefined);
  const found = tables
    .flatMap((table) => table.occurrences())
    .sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
  return {
    ...partKeys(found, keyLinks),
    schema,
    read: read.sort((a, b) => (a.table < b.table ? -1 : 1)),
    unread: gaps.sort((a, b) => (`${a.gap} ${a.object}` < `${b.gap} ${b.object}` ? -1 : 1)),
    way,
    stopped: stopped(),
  };
}

/* How fast bytes come from the server: over a slow line it is the server that has to look. */

const probeRows = 128;
const probes = 3;

/** Bytes a second, of the fastest of a few probes: the first ones wait for connection and program to warm up. */
async function measureLine(tx: Tx): Promise<number> {
  const speeds: number[] = [];
  for (let probe = 0; probe < probes; probe += 1) {
    const begin = performance.now();
    let bytes = 0;
    const sql = `COPY (SELECT repeat('x', 8192) FROM generate_series(1, ${probeRows})) TO STDOUT`;
    await tx.copyOut?.(sql, (message) => (bytes += message.length));
    speeds.push((bytes / Math.max(0.1, performance.now() - begin)) * 1000);
  }
  return Math.max(...speeds);
}

/** A faster line brings all rows sooner than a server can look through them for the beginnings of all names. */
const slowLine = 20_000_000;
