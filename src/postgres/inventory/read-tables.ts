/** Reads tables one after the other on one connection. What fails is named, and the others are read all the same. */
import { backToSavepoint } from '../driver/question.ts';
import type { Occurrence, Unread } from '../../engine/inventory/occurrence.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { ReadingProgress } from './progress.ts';
import { isSampled } from './read-query.ts';
import type { ReadQuery } from './read-query.ts';
import { prepareReading } from './read-table.ts';
import type { Reader } from './read-table.ts';

/** What was read of a table. */
export interface TableRead {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sampled: boolean;
}

/** Where the readers of several connections put what they find. */
export interface Gathered {
  readonly occurrences: Occurrence[];
  readonly unread: Unread[];
  readonly read: TableRead[];
}

export interface Readers extends Omit<Reader, 'onRow'> {
  readonly progress: ReadingProgress;
  /** Does somebody want it to stop? */
  readonly stopped: () => boolean;
}

/** Leaves the reading of a table; never leaves this file. */
class Stopped extends Error {}

/** Takes tables from the list until it is empty or somebody stops. */
export async function readTables(
  tx: Tx,
  queue: ReadQuery[],
  gathered: Gathered,
  readers: Readers,
): Promise<void> {
  await tx.script(`SET LOCAL bytea_output = 'hex'`);
  for (let query = queue.shift(); query !== undefined; query = queue.shift()) {
    if (readers.stopped()) gathered.unread.push(notBegun(query));
    else await readOne(tx, query, gathered, readers);
  }
}

async function readOne(tx: Tx, query: ReadQuery, gathered: Gathered, readers: Readers): Promise<void> {
  const { table } = query;
  const progress = readers.progress.open(table);
  const onRow = (bytes: number): void => {
    if (readers.stopped()) throw new Stopped();
    progress.row(bytes);
  };
  const reading = prepareReading(query, { ...readers, onRow });
  await tx.script('SAVEPOINT drover_table');
  try {
    await reading.work(tx);
  } catch (error) {
    if (isFatal(error)) throw error;
    gathered.unread.push(
      readers.stopped() ? stoppedAt(query, progress.rows()) : failedAt(query, progress.rows(), error),
    );
    await tx.ask(backToSavepoint('drover_table'));
  } finally {
    progress.close();
    gathered.occurrences.push(...reading.occurrences());
    gathered.read.push({
      table: table.id,
      rows: progress.rows(),
      bytes: table.bytes,
      sampled: isSampled(query),
    });
  }
  await tx.script('RELEASE SAVEPOINT drover_table');
}

/** Without a connection nothing else can be read either. */
function isFatal(error: unknown): boolean {
  return error instanceof DroverError && (error.code === 'DATABASE_UNREACHABLE' || error.code === 'INTERNAL');
}

function notBegun({ table }: ReadQuery): Unread {
  return { gap: 'stopped', object: table.id, message: 'It was not read any more.' };
}

function stoppedAt({ table }: ReadQuery, rows: number): Unread {
  const of = table.estimate > 0 ? ` of about ${Math.max(rows, Math.round(table.estimate))}` : '';
  return { gap: 'stopped', object: table.id, message: `${rows}${of} rows were read.` };
}

function failedAt({ table }: ReadQuery, rows: number, error: unknown): Unread {
  const reason = error instanceof Error ? error.message : String(error);
  const after = rows === 0 ? '' : ` After ${rows} rows.`;
  return { gap: 'failed', object: table.id, message: `It could not be read: ${reason}${after}` };
}
