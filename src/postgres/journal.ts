/**
 * Writing the journal: the before-image of every changed value, in chunks of keys, in the same statement as the change.
 * What all rows of a chunk have in common (`before`, `after`) is stored once; `befores` and `afters` hold what differs by row.
 * All values are the text of the column, so that the journal does not depend on how a driver reads a type.
 */
import type { Table } from '../engine/catalog.ts';
import type { Binder } from './binder.ts';
import type { Tx } from './database.ts';
import type { RowKey } from './keys.ts';

export type JournalAction = 'set' | 'delete' | 'insert' | 'edit';

/** Where the journal of one migration goes. */
export interface Journal {
  /** The quoted table, which may be a temporary one where the state lives in another database. */
  readonly table: string;
  readonly tenantType: 'uuid' | 'text';
  readonly tenant: string;
  readonly migrationId: string;
}

const rowsPerChunk = 10_000;

export interface ChunkSource {
  readonly journal: Journal;
  readonly step: number;
  readonly action: JournalAction;
  readonly table: Table;
  readonly key: RowKey;
  /** Chunks of this statement are numbered from here. */
  readonly firstChunk: number;
  /** SQL over the rows `m` of the source CTE: `k`, and where they differ by row, before and after images. */
  readonly before?: string;
  readonly after?: string;
  readonly befores?: string;
  readonly afters?: string;
  /** Rows are put into one chunk only where this is equal. */
  readonly pattern?: string;
  /** Of each row of `m`, the value that is given back in `keys`. */
  readonly collect?: string;
}

/** The CTEs that write the rows of the CTE `moved` to the journal, and the SELECT that counts them. */
export function journalTail(binder: Binder, source: ChunkSource): string {
  const collected =
    source.collect === undefined
      ? 'NULL::text[]'
      : `(SELECT array_agg((${source.collect})::text) FROM moved m)`;
  const { journal, pattern } = source;
  const group = pattern === undefined ? '' : `PARTITION BY ${pattern}`;
  const fixed = [
    binder.bind(journal.tenant, journal.tenantType === 'uuid' ? 'text::uuid' : 'text'),
    binder.bind(journal.migrationId, 'text::uuid'),
    binder.bind(source.step, 'integer'),
    `${source.firstChunk} + (row_number() OVER ())::integer`,
    `'${source.action}'`,
    binder.bind(source.table.id, 'text'),
    binder.bind(
      source.key.columns.map((column) => column.name),
      'text[]',
    ),
  ];
  const images = [
    source.before ?? 'NULL::jsonb',
    source.after ?? 'NULL::jsonb',
    listed(source.befores),
    listed(source.afters),
  ];
  return `, numbered AS (SELECT m.*, (row_number() OVER (${group}) - 1) / ${rowsPerChunk} AS drover_chunk FROM moved m)
    , written AS (INSERT INTO ${journal.table} (tenant_id, migration_id, step, chunk, action, table_name, key_columns, ${source.key.store}, before, after, befores, afters, row_count)
      SELECT ${fixed.join(', ')}, array_agg(m.k), ${images.join(', ')}, count(*)::integer
      FROM numbered m GROUP BY drover_chunk${pattern === undefined ? '' : `, ${pattern}`} RETURNING row_count)
    SELECT coalesce(sum(row_count), 0)::bigint AS rows, ${collected} AS keys FROM written`;
}

function listed(expression: string | undefined): string {
  return expression === undefined ? 'NULL::jsonb[]' : `array_agg(${expression})`;
}

export interface JournalRows {
  readonly step: number;
  readonly chunk: number;
  readonly action: JournalAction;
  readonly table: Table;
  readonly key: RowKey;
  /** Keys as text. */
  readonly keys: readonly string[];
  readonly befores?: readonly unknown[];
  readonly afters?: readonly unknown[];
}

/** Writes one chunk of rows whose images were computed here. */
export async function writeChunk(tx: Tx, journal: Journal, rows: JournalRows): Promise<void> {
  await tx.run(
    `INSERT INTO ${journal.table} (tenant_id, migration_id, step, chunk, action, table_name, key_columns, ${rows.key.store}, befores, afters, row_count)
     VALUES ($1::text::${journal.tenantType}, $2::text::uuid, $3, $4, $5, $6, $7::text[], $8::text[]::${rows.key.type}[], $9::text[]::jsonb[], $10::text[]::jsonb[], $11)`,
    [
      journal.tenant,
      journal.migrationId,
      rows.step,
      rows.chunk,
      rows.action,
      rows.table.id,
      rows.key.columns.map((column) => column.name),
      rows.keys,
      images(rows.befores),
      images(rows.afters),
      rows.keys.length,
    ],
  );
}

function images(values: readonly unknown[] | undefined): string[] | null {
  return values === undefined ? null : values.map((value) => JSON.stringify(value));
}
