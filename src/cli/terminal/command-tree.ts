/** The commands of a program as data: for completion and the man page, so that nothing is listed twice. */
import type { Command, Option } from 'commander';

interface KnownOption {
  /** `--from`, `-h`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** What it takes, as the help shows it: `<model>`. Undefined where it takes nothing. */
  readonly value: string | undefined;
  /** What can be given, where that is known. */
  readonly choices: readonly string[];
}

export interface KnownCommand {
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

/** The whole tree. */
export function commandTree(command: Command, path: readonly string[] = []): KnownCommand {
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
export function everyCommand(tree: KnownCommand): KnownCommand[] {
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
