/**
 * Many clients of two tenants at once, over real connections to a server with few connections to its database. Some
 * clients go away in the middle of a request; statements are cancelled and connections to the database are ended.
 * Every row shows its tenant: a row of the demo by its id, a row of a client by its name.
 */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { App } from '../../src/http/contract.ts';
import { buildApp } from '../../src/http/server/app.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { createApiKey } from '../../src/platform/access/keys.ts';
import { openPlatform, type Platform } from '../../src/platform/open.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import type { Engine } from '../support/databases.ts';
import { type PlatformDatabase, platformDatabase } from '../support/platform.ts';

const poolSize = 5;
const applicationName = 'drover under load';

export interface LoadGround {
  readonly engine: Engine;
  readonly base: PlatformDatabase;
  /** What the application works on. */
  readonly database: Database;
  readonly platform: Platform;
  readonly app: App;
  readonly url: string;
  readonly keys: readonly string[];
  close(): Promise<void>;
}

/** The demo behind an application that listens on loopback. */
export async function loadGround(engine: Engine): Promise<LoadGround> {
  const base = await platformDatabase(engine, 'demo');
  const database =
    'url' in base.target ? await openDatabase({ ...base.target, poolSize, applicationName }) : base.db;
  const platform = await openPlatform(database, { install: false });
  const settings = { requestsPerMinute: 1e9, wrongCredentialsPerMinute: 1e9 };
  const app = await buildApp({ platform, version: 'test', settings });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const keys = await Promise.all(
    [1, 2].map(async (tenant) => {
      const person = { tenantId: demoId(tenant, 'tenants', 0), userId: demoId(tenant, 'users', 0) };
      return (await createApiKey(platform, { ...person, name: markOf(tenant), scopes: ['*'] })).text;
    }),
  );
  const { port } = app.server.address() as AddressInfo;
  return {
    engine,
    base,
    database,
    platform,
    app,
    url: `http://127.0.0.1:${port}`,
    keys,
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
      await database.close();
      await base.drop();
    },
  };
}

function markOf(tenant: number): string {
  return `mark of ${tenant === 1 ? 'one' : 'two'}`;
}

/** Texts that no answer to the tenant may hold. */
const foreign: Readonly<Record<number, RegExp>> = {
  1: /0000000[234]-def0|birch-partners|Birch|mark of two/i,
  2: /0000000[134]-def0|alder-clinic|Alder|mark of one/i,
};

export interface LoadOptions {
  readonly seed: number;
  readonly clients: number;
  readonly requestsEach: number;
}

/** Runs the clients to their end, and says how often each status was answered. */
export async function runClients(ground: LoadGround, options: LoadOptions): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  const done = new AbortController();
  const trouble = makeTrouble(ground, options.seed, done.signal);
  try {
    await Promise.all(
      Array.from({ length: options.clients }, (_, n) => runClient(ground, { ...options, n, seen })),
    );
  } finally {
    done.abort();
    await trouble;
  }
  return seen;
}

interface Client extends LoadOptions {
  readonly n: number;
  readonly seen: Map<string, number>;
}

async function runClient(ground: LoadGround, { n, seed, requestsEach, seen }: Client): Promise<void> {
  const random = randomFrom(seed + n);
  const tenant = 1 + (n % 2);
  for (let i = 0; i < requestsEach; i += 1) {
    const [method, path, body] = pick(requestsOf(tenant, random), random);
    const signal = random() < 0.15 ? AbortSignal.timeout(Math.floor(random() * 30)) : null;
    const said = await ask(ground, { method, path, body, key: ground.keys[tenant - 1] ?? '', signal });
    seen.set(said.status, (seen.get(said.status) ?? 0) + 1);
    const what = `seed ${seed}: ${method} ${path} → ${said.status} ${said.text.slice(0, 2000)}`;
    assert.doesNotMatch(said.text, foreign[tenant] ?? /./, what);
    assert.ok(said.status === 'aborted' || Number(said.status) < 500 || said.status === '503', what);
  }
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly key: string;
  readonly signal: AbortSignal | null;
}

async function ask(
  { url }: LoadGround,
  { method, path, body, key, signal }: Sent,
): Promise<{ status: string; text: string }> {
  try {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      signal,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: String(answer.status), text: await answer.text() };
  } catch (error) {
    if (signal?.aborted === true) return { status: 'aborted', text: '' };
    throw error;
  }
}

type Asked = readonly [method: string, path: string, body?: unknown];

/** Requests that read and write, valid and invalid, of the own tenant and of the other one. */
function requestsOf(tenant: number, random: () => number): readonly Asked[] {
  const other = 3 - tenant;
  const own = demoId(tenant, 'assistants', Math.floor(random() * 6));
  const source = completionId(tenant, 'claude-3-7-sonnet');
  const target = completionId(tenant, 'claude-sonnet-4-6');
  const name = `${markOf(tenant)} ${random()}`;
  const space_id = demoId(tenant, 'spaces', 0);
  const foreignIds = {
    space_id: demoId(other, 'spaces', 0),
    completion_model_id: completionId(other, 'claude-sonnet-4-6'),
  };
  return [
    ['GET', '/completion-models'],
    ['GET', '/completion-models?usage=false&limit=3'],
    ['GET', '/assistants'],
    ['GET', '/spaces'],
    ['GET', '/users'],
    ['GET', '/migrations'],
    ['GET', '/tenant'],
    ['GET', '/audit-log?limit=5'],
    ['GET', `/completion-models/${source}/usage`],
    ['GET', `/assistants/${own}`],
    ['POST', '/assistants', { name, space_id }],
    ['POST', '/assistants', { name, space_id }],
    ['POST', '/spaces', { name }],
    ['PATCH', `/assistants/${own}`, { description: name }],
    ['PATCH', `/assistants/${own}`, { description: name }],
    ['POST', '/assistants', { name, ...foreignIds }],
    ['POST', '/assistants', { name: 7 }],
    ['GET', `/assistants/${demoId(other, 'assistants', 0)}`],
    ['PATCH', `/assistants/${demoId(other, 'assistants', 0)}`, { description: name }],
    ['DELETE', `/spaces/${demoId(other, 'spaces', 0)}`],
    ['POST', `/completion-models/${source}/migrate`, { to_model_id: target, dry_run: true }],
    [
      'POST',
      `/completion-models/${source}/migrate`,
      { to_model_id: target, confirm_migration: true, reason: name },
    ],
    [
      'POST',
      `/completion-models/${source}/migrate`,
      { to_model_id: completionId(other, 'claude-sonnet-4-6') },
    ],
  ];
}

/** Cancels statements and ends connections of the application at random, until it is told to stop. */
async function makeTrouble({ base }: LoadGround, seed: number, stop: AbortSignal): Promise<void> {
  if (!('url' in base.target)) return;
  const random = randomFrom(seed);
  const client = new pg.Client({ connectionString: base.target.url });
  await client.connect();
  while (!stop.aborted) {
    // An idle connection is ended, too: the pool notices it late.
    const [how, states] =
      random() < 0.3 ? ['pg_terminate_backend', `'idle', 'active'`] : ['pg_cancel_backend', `'active'`];
    await client.query(
      `SELECT ${how}(pid) FROM pg_stat_activity WHERE application_name = $1 AND state IN (${states}, 'idle in transaction') ORDER BY random() LIMIT 1`,
      [applicationName],
    );
    await wait(10 + random() * 40, undefined, { signal: stop }).catch(() => undefined);
  }
  await client.end();
}

/** Fails unless every connection of the pool is as it was when it was opened. */
export async function poolIsClean({ engine, database, base }: LoadGround): Promise<void> {
  const count = engine === 'server' ? poolSize : 1;
  // Each waits for all the others, so that each holds a connection of its own.
  let begun = 0;
  let allBegun = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    allBegun = resolve;
  });
  const looks = Array.from({ length: count }, () =>
    database.transaction({}, async (tx) => {
      begun += 1;
      if (begun === count) allBegun();
      await all;
      return tx.one<Record<string, unknown>>(
        `SELECT current_user = session_user AS "ownUser", current_setting('role') AS role, coalesce(current_setting('app.tenant_id', true), '') AS tenant,
           coalesce(current_setting('app.tenant_ids', true), '') AS tenants, (SELECT count(*)::int FROM pg_cursors WHERE name <> '') AS cursors`,
      );
    }),
  );
  const clean = { ownUser: true, role: 'none', tenant: '', tenants: '', cursors: 0 };
  assert.deepEqual(
    await Promise.all(looks),
    looks.map(() => clean),
  );
  if (engine === 'embedded') return;
  assert.deepEqual(database.connections?.().waiting, 0);
  const { left } = await base.asSuperuser((tx) =>
    tx.one<{ left: number }>(
      `SELECT count(*)::int AS left FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'`,
      [applicationName],
    ),
  );
  assert.equal(left, 0, 'a transaction was left open');
}

/** Fails where a row that a client made, or a record of what it did, is another tenant's. */
export async function rowsAreTheirOwners({ base }: LoadGround): Promise<number> {
  return base.asSuperuser(async (tx) => {
    const marked = `SELECT tenant_id, name AS mark FROM migration.assistants UNION ALL SELECT tenant_id, description FROM migration.assistants
      UNION ALL SELECT tenant_id, name FROM migration.spaces UNION ALL SELECT tenant_id, actor FROM migration.audit_log
      UNION ALL SELECT tenant_id, actor FROM migration.migrations UNION ALL SELECT tenant_id, reason FROM migration.migrations`;
    const rows = await tx.many<{ tenant: string; mark: string }>(
      `SELECT tenant_id::text AS tenant, mark FROM (${marked}) m WHERE mark LIKE '%mark of %'`,
    );
    for (const { tenant, mark } of rows)
      assert.equal(mark.includes(markOf(1)), tenant === demoId(1, 'tenants', 0), `${mark} is in ${tenant}`);
    return rows.length;
  });
}

function pick<T>(all: readonly T[], random: () => number): T {
  return all[Math.floor(random() * all.length)] as T;
}

/** The same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = (seed ^ 0x9e37_79b9) >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
