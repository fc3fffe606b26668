/** Tries a transaction again when another one was in its way. */
import { setTimeout as wait } from 'node:timers/promises';
import { DroverError } from '../../errors.ts';

/** Another transaction changed what this one rests on. */
const crossed: readonly string[] = ['RETRYABLE', 'COUNT_MISMATCH', 'REFERENCES_LEFT'];

const lockPauseMs = 200;

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
      let pauseMs = lockPauseMs;
      if (code === 'LOCK_TIMEOUT') {
        if (Date.now() >= until) throw error;
      } else {
        if (failures >= retries || !crossed.includes(code)) throw error;
        pauseMs = Math.min(2000, 20 * 2 ** failures);
        failures += 1;
      }
      await wait(pauseMs * (0.5 + Math.random()));
    }
  }
}
