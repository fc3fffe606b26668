/** Does the database answer? */
import type { Database } from './database.ts';

/** Resolves when it does. On a server by a connection of its own, so that a pool that is all busy is not taken for gone. */
export async function ping(database: Database): Promise<void> {
  if (database.ping !== undefined) return database.ping();
  await database.transaction('BEGIN READ ONLY', (tx) => tx.one('SELECT 1 AS one'));
}
