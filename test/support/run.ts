/**
 * npm test [-- WORDS] [--postgres 18] [--soak] [--pure] [--embedded] [node --test options]
 *
 * Starts one PostgreSQL server, runs the test files whose path contains one of WORDS (all without words) and stops
 * the server. `--soak` runs the long forms in test/soak, `--pure` only what needs no database, `--embedded` on the embedded engine
 * the suites that `npm test` runs on a server alone.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { quoteIdent } from '../../src/postgres/sql/identifiers.ts';
import { runFolder, runPrefix } from './databases.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { isPure } from './pure.ts';
import { writeProcesses } from './shared-processes.ts';

interface Selection {
  readonly words: readonly string[];
  readonly soak: boolean;
  readonly pure: boolean;
  readonly embedded: boolean;
  readonly major: '15' | '18';
  readonly nodeOptions: readonly string[];
}

function readArguments(args: string[]): Selection {
  const nodeOptions = args.filter((arg) => arg.startsWith('--test-'));
  const { values, positionals } = parseArgs({
    args: args.filter((arg) => !arg.startsWith('--test-')),
    allowPositionals: true,
    options: {
      soak: { type: 'boolean', default: false },
      pure: { type: 'boolean', default: false },
      embedded: { type: 'boolean', default: false },
      postgres: { type: 'string', default: '15' },
    },
  });
  const major = values.postgres;
  if (major !== '15' && major !== '18') throw new Error('--postgres takes 15 or 18');
  const { soak, pure, embedded } = values;
  return { words: positionals, soak, pure, embedded, major, nodeOptions };
}

function selectFiles({ words, soak, pure, embedded }: Selection): string[] {
  return globSync('test/**/*.test.ts')
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.startsWith('test/soak/') === soak && (!pure || isPure(file)))
    .filter((file) => !embedded || readFileSync(file, 'utf8').match(/oneEngine\(|chosenEngine\(/))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
}

const gibibyte = 2 ** 30;

/**
 * Databases are thousands of small files that are made and soon removed; a file system on disk takes four times the system's
 * time for them that one in memory takes. Undefined where there is none, or too little memory.
 */
function folderInMemory(): string | undefined {
  const folder = '/dev/shm';
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > 6 * gibibyte && freemem() > 8 * gibibyte ? folder : undefined;
  } catch {
    return undefined;
  }
}

async function main(): Promise<number> {
  const selection = readArguments(process.argv.slice(2));
  const files = selectFiles(selection);
  if (files.length === 0) throw new Error('No test file matches.');
  const scratch = mkdtempSync(join(process.env.TMPDIR ?? folderInMemory() ?? tmpdir(), 'drover-run-'));
  // The server of a root's run belongs to another user, who must get through.
  chmodSync(scratch, 0o711);
  process.env.TMPDIR = scratch;
  const how = selection.pure
    ? ['--test-isolation=none', ...files]
    : ['--test-concurrency=2', ...writeProcesses(files, join(scratch, 'processes'))];
  // Tests make much that is soon garbage: with more room for what is young, three percent less processor time.
  const args = ['--max-semi-space-size=32', '--test', ...selection.nodeOptions, ...how];
  try {
    return await (selection.pure ? runNode(args, {}) : withDatabases(selection, args));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function withDatabases({ major, soak, embedded }: Selection, args: string[]): Promise<number> {
  const runId = randomBytes(4).toString('hex');
  const given = process.env.DROVER_TEST_DATABASE_URL;
  const server: PostgresServer | undefined = given ? undefined : await startPostgres({ major });
  const url = given ?? server?.url ?? '';
  mkdirSync(runFolder(runId), { recursive: true });
  try {
    const engine = embedded ? { DROVER_TEST_ENGINE: 'embedded' } : {};
    const environment = { DROVER_TEST_RUN: runId, DROVER_TEST_DATABASE_URL: url, ...engine };
    return await runNode(args, soak ? { ...environment, DROVER_SOAK: '1' } : environment);
  } finally {
    rmSync(runFolder(runId), { recursive: true, force: true });
    if (given) await dropLeftovers(given, runId);
    await server?.stop();
  }
}

/** A server that is not ours keeps nothing of this run. */
async function dropLeftovers(url: string, runId: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(
    'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
    [runPrefix(runId)],
  );
  for (const { datname } of rows) await client.query(`DROP DATABASE ${quoteIdent(datname)} WITH (FORCE)`);
  await client.end();
}

/** In ms. The whole takes about ten minutes: a process that nobody ends would hold the run until somebody looks, and nothing would be told. */
const longest = 40 * 60_000;

function runNode(args: string[], environment: Record<string, string>): Promise<number> {
  // Every file and every child would strip the types of the same sources again.
  const env = { NODE_COMPILE_CACHE: resolve('node_modules/.cache/compile'), ...process.env, ...environment };
  const child = spawn(process.execPath, args, { stdio: 'inherit', env });
  // Ctrl-C reaches the child as well; this process waits for it and then clears up.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  if (environment.DROVER_SOAK === undefined)
    setTimeout(() => {
      process.stderr.write(`The tests did not end in ${longest / 60_000} minutes, and are stopped.\n`);
      pass('SIGTERM');
    }, longest).unref();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

process.exitCode = await main();
