/** Tries a transaction again when another one was in its way. */
import { setTimeout as wait } from 'node:timers/promises';
import { DroverError } from '../../errors.ts';

const passing: readonly string[] = ['RETRYABLE', 'COUNT_MISMATCH', 'REFERENCES_LEFT'];

export interface Patience {
  /** How many times more after an error that may pass. */
  readonly retries: number;
  /** How long locks are waited for, in all attempts together. */
  readonly lockWaitMs: number;
}

/**
 * Runs `attempt`, and again after an error that may pass. The pauses grow and differ by chance. While a lock is not free nothing is held
 * between two attempts, so that nobody has to wait behind one who waits.
 */
export async function withRetries<T>(
  { retries, lockWaitMs }: Patience,
  attempt: (tries: number) => Promise<T>,
): Promise<T> {
  const until = Date.now() + lockWaitMs;
  let failures = 0;
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt(tries);
    } catch (error) {
      const code = error instanceof DroverError ? error.code : '';
      const mayPass =
        code === 'LOCK_TIMEOUT' ? Date.now() < until : failures < retries && passing.includes(code);
      if (!mayPass) throw error;
      const usual = code === 'LOCK_TIMEOUT' ? 200 : Math.min(2000, 20 * 2 ** failures);
      if (code !== 'LOCK_TIMEOUT') failures += 1;
      await wait(usual * (0.5 + Math.random()));
    }
  }
}
