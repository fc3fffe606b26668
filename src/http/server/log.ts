/**
 * Structured logs, one JSON object a line. No secret may reach them: headers, bodies and query strings are not logged at
 * all, and whatever looks like a credential is struck out of the finished line.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import { DroverError } from '../../errors.ts';

export interface LogOptions {
  readonly level: string;
  /** Standard output by default. */
  readonly destination?: DestinationStream;
}

export function createLog({ level, destination }: LogOptions): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    hooks: { streamWrite: strikeSecrets },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Each pattern begins where a word begins, so that a long line costs no more than its length. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/drover_([0-9a-f]{32})_[\w-]{8,}/g, 'drover_$1_[secret]'],
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[token]'],
  [/\b(Bearer|Basic)\s+[^\s"\\]+/gi, '$1 [secret]'],
  [/(?<![a-z0-9+])([a-z][a-z0-9+]*:\/\/[^\s:/@"]*):[^\s@"/]+@/gi, '$1:[secret]@'],
  [
    /(\\?"(?:password|passwd|secret|api_?key|token|authorization|cookie)\\?"\s*:\s*\\?")[^"\\]*/gi,
    '$1[secret]',
  ],
];

/** The line without anything that looks like a credential. */
export function strikeSecrets(line: string): string {
  return secrets.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);
}

/** An error for the log: what happened, where, and its cause. Of its data, only what is no value of a row. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack, cause } = error;
  return {
    ...(error instanceof DroverError ? { code: error.code, ...facts(error.data) } : {}),
    message,
    stack,
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  };
}

function facts(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = ['sqlState', 'schema', 'table', 'column', 'constraint', 'statement'];
  return Object.fromEntries(names.flatMap((name) => (data[name] === undefined ? [] : [[name, data[name]]])));
}
