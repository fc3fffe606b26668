/** Reading the journal back: of each member one chunk at a time, last first, so that memory stays flat. */
import { tenantOfRecord } from '../../engine/tenant.ts';
import { readEach } from '../driver/members.ts';
import type { Tx } from '../driver/database.ts';
import { chunksOfStatement } from '../records/journal.ts';
import type { MigrationDetail } from '../records/history.ts';
import { stateTable, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { each, raw, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import type { Chunk } from './chunk.ts';

/** A step whose journal is read. */
interface Journalled {
  readonly member: number;
  readonly parent: Pick<MigrationDetail, 'id' | 'tenant'>;
  readonly step: number;
}

/** Rounds of chunks, at most one of each member in a round. */
export async function* chunkRounds(
  tx: Tx,
  site: Site,
  asked: readonly Journalled[],
): AsyncGenerator<Chunk[]> {
  const numbers = await inState(tx, site, asked, (state) =>
    readEach<{ chunks: number[] | null }>(
      state,
      asked.length,
      sql`SELECT array_agg(j.chunk ORDER BY j.chunk DESC) AS chunks
        FROM ${raw(stateTable(site, 'journal'))} j WHERE ${ofStep(site, asked)}`,
    ),
  );
  const lists = numbers.map(([row]) => row?.chunks ?? []);
  const rounds = Math.max(0, ...lists.map((chunks) => chunks.length));
  for (let round = 0; round < rounds; round += 1) {
    const some = asked.flatMap((one, at) => {
      const chunk = lists[at]?.[round];
      return chunk === undefined ? [] : [{ ...one, chunk }];
    });
    yield await readRound(tx, site, some);
  }
}

/**
 * The same where a step has several statements: a round is all chunks of one statement, which are taken back together, the last statement
 * first. They are read at once, so memory grows with the step.
 */
export async function* statementRounds(
  tx: Tx,
  site: Site,
  asked: readonly Journalled[],
): AsyncGenerator<Chunk[]> {
  const [only] = asked;
  if (only === undefined || asked.length > 1) throw new Error('a merge of two rows is taken back alone');
  const numbers = await inState(tx, site, asked, (state) =>
    state.many<{ chunk: number }>(
      sql`SELECT j.chunk FROM ${raw(stateTable(site, 'journal'))} j WHERE ${ofStep(site, asked)} ORDER BY j.chunk`,
    ),
  );
  const statements = Map.groupBy(numbers, ({ chunk }) => Math.floor(chunk / chunksOfStatement));
  for (const [, all] of [...statements].toReversed()) {
    const chunks: Chunk[] = [];
    for (const { chunk } of all) chunks.push(...(await readRound(tx, site, [{ ...only, chunk }])));
    yield chunks;
  }
}

async function readRound(
  tx: Tx,
  site: Site,
  some: readonly (Journalled & { readonly chunk: number })[],
): Promise<Chunk[]> {
  const number = each(
    some.map(({ chunk }) => chunk),
    'integer',
  );
  const rows = await inState(tx, site, some, (state) =>
    readEach<Omit<Chunk, 'member'>>(
      state,
      some.length,
      sql`SELECT j.action, j.table_name AS "table", j.key_columns AS "keyColumns",
        coalesce(j.uuid_keys::text[], j.int_keys::text[], j.text_keys) AS keys,
        j.before, j.after, to_jsonb(j.befores) AS befores, to_jsonb(j.afters) AS afters
      FROM ${raw(stateTable(site, 'journal'))} j WHERE ${ofStep(site, some)} AND j.chunk = ${number}`,
    ),
  );
  return some.flatMap(({ member }, at) => (rows[at] ?? []).map((row) => ({ ...row, member })));
}

function ofStep(site: Site, asked: readonly Journalled[]): Sql {
  const tenants = asked.map(({ parent }) => parent.tenant);
  const ids = asked.map(({ parent }) => parent.id);
  const steps = asked.map(({ step }) => step);
  return sql`j.tenant_id = ${each(tenants, `text::${site.state.tenantType}`)} AND j.migration_id = ${each(ids, 'text::uuid')}
    AND j.step = ${each(steps, 'integer')}`;
}

/** Records in the same database are read in the same transaction; others are of one tenant at a time. */
export function inState<T>(
  tx: Tx,
  site: Site,
  asked: readonly Pick<Journalled, 'parent'>[],
  work: (state: Tx) => Promise<T>,
): Promise<T> {
  if (!site.state.separate) return work(tx);
  const [first] = asked;
  return withState(site, first === undefined ? undefined : tenantOfRecord(first.parent.tenant), work);
}
