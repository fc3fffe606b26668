/** Options that several commands share, and what they mean. */
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { given } from '../engine/given.ts';
import type { AskAnswer, ParameterPolicy } from '../engine/plan/intent.ts';
import type { Site } from '../postgres/scope/site.ts';
import type { AskedIntent } from '../site/intent.ts';
import type { Session } from './session.ts';
import { isServerUrl } from '../config.ts';
import { usage } from '../site/where.ts';
import type { WhereOptions } from '../site/where.ts';

/** What takes the URL of a database. */
const named: ReadonlySet<string> = new Set(['database', 'state']);

/**
 * A URL of a database where a folder, a file or a name is meant: a folder of that name would be made, and messages would show its password.
 * @throws USAGE_INVALID, which does not show it
 */
export function refuseStrayUrls(command: Command): void {
  const options = command.options.filter((option) => !named.has(option.attributeName()));
  const taken = options.map((option) => [option.long ?? '', command.opts()[option.attributeName()]] as const);
  const line = [command.parent?.parent?.name(), command.parent?.name(), command.name()]
    .filter(Boolean)
    .join(' ');
  const words = command.args.map((word) => [line, word] as const);
  const [stray] = [...taken, ...words].find(([, value]) => isDatabaseUrl(value)) ?? [];
  if (stray !== undefined) throw usage(`${stray} takes no URL of a database; --database does.`);
}

function isDatabaseUrl(value: unknown): boolean {
  return [value].flat().some((each) => typeof each === 'string' && isServerUrl(each));
}

export interface JsonOption {
  readonly json?: boolean;
}

/** `--json`: one document on standard output, and nothing else there. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print one JSON document (see docs/guides/cli.md)');
}

export interface ListOption extends JsonOption {
  readonly csv?: boolean;
}

/** `--json`, or `--csv`: what a list is printed as. A pipe gets tabs. */
export function withList(command: Command): Command {
  return withJson(command).addOption(
    new Option('--csv', 'print a list as CSV, with a line of names').conflicts('json'),
  );
}

export interface RegistryOption {
  readonly registry?: string;
}

/** `--registry`: another registry than the one in use. */
export function withRegistry(command: Command): Command {
  return command.option(
    '--registry <folder>',
    'which registry (default: DROVER_REGISTRY, or the built-in one)',
  );
}

/** Which database; see where.ts. */
export function withWhere(command: Command): Command {
  return withRegistry(
    command
      .optionsGroup('Which database:')
      .option('--data <folder>', 'embedded database with Drover’s own schema (default: ./drover-data)')
      .option('--database <url>', 'postgres://… or pglite:FOLDER')
      .option('--config <file>', 'what Drover must know about that database (default: drover.config.yaml)')
      .option('--state <url|folder>', 'another database for Drover’s own records about it')
      .option('--trust-config', 'its SQL may call volatile functions although the login is a superuser'),
  );
}

export interface TenantOption {
  readonly tenant?: string;
  readonly shared?: boolean;
}

export interface MoveCommandOptions extends WhereOptions, JsonOption, TenantOption {
  readonly from?: string;
  readonly to?: string;
  readonly kind?: string;
  readonly types?: string;
  readonly parameters?: ParameterPolicy;
  readonly answer?: readonly string[];
  readonly leaveAsks?: boolean;
  readonly allowUnknown?: boolean;
}

/** As the help says it; see `Site.parameters`. */
export const parameterDefault = "translate; reset in Drover's own schema";

/** What is moved. */
export function withMove(command: Command): Command {
  return command
    .optionsGroup('What is moved:')
    .option('--from <model>', 'the model to move off: name, family/name, provider/name or key')
    .option('--to <model>', 'the model to move to')
    .option('--tenant <tenant>', 'whose: the key or the name of a tenant')
    .option(
      '--shared',
      'the rows of everybody, of nobody and of several tenants; with --all-tenants after them',
    )
    .option('--kind <kind>', 'kind of model (default: the first of the configuration)')
    .option('--types <list>', 'only these entity types, separated by commas')
    .addOption(
      new Option('--parameters <policy>', `parameters of what moves (default: ${parameterDefault})`).choices([
        'reset',
        'keep',
        'translate',
      ]),
    )
    .option('--answer <place=move|keep>', 'answer a question of the plan; may be repeated', collect)
    .option('--leave-asks', 'move the rest and leave what is asked about')
    .option('--allow-unknown', 'a model that nobody knows is meant as it is written; `apply` needs --reason');
}

export interface WaitOption {
  readonly wait?: number;
}

/** For how long locks are waited for. */
export function withWait(command: Command): Command {
  const seconds = countUpTo(86_400);
  return command.option(
    '--wait <seconds>',
    'wait for locks no longer than this in all (default: as the configuration says, a minute)',
    seconds,
  );
}

/** The site, with what `--wait` says. */
export function waitingOn(site: Site, { wait }: WaitOption): Site {
  return wait === undefined ? site : { ...site, lockWaitMs: wait * 1000 };
}

export interface ActorOption {
  readonly actor?: string;
}

export interface ActorOptions extends ActorOption {
  readonly reason?: string;
}

/** Who does it, for the record. */
export function withActor(command: Command): Command {
  return command
    .optionsGroup('For the record:')
    .option('--actor <name>', 'who does it (default: the user of the operating system)');
}

/** Who does it and why, for the record. */
export function withReason(command: Command): Command {
  return withActor(command).option('--reason <text>', 'why');
}

/** The name that a migration is recorded under. */
export function actorOf({ actor }: ActorOption, { environment, systemUser }: Session): string {
  const name = (actor ?? environment.operator ?? systemUser ?? '').trim();
  if (name === '') throw usage('Nobody knows who you are: name yourself with --actor, for the record.');
  return name;
}

/** The user of this process for the operating system; undefined where it has no name. */
export function readSystemUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** For options that may be repeated. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** For options that count something. */
export function countUpTo(most: number): (text: string) => number {
  return (text) => {
    if (/^[1-9]\d*$/.test(text) && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`It takes a whole number from 1 to ${most}.`);
  };
}

/** Reads what is asked for from the options of a command. */
export type ReadsIntent = (options: MoveCommandOptions) => AskedIntent;

/** Which row gets which key. */
export function withRekey(command: Command): Command {
  return command
    .optionsGroup('What gets another key:')
    .option('--table <table>', 'the table, as rows of the configuration calls it')
    .option('--from <key>', 'the row: its key, or what people know it by (natural)')
    .option('--to <key>', 'the key that it gets')
    .addOption(
      new Option(
        '--map <file>',
        'instead of --from and --to: a CSV file with the header from,to and a line for each row',
      ).conflicts(['from', 'to']),
    )
    .option(
      '--merge',
      'make the two rows one: that of --to stays, and all that refers to the other refers to it',
    )
    .option('--tenant <tenant>', 'whose: the key or the name of a tenant')
    .option('--all-tenants', 'all tenants of a file with the header from,to,tenant, one after the other')
    .option('--shared', 'a row of everybody, of nobody or of several tenants')
    .option(
      '--answer <place=answer>',
      'answer a question of the plan: move or keep, of rows that meet keep-target or keep-source; may be repeated',
      collect,
    )
    .option('--leave-asks', 'change the rest and leave what is asked about');
}

export interface RekeyOptions extends MoveCommandOptions {
  readonly table?: string;
  readonly map?: string;
  readonly merge?: boolean;
}

/** What the options of a re-key ask for. @throws USAGE_INVALID */
export function readRekey(options: RekeyOptions): AskedIntent {
  const { table, from, to, merge } = options;
  const isSaid = (text: string | undefined): text is string => text !== undefined && text.trim() !== '';
  if (!isSaid(table) || !isSaid(from) || !isSaid(to))
    throw usage(
      'Say which row gets which key: --table TABLE --from KEY --to KEY, or --map FILE. None of them is empty.',
    );
  return {
    ...readIntent(options),
    rows: table,
    parameters: 'keep',
    ...(merge === true ? { merge } : {}),
  };
}

/** What the options ask for; the tenant is resolved later, and so are the parameters where nobody says. @throws USAGE_INVALID */
export function readIntent(options: MoveCommandOptions): AskedIntent {
  const { from, to, kind, types } = options;
  if (from === undefined || to === undefined) throw usage('Say what moves: --from MODEL --to MODEL.');
  return {
    from,
    to,
    answers: Object.fromEntries((options.answer ?? []).map(readAnswer)),
    leaveAsks: options.leaveAsks ?? false,
    ...given({ parameters: options.parameters, kind }),
    ...(types === undefined ? {} : { entityTypes: splitTypes(types) }),
    ...(options.allowUnknown === true ? { allowUnknown: true } : {}),
  };
}

const answers: readonly AskAnswer[] = ['move', 'keep', 'keep-target', 'keep-source'];

/** A place may hold an equals sign (a JSON pointer), so the last one divides. */
function readAnswer(text: string): [place: string, answer: AskAnswer] {
  const at = text.lastIndexOf('=');
  const [place, answer] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  const known = answers.find((one) => one === answer);
  if (at < 1 || place === '' || known === undefined) {
    const written =
      'write --answer "table.column=move" or "=keep"; of rows that a merge makes meet "=keep-target" or "=keep-source"';
    throw usage(`--answer "${text}" is no answer: ${written}.`);
  }
  return [place, known];
}

/** An empty list stays empty: the engine refuses it, because it must not mean everything. */
function splitTypes(text: string): string[] {
  const types = text.split(',').map((type) => type.trim());
  return [...new Set(types.filter((type) => type !== ''))];
}
