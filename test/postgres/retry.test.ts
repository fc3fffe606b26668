/** Locks are waited for once, however many attempts and parts the work has. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { DroverError } from '../../src/errors.ts';
import { LockWait, withRetries } from '../../src/postgres/driver/retry.ts';

/** How often work is tried that never gets its lock. */
async function triesWith(locks: LockWait): Promise<number> {
  let tries = 0;
  const work = (): Promise<never> => {
    tries += 1;
    return Promise.reject(new DroverError('LOCK_TIMEOUT', 'held'));
  };
  await assert.rejects(withRetries({ retries: 5, locks }, work), { code: 'LOCK_TIMEOUT' });
  return tries;
}

describe('waiting for locks', () => {
  it('goes on until the time is spent, and a part that comes later is tried once', async () => {
    const locks = new LockWait(250);
    assert.ok((await triesWith(locks)) > 1);
    assert.equal(await triesWith(locks), 1);
  });

  it('takes nothing from the time for the work of an attempt before it met the lock', async () => {
    const work = async (tries: number): Promise<number> => {
      if (tries === 1) return tries;
      await wait(60);
      throw new DroverError('LOCK_TIMEOUT', 'held', { waitedMs: 1 });
    };
    assert.equal(await withRetries({ retries: 0, locks: new LockWait(50) }, work), 1);
  });

  it('takes nothing from the time where something else is in the way', async () => {
    const locks = new LockWait(250);
    const work = (tries: number): Promise<number> =>
      tries < 2 ? Promise.reject(new DroverError('RETRYABLE', 'crossed')) : Promise.resolve(tries);
    assert.equal(await withRetries({ retries: 5, locks }, work), 2);
    assert.equal(locks.leftMs, 250);
  });
});
