/**
 * Where the journal of one piece of work goes, and how work and record are committed together.
 *
 * Where the records live in the same database, they are written in the same transaction. Where they live elsewhere (`--state`), the
 * journal is first written to a temporary table; before the work commits, it is copied to the other database with the status
 * `prepared` and the id of the transaction. Whatever happens then, `pg_xact_status` tells later whether the work was committed.
 * For that the id must outlive a crash of the database: one that no record of the log names is given to somebody else afterwards.
 */
import type { Plan } from '../../engine/plan/plan-types.ts';
import type { Tx } from '../driver/database.ts';
import type { StepResult } from './execute.ts';
import type { Journal } from './journal.ts';
import { closeRecord, failRecord, writeAudit, writeSteps } from '../records/records.ts';
import { withRetries } from '../driver/retry.ts';
import { stateTable, stateTenant, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

const temporaryJournal = 'pg_temp.drover_journal';

/** The journal of a migration; made within the work's transaction where it must be a temporary one. */
export async function journalFor(
  tx: Tx,
  site: Site,
  about: { tenant: string | undefined; id: string },
): Promise<Journal> {
  const common = {
    tenantType: site.state.tenantType,
    tenant: stateTenant(about.tenant),
    migrationId: about.id,
  };
  if (!site.state.separate) return { ...common, table: stateTable(site, 'journal') };
  await tx.script(`CREATE TEMPORARY TABLE drover_journal (tenant_id text, migration_id uuid, step int, chunk int, action text, table_name text, key_columns text[],
    uuid_keys uuid[], int_keys bigint[], text_keys text[], before jsonb, after jsonb, befores jsonb[], afters jsonb[], row_count int) ON COMMIT DROP`);
  return { ...common, table: temporaryJournal };
}

export interface Work<R> {
  readonly tenant: string | undefined;
  readonly id: string;
  readonly kind: 'model' | 'rollback';
  readonly plan?: Plan;
  readonly complete: boolean;
  readonly result: R;
  readonly results: readonly StepResult[];
  readonly actor: string;
  readonly rows: number;
  readonly forced: boolean;
  readonly reason: string | undefined;
}

/** Work whose transaction is about to commit; `settle` is to be called after the commit, and gives the result. */
export interface Finished<R> {
  readonly settle: () => Promise<R>;
}

/** Tries the work until it commits or cannot; what fails leaves a failed record. What comes after the commit is not tried again. */
export async function recorded<R>(
  site: Site,
  about: { tenant: string | undefined; id: string },
  attempt: (tries: number) => Promise<Finished<R>>,
): Promise<Finished<R>> {
  try {
    return await withRetries(site.config.database?.retries ?? 5, attempt);
  } catch (error) {
    // Where the record cannot be written either, it is settled later; the caller has to see why the work failed.
    await failRecord(site, { ...about, error }).catch(() => undefined);
    throw error;
  }
}

/** Closes the record with the work. */
export async function finishWork<R>(tx: Tx, site: Site, work: Work<R>): Promise<Finished<R>> {
  if (!site.state.separate) {
    await writeRecord(tx, site, work, 'succeeded');
    return { settle: () => Promise.resolve(work.result) };
  }
  const xid = await lastingXid(tx, work.id);
  await withState(site, work.tenant, async (state) => {
    await copyJournal(tx, state, site);
    await writeRecord(state, site, { ...work, xid }, 'prepared');
  });
  return { settle: () => markSucceeded(site, work) };
}

/**
 * The id of the transaction, written to the log, and from PostgreSQL 17 on flushed with it: a message is flushed at once only
 * where it does not belong to the transaction, but it bears its id all the same.
 */
async function lastingXid(tx: Tx, id: string): Promise<string> {
  const { xid, flushes } = await tx.one<{ xid: string; flushes: boolean }>(
    `SELECT pg_current_xact_id()::text AS xid, current_setting('server_version_num')::int >= 170000 AS flushes`,
  );
  await tx.run(`SELECT pg_logical_emit_message(false, 'drover', $1::text${flushes ? ', true' : ''})`, [id]);
  return xid;
}

async function writeRecord<R>(
  tx: Tx,
  site: Site,
  work: Work<R> & { xid?: string },
  status: 'succeeded' | 'prepared',
): Promise<void> {
  await writeSteps(tx, site, work);
  await closeRecord(tx, site, { ...work, status });
  const detail = {
    rows: work.rows,
    complete: work.complete,
    forced: work.forced,
    reason: work.reason,
    planHash: work.plan?.hash,
  };
  await writeAudit(tx, site, {
    tenant: work.tenant,
    actor: work.actor,
    action: work.kind === 'model' ? 'migration.applied' : 'migration.rolled_back',
    object: work.id,
    detail,
  });
}

async function markSucceeded<R>(site: Site, work: Work<R>): Promise<R> {
  await withState(site, work.tenant, (state) =>
    state.run(
      `UPDATE ${stateTable(site, 'migrations')} SET status = 'succeeded' WHERE id = $1::text::uuid AND status = 'prepared'`,
      [work.id],
    ),
  );
  return work.result;
}

/** Chunk by chunk, so that memory stays flat. */
async function copyJournal(from: Tx, to: Tx, site: Site): Promise<void> {
  const columns =
    'tenant_id, migration_id, step, chunk, action, table_name, key_columns, uuid_keys, int_keys, text_keys, before, after, befores, afters, row_count';
  await from.run(
    `DECLARE drover_copy NO SCROLL CURSOR FOR SELECT row_to_json(j)::text AS row FROM ${temporaryJournal} j`,
  );
  for (;;) {
    const rows = await from.many<{ row: string }>('FETCH 4 FROM drover_copy');
    if (rows.length === 0) break;
    await to.run(
      `INSERT INTO ${stateTable(site, 'journal')} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${stateTable(site, 'journal')}, $1::text::jsonb)`,
      [`[${rows.map(({ row }) => row).join(',')}]`],
    );
  }
  await from.run('CLOSE drover_copy');
}
