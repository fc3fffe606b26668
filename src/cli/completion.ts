import { Argument, type Command } from 'commander';
import { quoted } from '../engine/plan/shell-text.ts';
import { exitStatus } from './session.ts';
import type { Session, Verb } from './session.ts';
import type { Option } from 'commander';

/** `drover completion`: what a shell needs to complete commands, options and their values. */
export const completion: Verb = {
  name: 'completion',
  summary: 'print the completion of commands and options for a shell',
  define: (command) =>
    command.addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish'])),
  run: (session, command) => print(session, command, scripts[command.args[0] as keyof typeof scripts]),
};

/** `drover man`: the man page, for `drover man > drover.1`. */
export const man: Verb = {
  name: 'man',
  summary: 'print the man page',
  define: (command) => command,
  run: (session, command) => print(session, command, (tree) => manPage(tree, session.version)),
};

function print(
  { terminal }: Session,
  { parent }: Command,
  write: (tree: KnownCommand) => string,
): Promise<number> {
  if (parent !== null) terminal.out(write(commandTree(parent)).trimEnd());
  return Promise.resolve(exitStatus.done);
}

const scripts = { bash, zsh, fish };

/** Of the words so far those that are commands, joined: `' registry diff'`. */
const pathOf = ({ path }: KnownCommand): string => path.map((name) => ` ${name}`).join('');
const flagsOf = ({ options }: KnownCommand): string[] => options.flatMap(({ flags }) => flags);

/** What can follow a command: those below it, what its first argument can be, and its options. */
function wordsAfter(command: KnownCommand): string[] {
  const choices = command.arguments[0]?.choices ?? [];
  return [...command.below.map(({ path }) => path.at(-1) ?? ''), ...choices, ...flagsOf(command)];
}

/** The options with known values, each with the command that it belongs to. */
function valued(tree: KnownCommand): { path: string; flag: string; choices: readonly string[] }[] {
  return everyCommand(tree).flatMap((command) =>
    command.options
      .filter(({ choices }) => choices.length > 0)
      .flatMap(({ flags, choices }) => flags.map((flag) => ({ path: pathOf(command), flag, choices }))),
  );
}

/** Options that take what nobody knows; a file is a good guess. */
function opened(tree: KnownCommand): string[] {
  return everyCommand(tree).flatMap((command) =>
    command.options
      .filter(({ value, choices }) => value !== undefined && choices.length === 0)
      .flatMap(({ flags }) => flags.map((flag) => `${pathOf(command)} ${flag}`)),
  );
}

function bash(tree: KnownCommand): string {
  const all = everyCommand(tree);
  const paths = all.flatMap((command) => (command.path.length === 0 ? [] : [quoted(pathOf(command))]));
  return `# Completion of drover for bash: source <(drover completion bash)
_drover() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${paths.join('|')}) at="$at $word" ;;
    esac
  done
  case "$at \${COMP_WORDS[COMP_CWORD-1]}" in
${valued(tree)
  .map(({ path, flag, choices }) => `    ${quoted(`${path} ${flag}`)}) words=${quoted(choices.join(' '))} ;;`)
  .join('\n')}
    ${opened(tree).map(quoted).join('|')}) return ;;
    *) case "$at" in
${all.map((command) => `      ${quoted(pathOf(command))}) words=${quoted(wordsAfter(command).join(' '))} ;;`).join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _drover drover`;
}

/** \`name:what it is\`, as _describe takes it. */
function described(command: KnownCommand): string[] {
  const entry = (name: string, text: string): string =>
    quoted(`${name.replaceAll(':', String.raw`\:`)}:${text}`);
  return [
    ...command.below.map(({ path, summary }) => entry(path.at(-1) ?? '', summary)),
    ...(command.arguments[0]?.choices ?? []).map((choice) => entry(choice, '')),
    ...command.options.flatMap(({ flags, description }) => flags.map((flag) => entry(flag, description))),
  ];
}

function zsh(tree: KnownCommand): string {
  const all = everyCommand(tree);
  const paths = all.flatMap((command) => (command.path.length === 0 ? [] : [quoted(pathOf(command))]));
  return `#compdef drover
# Completion of drover for zsh: source <(drover completion zsh)
_drover() {
  local at='' word
  local -a known
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
      (${paths.join('|')}) at="$at $word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${valued(tree)
  .map(({ path, flag, choices }) => `    (${quoted(`${path} ${flag}`)}) known=(${choices.join(' ')}) ;;`)
  .join('\n')}
    (${opened(tree).map(quoted).join('|')}) _files; return ;;
    (*) case "$at" in
${all.map((command) => `      (${quoted(pathOf(command))}) known=(${described(command).join(' ')}) ;;`).join('\n')}
    esac ;;
  esac
  _describe -o drover known || _files
}
if [ "$funcstack[1]" = _drover ]; then _drover "$@"; else compdef _drover drover; fi`;
}

/** When a command is the one that is written: its own words were seen, and none of those below it. */
function seen({ path, below }: KnownCommand): string {
  const names = below.map((each) => each.path.at(-1) ?? '').join(' ');
  const tests = [
    ...(path.length === 0
      ? ['__fish_use_subcommand']
      : path.map((name) => `__fish_seen_subcommand_from ${name}`)),
    ...(path.length === 0 || names === '' ? [] : [`not __fish_seen_subcommand_from ${names}`]),
  ];
  return quoted(tests.join('; and '));
}

function fish(tree: KnownCommand): string {
  const lines = everyCommand(tree).flatMap((command) => {
    const begin = `complete -c drover -n ${seen(command)}`;
    return [
      ...command.below.map(
        ({ path, summary }) => `${begin} -f -a ${path.at(-1) ?? ''} -d ${quoted(summary)}`,
      ),
      ...(command.arguments[0]?.choices ?? []).map((choice) => `${begin} -f -a ${choice}`),
      ...command.options.map(({ flags, description, value, choices }) => {
        const names = flags.map((flag) =>
          flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
        );
        const takes =
          value === undefined ? '' : choices.length === 0 ? ' -r' : ` -x -a ${quoted(choices.join(' '))}`;
        return `${begin} ${names.join(' ')}${takes} -d ${quoted(description)}`;
      }),
    ];
  });
  return ['# Completion of drover for fish: drover completion fish | source', ...lines].join('\n');
}

/** From the same commands as the help, in the language of man(7). */
function manPage(tree: KnownCommand, version: string): string {
  return [
    `.TH DROVER 1 "" "drover ${version}"`,
    '.SH NAME',
    `drover \\- ${roff(tree.summary)}`,
    '.SH SYNOPSIS',
    '.B drover',
    '.I COMMAND',
    '[options]',
    '.SH OPTIONS',
    ...optionsOf(tree),
    '.SH COMMANDS',
    ...everyCommand(tree)
      .slice(1)
      .filter(({ below, options }) => below.length === 0 || options.some(isItsOwn))
      .flatMap(describe),
    '.SH EXIT STATUS',
    ...definitions([
      ['0', 'done; of a plan: nothing to change'],
      ['1', 'it could not be done'],
      ['2', 'there are changes, or it was refused'],
      ['4', 'nobody knows whether it was done: the connection was lost at a COMMIT'],
      ['130', 'stopped by Ctrl-C'],
    ]),
  ].join('\n');
}

/** Every group has help; one that also does something has more. */
function isItsOwn({ flags }: KnownCommand['options'][number]): boolean {
  return !flags.includes('--help');
}

function describe(command: KnownCommand): string[] {
  const { path, usage, summary, arguments: named } = command;
  return [
    `.SS drover ${roff([...path, ...(usage === '' ? [] : [usage])].join(' '))}`,
    roff(summary),
    ...definitions(named.map(({ name, description }) => [name, description])),
    ...optionsOf(command),
  ];
}

function optionsOf({ options }: KnownCommand): string[] {
  return definitions(
    options.map(({ flags, value, description, choices }) => [
      [flags.join(', '), ...(value === undefined ? [] : [value])].join(' '),
      choices.length === 0 ? description : `${description} (${choices.join(', ')})`,
    ]),
  );
}

function definitions(pairs: readonly (readonly [term: string, text: string])[]): string[] {
  return pairs.flatMap(([term, text]) => ['.TP', `.B ${roff(term)}`, roff(text)]);
}

/** A line begins with no command of roff, and a hyphen stays one that can be copied. */
function roff(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

interface KnownOption {
  /** `--from`, `-h`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** What it takes, as the help shows it: `<model>`. Undefined where it takes nothing. */
  readonly value: string | undefined;
  /** What can be given, where that is known. */
  readonly choices: readonly string[];
}

interface KnownCommand {
  /** Below the program: `['registry', 'diff']`. */
  readonly path: readonly string[];
  readonly summary: string;
  /** `<action> [key]` */
  readonly usage: string;
  readonly arguments: readonly {
    readonly name: string;
    readonly description: string;
    readonly choices: readonly string[];
  }[];
  readonly options: readonly KnownOption[];
  readonly below: readonly KnownCommand[];
}

/** The commands of a program as data: for completion and the man page, so that nothing is listed twice. */
function commandTree(command: Command, path: readonly string[] = []): KnownCommand {
  const help = command.createHelp();
  return {
    path,
    summary: command.description(),
    usage: command.registeredArguments
      .map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`))
      .join(' '),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      choices: argument.argChoices ?? [],
    })),
    options: help.visibleOptions(command).map(known),
    below: command.commands.map((each) => commandTree(each, [...path, each.name()])),
  };
}

/** A command and all below it, each before those below it. */
function everyCommand(tree: KnownCommand): KnownCommand[] {
  return [tree, ...tree.below.flatMap(everyCommand)];
}

function known({ short, long, flags, description, argChoices }: Option): KnownOption {
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    description,
    value: /[<[].*[\]>]/.exec(flags)?.[0],
    choices: argChoices ?? [],
  };
}
