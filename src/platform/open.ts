/** Opens a database with Drover's own schema in it: the beginning of every command and of the server. */
import { given } from '../engine/given.ts';
import { Lookups } from '../postgres/usage/search.ts';
import { fileURLToPath } from 'node:url';
import { loadConfigFile } from '../config-file.ts';
import type { Database } from '../postgres/driver/database.ts';
import type { ModelKnowledge } from '../engine/models/knowledge.ts';
import { openSite } from '../postgres/scope/site.ts';
import type { Site } from '../postgres/scope/site.ts';
import { defaultSchema, explainOlder, installPlatform, proveIsolation } from './install.ts';
import { type Asked, requireOwnDatabase } from './own-database.ts';
import { KnownPlans } from './known-plans.ts';
import { platformScope } from './scope.ts';

export interface Platform {
  readonly database: Database;
  /** The schema that holds Drover's own tables. */
  readonly schema: string;
  readonly site: Site;
  /** The plans that were shown lately. */
  readonly plans: KnownPlans;
  /** How the uses of models were looked for last. */
  readonly lookups: Lookups;
}

interface OpenOptions extends Partial<Asked> {
  /** Bring the schema up to date, or make it where it may be made. */
  readonly install: boolean;
  readonly knowledge?: () => ModelKnowledge | undefined;
}

/**
 * Brings the schema up to date where `install` says so, and proves that it keeps tenants apart.
 * @throws NO_DATABASE, NOT_PERMITTED, ISOLATION_NOT_EFFECTIVE, SCHEMA_OUTDATED
 */
export async function openPlatform(
  database: Database,
  { install, knowledge, asked = false, words = urlWords, tell }: OpenOptions,
): Promise<Platform> {
  const schema = defaultSchema;
  const requireOwn = (): Promise<void> =>
    requireOwnDatabase(database, schema, { asked, words, ...given({ tell }) });
  if (install) {
    await requireOwn();
    await installPlatform(database, schema);
  }
  await proveIsolation(database, schema).catch(async (error: unknown) => {
    await requireOwn();
    return explainOlder(database, schema, error);
  });
  const platform = { schema, scope: platformScope };
  const site = await openSite({
    database,
    config: loadConfigFile(configFile),
    platform,
    ...(knowledge === undefined ? {} : { knowledge }),
  });
  return { database, schema, site, plans: new KnownPlans(), lookups: new Lookups() };
}

const urlWords = { own: '--database URL', attached: '--database URL' };

/** Drover's own schema, told to the engine in the words that any database is told in. */
const configFile = fileURLToPath(new URL('drover.config.yaml', import.meta.url));
