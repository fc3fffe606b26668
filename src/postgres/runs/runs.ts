/**
 * The rows of runs. A run is changed only under its row lock (`withRun`), together with its counts and its events, so that what
 * one reader saw is what all see, in one order. Workers and operators work outside tenants here; what is a tenant's own is in
 * tenants.ts.
 */
import { isUuid } from '../../engine/uuid.ts';
import type { Completion } from '../../engine/plan/completion.ts';
import type { AskAnswer, ParameterPolicy } from '../../engine/plan/intent.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { quoteTable } from '../sql/identifiers.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

export const finalStatuses = ['succeeded', 'failed', 'cancelled'] as const;
/** Workers wait until a person gives an order. */
export const restingStatuses = ['waiting', 'paused', 'stopped'] as const;
const activeStatuses = ['queued', 'running', 'cancelling'] as const;

export type RunStatus =
  | (typeof finalStatuses)[number]
  | (typeof restingStatuses)[number]
  | (typeof activeStatuses)[number];

/** Limits above which workers wait before the next wave. */
export interface Throttle {
  readonly maxReplicationLagMs?: number;
  readonly maxReplicationLagBytes?: number;
  /** Other connections of this database that are running a statement. */
  readonly maxActiveStatements?: number;
  /** How long a trivial statement may take, the wait for a connection included. */
  readonly maxLatencyMs?: number;
}

export interface Canary {
  /** The first so many tenants, or that share of them (0 to 1). */
  readonly tenants?: number;
  readonly share?: number;
  /** Then: wait for `continue`, or go on where no more failed than `maxFailures`. */
  readonly afterwards: 'wait' | 'go-on';
}

export interface RunOptions {
  readonly entityTypes?: readonly string[];
  readonly parameters: ParameterPolicy;
  readonly answers: Readonly<Record<string, AskAnswer>>;
  readonly leaveAsks: boolean;
  readonly allowUnknown?: boolean;
  /** The rows that are nobody's alone move after every tenant. */
  readonly shared?: boolean;
  readonly confirm: boolean;
  readonly force: boolean;
  /** Tenants in one claim and, where they can, in one transaction. */
  readonly waveSize: number;
  readonly canary?: Canary;
  /** The run stops when more tenants have failed. */
  readonly maxFailures?: number;
  readonly throttle: Throttle;
}

/** A model as it was asked for and found: names as values, so that the record outlives the rows. */
export interface RunModel {
  /** The key, where it was named by one. */
  readonly key: string | null;
  readonly name: string;
  readonly family: string | null;
}

export interface RunCounts {
  readonly total: number;
  /** Not finished, claimed ones included. */
  readonly pending: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly migratedCount: number;
  /** The worst word of its tenants; null until the run has ended. Of a suspended tenant that it left out nobody knows. */
  readonly completion: Completion | null;
}

export interface RunRecord extends RunCounts {
  readonly id: string;
  readonly kind: 'model' | 'rollback';
  readonly parentId: string | null;
  readonly status: RunStatus;
  readonly statusReason: string | null;
  readonly throttleReason: string | null;
  readonly modelKind: string;
  readonly from: RunModel;
  readonly to: RunModel;
  readonly options: RunOptions;
  readonly actor: string;
  readonly reason: string | null;
  readonly canarySize: number;
  readonly canaryReleased: boolean;
  readonly failuresExcused: number;
  readonly lastEvent: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

const time = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const columns = `r.id::text AS id, r.kind, r.parent_id::text AS "parentId", r.status, r.status_reason AS "statusReason",
  r.throttle_reason AS "throttleReason", r.model_kind AS "modelKind",
  jsonb_build_object('key', r.from_key, 'name', r.from_name, 'family', r.from_family) AS "from",
  jsonb_build_object('key', r.to_key, 'name', r.to_name, 'family', r.to_family) AS "to", r.options, r.actor, r.reason,
  r.canary_size AS "canarySize", r.canary_released AS "canaryReleased", r.failures_excused AS "failuresExcused",
  r.total, r.pending, r.succeeded, r.failed, r.skipped, r.migrated_count AS "migratedCount", r.completion, r.last_event AS "lastEvent",
  ${time('r.created_at')} AS "createdAt",
  ${time('r.started_at')} AS "startedAt", ${time('r.finished_at')} AS "finishedAt"`;

/** The quoted name of a table of runs. */
export function runTable(site: Site, name: 'runs' | 'run_tenants' | 'run_events' | 'run_workers'): string {
  return quoteTable({ schema: site.state.schema, name });
}

/** In an attached database the tables are made by the first work that writes. */
async function hasRuns(tx: Tx, site: Site): Promise<boolean> {
  const { found } = await tx.one<{ found: boolean }>('SELECT to_regclass($1::text) IS NOT NULL AS found', [
    runTable(site, 'runs'),
  ]);
  return found;
}

function runNotFound(id: string): DroverError {
  return new DroverError('RUN_NOT_FOUND', `There is no run "${id}". \`drover runs\` lists them.`, { id });
}

/** @throws RUN_NOT_FOUND */
export async function getRun(site: Site, id: string): Promise<RunRecord> {
  if (!isUuid(id)) throw runNotFound(id);
  const found = await withState(site, undefined, async (tx) =>
    (await hasRuns(tx, site))
      ? tx.maybeOne<RunRecord>(
          `SELECT ${columns} FROM ${runTable(site, 'runs')} r WHERE r.id = $1::text::uuid`,
          [id],
        )
      : undefined,
  );
  if (found === undefined) throw runNotFound(id);
  return found;
}

export interface RunQuery {
  readonly limit: number;
  /** Only runs after this one in the order: the last of the page before. */
  readonly after?: { readonly createdAt: string; readonly id: string };
  readonly status?: readonly RunStatus[];
  readonly kind?: 'model' | 'rollback';
  readonly parentId?: string;
}

/** Runs, newest first. */
export function listRuns(site: Site, query: RunQuery): Promise<RunRecord[]> {
  const { limit, after, status, kind, parentId } = query;
  return withState(site, undefined, async (tx) => {
    if (!(await hasRuns(tx, site))) return [];
    return tx.many<RunRecord>(
      `SELECT ${columns} FROM ${runTable(site, 'runs')} r
       WHERE ($1::text IS NULL OR (r.created_at, r.id) < ($1::text::timestamptz, $2::text::uuid))
         AND ($3::text[] IS NULL OR r.status = ANY ($3::text[])) AND ($4::text IS NULL OR r.kind = $4::text)
         AND ($5::text IS NULL OR r.parent_id = $5::text::uuid)
       ORDER BY r.created_at DESC, r.id DESC LIMIT $6::int`,
      [after?.createdAt ?? null, after?.id ?? null, status ?? null, kind ?? null, parentId ?? null, limit],
    );
  });
}

/** The runs that a worker may work on, oldest first. */
export function listActiveRuns(site: Site, only: string | undefined): Promise<RunRecord[]> {
  return withState(site, undefined, async (tx) => {
    if (!(await hasRuns(tx, site))) return [];
    return tx.many<RunRecord>(
      `SELECT ${columns} FROM ${runTable(site, 'runs')} r
       WHERE r.status = ANY ($1::text[]) AND ($2::text IS NULL OR r.id = $2::text::uuid) ORDER BY r.created_at, r.id`,
      [activeStatuses, only ?? null],
    );
  });
}

export type NewRun = Pick<
  RunRecord,
  | 'id'
  | 'kind'
  | 'parentId'
  | 'modelKind'
  | 'from'
  | 'to'
  | 'options'
  | 'actor'
  | 'reason'
  | 'canarySize'
  | 'failuresExcused'
  | 'total'
  | 'pending'
  | 'failed'
  | 'skipped'
>;

/** Adds the row; its tenants come in the same transaction. */
export async function insertRun(tx: Tx, site: Site, run: NewRun): Promise<void> {
  await tx.run(
    `INSERT INTO ${runTable(site, 'runs')} (id, kind, parent_id, status, model_kind,
       from_key, from_name, from_family, to_key, to_name, to_family, options, actor, reason,
       canary_size, canary_released, failures_excused, total, pending, failed, skipped)
     SELECT id, kind, parent_id, 'queued', model_kind, from_key, from_name, from_family, to_key, to_name, to_family, options, actor, reason,
       canary_size, canary_size = 0, failures_excused, total, pending, failed, skipped
     FROM jsonb_populate_record(NULL::${runTable(site, 'runs')}, $1::text::jsonb)`,
    [
      JSON.stringify({
        id: run.id,
        kind: run.kind,
        parent_id: run.parentId,
        model_kind: run.modelKind,
        from_key: run.from.key,
        from_name: run.from.name,
        from_family: run.from.family,
        to_key: run.to.key,
        to_name: run.to.name,
        to_family: run.to.family,
        options: run.options,
        actor: run.actor,
        reason: run.reason,
        canary_size: run.canarySize,
        failures_excused: run.failuresExcused,
        total: run.total,
        pending: run.pending,
        failed: run.failed,
        skipped: run.skipped,
      }),
    ],
  );
}

/**
 * Works on a run under its row lock.
 * @throws RUN_NOT_FOUND
 */
export function withRun<T>(site: Site, id: string, work: (tx: Tx, run: RunRecord) => Promise<T>): Promise<T> {
  if (!isUuid(id)) throw runNotFound(id);
  return withState(site, undefined, async (tx) => {
    const run = (await hasRuns(tx, site))
      ? await tx.maybeOne<RunRecord>(
          `SELECT ${columns} FROM ${runTable(site, 'runs')} r WHERE r.id = $1::text::uuid FOR UPDATE`,
          [id],
        )
      : undefined;
    if (run === undefined) throw runNotFound(id);
    return work(tx, run);
  });
}

/** Is a run under way that takes this one back? Within `withRun`. */
export async function hasOpenRollback(tx: Tx, site: Site, id: string): Promise<boolean> {
  const { open } = await tx.one<{ open: boolean }>(
    `SELECT EXISTS (SELECT FROM ${runTable(site, 'runs')} r
       WHERE r.parent_id = $1::text::uuid AND NOT r.status = ANY ($2::text[])) AS open`,
    [id, finalStatuses],
  );
  return open;
}

/** What changes about a run beside its counts; absent: as it was. */
export interface RunChange {
  readonly status?: RunStatus;
  readonly statusReason?: string | null;
  readonly throttleReason?: string | null;
  readonly canaryReleased?: boolean;
  readonly failuresExcused?: number;
}

/** Writes a change with the counts of now. To be called within `withRun`. */
export async function updateRun(
  tx: Tx,
  site: Site,
  { run, change, counts }: { run: RunRecord; change: RunChange; counts: RunCounts },
): Promise<RunRecord> {
  const next = { ...run, ...change, ...counts };
  const isFinal = (finalStatuses as readonly string[]).includes(next.status);
  return tx.one<RunRecord>(
    `UPDATE ${runTable(site, 'runs')} r SET status = $2, status_reason = $3, throttle_reason = $4,
       canary_released = $5, failures_excused = $6, pending = $7, succeeded = $8, failed = $9, skipped = $10, migrated_count = $11,
       completion = $14, last_event = $12,
       started_at = CASE WHEN $2 = 'running' THEN coalesce(r.started_at, statement_timestamp()) ELSE r.started_at END,
       finished_at = CASE WHEN $13::boolean THEN coalesce(r.finished_at, statement_timestamp()) END
     WHERE r.id = $1::text::uuid RETURNING ${columns}`,
    [
      run.id,
      next.status,
      next.statusReason,
      isFinal ? null : next.throttleReason,
      next.canaryReleased,
      next.failuresExcused,
      next.pending,
      next.succeeded,
      next.failed,
      next.skipped,
      next.migratedCount,
      next.lastEvent,
      isFinal,
      isFinal ? next.completion : null,
    ],
  );
}
