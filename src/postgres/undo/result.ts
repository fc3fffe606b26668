/** What rollbacks are asked and what they answer. */
import type { Tx } from '../driver/database.ts';
import type { Progress } from '../move/execute.ts';
import type { Skipped } from './chunk.ts';

/** How rollbacks run, whatever the tenant. */
export interface RollbackOptions {
  readonly actor: string;
  readonly reason?: string;
  /** In the work's transaction, after its work and before its commit. Throwing rolls it back. */
  readonly beforeCommit?: (tx: Tx, done: readonly RollbackResult[]) => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
}

export interface RollbackResult {
  readonly migrationId: string;
  readonly parentId: string;
  /** Rows restored; a document counts once however many of its values were. */
  readonly restored: number;
  readonly skippedCount: number;
  /** Up to a thousand of the rows (or values) left as they are, with the reason. */
  readonly skipped: readonly Skipped[];
  readonly complete: boolean;
  readonly durationMs: number;
}

/** How many skipped rows a result names. */
export const skippedShown = 1000;
