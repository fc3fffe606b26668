/** A wave: the moves of several tenants, carried out together. What concerns one tenant alone is that tenant's outcome. */
import type { Intent } from '../engine/intent.ts';
import { DroverError } from '../errors.ts';
import type { Tx } from './database.ts';
import { applyMove } from './move.ts';
import type { MoveResult } from './move-result.ts';
import type { Site } from './site.ts';

export interface WaveRequest {
  /** One move for each tenant, every tenant once. */
  readonly moves: readonly Intent[];
  readonly confirm: boolean;
  readonly force?: boolean;
  readonly reason?: string;
  readonly actor: string;
  /** In the work's transaction, after its work and before its commit: for what must be true exactly when the moves are. Throwing rolls it back. */
  readonly beforeCommit?: (tx: Tx, done: readonly MoveResult[]) => Promise<void>;
}

export type WaveOutcome = { readonly tenant: string } & (
  | { readonly status: 'succeeded'; readonly result: MoveResult }
  | { readonly status: 'failed'; readonly error: DroverError }
);

/** Carries the moves out; outcomes in their order. Throws only what concerns no single tenant: the database is gone. */
export async function applyWave(site: Site, request: WaveRequest): Promise<WaveOutcome[]> {
  const outcomes: WaveOutcome[] = [];
  for (const intent of request.moves) outcomes.push(await applyAlone(site, request, intent));
  return outcomes;
}

async function applyAlone(site: Site, request: WaveRequest, intent: Intent): Promise<WaveOutcome> {
  const { beforeCommit, confirm, force, reason, actor } = request;
  const tenant = intent.tenant ?? '';
  try {
    const result = await applyMove(site, {
      intent,
      confirm,
      actor,
      ...(force === undefined ? {} : { force }),
      ...(reason === undefined ? {} : { reason }),
      ...(beforeCommit === undefined ? {} : { beforeCommit: (tx, done) => beforeCommit(tx, [done]) }),
    });
    return { tenant, status: 'succeeded', result };
  } catch (error) {
    if (!(error instanceof DroverError) || error.code === 'DATABASE_UNREACHABLE') throw error;
    return { tenant, status: 'failed', error };
  }
}
