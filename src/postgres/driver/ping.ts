/** Does the database answer? */
import type { Database } from './database.ts';

/** Resolves when it does. A server is asked by a connection outside the pool: a pool that is all busy must not look as if it were gone. */
export async function ping(database: Database): Promise<void> {
  if (database.ping !== undefined) return database.ping();
  await database.transaction({ readOnly: true }, (tx) => tx.one('SELECT 1 AS one'));
}
