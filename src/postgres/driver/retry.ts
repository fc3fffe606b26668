/** Tries a transaction again when another one was in its way. */
import { setTimeout as wait } from 'node:timers/promises';
import { DroverError } from '../../errors.ts';

/** Another transaction changed what this one rests on. */
const crossed: readonly string[] = ['RETRYABLE', 'COUNT_MISMATCH', 'REFERENCES_LEFT'];

const lockPauseMs = 200;

export interface Patience {
  /** How many times more after an error that may pass. */
  readonly retries: number;
  /** How long locks are waited for. Work that goes on in parts shares one. */
  readonly locks: LockWait;
}

/**
 * What is left of the time for which locks are waited for, in all attempts and parts together. What counts is the message to the database
 * that waited in vain, and the pause after it; the work of an attempt before that does not.
 */
export class LockWait {
  leftMs: number;

  constructor(ms: number) {
    this.leftMs = ms;
  }
}

/**
 * Runs `attempt`, and again after an error that may pass. The pauses grow and differ by chance. While a lock is not free nothing is held
 * between two attempts, so that nobody has to wait behind one who waits.
 */
export async function withRetries<T>(
  { retries, locks }: Patience,
  attempt: (tries: number) => Promise<T>,
): Promise<T> {
  let failures = 0;
  for (let tries = 0; ; tries += 1) {
    const startedAt = performance.now();
    try {
      return await attempt(tries);
    } catch (error) {
      const code = error instanceof DroverError ? error.code : '';
      const chance = 0.5 + Math.random();
      if (code === 'LOCK_TIMEOUT') {
        locks.leftMs -= waitedMs(error, performance.now() - startedAt);
        if (locks.leftMs <= 0) throw error;
        const pauseMs = Math.min(lockPauseMs * chance, locks.leftMs);
        locks.leftMs -= pauseMs;
        await wait(pauseMs);
      } else {
        if (failures >= retries || !crossed.includes(code)) throw error;
        await wait(Math.min(2000, 20 * 2 ** failures) * chance);
        failures += 1;
      }
    }
  }
}

function waitedMs(error: unknown, elapsedMs: number): number {
  const waited = error instanceof DroverError ? error.data['waitedMs'] : undefined;
  return typeof waited === 'number' ? Math.min(waited, elapsedMs) : elapsedMs;
}
