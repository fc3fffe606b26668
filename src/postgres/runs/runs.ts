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
  /** After the canary: wait for `continue`, or go on where no more failed than `maxFailures`. */
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
  /** Tenants that are not finished, claimed ones included. */
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

export const columns = `r.id::text AS id, r.kind, r.parent_id::text AS "parentId", r.status, r.status_reason AS "statusReason",
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
export async function hasRuns(tx: Tx, site: Site): Promise<boolean> {
  const { found } = await tx.one<{ found: boolean }>('SELECT to_regclass($1::text) IS NOT NULL AS found', [
    runTable(site, 'runs'),
  ]);
  return found;
}

export function runNotFound(id: string): DroverError {
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

interface RunQuery {
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
