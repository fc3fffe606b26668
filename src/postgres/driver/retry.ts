/** Tries a transaction again when another one was in its way. */
import { setTimeout as wait } from 'node:timers/promises';
import { DroverError } from '../../errors.ts';

const passing: readonly string[] = ['RETRYABLE', 'LOCK_TIMEOUT', 'COUNT_MISMATCH', 'REFERENCES_LEFT'];

/** Runs `attempt`, and up to `retries` times more after an error that may pass. The pauses grow and differ by chance. */
export async function withRetries<T>(retries: number, attempt: (tries: number) => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt(tries);
    } catch (error) {
      if (tries >= retries || !(error instanceof DroverError) || !passing.includes(error.code)) throw error;
      await wait(Math.min(2000, 20 * 2 ** tries) * (0.5 + Math.random()));
    }
  }
}
