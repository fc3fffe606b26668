/**
 * Which database a command works on: a folder with Drover's own schema (`--data`, the default), a server's database with
 * Drover's own schema (`--database` without a configuration), or a database that Drover did not create (`--database`
 * with a configuration). The database is always closed again, whatever happens.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Environment } from '../config.ts';
import { formatConfigProblems, locateProblems, openConfigFile } from '../config-file.ts';
import { shellWord } from '../engine/plan/shell-text.ts';
import { given } from '../engine/given.ts';
import type { ModelKnowledge } from '../engine/models/knowledge.ts';
import { DroverError } from '../errors.ts';
import { openPlatform } from '../platform/open.ts';
import { problemOfUrl, readUrl, settingNames } from '../postgres/driver/address.ts';
import { openDatabase } from '../postgres/driver/connect.ts';
import type { DatabaseTarget } from '../postgres/driver/connect.ts';
import type { Database } from '../postgres/driver/database.ts';
import { type Grant, readGrants } from '../postgres/scope/grants.ts';
import { openSite } from '../postgres/scope/site.ts';
import type { Site } from '../postgres/scope/site.ts';
import { builtInFolder, loadValid } from '../registry/load/folder.ts';
import { knowledgeOf } from '../registry/known/knowledge.ts';

export interface WhereOptions {
  readonly data?: string;
  readonly database?: string;
  readonly config?: string;
  readonly state?: string;
  readonly registry?: string;
  readonly trustConfig?: boolean;
}

export type DatabaseVariable = 'DROVER_DATABASE' | 'DROVER_STATE' | 'DATABASE_URL';

/** A folder of Drover's own, or somebody's database. */
export type Where =
  | { readonly kind: 'own'; readonly dataDir: string; readonly registry: string }
  | {
      readonly kind: 'given';
      readonly target: DatabaseTarget;
      readonly text: string;
      /** The variable that names the database. */
      readonly from?: DatabaseVariable;
      /** The folder of the registry. */
      readonly registry: string;
      readonly configFile?: string;
      readonly trustsConfig?: true;
      readonly state?: {
        readonly target: DatabaseTarget;
        readonly text: string;
        readonly from?: DatabaseVariable;
      };
    };

const defaultFolder = './drover-data';
const defaultConfig = 'drover.config.yaml';

/** What the options and the environment name, without opening it. @throws USAGE_INVALID */
export function resolveWhere(
  options: WhereOptions,
  environment: Environment,
  variable: DatabaseVariable = 'DROVER_DATABASE',
): Where {
  const { data } = options;
  if (data !== undefined && options.database !== undefined)
    throw usage('--data and --database name two databases; give one of them.');
  const database = options.database ?? (data === undefined ? environment.databaseUrl : undefined);
  if (database === undefined) return ownFolder(options, environment);
  const configFile =
    options.config ?? (existsSync(environment.configFile) ? environment.configFile : undefined);
  const from = options.database === undefined ? variable : undefined;
  return {
    kind: 'given',
    target: targetOf(database, from ?? '--database', environment),
    text: database,
    ...given({ from, state: stateOf(options, environment) }),
    registry: registryFolder(options, environment),
    ...(configFile === undefined ? {} : { configFile }),
    ...(options.trustConfig === true ? { trustsConfig: true } : {}),
  };
}

/** The folder of the registry that is meant. */
export function registryFolder(
  { registry }: Pick<WhereOptions, 'registry'>,
  { registryFolder: set }: Pick<Environment, 'registryFolder'>,
): string {
  return registry ?? set ?? builtInFolder;
}

function stateOf(
  options: WhereOptions,
  environment: Environment,
): Extract<Where, { kind: 'given' }>['state'] {
  const text = options.state ?? environment.stateUrl;
  if (text === undefined) return undefined;
  const from = options.state === undefined ? 'DROVER_STATE' : undefined;
  const isFolder = !text.includes('://') && !text.startsWith('pglite:');
  const target = isFolder ? { dataDir: text } : targetOf(text, from ?? '--state', environment);
  return { target, text, ...given({ from }) };
}

function ownFolder(options: WhereOptions, environment: Environment): Where {
  if (options.config !== undefined || options.state !== undefined) {
    throw usage(
      '--config and --state are for a database that Drover did not create; say which with ' +
        '--database postgres://… or --database pglite:FOLDER.',
    );
  }
  return {
    kind: 'own',
    dataDir: options.data ?? environment.dataFolder ?? defaultFolder,
    registry: registryFolder(options, environment),
  };
}

/** @throws USAGE_INVALID where the text is neither a URL nor `pglite:FOLDER`; a URL that cannot be read is not quoted */
function targetOf(text: string, option: string, { libpq }: Environment): DatabaseTarget {
  if (isServer(text)) {
    const problem = problemOfUrl(text);
    if (problem !== undefined) throw usage(`${option}: ${problem}`);
    return { url: text, variables: libpq };
  }
  if (text.startsWith('pglite:') && text.length > 'pglite:'.length)
    return { dataDir: folderOf(text.slice('pglite:'.length)) };
  throw usage(`${option} takes postgres://user@host:5432/database or pglite:FOLDER.`);
}

/** PGlite's files lie in `postgres` within the folder that Drover locks; somebody may name either. */
function folderOf(path: string): string {
  return basename(path) === 'postgres' && existsSync(join(path, 'PG_VERSION')) ? dirname(path) : path;
}

function isServer(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text);
}

/** Where a key for secrets is kept in development: in the folder of the data, also where the data is on a server. */
export function keyFolder(where: Where, { dataFolder }: Pick<Environment, 'dataFolder'>): string {
  return where.kind === 'own' ? where.dataDir : (dataFolder ?? defaultFolder);
}

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

/**
 * The options that lead to the same place and the same registry again, for commands that a person pastes: also into a shell that has
 * none of the variables of this one, but for the whole URL and for passwords, which no command shows.
 */
export function whereWords(where: Where): string {
  return `${placeWords(where)}${registryWords(where)}`;
}

/** The same without the registry, for commands that read it from the environment alone. */
export function placeWords(where: Where): string {
  if (where.kind === 'own') return `--data ${shellWord(where.dataDir)}`;
  const state = where.state === undefined ? '' : ` --state ${placeWord(where.state)}`;
  const trust = where.trustsConfig === true ? ' --trust-config' : '';
  return `--database ${placeWord(where)}${configWords(where.configFile)}${state}${trust}`;
}

/** The options by which a command works on the database as somebody else's, whether or not it is Drover's own. */
export function attachedWords(where: Where): string {
  return where.kind === 'own' ? `--database ${shellWord(`pglite:${where.dataDir}`)}` : placeWords(where);
}

/** The options for a database that Drover did not create, and its configuration. */
export function databaseWords(place: Named & Pick<Where, 'registry'>, configFile = defaultConfig): string {
  return `--database ${placeWord(place)}${configWords(configFile)}${registryWords(place)}`;
}

function configWords(configFile = defaultConfig): string {
  return configFile === defaultConfig ? '' : ` --config ${shellWord(configFile)}`;
}

function registryWords({ registry }: Pick<Where, 'registry'>): string {
  return registry === builtInFolder ? '' : ` --registry ${shellWord(registry)}`;
}

interface Named {
  readonly text: string;
  readonly from?: DatabaseVariable;
}

/** A shell knows a variable with the whole URL; of a URL that was typed the password stays out. */
export function placeWord({ text, from }: Named): string {
  return from === undefined ? shellWord(shownUrl(text)) : `"$${from}"`;
}

/** A URL without its passwords, in whichever part of it they stand, and without what means nothing here: nobody knows what that is. */
export function shownUrl(text: string): string {
  if (!isServer(text)) return text;
  if (!URL.canParse(text)) return 'postgres://…';
  const url = new URL(text);
  url.password = '';
  for (const name of new Set(url.searchParams.keys()))
    if (!settingNames.has(name) || secrets.has(name)) url.searchParams.delete(name);
  return url.href;
}

const secrets = new Set(['password', 'sslpassword']);

/** What somebody has to know who pastes a command, where the options have a password: it is in no command that is printed. */
export function passwordHint(options: WhereOptions): string | undefined {
  const typed = (['database', 'state'] as const).find((name) => {
    const text = options[name] ?? '';
    return isServer(text) && problemOfUrl(text) === undefined && readUrl(text).has('password');
  });
  if (typed === undefined) return undefined;
  return `Commands that are shown have no password of --${typed}: export PGPASSWORD, or write it into ~/.pgpass.`;
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

/** A mistake in how a command was written. */
export function usage(message: string): DroverError {
  return new DroverError('USAGE_INVALID', message);
}
