/** Opens the database that somebody named: a folder or a server. */
import type { Database } from './database.ts';
import { type EmbeddedTarget, openEmbedded } from './embedded.ts';
import { openServer, type ServerTarget } from './server.ts';

export type DatabaseTarget = EmbeddedTarget | ServerTarget;

/** `{ dataDir }` is a folder, `{ url }` a server. */
export function openDatabase(target: DatabaseTarget): Promise<Database> {
  return 'url' in target ? openServer(target) : openEmbedded(target);
}

export { openServer };
