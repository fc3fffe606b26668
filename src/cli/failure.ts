/** How an error is shown to a person: what, where and the way out in one message. A refusal shows no stack trace. */
import type { CommanderError } from 'commander';
import { printable } from '../engine/plan/row-text.ts';
import { DroverError, errorCodes, mayPass } from '../errors.ts';
import { fileError } from './terminal/files.ts';
import type { Terminal } from './terminal/terminal.ts';

interface FailureOptions {
  readonly json: boolean;
  /** Print the stack of an unexpected error. */
  readonly debug: boolean;
  readonly version: string;
}

/** Reports an error on the error stream and returns the exit status. */
export function reportFailure(terminal: Terminal, error: unknown, options: FailureOptions): number {
  const failure = asDroverError(error);
  if (options.json) sayJson(terminal, { error: describe(failure) });
  else showFailure(terminal, failure, options);
  if (options.debug) terminal.err(stackOf(error));
  return failure.code === 'INTERRUPTED' ? 130 : errorCodes[failure.code].exit;
}

/** One line, however long, also where somebody watches. */
function sayJson({ doing, streams }: Terminal, value: unknown): void {
  doing();
  streams.stderr.write(`${JSON.stringify(value)}\n`);
}

/** What a usage error of the option parser means in Drover's own words. */
export function usageError(error: CommanderError, command: string): DroverError {
  const message = withoutSecrets(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
  const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
  const ended = /[.?!)]$/.test(text) ? text : `${text}.`;
  return new DroverError(
    'USAGE_INVALID',
    `${ended} \`${command} --help\` shows what there is.`,
    {},
    { cause: error },
  );
}

/** A word in the wrong place may be a URL or the settings of a connection, and nobody knows where in it a password begins. */
function withoutSecrets(message: string): string {
  return message
    .replaceAll(/[\w+.-]+:\/\/[^']*(?='|$)/g, 'a URL, which is not shown')
    .replaceAll(/\b(password|passwd|pwd|secret|token)\s*=[^']*(?='|$)/gi, '$1=…');
}

function asDroverError(error: unknown): DroverError {
  if (error instanceof DroverError) return error;
  const ofFile = fileError(error);
  if (ofFile !== undefined) return ofFile;
  return new DroverError('INTERNAL', 'Something happened that Drover did not expect.', {}, { cause: error });
}

/** What a script needs of an error; a plan is left out, because it was printed or can be made again. */
function describe({ code, message, data }: DroverError): Record<string, unknown> {
  const { plan: _, ...facts } = data;
  return { code, message, data: facts };
}

function showFailure(
  { err, errStyle }: Terminal,
  failure: DroverError,
  { debug, version }: FailureOptions,
): void {
  const [first = '', ...others] = failure.message.split('\n').map(printable);
  for (const line of [`${errStyle.error(failure.code)}: ${first}`, ...others]) err(line);
  if (failure.code !== 'INTERNAL') return;
  if (failure.cause instanceof Error) err(`  ${printable(failure.cause.message.split('\n')[0] ?? '')}`);
  err(`This is a mistake in Drover ${version}, and what was under way was rolled back.`);
  err('Please report it in the issue tracker of the project, with the command and these lines.');
  if (!debug) err('`drover --debug …` prints where it happened.');
}

/** What happened, of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What keeps a worker from its work, for whoever watches it. */
export function problemText(error: unknown): string {
  return mayPass(error)
    ? `The database cannot be used; waiting: ${messageOf(error)}`
    : `This does not pass by itself: ${messageOf(error)}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
