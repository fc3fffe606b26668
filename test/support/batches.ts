/**
 * How tests plan, apply and roll back: one tenant, several one by one, and several as one batch. Only this file knows how the
 * engine's functions are called.
 */
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import { DroverError } from '../../src/errors.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { applyMove, applyMoves } from '../../src/postgres/move/move.ts';
import { planMove, planMoves } from '../../src/postgres/move/plan.ts';
import type { MoveOptions, MoveRequest as Move } from '../../src/postgres/move/request.ts';
import type { MoveResult } from '../../src/postgres/records/move-result.ts';
import type { Outcome as EngineOutcome } from '../../src/postgres/move/job.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { rollbackMove, rollbackMoves } from '../../src/postgres/undo/rollback.ts';
import type { RollbackRequest as Rollback } from '../../src/postgres/undo/rollback.ts';
import type { RollbackOptions, RollbackResult } from '../../src/postgres/undo/result.ts';

export type { MoveResult, RollbackResult };
export type MoveRequest = Move & MoveOptions;
export type RollbackRequest = Rollback & RollbackOptions;

/** What became of one tenant of a batch. */
export type Outcome<R> = { readonly tenant: string } & (
  | { readonly status: 'succeeded'; readonly result: R }
  | { readonly status: 'failed'; readonly error: DroverError }
);

export interface BatchRequest {
  /** One for each tenant, every tenant once. */
  readonly moves: readonly Intent[];
  readonly confirm: boolean;
  readonly force?: boolean;
  readonly reason?: string;
  readonly actor: string;
  readonly beforeCommit?: (tx: Tx, done: readonly MoveResult[]) => Promise<void>;
}

export interface BatchRollback {
  /** One for each tenant, every tenant once. */
  readonly rollbacks: readonly { readonly tenant: string; readonly migrationId: string }[];
  readonly actor: string;
  readonly reason?: string;
}

export function planOne(site: Site, intent: Intent): Promise<Plan> {
  return planMove(site, intent);
}

export function applyOne(site: Site, request: MoveRequest): Promise<MoveResult> {
  return applyMove(site, request);
}

export function rollbackOne(site: Site, request: RollbackRequest): Promise<RollbackResult> {
  return rollbackMove(site, request);
}

/** Plans all tenants as one batch; outcomes in the order of the intents. */
export async function planBatch(site: Site, intents: readonly Intent[]): Promise<Outcome<Plan>[]> {
  const plans = await planMoves(site, intents);
  return plans.map((one, at) => {
    const tenant = intents[at]?.tenant ?? '';
    return one instanceof DroverError
      ? { tenant, status: 'failed', error: one }
      : { tenant, status: 'succeeded', result: one };
  });
}

/** Applies all moves as one batch; outcomes in the order of the moves. */
export async function applyBatch(
  site: Site,
  { moves, ...options }: BatchRequest,
): Promise<Outcome<MoveResult>[]> {
  const requests = moves.map((intent) => ({ intent }));
  return (await applyMoves(site, requests, options)).map(named);
}

/** As a caller of single migrations knows it: an error that is thrown does not say which record holds it. Records are compared by themselves. */
function named<R>(outcome: EngineOutcome<R>): Outcome<R> {
  const { tenant = '' } = outcome;
  if (outcome.status === 'succeeded') return { ...outcome, tenant };
  return { tenant, status: 'failed', error: outcome.error };
}

/** Rolls all back as one batch; outcomes in the order of the rollbacks. */
export async function rollbackBatch(
  site: Site,
  { rollbacks, ...options }: BatchRollback,
): Promise<Outcome<RollbackResult>[]> {
  return (await rollbackMoves(site, rollbacks, options)).map(named);
}

/** The same plans, made one after the other. */
function planEach(site: Site, intents: readonly Intent[]): Promise<Outcome<Plan>[]> {
  return oneByOne(intents, (intent) => planMove(site, intent));
}

/** The same moves, one migration after the other. */
export function applyEach(site: Site, { moves, ...options }: BatchRequest): Promise<Outcome<MoveResult>[]> {
  return oneByOne(moves, (intent) => applyMove(site, { ...options, intent }));
}

/** The same rollbacks, one after the other. */
function rollbackEach(site: Site, { rollbacks, ...rest }: BatchRollback): Promise<Outcome<RollbackResult>[]> {
  return oneByOne(rollbacks, (one) => rollbackMove(site, { ...rest, ...one }));
}

async function oneByOne<A extends { readonly tenant?: string }, R>(
  all: readonly A[],
  work: (one: A) => Promise<R>,
): Promise<Outcome<R>[]> {
  const outcomes: Outcome<R>[] = [];
  for (const one of all) {
    const tenant = one.tenant ?? '';
    try {
      outcomes.push({ tenant, status: 'succeeded', result: await work(one) });
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      outcomes.push({ tenant, status: 'failed', error });
    }
  }
  return outcomes;
}

/** A way to work on several tenants. */
export interface Way {
  readonly plan: typeof planBatch;
  readonly apply: typeof applyBatch;
  readonly rollback: typeof rollbackBatch;
}

/** One migration after the other. */
export const one: Way = { plan: planEach, apply: applyEach, rollback: rollbackEach };
/** One batch. */
export const many: Way = { plan: planBatch, apply: applyBatch, rollback: rollbackBatch };

/** The rollbacks of what succeeded. */
export function doneOf<R extends { readonly migrationId: string }>(
  outcomes: readonly Outcome<R>[],
): BatchRollback['rollbacks'] {
  return outcomes.flatMap((outcome) =>
    outcome.status === 'succeeded'
      ? [{ tenant: outcome.tenant, migrationId: outcome.result.migrationId }]
      : [],
  );
}
