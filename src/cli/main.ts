/** The command line: reads the words, runs one command, and turns every outcome into an exit status. */
import { Command, CommanderError, Help } from 'commander';
import { loadEnvironment } from '../config.ts';
import { aliases } from './migrations/aliases.ts';
import { apply } from './migrations/apply.ts';
import { assess } from './assess/assess.ts';
import { check } from './registry/check.ts';
import { completion, man } from './completion.ts';
import { config } from './database/config.ts';
import { doctor } from './isolation/doctor.ts';
import { demo } from './server/demo.ts';
import { edge } from './server/edge.ts';
import { grants } from './database/grants.ts';
import { history } from './migrations/history.ts';
import { init } from './database/init.ts';
import { inspect } from './database/inspect.ts';
import { inventory } from './inventory/inventory.ts';
import { lint } from './isolation/lint.ts';
import { keys } from './server/keys.ts';
import { models } from './models/models.ts';
import { notify } from './migrations/notify.ts';
import { plan } from './migrations/plan.ts';
import { rekey } from './migrations/rekey.ts';
import { registry } from './registry/registry.ts';
import { retirements } from './models/retirements.ts';
import { rollback } from './migrations/rollback.ts';
import { runs } from './runs/runs.ts';
import { secrets } from './server/secrets.ts';
import { seed } from './server/seed.ts';
import { serve } from './server/serve.ts';
import { tenantize } from './tenantize/tenantize.ts';
import { watch } from './migrations/watch.ts';
import { worker } from './server/worker.ts';
import { reportFailure, usageError } from './failure.ts';
import { createInterruption } from './interruption.ts';
import type { SignalSource } from './interruption.ts';
import { readSystemUser, refuseStrayUrls } from './options.ts';
import type { JsonOption } from './options.ts';
import { passwordHint } from '../site/where.ts';
import type { WhereOptions } from '../site/where.ts';
import { exitStatus } from './session.ts';
import type { Session, Verb, VerbGroup } from './session.ts';
import { openTerminal } from './terminal/terminal.ts';
import { wrapLine } from './terminal/wrap.ts';
import type { Streams } from './terminal/terminal.ts';

const verbs: readonly (Verb | VerbGroup)[] = [
  demo,
  serve,
  edge,
  keys,
  secrets,
  inventory,
  init,
  inspect,
  doctor,
  lint,
  tenantize,
  grants,
  plan,
  apply,
  rekey,
  rollback,
  history,
  aliases,
  models,
  retirements,
  assess,
  watch,
  runs,
  worker,
  notify,
  config,
  check,
  registry,
  seed,
  completion,
  man,
];

interface CliInput {
  /** The words after the name of the program. */
  readonly args: readonly string[];
  readonly streams: Streams;
  readonly signals: SignalSource;
  /** Ends the process at once. */
  readonly leave: (status: number) => void;
  readonly version: string;
}

/** Runs one command and returns the exit status; it never throws. */
export async function runCli(input: CliInput): Promise<number> {
  const { args, streams, version } = input;
  const words = new Set(args);
  const failure = { json: words.has('--json'), debug: words.has('--debug'), version };
  try {
    return await dispatch(input);
  } catch (error) {
    return reportFailure(openTerminal(streams, colorMode()), error, failure);
  }
}

/** An environment that cannot be read is reported without colours. */
function colorMode(): 'auto' | 'always' | 'never' {
  try {
    return loadEnvironment().color;
  } catch {
    return 'never';
  }
}

async function dispatch(input: CliInput): Promise<number> {
  let status: number = exitStatus.done;
  const program = buildProgram(input, (verb, command) => async () => {
    refuseStrayUrls(command);
    const session = openSession(input);
    const options = command.opts<WhereOptions & JsonOption>();
    const hint = options.json === true ? undefined : passwordHint(options);
    if (hint !== undefined) session.terminal.err(session.terminal.errStyle.muted(hint));
    // In a pipe the error stream of JSON is read by a program.
    const isRead = options.json === true && !session.terminal.isWatched;
    if (verb.waits !== true && !isRead) session.terminal.doing('At work');
    try {
      status = await verb.run(session, command);
    } finally {
      session.terminal.doing();
    }
  });
  try {
    await program.parseAsync(helpWords(program, input.args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitStatus.done;
    // Called without any word, it shows its help: on the error stream, because nothing was asked for.
    if (error.code === 'commander.help') return exitStatus.failed;
    throw usageError(error, commandLine(program, input.args));
  }
  return status;
}

/** `drover help plan` is `drover plan --help`. Whatever follows `help`, no command runs. */
function helpWords(program: Command, args: readonly string[]): string[] {
  const [first, ...words] = args;
  if (first !== 'help') return [...args];
  const names = words.filter((word) => !word.startsWith('-'));
  const known = names.length === 0 || program.commands.some((command) => command.name() === names[0]);
  // The parser says what it does not know, and what was meant.
  return known ? [...names, '--help'] : names.slice(0, 1);
}

function openSession({ streams, signals, leave, version }: CliInput): Session {
  const environment = loadEnvironment();
  const terminal = openTerminal(streams, environment.color);
  const interruption = createInterruption({ signals, terminal, leave });
  return { terminal, environment, interruption, systemUser: readSystemUser(), version };
}

type CommandAction = (verb: Verb, command: Command) => () => Promise<void>;

function buildProgram({ streams, version }: CliInput, action: CommandAction): Command {
  const program = new Command('drover')
    .description(
      'Moves multi-tenant AI platforms off retiring models: planned, verified, journalled, reversible.',
    )
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .option('--debug', 'print the stack of an error')
    .addHelpText(
      'after',
      [
        '',
        '`drover help COMMAND` says what a command takes.',
        'Start with `drover demo`, or on a database of your own with `drover inventory --database URL`.',
      ].join('\n'),
    );
  setUp(program, streams);
  for (const each of verbs) {
    if ('verbs' in each) addGroup(program, each, { streams, action });
    else addVerb(program, each, { streams, action });
  }
  return program;
}

interface Wiring {
  readonly streams: Streams;
  readonly action: CommandAction;
}

function addGroup(program: Command, { name, summary, verbs: below, self }: VerbGroup, wiring: Wiring): void {
  const group = program.command(name).description(summary).helpCommand(false);
  setUp(group, wiring.streams);
  if (self !== undefined) complete(group, self, wiring);
  for (const verb of below) addVerb(group, verb, wiring);
}

function addVerb(parent: Command, verb: Verb, wiring: Wiring): void {
  const command = parent.command(verb.name).description(verb.summary);
  setUp(command, wiring.streams);
  complete(command, verb, wiring);
}

function complete(command: Command, verb: Verb, { action }: Pick<Wiring, 'action'>): void {
  verb
    .define(command.option('--debug', 'print the stack of an error'))
    .allowExcessArguments(false)
    .action(action(verb, command));
}

/** Help goes to where data goes, errors are reported by us, and no line is longer than a small terminal. */
function setUp(command: Command, { stdout, stderr }: Streams): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void stdout.write(fitted(text, stdout.columns)),
    writeErr: (text) => void stderr.write(fitted(text, stderr.columns)),
    outputError: () => undefined,
    getOutHelpWidth: () => Math.min(stdout.columns ?? 100, 100),
    getErrHelpWidth: () => Math.min(stderr.columns ?? 100, 100),
  });
  command.configureHelp({ formatItem });
}

/** Usage and what is said after the options are wrapped by nobody else. In a pipe lines stay as they are. */
function fitted(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  const lines = text.split('\n');
  return lines.flatMap((line) => wrapLine(line, columns)).join('\n');
}

/** What an option is called and what it is about; on a narrow terminal below each other, so that no word is cut. */
function formatItem(this: Help, ...given: Parameters<Help['formatItem']>): string {
  const [term, , description, helper] = given;
  const width = helper.helpWidth ?? 80;
  if (width >= 80) return Help.prototype.formatItem.apply(helper, given);
  return [`  ${term}`, ...wrapLine(`      ${description}`, width)].join('\n');
}

/** `drover registry diff`, for the hint where to find help. */
function commandLine(program: Command, args: readonly string[]): string {
  const words = [program.name()];
  let at = program;
  for (const arg of args) {
    const below = at.commands.find((command) => command.name() === arg);
    if (below === undefined) continue;
    words.push(arg);
    at = below;
  }
  return words.join(' ');
}
