/** What is asked of a move, and what its record says from the beginning. */
import type { MoveResult } from '../records/move-result.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Tx } from '../driver/database.ts';
import type { NewRecord } from '../records/records.ts';
import type { KnownPlan } from './admission.ts';
import type { Progress } from './execute.ts';
import type { Move } from './plan.ts';
import { given } from '../../engine/given.ts';

export interface MoveRequest {
  /** Of several together, all are about models, or about rows of one table. */
  readonly intent: Intent;
  /** The re-key that this one takes back, with its two keys as its record has them. */
  readonly takesBack?: { readonly id: string; readonly pair: Pick<NewRecord, 'source' | 'target'> };
  /** The plan that was shown, or what is left of it: refused as stale where the facts are others now. */
  readonly plan?: KnownPlan;
  /** A migration of which parts may be committed already (online.ts), with its record: this move is its last part. */
  readonly ends?: { readonly record: string; readonly startedAt: number };
}

/** How moves run, whatever the tenant. */
export interface MoveOptions {
  /** Warnings were read and accepted. */
  readonly confirm: boolean;
  /** Errors that can be forced are accepted; needs a reason, as does a model that nobody knows. */
  readonly force?: boolean;
  /** The plan that was shown may have other rows by now, as long as nothing is worse. */
  readonly unlessWorse?: boolean;
  readonly reason?: string;
  readonly actor: string;
  /**
   * In the work's transaction, after its work and before its commit: for what must be true exactly when the moves are.
   * Throwing rolls it back.
   */
  readonly beforeCommit?: (tx: Tx, done: readonly MoveResult[]) => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
}

/** A move with what was asked of it. */
export type RequestedMove = Move & { readonly request: MoveRequest };

/** What a record, and the lock of whoever works on it, call the source: whoever takes a re-key back works on the same. */
export function workedSource({ member, request }: RequestedMove): NewRecord['source'] {
  return request.takesBack?.pair.source ?? member.pair.source;
}

/** What the record of a move says from its beginning. */
export function recordOf(
  { actor, force, reason }: MoveOptions,
  { member, request }: Move & { readonly request?: MoveRequest },
): NewRecord {
  const { intent, pair } = member;
  const { takesBack } = request ?? {};
  const base = {
    kind: kindOf(intent, takesBack),
    tenant: intent.tenant,
    ...(takesBack === undefined ? pair : takesBack.pair),
    ...given({ parentId: takesBack?.id, reason }),
    actor,
    forced: force === true,
  };
  return base;
}

export function kindOf({ rows, merge }: Intent, takesBack: MoveRequest['takesBack']): NewRecord['kind'] {
  if (takesBack !== undefined) return 'rollback';
  if (rows === undefined) return 'model';
  return merge === true ? 'merge' : 'rekey';
}
