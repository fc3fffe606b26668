/** The real command line in a process of its own, and databases for it that nobody else has open. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPlatform } from '../../src/platform/install.ts';
import { seedDemo } from '../../src/platform/demo/seed.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { readExamples } from '../attached/cases.ts';
import { embeddedTemplate, serverTemplate } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';
import { lastingRegistry } from '../support/routing.ts';

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Default: an empty folder, so that no configuration is found by chance. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called when the process runs, with a way to press Ctrl-C. */
  readonly onStart?: (interrupt: () => void) => void;
  /** Called with all of the error stream so far. */
  readonly onStderr?: (text: string) => void;
}

/** The file that a person starts. */
export const program = join(import.meta.dirname, '../../bin/drover.mjs');
const emptyFolder = mkdtempSync(join(tmpdir(), 'drover-cli-'));
process.on('exit', () => rmSync(emptyFolder, { recursive: true, force: true }));

/** A name in the folder of this test process. */
export function scratch(name: string): string {
  return join(emptyFolder, name);
}

/** Runs `drover` with words, without a terminal, and gives what it said. */
export function drover(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  const temporary = TMPDIR === '' ? {} : { TMPDIR };
  const env = { PATH, HOME, ...temporary, USER: 'tester', DROVER_REGISTRY: lastingRegistry, ...options.env };
  const child = spawn(process.execPath, [program, ...words], {
    cwd: options.cwd ?? emptyFolder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    options.onStderr?.(stderr);
  });
  options.onStart?.(() => child.kill('SIGINT'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
}

export interface Place {
  readonly target: DatabaseTarget;
  /** The options that lead there. */
  readonly where: readonly string[];
  /** Opens the database between two commands; as the login, which is superuser. */
  readonly look: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  readonly drop: () => Promise<void>;
}

/** Drover's own schema with the demo in it. */
export async function demoPlace(engine: Engine): Promise<Place> {
  const build = async (db: Database): Promise<void> => {
    await installPlatform(db);
    await seedDemo(db);
  };
  const { target, drop } = await built(engine, 'platform-demo', build);
  return place(target, 'url' in target ? ['--database', target.url] : ['--data', target.dataDir], drop);
}

/** A database that Drover did not create: one of examples/attached. */
export async function examplePlace(
  engine: Engine,
  name: string,
): Promise<Place & { readonly config: string }> {
  const example = readExamples().find((each) => each.name === name);
  if (example === undefined) throw new Error(`no example ${name}`);
  const { target, drop } = await built(engine, `example ${name}`, (db) =>
    db.transaction({}, (tx) => tx.script(`${example.schema}\n${example.data}`)),
  );
  const address = 'url' in target ? target.url : `pglite:${target.dataDir}`;
  return {
    ...place(target, ['--database', address, '--config', example.config], drop),
    config: example.config,
  };
}

async function built(
  engine: Engine,
  key: string,
  build: (db: Database) => Promise<void>,
): Promise<{ target: DatabaseTarget; drop: () => Promise<void> }> {
  const fill = async (target: DatabaseTarget): Promise<void> => {
    const db = await openDatabase(target);
    try {
      await build(db);
    } finally {
      await db.close();
    }
  };
  if (engine === 'server') {
    const { url, drop } = await serverTemplate(key, (to) => fill({ url: to }));
    return { target: { url }, drop };
  }
  const { dataDir, drop } = await embeddedTemplate(key, (to) => fill({ dataDir: to }));
  return { target: { dataDir }, drop };
}

function place(target: DatabaseTarget, where: readonly string[], drop: () => Promise<void>): Place {
  return {
    target,
    where,
    drop,
    async look(work) {
      const db = await openDatabase(target);
      try {
        return await db.transaction({}, work);
      } finally {
        await db.close();
      }
    },
  };
}
