/** The command line in this process: to start one takes longer than most commands. Signals, ends and terminals are tried in drover-process.ts. */
import { Readable, Writable } from 'node:stream';
import { runCli } from '../../src/cli/main.ts';
import { lastingRegistry } from '../support/routing.ts';
import type { Outcome, RunOptions } from './drover-process.ts';

/** Runs `drover` with words, and gives what it said. One at a time: the environment is the process's. */
export async function droverHere(
  words: readonly string[],
  options: Pick<RunOptions, 'env'> & {
    /** Told what is printed, as it is. */
    readonly heard?: (text: string) => void;
    /** Given what a Ctrl-C calls, when the command begins to listen. */
    readonly listens?: (press: () => void) => void;
    /** On a terminal of so many columns; otherwise on none. */
    readonly columns?: number;
    /** Told what is said on the error stream, as it is. */
    readonly told?: (text: string) => void;
  } = {},
): Promise<Outcome> {
  const env = { USER: 'tester', DROVER_REGISTRY: lastingRegistry, ...options.env };
  const shown = options.columns === undefined ? {} : { isTTY: true, columns: options.columns };
  const [stdout, stderr] = [collector(options.heard, shown), collector(options.told, shown)];
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    const status = await runCli({
      args: words,
      // Not the input of the tests, which may be a terminal.
      streams: { stdin: Readable.from([]), stdout: stdout.stream, stderr: stderr.stream },
      signals: {
        on: (signal, press) => (signal === 'SIGINT' ? options.listens?.(press) : undefined),
        off: () => undefined,
      },
      leave: () => undefined,
      version: 'test',
    });
    return { status, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

function collector(
  heard: ((text: string) => void) | undefined,
  terminal: { readonly isTTY?: boolean; readonly columns?: number },
): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk.toString());
      heard?.(chunk.toString());
      done();
    },
  });
  return { stream: Object.assign(stream, terminal), text: () => chunks.join('') };
}

/** The words of every command, from the help of those above it: none can be forgotten. */
export async function commandsBelow(words: readonly string[] = []): Promise<string[][]> {
  const { stdout } = await droverHere([...words, '--help']);
  const [, listed = ''] = stdout.split('\nCommands:\n');
  const names = [...listed.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1] ?? '');
  const below = await Promise.all(names.map((name) => commandsBelow([...words, name])));
  return below.flatMap((deeper, at) => [[...words, names[at] ?? ''], ...deeper]);
}
