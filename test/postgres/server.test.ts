/** What only a server can do: be away, go away, and serve several connections. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DroverError } from '../../src/errors.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openServer } from '../../src/postgres/driver/server.ts';
import { type FreshServer, freshServerDatabase } from '../support/databases.ts';
import { openTollGate } from '../support/toll-gate.ts';

describe('server', () => {
  let fresh: FreshServer;
  let db: Database;
  before(async () => {
    fresh = await freshServerDatabase();
    db = await openServer({ url: fresh.url, poolSize: 2, applicationName: 'drover test' });
  });
  after(async () => {
    await db.close();
    await fresh.drop();
  });

  const refusal = async (url: string, code: string): Promise<DroverError> => {
    const error = await openServer({ url }).catch((reason: unknown) => reason);
    assert.ok(error instanceof DroverError, String(error));
    assert.equal(error.code, code);
    return error;
  };
  const unreachable = (url: string): Promise<DroverError> => refusal(url, 'DATABASE_UNREACHABLE');

  it('says where nothing answers, without the password', async () => {
    const error = await unreachable('postgres://me:s3cret@127.0.0.1:9/wanted');
    assert.match(error.message, /127\.0\.0\.1:9\/wanted/);
    assert.doesNotMatch(error.message + JSON.stringify(error.data), /s3cret/);
  });

  it('refuses a server that is too old, or another product, by its name and version', async () => {
    for (const { number, name } of [
      { number: '140011', name: 'PostgreSQL 14' },
      { number: ' 80002', name: 'Redshift10 8' },
    ]) {
      const older = (text: string): string =>
        text.replace(/\b1[5-9]00\d\d\b/, number).replace(/PostgreSQL 1\d/, name.padEnd(13));
      const gate = await openTollGate(fresh.url, undefined, older);
      const error = await openServer({ url: gate.url }).catch((reason: unknown) => reason);
      assert.ok(error instanceof DroverError && error.code === 'DATABASE_UNSUPPORTED', String(error));
      assert.ok(error.message.includes(` is ${name}`), error.message);
      assert.match(error.message, /needs PostgreSQL 15 or newer; nothing was read or written/);
      await gate.close();
    }
  });

  it('says that the database does not exist, and what no address is', async () => {
    const url = new URL(fresh.url);
    url.pathname = '/not_there';
    assert.match((await unreachable(url.href)).message, /not_there.*does not exist/);
    await refusal('not an address with s3cret', 'USAGE_INVALID');
  });

  it('says which login was refused, why, and where another one is named', async () => {
    const sleeper = `sleeper_${process.pid}`;
    await db.transaction({}, (tx) => tx.script(`CREATE ROLE ${sleeper} NOLOGIN`));
    for (const [login, why] of [
      ['nobody_of_that_name', 'role "nobody_of_that_name" does not exist'],
      [sleeper, `role "${sleeper}" is not permitted to log in`],
    ] as const) {
      const url = new URL(fresh.url);
      url.username = login;
      const { message } = await unreachable(url.href);
      assert.ok(message.includes(`the login was refused: ${why}; name another one in the URL`), message);
    }
    await db.transaction({}, (tx) => tx.script(`DROP ROLE ${sleeper}`));
  });

  it('begins transactions side by side', async () => {
    const pid = 'SELECT pg_backend_pid() AS pid';
    let release: (() => void) | undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = db.transaction({}, async (tx) => {
      await released;
      return tx.one(pid);
    });
    const second = await db.transaction({}, (tx) => tx.one(pid));
    release?.();
    assert.notEqual(second.pid, (await first).pid);
  });

  it('survives connections that are cut, idle or at work', async () => {
    const other = await openServer({ url: fresh.url, applicationName: 'cutter' });
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'drover test'`;
    const atWork = db.transaction({}, async (tx) => {
      await other.transaction({}, (cutter) => cutter.many(cut));
      return tx.one('SELECT 1 AS one');
    });
    await assert.rejects(atWork, { code: 'DATABASE_UNREACHABLE' });
    const answer = (): Promise<object> => db.transaction({}, (tx) => tx.one('SELECT 1 AS one'));
    assert.deepEqual(await retryUntilAnswered(answer), { one: 1 });
    await other.transaction({}, (cutter) => cutter.many(cut));
    assert.deepEqual(await retryUntilAnswered(answer), { one: 1 });
    await other.close();
  });

  it('gives a serialization failure and a lock that is not free their own codes', async () => {
    const other = await openServer({ url: fresh.url });
    await db.transaction({}, (tx) => tx.script('CREATE TABLE c (n int); INSERT INTO c VALUES (0)'));
    const conflict = db.transaction({ isolation: 'repeatable read' }, async (tx) => {
      await tx.one('SELECT n FROM c');
      await other.transaction({}, (second) => second.run('UPDATE c SET n = n + 1'));
      await tx.run('UPDATE c SET n = n + 1');
    });
    await assert.rejects(conflict, { code: 'RETRYABLE' });
    const waiting = db.transaction({}, async (tx) => {
      await tx.run('UPDATE c SET n = n + 1');
      await other.transaction({ settings: [`SET LOCAL lock_timeout = '50ms'`] }, (second) =>
        second.run('DELETE FROM c'),
      );
    });
    const inVain = await waiting.then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(inVain instanceof DroverError && inVain.code === 'LOCK_TIMEOUT', String(inVain));
    assert.equal(typeof inVain.data['waitedMs'], 'number', 'how long it was waited for');
    const slow = db.transaction({ settings: [`SET LOCAL statement_timeout = '50ms'`] }, (tx) =>
      tx.many('SELECT pg_sleep(5)'),
    );
    await assert.rejects(slow, { code: 'STATEMENT_TIMEOUT' });
    await other.close();
  });
});

/** Each idle connection that was cut may fail once, if it is used before its end is noticed. */
async function retryUntilAnswered<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}
