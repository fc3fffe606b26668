/** Reading the records of past migrations, and settling those that a killed process left open. */
import { isUuid } from '../../engine/uuid.ts';
import { readEach } from '../driver/members.ts';
import type { Completion } from '../../engine/plan/completion.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Step } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { undoneSql } from './undone.ts';
import type { MoveResult } from './move-result.ts';
import { stateTable, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import { each, raw, sql } from '../sql/sql.ts';

export interface MigrationRecord {
  readonly id: string;
  readonly tenant: string;
  readonly kind: 'model' | 'rekey' | 'merge' | 'rollback';
  readonly parentId: string | null;
  /** `under_way`: parts of it are committed, and others are not (see under-way.ts). */
  readonly status: 'running' | 'prepared' | 'under_way' | 'succeeded' | 'failed';
  /** Null until it succeeded. */
  readonly completion: Completion | null;
  readonly planHash: string | null;
  readonly from: {
    readonly kind: string | null;
    readonly key: string | null;
    readonly name: string | null;
    readonly provider: string | null;
  };
  readonly to: {
    readonly key: string | null;
    readonly name: string | null;
    readonly provider: string | null;
  };
  readonly actor: string;
  readonly reason: string | null;
  readonly forced: boolean;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly migratedCount: number;
  /** A later rollback of it stands. */
  readonly rolledBack: boolean;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

export interface StepRecord {
  readonly step: number;
  /** As people read it: `undo repoint`. */
  readonly operation: string;
  readonly kind: Step['operation'];
  /** How many times it was undone: an odd number takes the operation back, an even one does it again. */
  readonly undoDepth: number;
  readonly table: string;
  readonly entity: string;
  readonly expected: number;
  readonly actual: number | null;
  readonly skipped: number;
}

export interface MigrationDetail extends MigrationRecord {
  readonly steps: readonly StepRecord[];
  /** What was asked for; of a rollback without a plan of its own what was asked for when what it takes back was done. */
  readonly intent: Intent | null;
  /** The stored result: findings, what was left behind, counts; of a rollback what was skipped. */
  readonly result: unknown;
}

const columns = `m.id::text AS id, m.tenant_id::text AS tenant, m.kind, m.parent_id::text AS "parentId",
  m.status, m.completion, m.plan_hash AS "planHash",
  jsonb_build_object('kind', m.from_kind, 'key', m.from_key, 'name', m.from_name, 'provider', m.from_provider) AS "from",
  jsonb_build_object('key', m.to_key, 'name', m.to_name, 'provider', m.to_provider) AS "to",
  m.actor, m.reason, m.forced, m.error_code AS "errorCode", m.error_message AS "errorMessage", m.migrated_count AS "migratedCount",
  to_char(m.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "startedAt",
  to_char(m.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "finishedAt"`;

/** Has the schema of the records been made at all? Before the first migration of a foreign database it has not. */
export async function hasRecords(tx: Tx, site: Site): Promise<boolean> {
  if (site.state.tenantType === 'uuid') return true;
  return (
    await tx.one<{ found: boolean }>('SELECT to_regclass($1::text) IS NOT NULL AS found', [
      stateTable(site, 'migrations'),
    ])
  ).found;
}

/** Records by a condition over `m`; none where nothing was ever recorded. */
export async function readRecords(
  tx: Tx,
  site: Site,
  where: string,
  values: readonly unknown[],
): Promise<MigrationRecord[]> {
  if (!(await hasRecords(tx, site))) return [];
  const rows = await tx.many<MigrationRecord>(
    `SELECT ${columns}, ${undoneSql(site)} AS "rolledBack" FROM ${stateTable(site, 'migrations')} m ${where}`,
    values,
  );
  return rows;
}

interface HistoryQuery {
  /** Only this tenant's; in Drover's own schema it is always needed. */
  readonly tenant?: string | undefined;
  readonly limit: number;
  /** Only migrations that began before this time (ISO 8601). */
  readonly before?: string;
}

/** Migrations, newest first. */
export function listMigrations(site: Site, query: HistoryQuery): Promise<MigrationRecord[]> {
  const where = `WHERE ($1::text IS NULL OR m.tenant_id::text = $1::text) AND ($2::text IS NULL OR m.started_at < $2::text::timestamptz)
    ORDER BY m.started_at DESC, m.id LIMIT $3::int`;
  return withState(site, query.tenant, (tx) =>
    readRecords(tx, site, where, [query.tenant ?? null, query.before ?? null, query.limit]),
  );
}

interface MigrationQuery {
  readonly tenant?: string | undefined;
  readonly id: string;
}

/** One migration with its steps. @throws MIGRATION_NOT_FOUND, also for another tenant's */
export function getMigration(site: Site, query: MigrationQuery): Promise<MigrationDetail> {
  return withState(site, query.tenant, (tx) => readMigration(tx, site, query));
}

/** One migration, within a transaction. @throws MIGRATION_NOT_FOUND */
async function readMigration(tx: Tx, site: Site, query: MigrationQuery): Promise<MigrationDetail> {
  const [found] = await readMigrations(tx, site, [query]);
  if (found === undefined) throw missing(query);
  if (found instanceof DroverError) throw found;
  return found;
}

/** One migration of each tenant, and MIGRATION_NOT_FOUND for each that is not there. */
export async function readMigrations(
  tx: Tx,
  site: Site,
  queries: readonly MigrationQuery[],
): Promise<(MigrationDetail | DroverError)[]> {
  const asked = queries.filter(({ id }) => isUuid(id));
  if (asked.length === 0 || !(await hasRecords(tx, site))) return queries.map(missing);
  const tenants = each(
    asked.map(({ tenant }) => tenant ?? null),
    'text',
  );
  const ids = each(
    asked.map(({ id }) => id),
    'text::uuid',
  );
  const rows = await readEach<MigrationDetail>(
    tx,
    asked.length,
    sql`SELECT ${raw(columns)}, ${raw(undoneSql(site))} AS "rolledBack", m.result,
        ${raw(intentSql(site))} AS intent, ${raw(stepsSql(site))} AS steps
      FROM ${raw(stateTable(site, 'migrations'))} m WHERE m.id = ${ids} AND (${tenants} IS NULL OR m.tenant_id::text = ${tenants})`,
  );
  const found = new Map(asked.map((query, at) => [query, rows[at]?.[0]]));
  return queries.map((query) => found.get(query) ?? missing(query));
}

function missing({ id, tenant }: MigrationQuery): DroverError {
  const message = `There is no migration ${id}${tenant === undefined ? '' : ' of this tenant'}.`;
  return new DroverError('MIGRATION_NOT_FOUND', message, { id });
}

/** What was asked for by the plan of `m`, or of the nearest of those that it takes back. */
function intentSql(site: Site): string {
  const table = stateTable(site, 'migrations');
  return `(WITH RECURSIVE up AS (SELECT m.parent_id, m.plan
      UNION ALL SELECT p.parent_id, p.plan FROM up u JOIN ${table} p ON p.tenant_id = m.tenant_id AND p.id = u.parent_id
      WHERE u.plan IS NULL)
    SELECT u.plan -> 'intent' FROM up u WHERE u.plan IS NOT NULL LIMIT 1)`;
}

/** The steps of `m`. How often a step was undone stands in what people read of it, and is read here only. */
function stepsSql(site: Site): string {
  return `(SELECT coalesce(jsonb_agg(jsonb_build_object('step', s.step, 'operation', s.operation,
      'kind', regexp_replace(s.operation, '^(undo )+', ''),
      'undoDepth', (length(s.operation) - length(replace(s.operation, 'undo ', ''))) / 5,
      'table', s.table_name, 'entity', s.entity, 'expected', s.expected, 'actual', s.actual, 'skipped', s.skipped) ORDER BY s.step), '[]')
    FROM ${stateTable(site, 'migration_steps')} s WHERE s.tenant_id = m.tenant_id AND s.migration_id = m.id)`;
}

export interface RecordedChange {
  readonly step: number;
  readonly table: string;
  readonly action: string;
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The journal of a migration row by row, in order, `limit` at a time after skipping `offset`. */
export function listChanges(
  site: Site,
  query: MigrationQuery & { limit: number; offset?: number },
): Promise<RecordedChange[]> {
  return withState(site, query.tenant, (tx) =>
    tx.many<RecordedChange>(
      `SELECT j.step, j.table_name AS "table", j.action, u.key,
         CASE WHEN j.before IS NULL THEN u.b ELSE j.before || coalesce(u.b, '{}') END AS before,
         CASE WHEN j.after IS NULL THEN u.a ELSE j.after || coalesce(u.a, '{}') END AS after
       FROM ${stateTable(site, 'journal')} j
       CROSS JOIN LATERAL unnest(coalesce(j.uuid_keys::text[], j.int_keys::text[], j.text_keys), j.befores, j.afters)
         WITH ORDINALITY u (key, b, a, n)
       WHERE j.migration_id = $1::text::uuid AND ($2::text IS NULL OR j.tenant_id::text = $2::text)
       ORDER BY j.step, j.chunk, u.n LIMIT $3::int OFFSET $4::int`,
      [query.id, query.tenant ?? null, query.limit, query.offset ?? 0],
    ),
  );
}

/** The result of an earlier migration by the same plan that still stands. */
export function findReplay(
  site: Site,
  tenant: string | undefined,
  planHash: string,
): Promise<MoveResult | undefined> {
  return withState(site, tenant, async (tx) => {
    const where = `WHERE m.tenant_id = $1::text::${site.state.tenantType} AND m.plan_hash = $2
      AND m.kind IN ('model', 'rekey', 'merge') AND m.status = 'succeeded' AND m.result ? 'planHash'
      ORDER BY m.started_at DESC LIMIT 1`;
    const [record] = await readRecords(tx, site, where, [recordedTenant(tenant), planHash]);
    if (record === undefined || record.rolledBack) return undefined;
    const { result } = await tx.one<{ result: MoveResult }>(
      `SELECT result FROM ${stateTable(site, 'migrations')} WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid`,
      [recordedTenant(tenant), record.id],
    );
    return { ...result, replayed: true };
  });
}
