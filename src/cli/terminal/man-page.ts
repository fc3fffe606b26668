/** The man page, from the same commands as the help. */
import { everyCommand, type KnownCommand } from './command-tree.ts';

/** In the language of man(7). */
export function manPage(tree: KnownCommand, version: string): string {
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
