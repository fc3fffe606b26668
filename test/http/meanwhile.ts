/** A request that is sent while another transaction has changed something and has not ended. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, HttpPlatform } from '../support/http.ts';

export interface Meanwhile {
  readonly change: string;
  readonly params: readonly unknown[];
  readonly request: () => Promise<Answer>;
}

/**
 * The answer, after the other transaction has committed. On a server the request must have waited for that; the embedded
 * engine runs one transaction at a time anyway.
 */
export async function meanwhile(http: HttpPlatform, { change, params, request }: Meanwhile): Promise<Answer> {
  const [released, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const changing = http.asSuperuser(async (tx) => {
    assert.ok((await tx.run(change, params)) > 0, 'the change changes something');
    held.resolve();
    await released.promise;
  });
  await held.promise;
  const answer = request();
  if (http.platform.database.engine === 'server') await untilSomebodyWaits(http).finally(released.resolve);
  released.resolve();
  await changing;
  return answer;
}

async function untilSomebodyWaits(http: HttpPlatform): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await delay(5)) {
    const { waiting } = await http.asSuperuser((tx) =>
      tx.one<{ waiting: number }>(
        `SELECT count(*) AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      ),
    );
    if (waiting > 0) return;
  }
  assert.fail('nobody waited for the other transaction');
}
