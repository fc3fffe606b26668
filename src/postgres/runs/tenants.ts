/** The part of a run that is about one tenant: how it begins, what became of it, and how many ended how. */
import type { Completion } from '../../engine/plan/completion.ts';
import type { Finding } from '../../engine/finding.ts';
import { sharedRows } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { runTable } from './runs.ts';
import type { RunCounts, RunRecord } from './runs.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

type RunTenantStatus = 'pending' | 'claimed' | 'succeeded' | 'failed' | 'skipped';

export interface RunTenant {
  readonly tenant: string;
  readonly tenantName: string;
  readonly position: number;
  readonly status: RunTenantStatus;
  /** Why it failed or was skipped. */
  readonly code: string | null;
  readonly message: string | null;
  readonly fromKey: string | null;
  readonly toKey: string | null;
  readonly migrationId: string | null;
  /** Null until it succeeded. */
  readonly completion: Completion | null;
  readonly migratedCount: number;
  /** Rows by entity type. */
  readonly details: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  readonly durationMs: number | null;
  readonly attempts: number;
  readonly finishedAt: string | null;
}

const columns = `t.tenant_id::text AS tenant, t.tenant_name AS "tenantName", t.position, t.status, t.code, t.message,
  t.from_key AS "fromKey", t.to_key AS "toKey", t.migration_id::text AS "migrationId", t.completion,
  t.migrated_count AS "migratedCount", t.details, t.findings, t.duration_ms AS "durationMs", t.attempts,
  to_char(t.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "finishedAt"`;

/** A tenant as the run begins: it is visited, or it failed or was skipped from the start. */
export interface NewRunTenant extends Pick<
  RunTenant,
  'tenant' | 'tenantName' | 'position' | 'code' | 'message' | 'fromKey' | 'toKey' | 'findings'
> {
  readonly status: 'pending' | 'failed' | 'skipped';
  readonly sourceRetired: boolean;
  readonly undoesId: string | null;
}

const rowsPerStatement = 2000;

/** Adds the tenants of a run, in the transaction that adds the run. Those that are skipped from the start are no news. */
export async function insertRunTenants(
  tx: Tx,
  site: Site,
  { runId, tenants }: { runId: string; tenants: readonly NewRunTenant[] },
): Promise<void> {
  for (let from = 0; from < tenants.length; from += rowsPerStatement) {
    const rows = tenants.slice(from, from + rowsPerStatement).map((row) => ({
      tenant_id: row.tenant,
      tenant_name: row.tenantName,
      position: row.position,
      status: row.status,
      code: row.code,
      message: row.message,
      from_key: row.fromKey,
      to_key: row.toKey,
      source_retired: row.sourceRetired,
      undoes_id: row.undoesId,
      findings: row.findings,
    }));
    await tx.run(
      `INSERT INTO ${runTable(site, 'run_tenants')} (tenant_id, run_id, position, tenant_name, status, code, message,
         from_key, to_key, source_retired, undoes_id, findings, announced, finished_at)
       SELECT tenant_id, $1::text::uuid, position, tenant_name, status, code, message,
         from_key, to_key, source_retired, undoes_id, findings, status = 'skipped',
         CASE WHEN status <> 'pending' THEN statement_timestamp() END
       FROM jsonb_populate_recordset(NULL::${runTable(site, 'run_tenants')}, $2::text::jsonb)`,
      [runId, JSON.stringify(rows)],
    );
  }
}

/** What a worker holds: see claims.ts. */
export interface Claim {
  readonly runId: string;
  readonly claim: string;
  readonly worker: string;
  readonly leaseMs: number;
}

/** What became of a tenant, as the run keeps it: the part of its row that is written at its end. */
export type TenantOutcome = Pick<RunTenant, 'tenant'> &
  Partial<Omit<RunTenant, 'tenantName' | 'position' | 'fromKey' | 'toKey' | 'attempts' | 'finishedAt'>> & {
    readonly status: 'succeeded' | 'failed' | 'skipped';
  };

/**
 * Records success in the transaction of the work, as the role that does the work.
 * @throws RUN_CLAIM_LOST where somebody else has taken one of the tenants, so that the work is rolled back
 */
export async function recordDone(
  tx: Tx,
  site: Site,
  about: { claim: Claim; outcomes: readonly TenantOutcome[] },
): Promise<void> {
  const written = await writeOutcomes(tx, site, about);
  const all = about.outcomes.length;
  if (written === all) return;
  const run = about.claim.runId;
  throw new DroverError(
    'RUN_CLAIM_LOST',
    `Another worker has taken over ${all - written} of ${all} tenants of run ${run}, because this one did not answer in time; ` +
      'what it did is rolled back.',
    { run },
  );
}

/** Records failures, after the work was rolled back. Tenants that somebody else took are theirs. */
export async function recordOutcomes(
  site: Site,
  claim: Claim,
  outcomes: readonly TenantOutcome[],
): Promise<void> {
  if (outcomes.length === 0) return;
  await withState(site, undefined, (tx) => writeOutcomes(tx, site, { claim, outcomes }));
}

function writeOutcomes(
  tx: Tx,
  site: Site,
  { claim, outcomes }: { claim: Claim; outcomes: readonly TenantOutcome[] },
): Promise<number> {
  const rows = outcomes.map((outcome) => ({
    tenant_id: outcome.tenant,
    status: outcome.status,
    code: outcome.code ?? null,
    message: outcome.message ?? null,
    migration_id: outcome.migrationId ?? null,
    completion: outcome.completion ?? null,
    migrated_count: outcome.migratedCount ?? 0,
    details: outcome.details ?? {},
    findings: outcome.findings ?? [],
    duration_ms: outcome.durationMs ?? null,
  }));
  return tx.run(
    `UPDATE ${runTable(site, 'run_tenants')} t SET status = e.status, code = e.code, message = e.message,
       migration_id = e.migration_id, completion = e.completion, migrated_count = e.migrated_count, details = e.details,
       findings = t.findings || e.findings, duration_ms = e.duration_ms, claim = NULL, claimed_until = NULL,
       finished_at = statement_timestamp()
     FROM jsonb_populate_recordset(NULL::${runTable(site, 'run_tenants')}, $3::text::jsonb) e
     WHERE t.tenant_id = e.tenant_id AND t.run_id = $1::text::uuid AND t.claim = $2::text::uuid AND t.status = 'claimed'`,
    [claim.runId, claim.claim, JSON.stringify(rows)],
  );
}

/** Ends every tenant that nobody works on: it is skipped. Whoever held a claim that has run out cannot commit any more. */
export function skipOpen(
  tx: Tx,
  site: Site,
  about: { runId: string; code: string; message: string },
): Promise<number> {
  return tx.run(
    `UPDATE ${runTable(site, 'run_tenants')} t SET status = 'skipped', code = $2, message = $3, claim = NULL, claimed_until = NULL,
       announced = true, finished_at = statement_timestamp()
     WHERE t.run_id = $1::text::uuid AND (t.status = 'pending' OR (t.status = 'claimed' AND t.claimed_until < statement_timestamp()))`,
    [about.runId, about.code, about.message],
  );
}

/** Counted from the tenants of a run. */
export interface TenantCounts extends RunCounts {
  /** Units that are not finished, the shared rows among them. */
  readonly open: number;
  /** Units of the open ones that are under a claim. */
  readonly claimed: number;
  /** Units of the canary that are not finished. */
  readonly canaryOpen: number;
}

/**
 * Counts the tenants of a run. The shared rows are none; but the run goes on until they are done, and fails with them. What tenants
 * leave of them counts as long as they have not moved. A tenant that finished and is not announced counts as one under a claim, so
 * that nobody is counted of whom no event tells, whatever was committed between the two statements. Within `withRun`.
 */
export function countTenants(tx: Tx, site: Site, run: RunRecord): Promise<TenantCounts> {
  const table = runTable(site, 'run_tenants');
  const said = (column: string): string => `CASE WHEN a.announced THEN a.${column} END AS ${column}`;
  return tx.one<TenantCounts>(
    `SELECT count(*) FILTER (WHERE NOT t.shared) AS total,
       count(*) FILTER (WHERE t.status IN ('pending', 'claimed') AND NOT t.shared) AS pending,
       count(*) FILTER (WHERE t.status IN ('pending', 'claimed')) AS open,
       count(*) FILTER (WHERE t.status = 'claimed') AS claimed,
       count(*) FILTER (WHERE t.status = 'succeeded' AND NOT t.shared) AS succeeded,
       count(*) FILTER (WHERE t.status = 'failed') AS failed,
       count(*) FILTER (WHERE t.status = 'skipped' AND NOT t.shared) AS skipped,
       coalesce(sum(t.migrated_count), 0)::bigint AS "migratedCount",
       CASE WHEN bool_or(t.status IN ('pending', 'claimed', 'failed') OR t.completion = 'partial'
           OR (t.status = 'skipped' AND t.code NOT IN ('TENANT_SUSPENDED', 'ALREADY_MIGRATED', 'NOTHING_TO_MOVE', 'SHARED_ROWS_LEFT',
             'SOURCE_IN_USE')))
           THEN 'partial'
         WHEN bool_or((t.completion = 'complete for the tenant' AND (t.shared OR NOT t.shared_done))
           OR t.code IN ('TENANT_SUSPENDED', 'SHARED_ROWS_LEFT', 'SOURCE_IN_USE')) THEN 'complete for the tenant'
         ELSE 'complete' END AS completion,
       count(*) FILTER (WHERE t.status IN ('pending', 'claimed') AND t.position <= $2::int) AS "canaryOpen"
     FROM (SELECT o.tenant_id, o.position, o.code, o.status, o.completion, o.migrated_count, o.tenant_id::text = $3::text AS shared,
         bool_or(o.tenant_id::text = $3::text AND o.status = 'succeeded') OVER () AS shared_done
       FROM (SELECT a.tenant_id, a.position, ${said('code')}, ${said('completion')}, ${said('migrated_count')},
           CASE WHEN a.announced OR a.status = 'pending' THEN a.status ELSE 'claimed' END AS status
         FROM ${table} a WHERE a.run_id = $1::text::uuid) o) t`,
    [run.id, run.canarySize, sharedRows],
  );
}

/** How many tenants of a run failed. */
export async function countFailed(site: Site, runId: string): Promise<number> {
  const { failed } = await withState(site, undefined, (tx) =>
    tx.one<{ failed: number }>(
      `SELECT count(*) AS failed FROM ${runTable(site, 'run_tenants')} t WHERE t.run_id = $1::text::uuid AND t.status = 'failed'`,
      [runId],
    ),
  );
  return failed;
}

interface RunTenantQuery {
  readonly runId: string;
  readonly limit: number;
  /** Only those after this position. */
  readonly after?: number;
  readonly status?: readonly RunTenantStatus[];
}

/** The tenants of a run, by position. */
export function listRunTenants(site: Site, query: RunTenantQuery): Promise<RunTenant[]> {
  return withState(site, undefined, (tx) =>
    tx.many<RunTenant>(
      `SELECT ${columns} FROM ${runTable(site, 'run_tenants')} t
       WHERE t.run_id = $1::text::uuid AND t.position > $2::int AND ($3::text[] IS NULL OR t.status = ANY ($3::text[]))
       ORDER BY t.position LIMIT $4::int`,
      [query.runId, query.after ?? 0, query.status ?? null, query.limit],
    ),
  );
}

export interface Undoable extends Pick<RunTenant, 'tenant' | 'tenantName' | 'fromKey' | 'toKey'> {
  readonly migrationId: string;
  /** The run that has taken it back already. */
  readonly undoneBy: string | null;
}

/** What a run has done, by tenant in the order of the run, with what took it back already. Within `withRun`. */
export function listUndoable(tx: Tx, site: Site, runId: string): Promise<Undoable[]> {
  return tx.many<Undoable>(
    `SELECT t.tenant_id::text AS tenant, t.tenant_name AS "tenantName", t.migration_id::text AS "migrationId",
       t.from_key AS "fromKey", t.to_key AS "toKey",
       (SELECT u.run_id::text FROM ${runTable(site, 'run_tenants')} u
        WHERE u.tenant_id = t.tenant_id AND u.undoes_id = t.migration_id AND u.status = 'succeeded' LIMIT 1) AS "undoneBy"
     FROM ${runTable(site, 'run_tenants')} t
     WHERE t.run_id = $1::text::uuid AND t.status = 'succeeded' AND t.migration_id IS NOT NULL ORDER BY t.position`,
    [runId],
  );
}
