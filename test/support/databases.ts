/**
 * Databases for tests. Every test file works in databases of its own, cloned from a template that the test run
 * builds once, however many files ask for it at the same time.
 *
 * `npm test` gives all files one server and one name for the run and removes what they leave. A file that is run
 * by itself (`node --test test/postgres/connect.test.ts`) starts its own server.
 */
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { DroverError } from '../../src/errors.ts';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import { openEmbedded } from '../../src/postgres/driver/embedded.ts';
import { lockFolder } from '../../src/postgres/driver/embedded.ts';
import { quoteIdent } from '../../src/postgres/sql/identifiers.ts';
import { startPostgres } from './postgres-server.ts';

export type Engine = 'embedded' | 'server';

export interface FreshServer {
  readonly url: string;
  /** The same server's maintenance database, as superuser. */
  readonly adminUrl: string;
  readonly drop: () => Promise<void>;
}

export interface FreshEmbedded {
  readonly dataDir: string;
  readonly drop: () => Promise<void>;
}

const run = process.env.DROVER_TEST_RUN ?? randomBytes(4).toString('hex');
const folder = runFolder(run);
if (!process.env.DROVER_TEST_RUN) process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Where the folder databases of a test run are. */
export function runFolder(runId: string): string {
  return join(tmpdir(), `drover-test-${runId}`);
}

/** What the names of a test run's databases begin with. */
export function runPrefix(runId: string): string {
  return `drover_test_${runId}_`;
}

/** Declares the same tests for both engines. */
export function eachEngine(declare: (engine: Engine) => void): void {
  for (const engine of ['embedded', 'server'] as const) describe(engine, () => declare(engine));
}

/**
 * Declares a suite whose subject lies above the database: on a server in `npm test`, on the embedded engine in `npm run test:embedded`.
 * What the two engines do differently is the subject of the other suites, which run on both.
 */
export function oneEngine(declare: (engine: Engine) => void): void {
  const engine = chosenEngine();
  describe(engine, () => declare(engine));
}

/** The engine of `oneEngine`, for a suite that runs on both and asks one of them more. */
export function chosenEngine(): Engine {
  return process.env.DROVER_TEST_ENGINE === 'embedded' ? 'embedded' : 'server';
}

/** An empty database of either engine, as openDatabase takes it. */
export async function freshDatabase(
  engine: Engine,
): Promise<{ target: DatabaseTarget; drop: () => Promise<void> }> {
  if (engine === 'embedded') {
    const { dataDir, drop } = await freshEmbedded();
    return { target: { dataDir }, drop };
  }
  const { url, drop } = await freshServerDatabase();
  return { target: { url }, drop };
}

/** An empty database on the test server. */
export async function freshServerDatabase(name = 'fresh'): Promise<FreshServer> {
  return createDatabase(name, 'template0');
}

/** An initialised folder without anything in it. */
export async function freshEmbedded(): Promise<FreshEmbedded> {
  return embeddedTemplate('empty', async () => undefined);
}

/** A clone of the database that `build` fills, which happens once in a test run for each key. */
export async function serverTemplate(
  key: string,
  build: (url: string) => Promise<void>,
): Promise<FreshServer> {
  const template = `${runPrefix(run)}template_${hash(key)}`;
  await asAdmin(async (admin) => {
    await admin.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [template]);
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [template]);
    if (rowCount === 0) await buildServerTemplate(admin, template, build);
  });
  return createDatabase(key, template);
}

/** It gets its name when it is whole, so that a build that failed is not taken for a template. */
async function buildServerTemplate(
  admin: pg.Client,
  template: string,
  build: (url: string) => Promise<void>,
): Promise<void> {
  const building = quoteIdent(`${template}_building`);
  await admin.query(`DROP DATABASE IF EXISTS ${building} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${building} TEMPLATE template0`);
  await build(urlOf(await adminUrl(), `${template}_building`));
  await admin.query(`ALTER DATABASE ${building} RENAME TO ${quoteIdent(template)}`);
}

/** A clone of the folder that `build` fills, which happens once in a test run for each key. */
export async function embeddedTemplate(
  key: string,
  build: (dataDir: string) => Promise<void>,
): Promise<FreshEmbedded> {
  const template = join(folder, `template-${hash(key)}`);
  const unlock = await waitForLock(`${template}-lock`);
  try {
    if (!existsSync(template)) await buildEmbeddedTemplate(template, build);
  } finally {
    unlock();
  }
  const dataDir = join(folder, `data-${randomBytes(6).toString('hex')}`);
  cpSync(template, dataDir, { recursive: true });
  return { dataDir, drop: async () => rmSync(dataDir, { recursive: true, force: true }) };
}

async function buildEmbeddedTemplate(
  template: string,
  build: (dataDir: string) => Promise<void>,
): Promise<void> {
  const building = `${template}-building`;
  rmSync(building, { recursive: true, force: true });
  await (await openEmbedded({ dataDir: building })).close();
  await build(building);
  renameSync(building, template);
}

async function waitForLock(lock: string): Promise<() => void> {
  mkdirSync(lock, { recursive: true });
  const deadline = Date.now() + 120_000;
  for (;;) {
    try {
      return lockFolder(lock);
    } catch (error) {
      const taken = error instanceof DroverError && error.code === 'EMBEDDED_IN_USE';
      if (!taken || Date.now() > deadline) throw error;
      await delay(25);
    }
  }
}

async function createDatabase(label: string, template: string): Promise<FreshServer> {
  const readable = label.replace(/\W+/g, '_').toLowerCase().slice(0, 20);
  const name = `${runPrefix(run)}${readable}_${randomBytes(5).toString('hex')}`;
  const admin = await adminUrl();
  // From 15 on the default writes each page to the log; copying the files takes a fifth of the time.
  await asAdmin((client) =>
    client.query(`CREATE DATABASE ${quoteIdent(name)} TEMPLATE ${quoteIdent(template)} STRATEGY file_copy`),
  );
  return { url: urlOf(admin, name), adminUrl: admin, drop: () => dropDatabase(name) };
}

async function dropDatabase(name: string): Promise<void> {
  await asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`));
}

let own: Promise<string> | undefined;

/** The server of this test run; one of its own for a test file that is run by itself. */
async function adminUrl(): Promise<string> {
  const given = process.env.DROVER_TEST_DATABASE_URL;
  if (given) return given;
  own ??= startPostgres().then(({ url }) => url);
  return own;
}

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: await adminUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(admin: string, database: string): string {
  const url = new URL(admin);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

function hash(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 10);
}
