/**
 * Where the journal goes, and how work and records are committed together.
 *
 * Where the records live in the same database, they are written in the same transaction. Where they live elsewhere (`--state`), the
 * journal is first written to a temporary table; before the work commits, it is copied to the other database with the status
 * `prepared` and the id of the transaction. Whatever happens then, `pg_xact_status` tells later whether the work was committed.
 * For that the id must outlive a crash of the database: one that no record of the log names is given to somebody else afterwards.
 */
import type { Tx } from '../driver/database.ts';
import { stateTable, withState } from '../scope/site.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Site } from '../scope/site.ts';
import type { Journal } from './journal.ts';
import { checkAlias, writeAlias } from './aliases.ts';
import { writeSetAside } from './set-aside.ts';
import { closeRecords } from './records.ts';
import type { DoneMigration } from './records.ts';

const temporaryJournal = 'pg_temp.drover_journal';

/** The journal of migrations; made within the work's transaction where it must be a temporary one. */
export async function journalFor(
  tx: Tx,
  site: Site,
  members: readonly { readonly tenant: TenantKey; readonly id: string }[],
): Promise<Journal> {
  const common = {
    tenantType: site.state.tenantType,
    tenants: members.map(({ tenant }) => recordedTenant(tenant)),
    migrations: members.map(({ id }) => id),
  };
  if (!site.state.separate) return { ...common, table: stateTable(site, 'journal') };
  await makeTemporaryJournal(tx);
  return { ...common, table: temporaryJournal };
}

/** A journal that ends with its transaction: of work that is tried and taken back. */
export async function passingJournal(tx: Tx, tenant: TenantKey): Promise<Journal> {
  await makeTemporaryJournal(tx);
  const nobody = '00000000-0000-0000-0000-000000000000';
  return {
    table: temporaryJournal,
    tenantType: 'text',
    tenants: [recordedTenant(tenant)],
    migrations: [nobody],
  };
}

async function makeTemporaryJournal(tx: Tx): Promise<void> {
  await tx.script(`CREATE TEMPORARY TABLE drover_journal (tenant_id text, migration_id uuid, step int, chunk int,
    action text, table_name text, key_columns text[],
    uuid_keys uuid[], int_keys bigint[], text_keys text[], before jsonb, after jsonb,
    befores jsonb[], afters jsonb[], row_count int) ON COMMIT DROP`);
}

/** To be called after the commit of the work. */
export type Settle = () => Promise<void>;

/** Closes the records with the work. Records in another database are of one migration at a time. */
export async function commitRecords(tx: Tx, site: Site, done: readonly DoneMigration[]): Promise<Settle> {
  if (!site.state.separate) {
    if (done.length > 0) await closeRecords(tx, site, { done, status: 'succeeded' });
    return () => Promise.resolve();
  }
  const [only] = done;
  if (only === undefined || done.length > 1) throw new Error('one migration at a time has records elsewhere');
  // An alias is written once the work is committed: whether it can be is known before.
  await withState(site, only.tenant, (state) => checkAlias(state, site, only));
  const xid = await lastingXid(tx, only.id);
  await withState(site, only.tenant, async (state) => {
    await copyJournal(tx, state, site);
    await closeRecords(state, site, { done: [{ ...only, xid }], status: 'prepared' });
  });
  return () => markSucceeded(site, only);
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

async function markSucceeded(site: Site, done: DoneMigration): Promise<void> {
  await withState(site, done.tenant, async (state) => {
    const marked = await state.run(
      `UPDATE ${stateTable(site, 'migrations')} SET status = 'succeeded' WHERE id = $1::text::uuid AND status = 'prepared'`,
      [done.id],
    );
    if (marked === 0) return;
    await writeAlias(state, site, done);
    await writeSetAside(state, site, done);
  });
}

/** Chunk by chunk, so that memory stays flat. */
async function copyJournal(from: Tx, to: Tx, site: Site): Promise<void> {
  const columns =
    'tenant_id, migration_id, step, chunk, action, table_name, key_columns, uuid_keys, int_keys, text_keys, ' +
    'before, after, befores, afters, row_count';
  await from.run(
    `DECLARE drover_copy NO SCROLL CURSOR FOR SELECT row_to_json(j)::text AS row FROM ${temporaryJournal} j`,
  );
  for (;;) {
    const rows = await from.many<{ row: string }>('FETCH 4 FROM drover_copy');
    if (rows.length === 0) break;
    await to.run(
      `INSERT INTO ${stateTable(site, 'journal')} (${columns})
       SELECT ${columns} FROM jsonb_populate_recordset(NULL::${stateTable(site, 'journal')}, $1::text::jsonb)`,
      [`[${rows.map(({ row }) => row).join(',')}]`],
    );
  }
  await from.run('CLOSE drover_copy');
}
