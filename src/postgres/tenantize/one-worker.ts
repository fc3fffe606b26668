/** One process at a time takes steps in a database. A lock of a session, which ends with its process however that ends. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../driver/database.ts';

/** The folder of an embedded database belongs to one process anyway. */
export async function asOnlyWorker<T>(
  database: Database,
  { waits, check }: { readonly waits: () => void; readonly check: () => void },
  work: () => Promise<T>,
): Promise<T> {
  if (database.engine === 'embedded') return work();
  return database.alone(async (run) => {
    // Whoever waits within a statement keeps its snapshot, and an index that is made beside writers would wait for that.
    for (let tries = 0; ; tries += 1) {
      const [row] = await run<{ free: boolean }>(
        `SELECT pg_try_advisory_lock(hashtextextended('drover tenantize', 6420)) AS free`,
      );
      if (row?.free === true) return work();
      if (tries === 0) waits();
      check();
      await delay(250);
    }
  });
}
