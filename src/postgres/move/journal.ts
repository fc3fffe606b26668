/**
 * Writing the journal: the before-image of every changed value, in chunks of keys, in the same statement as the change.
 * What all rows of a chunk have in common (`before`, `after`) is stored once; `befores` and `afters` hold what differs by row.
 * All values are the text of the column, so that the journal does not depend on how a driver reads a type.
 */
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { Binder } from '../sql/binder.ts';
import type { Tx } from '../driver/database.ts';
import type { RowKey } from '../sql/keys.ts';
import { waveOnly } from './wave-sql.ts';

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
  /** Can the statement be carried out for a wave? Then its rows have `drover_n` there (see wave-sql.ts). */
  readonly wave?: boolean;
}

/** The CTEs that write the rows of the CTE `moved` to the journal, and the SELECT that counts them. */
export function journalTail(binder: Binder, source: ChunkSource): string {
  const { journal, pattern } = source;
  const inWave = (text: string): string => (source.wave === true ? waveOnly(text) : '');
  const collected =
    source.collect === undefined
      ? 'NULL::text[]'
      : `(SELECT array_agg((${source.collect})::text) FROM moved m)`;
  const fixed = [
    binder.bind(journal.tenant, journal.tenantType === 'uuid' ? 'text::uuid' : 'text'),
    binder.bind(journal.migrationId, 'text::uuid'),
    binder.bind(source.step, 'integer'),
    `${source.firstChunk} + (row_number() OVER (${inWave('PARTITION BY m.drover_n')}))::integer`,
    `'${source.action}'`,
    binder.bind(source.table.id, 'text'),
    binder.bind(
      source.key.columns.map((column) => column.name),
      'text[]',
    ),
  ];
  const kept = `${pattern === undefined ? '' : `, ${pattern}`}${inWave(', m.drover_n')}`;
  const partition =
    pattern === undefined
      ? inWave('PARTITION BY m.drover_n')
      : `PARTITION BY ${pattern}${inWave(', m.drover_n')}`;
  const lists = `array_agg(m.k) AS keys, ${listed(source.befores)} AS befores, ${listed(source.afters)} AS afters, count(*)::integer AS row_count`;
  const images = `${source.before ?? 'NULL::jsonb'}, ${source.after ?? 'NULL::jsonb'}, m.befores, m.afters`;
  return `, numbered AS (SELECT m.*, (row_number() OVER (${partition}) - 1) / ${rowsPerChunk} AS drover_chunk FROM moved m)
    , chunks AS (SELECT ${lists}${kept} FROM numbered m GROUP BY drover_chunk${kept})
    , written AS (INSERT INTO ${journal.table} (tenant_id, migration_id, step, chunk, action, table_name, key_columns, ${source.key.store}, before, after, befores, afters, row_count)
      SELECT ${fixed.join(', ')}, m.keys, ${images}, m.row_count FROM chunks m${inWave(' JOIN drover_wave w ON w.n = m.drover_n')})
    SELECT ${inWave('w.n AS drover_n,')} coalesce(sum(m.row_count), 0)::bigint AS rows, ${collected} AS keys
    FROM chunks m${inWave(' RIGHT JOIN drover_wave w ON w.n = m.drover_n GROUP BY w.n')}`;
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
     SELECT $1::text::${journal.tenantType}, $2::text::uuid, $3::integer, $4::integer, $5::text, $6::text, $7::text[], $8::text[]::${rows.key.type}[], $9::text[]::jsonb[], $10::text[]::jsonb[], $11::integer${waveOnly(' FROM drover_wave w')}`,
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
