/** `drover serve` as a real process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';
import { waitUntil, within } from '../support/guarantee.ts';
import { program } from '../cli/drover-process.ts';

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The exit status; fails at a deadline. */
  ended(): Promise<number | null>;
}

/** A test that fails halfway leaves its server running, and the file would wait for it for ever. */
const started = new Set<ChildProcess>();
after(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** Starts a server on a free port of loopback, and waits for the last line that it prints when it listens. */
export async function startServe(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [program, 'serve', '--port', '0', ...words], {
    env: { PATH, HOME, USER: 'tester', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = once(child, 'exit') as Promise<[number | null]>;
  await waitUntil(
    () => {
      if (child.exitCode !== null) throw new Error(`the server ended: ${stderr}`);
      // This is the last line; each key is printed before it.
      return /^(Try: curl|A key: ).*\n/m.test(stderr);
    },
    'the server listens',
    60_000,
  );
  return {
    url: /serves (http:\/\/[\d.:]+)/.exec(stderr)?.[1] ?? '',
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended: async () => (await within(exit, 'the server ends', 30_000))[0],
  };
}
