/** Opens a database by what it is: a folder or a server. */
import type { Database } from './database.ts';
import { type EmbeddedTarget, openEmbedded } from './embedded.ts';
import { openServer } from './server.ts';
import { type ServerTarget } from './server-pool.ts';

export type DatabaseTarget = EmbeddedTarget | ServerTarget;

/** `{ dataDir }` names a folder, `{ url }` a server. */
export function openDatabase(target: DatabaseTarget): Promise<Database> {
  return 'url' in target ? openServer(target) : openEmbedded(target);
}

export { openServer };

/**
 * Resolves when the database answers. A server is asked by a connection outside the pool: a pool that is all busy must not look as if it
 * were gone.
 */
export async function ping(database: Database): Promise<void> {
  if (database.ping !== undefined) return database.ping();
  await database.transaction({ readOnly: true }, (tx) => tx.one('SELECT 1 AS one'));
}
