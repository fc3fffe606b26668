/**
 * Which database a command works on: a folder with Drover's own schema (`--data`, the default), a server's database with
 * Drover's own schema (`--database` without a configuration), or a database that Drover did not create (`--database`
 * with a configuration); and the words that lead to it again.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Environment } from '../config.ts';
import { shellWord } from '../engine/plan/shell-text.ts';
import { given } from '../engine/given.ts';
import { DroverError } from '../errors.ts';
import { problemOfUrl, readUrl, settingNames } from '../postgres/driver/address.ts';
import type { DatabaseTarget } from '../postgres/driver/connect.ts';
import { builtInFolder } from '../registry/load/folder.ts';

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

/**
 * The options that lead to the same place and the same registry again, for commands that a person pastes: also into a shell that has
 * none of the variables of this one, but for the whole URL and for passwords, which no command shows.
 */
export function whereWords(where: Where): string {
  return `${placeWords(where)}${registryWords(where)}`;
}

/** The options that lead to the same place, without the registry, for commands that read that from the environment alone. */
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

/** A mistake in how a command was written. */
export function usage(message: string): DroverError {
  return new DroverError('USAGE_INVALID', message);
}
