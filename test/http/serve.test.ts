/** A server as a process: it starts from nothing, stops without losing what it answered, and logs no secret. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { createApiKey } from '../../src/platform/access/keys.ts';
import { openPlatform } from '../../src/platform/open.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { droverHere } from '../cli/drover-here.ts';
import { drover, scratch } from '../cli/drover-process.ts';
import { freshServerDatabase } from '../support/databases.ts';
import { waitUntil } from '../support/guarantee.ts';
import { type PlatformDatabase, platformDatabase } from '../support/platform.ts';
import { type ServerProcess, startServe } from './server-process.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true });
after(() => agent.destroy());

function call(
  url: string,
  key: string,
  body?: unknown,
  method = body === undefined ? 'GET' : 'POST',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const sent = request(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe('on an empty folder', () => {
  const dataDir = scratch('serve-new');
  let server: ServerProcess;
  let keys: Record<string, string>;
  before(async () => {
    server = await startServe(['--data', dataDir]);
    const found = [...server.stderr().matchAll(/^ {2}(\w+) +\S+ +(drover_\S+)$/gm)];
    keys = Object.fromEntries(found.map(([, role = '', key = '']) => [role, key]));
  });
  after(() => {
    server.child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('has the demo, and a key for each role that works, shown this once', async () => {
    assert.deepEqual(Object.keys(keys).toSorted(), ['admin', 'member', 'sysadmin', 'viewer']);
    for (const [role, key] of Object.entries(keys)) {
      const { status, text } = await call(`${server.url}/api/v1/me`, key);
      assert.equal(status, 200, text);
      assert.equal((JSON.parse(text) as { role: string }).role, role);
    }
  });

  it('listens on loopback, and refuses a folder that is open', async () => {
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const second = await drover(['serve', '--port', '0', '--data', dataDir]);
    assert.equal(second.status, 1);
    assert.match(second.stderr, /^EMBEDDED_IN_USE/);
  });

  it('names an address that it cannot listen on, and makes no database then: nobody would see its keys', async () => {
    const { port } = new URL(server.url);
    const folder = scratch('serve-port');
    const { status, stderr } = await drover(['serve', '--port', port, '--data', folder]);
    assert.equal(status, 1);
    assert.equal(existsSync(folder), false);
    assert.match(stderr, new RegExp(`^ADDRESS_UNAVAILABLE: .*127\\.0\\.0\\.1:${port}`, 'm'));
  });

  it('answers a long statement and a short request at the same time', async () => {
    const work = call(`${server.url}/api/v1/completion-models`, keys['viewer'] ?? '');
    assert.equal((await call(`${server.url}/livez`, '')).status, 200);
    assert.equal((await work).status, 200);
  });

  it('stops under requests, keeps all that it answered, and logs no key', async () => {
    const key = keys['sysadmin'] ?? '';
    const made: string[] = [];
    const secrets: string[] = Object.values(keys);
    const misplaced = await call(`${server.url}/api/v1/api-keys?api_key=${key}`, key);
    assert.equal(misplaced.status, 400, 'no parameter of a query is a key');
    const asking = Array.from({ length: 8 }, async (_, worker) => {
      for (let n = 0; ; n += 1) {
        const answer = await call(`${server.url}/api/v1/api-keys`, key, {
          name: `w${worker} n${n}`,
        }).catch(() => undefined);
        if (answer?.status !== 201) return;
        const { api_key: row, key: text } = JSON.parse(answer.text) as {
          api_key: { id: string };
          key: string;
        };
        made.push(row.id);
        secrets.push(text);
      }
    });
    await waitUntil(() => made.length > 20, 'twenty answers');
    server.child.kill('SIGTERM');
    await Promise.all(asking);
    assert.equal(await server.ended(), 0, server.stderr());
    const { stdout } = await drover(['keys', 'list', '--json', '--data', dataDir]);
    const stored = new Set((JSON.parse(stdout) as { keys: { id: string }[] }).keys.map(({ id }) => id));
    assert.deepEqual(
      made.filter((id) => !stored.has(id)),
      [],
    );
    const log = server.stdout();
    assert.match(log, /"route":"\/api\/v1\/api-keys","status":201/);
    for (const secret of secrets)
      assert.ok(!log.includes(secret.split('_').slice(2).join('_')), 'a key is in the log');
  });

  it('starts again without the demo and without keys', async () => {
    const again = await startServe(['--data', dataDir]);
    assert.ok(!again.stderr().includes('drover_'));
    assert.equal((await call(`${again.url}/api/v1/me`, keys['viewer'] ?? '')).status, 200);
    again.child.kill('SIGINT');
    assert.equal(await again.ended(), 0, again.stderr());
  });
});

describe('on a server’s database', () => {
  let database: PlatformDatabase;
  let key: string;
  let env: Record<string, string>;
  before(async () => {
    database = await platformDatabase('server', 'demo');
    const platform = await openPlatform(database.db, { install: false });
    const [tenantId, userId] = [demoId(1, 'tenants', 0), demoId(1, 'users', 0)];
    key = (await createApiKey(platform, { tenantId, userId, name: 'test', scopes: ['*'] })).text;
    env = { DATABASE_URL: 'url' in database.target ? database.target.url : '' };
  });
  after(() => database.drop());

  const space = `/api/v1/spaces/${demoId(1, 'spaces', 0)}`;

  /** A request waits for a lock, the server is told to stop, `during` runs, and the lock is released. */
  async function stopDuring(
    server: ServerProcess,
    during: (answer: Promise<Answer>) => Promise<void>,
  ): Promise<Answer> {
    let answer: Promise<Answer> | undefined;
    await database.asSuperuser(async (tx) => {
      await tx.run('SELECT FROM migration.spaces WHERE id = $1 FOR UPDATE', [demoId(1, 'spaces', 0)]);
      answer = call(`${server.url}${space}`, key, { description: 'while it stops' }, 'PATCH');
      // A request that is cut off is noticed below.
      answer.catch(() => undefined);
      await waitUntil(async () => {
        const { n } = await tx.one<{ n: number }>(
          `SELECT count(*) AS n FROM pg_locks w WHERE NOT w.granted AND w.pid IN (
             SELECT h.pid FROM pg_locks h JOIN pg_database d ON d.oid = h.database WHERE d.datname = current_database())`,
        );
        return n > 0;
      }, 'the request waits for the lock');
      server.child.kill('SIGTERM');
      await waitUntil(() => server.stderr().includes('Stopping'), 'the server stops');
      await during(answer);
    });
    return answer ?? Promise.reject(new Error('not asked'));
  }

  it('finishes a request that is under way, and takes no new one', async () => {
    const server = await startServe([], env);
    const answer = await stopDuring(server, async () => {
      await waitUntil(
        () =>
          call(`${server.url}/livez`, '').then(
            ({ status }) => status === 503,
            () => true,
          ),
        'nothing new is taken',
      );
    });
    assert.deepEqual([answer.status, await server.ended()], [200, 0], answer.text);
    const { description } = await database.asSuperuser((tx) =>
      tx.one<{ description: string }>('SELECT description FROM migration.spaces WHERE id = $1', [
        demoId(1, 'spaces', 0),
      ]),
    );
    assert.equal(description, 'while it stops');
  });

  it('stops in a bounded time although a request never ends', async () => {
    const server = await startServe([], { ...env, DROVER_STOP_SECONDS: '1' });
    const answer = stopDuring(server, async () => {
      assert.equal(await server.ended(), 1);
    });
    await assert.rejects(answer);
    assert.match(server.stderr(), /cut off/);
  });

  it('writes nothing into a database that nobody asked it to install in, wherever its name comes from', async () => {
    const { url, drop } = await freshServerDatabase();
    const db = await openDatabase({ url });
    await db.transaction({}, (tx) => tx.script('CREATE TABLE theirs (id int)'));
    const data = scratch('no-data');
    const fromThere = { DATABASE_URL: url, DROVER_CONFIG: scratch('none.yaml') };
    const create = ['keys', 'create', '--sysadmin', 'me@example.org'];
    for (const { words, env, first } of [
      {
        words: ['serve', '--port', '0'],
        env: fromThere,
        first: /^DATABASE_URL names the database: postgres:/,
      },
      { words: create, env: fromThere, first: /^DATABASE_URL names the database: postgres:/ },
      { words: [...create, '--database', url], env: { DROVER_DATA: data }, first: /^NO_DATABASE: / },
      { words: ['seed', '--database', url], env: { DROVER_DATA: data }, first: /^NO_DATABASE: / },
      {
        words: ['serve', '--port', '0', '--database', url],
        env: { DROVER_DATA: data },
        first: /^NO_DATABASE: /,
      },
    ]) {
      const { status, stderr } = await droverHere(words, { env });
      assert.equal(status, 1, words.join(' '));
      assert.match(stderr, first);
      assert.match(
        stderr,
        /^NO_DATABASE: The database \S+ holds 1 table, none of Drover’s own schema; nothing was written\.$/m,
      );
      assert.match(stderr, /`drover serve --database \S+ --install`/);
    }
    const { n } = await db.transaction({}, (tx) =>
      tx.one<{
        n: number;
      }>(`SELECT count(*) AS n FROM pg_class WHERE relkind = 'r' AND relnamespace <> 'pg_catalog'::regnamespace
        AND relnamespace <> 'information_schema'::regnamespace`),
    );
    assert.deepEqual([n, existsSync(data)], [1, false]);
    await db.close();
    await drop();
  });

  it('makes the first sysadmin and the schema from nothing', async () => {
    const { url, drop } = await freshServerDatabase();
    const made = await drover(['keys', 'create', '--sysadmin', 'Me@Example.org', '--json', '--install'], {
      env: { DATABASE_URL: url },
    });
    assert.equal(made.status, 0, made.stderr);
    const first = (JSON.parse(made.stdout) as { key: string }).key;
    const server = await startServe([], { DATABASE_URL: url });
    const me = JSON.parse((await call(`${server.url}/api/v1/me`, first)).text) as {
      role: string;
      actor: string;
    };
    assert.deepEqual([me.role, me.actor], ['sysadmin', 'me@example.org (key command line)']);
    const revoked = await drover(['keys', 'revoke', /^drover_[0-9a-f]+_(.{8})/.exec(first)?.[1] ?? ''], {
      env: { DATABASE_URL: url },
    });
    assert.match(revoked.stdout, /^Revoked the key command line of me@example\.org/, revoked.stderr);
    assert.equal((await call(`${server.url}/api/v1/me`, first)).status, 401);
    server.child.kill('SIGTERM');
    assert.equal(await server.ended(), 0);
    const db = await openDatabase({ url });
    await openPlatform(db, { install: false });
    await db.close();
    await drop();
  });
});
