/** A database with Drover's own schema: which one is meant, and may the schema be made in it? */
import type { Command } from 'commander';
import { loadServerSettings, type ServerSettings } from '../config.ts';
import type { Asked } from '../platform/own-database.ts';
import type { JsonOption } from './options.ts';
import type { Session } from './session.ts';
import {
  attachedWords,
  resolveWhere,
  shownUrl,
  type Where,
  type WhereOptions,
  placeWords,
} from '../site/where.ts';

export interface OwnOptions extends Pick<WhereOptions, 'data' | 'database'>, JsonOption {
  readonly install?: boolean;
}

/** `--install`: Drover's own schema may be made in a database that somebody named. */
export function withInstall(command: Command): Command {
  return command.option(
    '--install',
    'make Drover’s own schema in a database that has none: tables, and three roles of the server',
  );
}

/**
 * The database of a server and of its keys: options, then Drover's own variables, then DATABASE_URL. Many platforms set that one for
 * every process, so it is named before anything else is said.
 */
export function ownDatabase(
  { environment, terminal }: Pick<Session, 'environment' | 'terminal'>,
  options: OwnOptions,
): { readonly where: Where; readonly settings: ServerSettings; readonly ask: Asked } {
  const settings = loadServerSettings();
  const { databaseUrl, dataFolder } = environment;
  const named = [options.data, options.database, databaseUrl, dataFolder].some((each) => each !== undefined);
  const given = named ? undefined : settings.databaseUrl;
  const where =
    given === undefined
      ? resolveWhere(options, environment)
      : resolveWhere(options, { ...environment, databaseUrl: given }, 'DATABASE_URL');
  if (given !== undefined && options.json !== true)
    terminal.err(`DATABASE_URL names the database: ${shownUrl(given)}`);
  return { where, settings, ask: askOf(where, options, terminal) };
}

/** May Drover's own schema be made there, and the words for the message where it may not. */
export function askOf(where: Where, { install, json }: OwnOptions, terminal: Session['terminal']): Asked {
  const words = { own: placeWords(where), attached: attachedWords(where) };
  return { asked: install === true, words, ...(json === true ? {} : { tell: terminal.err }) };
}
