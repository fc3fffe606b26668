/**
 * The records of migrations: written in a transaction of their own before the work and closed with it, so that a refusal, an error
 * or a kill leaves a trace. They keep names as values and outlive models and users.
 */
import { randomUUID } from 'node:crypto';
import type { ModelFacts } from '../../engine/models/model.ts';
import type { Completion } from '../../engine/plan/completion.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { affected, prepared } from '../driver/question.ts';
import type { Query } from '../driver/question.ts';
import { writeAlias } from './aliases.ts';
import { writeSetAside } from './set-aside.ts';
import { stateTable, withState, withStates } from '../scope/site.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Site } from '../scope/site.ts';
import { change, each, fromMembers, list, literal, raw, sql, withMembers } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

export interface StepResult {
  /** What a record says about the step, beside whatever else the step is. */
  readonly step: {
    readonly id: number;
    readonly operation: string;
    readonly table: string;
    readonly entity: string;
    readonly expected: number;
    readonly rows: readonly unknown[];
  };
  readonly actual: number;
}

export interface NewRecord {
  readonly kind: 'model' | 'rekey' | 'merge' | 'rollback';
  readonly tenant: TenantKey;
  readonly parentId?: string;
  readonly source: Pick<ModelFacts, 'kind' | 'key' | 'components'>;
  readonly target: Pick<ModelFacts, 'kind' | 'key' | 'components'>;
  readonly actor: string;
  readonly reason?: string;
  readonly forced: boolean;
}

/** Opens records, in a transaction of their own, and returns their ids. */
export function openRecords(site: Site, records: readonly NewRecord[]): Promise<string[]> {
  if (records.length === 0) return Promise.resolve([]);
  const tenants = records.map(({ tenant }) => tenant);
  return withStates(site, tenants, async (tx) => {
    const ids = records.map(() => randomUUID());
    await tx.last(
      insertEach(stateTable(site, 'migrations'), records.length, [
        ['tenant_id', tenantColumn(site, tenants)],
        ['id', each(ids, 'text::uuid')],
        ['status', literal('running')],
        ...recordColumns(records),
      ]),
    );
    return ids;
  });
}

function recordColumns(records: readonly NewRecord[]): [string, Sql][] {
  const of = (what: (record: NewRecord) => unknown, type = 'text'): Sql => each(records.map(what), type);
  return [
    ['kind', of(({ kind }) => kind)],
    ['parent_id', of(({ parentId }) => parentId ?? null, 'text::uuid')],
    ['from_kind', of(({ source }) => source.kind)],
    ['from_key', of(({ source }) => source.key ?? null)],
    ['from_name', of(({ source }) => source.components['name'] ?? null)],
    ['from_provider', of(({ source }) => source.components['provider'] ?? null)],
    ['to_key', of(({ target }) => target.key ?? null)],
    ['to_name', of(({ target }) => target.components['name'] ?? null)],
    ['to_provider', of(({ target }) => target.components['provider'] ?? null)],
    ['actor', of(({ actor }) => actor)],
    ['reason', of(({ reason }) => reason ?? null)],
    ['forced', of(({ forced }) => forced, 'boolean')],
  ];
}

function tenantColumn(site: Site, tenants: readonly TenantKey[]): Sql {
  return each(tenants.map(recordedTenant), `text::${site.state.tenantType}`);
}

/** One row for each member; a value of a column may differ from member to member. */
function insertEach(table: string, size: number, columns: readonly (readonly [string, Sql])[]): Query {
  const names = list(columns.map(([name]) => raw(name)));
  const values = list(columns.map(([, value]) => value));
  const rows = change`INSERT INTO ${raw(table)} (${names}) SELECT ${values}${fromMembers(size, ' FROM ')}`;
  return size === 1 ? prepared(rows) : withMembers(size, [], rows);
}

/** What a record says of a migration that was done. */
export interface DoneMigration {
  readonly tenant: TenantKey;
  readonly id: string;
  readonly kind: NewRecord['kind'];
  readonly completion: Completion;
  readonly plan?: Plan;
  readonly result: unknown;
  readonly results: readonly StepResult[];
  /** Rows that moved. */
  readonly rows: number;
  readonly actor: string;
  readonly forced: boolean;
  readonly reason: string | undefined;
  readonly xid?: string;
}

/** Closes records within the transaction that did the work: both are committed or neither. */
export async function closeRecords(
  tx: Tx,
  site: Site,
  { done, status }: { readonly done: readonly DoneMigration[]; readonly status: 'succeeded' | 'prepared' },
): Promise<void> {
  const size = done.length;
  const of = (what: (one: DoneMigration) => unknown, type: string): Sql => each(done.map(what), type);
  const set = [
    sql`status = ${literal(status)}`,
    sql`completion = ${of(({ completion }) => completion, 'text')}`,
    sql`plan = ${of(({ plan }) => (plan === undefined ? null : JSON.stringify(plan)), 'text::jsonb')}`,
    sql`plan_hash = ${of(({ plan }) => plan?.hash ?? null, 'text')}`,
    sql`result = ${of(({ result }) => JSON.stringify(result), 'text::jsonb')}`,
    sql`migrated_count = ${of(({ rows }) => rows, 'bigint')}`,
    sql`xid = ${of(({ xid }) => xid ?? null, 'text')}`,
    // What was begun in parts may have been forced by whoever went on with it.
    sql`forced = m.forced OR ${of(({ forced }) => forced, 'boolean')}`,
    sql`reason = coalesce(${of(({ reason }) => reason ?? null, 'text')}, m.reason)`,
    raw('finished_at = statement_timestamp(), error_code = NULL, error_message = NULL'),
  ];
  const which = sql`m.tenant_id = ${tenantColumn(
    site,
    done.map(({ tenant }) => tenant),
  )} AND m.id = ${of(({ id }) => id, 'text::uuid')}`;
  const table = raw(stateTable(site, 'migrations'));
  const update = change`UPDATE ${table} m SET ${list(set)}${fromMembers(size, ' FROM ')} WHERE ${which}`;
  const close = size === 1 ? prepared(update) : withMembers(size, [], update);
  const steps = insertSteps(site, done);
  const [closed] = await tx.together([
    affected(close),
    affected(auditOf(site, done.map(endOf))),
    ...(steps === undefined ? [] : [affected(steps)]),
  ]);
  if (status === 'succeeded')
    for (const one of done) {
      await writeAlias(tx, site, one);
      await writeSetAside(tx, site, one);
    }
  if (closed !== size)
    throw new DroverError('INTERNAL', `The records of ${size - closed} migrations are gone.`);
}

/** The statement that records what each step did; undefined where there was no step. */
export function insertSteps(
  site: Site,
  done: readonly Pick<DoneMigration, 'tenant' | 'id' | 'results'>[],
): Query | undefined {
  const steps = done.flatMap(({ tenant, id, results }) =>
    results.map((result) => ({ tenant, id, ...result })),
  );
  if (steps.length === 0) return undefined;
  const of = (what: (one: (typeof steps)[number]) => unknown, type: string): Sql =>
    each(steps.map(what), type);
  return insertEach(stateTable(site, 'migration_steps'), steps.length, [
    [
      'tenant_id',
      tenantColumn(
        site,
        steps.map(({ tenant }) => tenant),
      ),
    ],
    ['migration_id', of(({ id }) => id, 'text::uuid')],
    ['step', of(({ step }) => step.id, 'integer')],
    ['operation', of(({ step }) => step.operation, 'text')],
    ['table_name', of(({ step }) => step.table, 'text')],
    ['entity', of(({ step }) => step.entity, 'text')],
    ['detail', of(({ step }) => JSON.stringify({ ...step, rows: [] }), 'text::jsonb')],
    ['expected', of(({ step }) => step.expected, 'bigint')],
    ['actual', of(({ actual }) => actual, 'bigint')],
    ['finished_at', raw('statement_timestamp()')],
  ]);
}

/** What the audit log keeps of a migration, beside who and when. */
interface AuditEntry extends Pick<DoneMigration, 'tenant' | 'id' | 'actor'> {
  readonly action: 'migration.begun' | 'migration.applied' | 'migration.rolled_back';
  readonly detail: Readonly<Record<string, unknown>>;
}

function endOf({
  tenant,
  id,
  actor,
  kind,
  rows,
  completion,
  forced,
  reason,
  plan,
}: DoneMigration): AuditEntry {
  const action = kind === 'rollback' ? 'migration.rolled_back' : 'migration.applied';
  return { tenant, id, actor, action, detail: { rows, completion, forced, reason, planHash: plan?.hash } };
}

/** The entries of the audit log. */
export function auditOf(site: Site, entries: readonly AuditEntry[]): Query {
  const of = (what: (one: AuditEntry) => unknown, type: string): Sql => each(entries.map(what), type);
  return insertEach(stateTable(site, 'audit_log'), entries.length, [
    [
      'tenant_id',
      tenantColumn(
        site,
        entries.map(({ tenant }) => tenant),
      ),
    ],
    [
      'id',
      each(
        entries.map(() => randomUUID()),
        'text::uuid',
      ),
    ],
    ['actor', of(({ actor }) => actor, 'text')],
    ['action', of(({ action }) => action, 'text')],
    ['object', of(({ id }) => id, 'text')],
    ['detail', of(({ detail }) => JSON.stringify(detail), 'text::jsonb')],
  ]);
}

/**
 * Marks a record as failed, in its own transaction, after the work was rolled back. Where the connection was lost after the work was
 * prepared, nobody knows whether it was; that record stays open until it is settled. One that another process took for
 * interrupted, because this one had no lock yet, gets its real reason.
 */
export async function failRecord(
  site: Site,
  about: { tenant: TenantKey; id: string; error: unknown },
): Promise<void> {
  const { code, message } =
    about.error instanceof DroverError ? about.error : { code: 'INTERNAL', message: 'Unexpected error.' };
  await withState(site, about.tenant, async (tx) => {
    await tx.run(
      `UPDATE ${stateTable(site, 'migrations')}
         SET status = 'failed', error_code = $3, error_message = $4, finished_at = statement_timestamp()
         WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid
         AND (status = 'running' OR error_code = 'INTERRUPTED'
           OR (status = 'prepared' AND $3 NOT IN ('DATABASE_UNREACHABLE', 'OUTCOME_UNKNOWN')))`,
      [recordedTenant(about.tenant), about.id, code, message],
    );
  });
}

/** What a record says of the work under it. */
export interface RecordState {
  readonly status: string;
  /** Rows that are moved and committed. */
  readonly rows: number;
}

/**
 * The record once no transaction holds it any more. Whoever works under it holds it from before the COMMIT on, so what it says then
 * tells whether the work was committed.
 * @throws LOCK_TIMEOUT where it is still held after five seconds: the server may not have noticed that its client is gone
 */
export async function recordAfterWork(
  site: Site,
  { tenant, id }: { readonly tenant: TenantKey; readonly id: string },
): Promise<RecordState | undefined> {
  return withState(site, tenant, async (tx) => {
    await tx.run(`SET LOCAL lock_timeout = '5s'`);
    return tx.maybeOne<RecordState>(
      `SELECT status, migrated_count AS rows FROM ${stateTable(site, 'migrations')}
         WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid FOR UPDATE`,
      [recordedTenant(tenant), id],
    );
  });
}
