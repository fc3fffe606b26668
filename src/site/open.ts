/** Opens the database that is meant, and the site on it; the database is always closed again, whatever happens. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatConfigProblems, locateProblems, openConfigFile } from '../config-file.ts';
import type { ModelKnowledge } from '../engine/models/knowledge.ts';
import { DroverError } from '../errors.ts';
import { openPlatform } from '../platform/open.ts';
import { openDatabase } from '../postgres/driver/connect.ts';
import type { DatabaseTarget } from '../postgres/driver/connect.ts';
import type { Database } from '../postgres/driver/database.ts';
import { readGrants } from '../postgres/scope/grants.ts';
import type { Grant } from '../postgres/scope/work-rights.ts';
import { openSite } from '../postgres/scope/site.ts';
import type { Site } from '../postgres/scope/site.ts';
import { loadValid } from '../registry/load/folder.ts';
import { knowledgeOf } from '../registry/known/knowledge.ts';
import { attachedWords, whereWords } from './where.ts';
import type { Where } from './where.ts';

export interface DatabaseAccess {
  /** May Drover's own schema be made or upgraded? */
  readonly mayWrite: boolean;
}

/** Opens the site, works with it, and closes it. */
export async function withSite<T>(
  where: Where,
  access: DatabaseAccess,
  work: (site: Site) => Promise<T>,
): Promise<T> {
  return withDatabase(where, async (database) => {
    if (where.kind === 'own' || where.configFile === undefined)
      return work(await openOwn(database, where, access));
    const state = await openState(where.state?.target, access);
    try {
      const site = await openAttached(database, where, { ...where, configFile: where.configFile, state });
      return await work(site).catch(async (error: unknown) => {
        throw await withLackingRights(error, site, where);
      });
    } finally {
      await state?.close();
    }
  });
}

/** What is not permitted is told with the statements that permit it, as far as the catalogue knows. */
async function withLackingRights(error: unknown, site: Site, where: Where): Promise<unknown> {
  if (!(error instanceof DroverError) || error.code !== 'NOT_PERMITTED') return error;
  const { login, lacking } = await lackingRights(site);
  if (lacking.length === 0) return error;
  // What it failed on comes first.
  const denied =
    /permission denied for \w+ (\S+?)\.?$/.exec(String(error.data['databaseMessage']))?.[1] ?? '';
  const first = lacking.toSorted(
    (a, b) => Number(b.sql.includes(`"${denied}"`)) - Number(a.sql.includes(`"${denied}"`)),
  );
  const shown = first.slice(0, 4).map(({ sql }) => `  ${sql};`);
  const all = `\`drover grants ${whereWords(where)}\``;
  const more =
    lacking.length > shown.length
      ? `${all} prints ${lacking.length - shown.length} more.`
      : `${all} prints them.`;
  const message = [error.message, `The login ${login} lacks rights:`, ...shown, more].join('\n');
  const data = { ...error.data, missing: lacking.map(({ sql }) => sql) };
  return new DroverError(error.code, message, data, { cause: error });
}

async function lackingRights(site: Site): Promise<{ login: string; lacking: readonly Grant[] }> {
  try {
    const { login, grants } = await readGrants(site);
    return { login, lacking: grants.filter(({ held }) => !held) };
  } catch {
    // The error that was met says more than that its explanation cannot be read.
    return { login: '', lacking: [] };
  }
}

/** A folder that is not there holds no records. Only a command that writes may make it. */
async function openState(
  target: DatabaseTarget | undefined,
  { mayWrite }: DatabaseAccess,
): Promise<Database | undefined> {
  if (target === undefined) return undefined;
  const missing = 'dataDir' in target && !existsSync(join(target.dataDir, 'postgres'));
  return missing && !mayWrite ? undefined : openDatabase(target);
}

/** Opens the database alone, works with it, and closes it. */
export async function withDatabase<T>(where: Where, work: (database: Database) => Promise<T>): Promise<T> {
  const target = where.kind === 'own' ? { dataDir: where.dataDir } : where.target;
  if ('dataDir' in target) requireFolder(target.dataDir, where.kind);
  const database = await openDatabase(target);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Opening a folder makes one where there is none: only seed and demo may do that. */
function requireFolder(dataDir: string, kind: Where['kind']): void {
  if (existsSync(join(dataDir, 'postgres', 'PG_VERSION'))) return;
  const hint =
    kind === 'own'
      ? '`drover seed` makes one with demo data; --data names another, --database a server.'
      : 'PGlite’s files must lie in a folder called postgres inside it.';
  throw new DroverError('NO_DATABASE', `There is no database in the folder ${dataDir}. ${hint}`, { dataDir });
}

async function openOwn(database: Database, where: Where, { mayWrite }: DatabaseAccess): Promise<Site> {
  const words = { own: whereWords(where), attached: attachedWords(where) };
  return (await openPlatform(database, { install: mayWrite, words, knowledge: knowledgeIn(where) })).site;
}

async function openAttached(
  database: Database,
  where: Where,
  {
    configFile,
    trustsConfig = false,
    state,
  }: { configFile: string; trustsConfig?: boolean; state: Database | undefined },
): Promise<Site> {
  const opened = openConfigFile(configFile);
  return openSite({
    database,
    config: opened.config,
    trustsConfig,
    knowledge: knowledgeIn(where),
    ...(state === undefined ? {} : { state }),
    showProblems: (problems) => formatConfigProblems(locateProblems(opened, problems)),
  });
}

/** What the registry knows about models; read when it is first asked for, because that takes a moment. @throws REGISTRY_INVALID */
function knowledgeIn({ registry }: Pick<Where, 'registry'>): () => ModelKnowledge {
  let known: ModelKnowledge | undefined;
  return () => (known ??= knowledgeOf(loadValid(registry)));
}
