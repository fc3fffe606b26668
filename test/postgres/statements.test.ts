/** Few round trips, and nothing lost by it: what travels together fails together, and what is kept prepared is nobody's. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { DroverError } from '../../src/errors.ts';
import { openDatabase, openServer } from '../../src/postgres/driver/connect.ts';
import { readBatches } from '../../src/postgres/driver/cursors.ts';
import type { BatchQuery, Database, Extent, Tx } from '../../src/postgres/driver/database.ts';
import type { Opening } from '../../src/postgres/driver/opening.ts';
import {
  affected,
  inOrder,
  many,
  maybeOne,
  one,
  prepared,
  readAs,
} from '../../src/postgres/driver/question.ts';
import { bind, change, sql } from '../../src/postgres/sql/sql.ts';
import { eachEngine, freshDatabase, freshServerDatabase, type FreshServer } from '../support/databases.ts';

const codeOf = (error: unknown): string => (error instanceof DroverError ? error.code : String(error));

/** What was asked is sent after a turn of what waits. */
const isUnderWay = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
};

eachEngine((engine) => {
  let db: Database;
  let drop: () => Promise<void>;
  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = fresh.drop;
    db = await openDatabase(fresh.target);
    await db.transaction({}, (tx) =>
      tx.script(`CREATE TABLE notes (id int PRIMARY KEY);
      CREATE TABLE replies (note int REFERENCES notes DEFERRABLE INITIALLY DEFERRED)`),
    );
  });
  after(async () => {
    await db.close();
    await drop();
  });

  const insert = 'INSERT INTO notes VALUES ($1)';
  const ids = async (): Promise<number[]> => {
    const rows = await db.transaction({}, (tx) => tx.many<{ id: number }>('SELECT id FROM notes ORDER BY 1'));
    return rows.map(({ id }) => id);
  };

  it('answers in order what is asked together, each in its way', async () => {
    const numbers = `SELECT n FROM generate_series(1, 2) AS n`;
    const asked = (tx: Tx): Promise<unknown> =>
      tx.together([
        affected(change`INSERT INTO notes VALUES (${bind(100, 'int')}), (${bind(101, 'int')})`),
        one<{ found: number }>('SELECT count(*)::int AS found FROM notes WHERE id >= $1', [100]),
        many(numbers),
        maybeOne(sql`SELECT 1 AS one WHERE ${bind(false, 'boolean')}`),
        readAs(inOrder([one<{ id: number }>('SELECT 1 AS id'), inOrder([])]), ([{ id }]) => id),
        affected('DELETE FROM notes WHERE id >= 100'),
      ]);
    assert.deepEqual(await db.transaction({}, asked), [
      2,
      { found: 2 },
      [{ n: 1 }, { n: 2 }],
      undefined,
      1,
      2,
    ]);
    assert.deepEqual(await db.transaction({}, (tx) => tx.together([])), []);
  });

  it('runs nothing after what failed, and fails by it', async () => {
    const codes: string[] = [];
    const failing = db.transaction({}, async (tx) => {
      const together = [1, 1, 2].map((id) => affected(insert, [id]));
      const asked = [tx.together(together), tx.run(insert, [3])];
      for (const each of asked) each.catch((error: unknown) => codes.push(codeOf(error)));
      await Promise.all(asked);
    });
    await assert.rejects(failing, { code: 'ALREADY_EXISTS' });
    assert.deepEqual(codes, ['ALREADY_EXISTS', 'TRANSACTION_ABORTED']);
    assert.deepEqual(await ids(), []);
  });

  it('fails by the answer that is not the one that was asked for', async () => {
    const reading = db.transaction({}, (tx) =>
      tx.together([affected(insert, [1]), one('SELECT 1 WHERE false')]),
    );
    await assert.rejects(reading, { code: 'NO_ROW' });
    assert.deepEqual(await ids(), []);
  });

  const nobody: Opening = { settings: ['SET LOCAL ROLE nobody_has_this_name'] };

  it('runs nothing where it could not be begun as that role', async () => {
    for (const extent of ['any', 'single'] as const)
      await assert.rejects(
        db.transaction(nobody, (tx) => tx.together([3, 4].map((id) => affected(insert, [id]))), extent),
        { code: 'DATABASE_ERROR' },
      );
    assert.deepEqual(await ids(), []);
  });

  it('runs nothing outside a transaction that could not be begun', async () => {
    const goingOn = db.transaction(nobody, async (tx) => {
      await tx.one('SELECT 1').catch(() => undefined);
      await tx.script('ROLLBACK; INSERT INTO notes VALUES (30)').catch(() => undefined);
      await tx.run(insert, [31]);
    });
    await assert.rejects(goingOn, { code: 'TRANSACTION_ABORTED' });
    const waiting = db.transaction(nobody, async (tx) => {
      const first = tx.one('SELECT 1');
      await isUnderWay();
      await Promise.all([tx.run(insert, [32]), tx.script('ROLLBACK; INSERT INTO notes VALUES (33)'), first]);
    });
    await assert.rejects(waiting);
    const quiet = db.transaction(nobody, (tx) => tx.one('SELECT 1').catch(() => undefined));
    await assert.rejects(quiet, { code: 'TRANSACTION_ABORTED' });
    assert.deepEqual(await ids(), []);
  });

  it('runs nothing after the COMMIT that travelled with a statement, whatever came of it', async () => {
    const first = { committed: 'SELECT 1', refused: 'INSERT INTO replies VALUES (1)' };
    const asking = (text: string): Promise<unknown> =>
      db.transaction(
        {},
        async (tx) => {
          const asked = tx.run(text);
          await isUnderWay();
          const later = tx.run(insert, [40]);
          await Promise.allSettled([asked, later]);
          await later;
        },
        'single',
      );
    await assert.rejects(asking(first.committed), { code: 'INTERNAL' });
    await assert.rejects(asking(first.refused), { code: 'TRANSACTION_ABORTED' });
    assert.deepEqual(await ids(), []);
  });

  it('does what was left for the end, and fails by it', async () => {
    await db.transaction({}, (tx) => tx.last(insert, [5]));
    const failing = db.transaction({}, async (tx) => {
      await tx.last(insert, [5]);
      await tx.run(insert, [6]);
    });
    await assert.rejects(failing, { code: 'ALREADY_EXISTS' });
    assert.deepEqual(await ids(), [5]);
    const single = (id: number): Promise<object> =>
      db.transaction({}, (tx) => tx.last(insert, [id]).then(() => tx.one('SELECT 1 AS one')), 'single');
    await assert.rejects(single(5), { code: 'ALREADY_EXISTS' });
    assert.deepEqual(await single(7), { one: 1 });
    assert.deepEqual(await ids(), [5, 7]);
  });

  it('refuses a second statement of a transaction that has one', async () => {
    const asking = db.transaction(
      { readOnly: true },
      async (tx) => {
        assert.deepEqual(await tx.one('SELECT 1 AS one'), { one: 1 });
        await tx.one('SELECT 2 AS two');
      },
      'single',
    );
    await assert.rejects(asking, { code: 'INTERNAL' });
  });

  it('carries any value of a setting', async () => {
    const opening = { settings: [`SET LOCAL app.tenant_id = E'it''s; \\\\ "ROLLBACK"; x'`] };
    const tenant = `SELECT current_setting('app.tenant_id') AS tenant`;
    const found = await db.transaction(opening, (tx) => tx.one(tenant));
    assert.deepEqual(found, { tenant: `it's; \\ "ROLLBACK"; x` });
  });
});

describe('kept statements', () => {
  let fresh: FreshServer;
  before(async () => {
    fresh = await freshServerDatabase();
    const db = await openServer({ url: fresh.url });
    await db.transaction({}, (tx) =>
      tx.script(`CREATE TABLE owned (tenant text, n int); INSERT INTO owned VALUES ('a', 1), ('b', 2), ('b', 3);
        ALTER TABLE owned ENABLE ROW LEVEL SECURITY; GRANT SELECT ON owned TO pg_monitor;
        CREATE POLICY own ON owned USING (tenant = (SELECT current_setting('app.tenant_id', true)))`),
    );
    await db.close();
  });
  after(() => fresh.drop());

  const ownedSql = 'SELECT n FROM owned WHERE n > $1 ORDER BY n';
  const owned = prepared(ownedSql);
  const keptSql = 'SELECT count(*)::int AS kept FROM pg_prepared_statements WHERE statement = $1';

  const ask = (db: Database, opening: Opening): Promise<object[]> =>
    db.transaction(opening, (tx) => tx.many(owned, [0]), 'single');
  const countKept = async (db: Database): Promise<unknown> =>
    (await db.transaction({}, (tx) => tx.one(keptSql, [ownedSql])))['kept'];

  it('are for every tenant and role what they would be anew', async () => {
    const db = await openServer({ url: fresh.url, poolSize: 1 });
    try {
      const as = (tenant: string): Opening => ({
        settings: [prepared('SET LOCAL ROLE pg_monitor'), `SET LOCAL app.tenant_id = '${tenant}'`],
      });
      // More often than PostgreSQL plans for single values before it plans for any.
      for (let round = 0; round < 12; round += 1) {
        assert.deepEqual(await ask(db, as('a')), [{ n: 1 }]);
        assert.deepEqual(await ask(db, as('b')), [{ n: 2 }, { n: 3 }]);
        assert.deepEqual(await ask(db, { settings: [prepared('SET LOCAL ROLE pg_monitor')] }), []);
        assert.deepEqual(await ask(db, {}), [{ n: 1 }, { n: 2 }, { n: 3 }]);
      }
      assert.equal(await countKept(db), 1);
    } finally {
      await db.close();
    }
  });

  it('are prepared anew where a table was changed under them', async () => {
    const db = await openServer({ url: fresh.url, poolSize: 1 });
    try {
      await ask(db, {});
      await db.transaction({}, (tx) => tx.script('ALTER TABLE owned ALTER n TYPE bigint'));
      await assert.rejects(ask(db, {}), { code: 'RETRYABLE' });
      assert.deepEqual(await ask(db, {}), [{ n: 1 }, { n: 2 }, { n: 3 }]);
    } finally {
      await db.close();
    }
  });

  it('are prepared anew where a column has another type than they were prepared with', async () => {
    const db = await openServer({ url: fresh.url, poolSize: 1 });
    try {
      const byTenant = prepared('SELECT n FROM coded WHERE code = $1');
      const find = (): Promise<object[]> => db.transaction({}, (tx) => tx.many(byTenant, ['7']));
      await db.transaction({}, (tx) =>
        tx.script(`CREATE TABLE coded (code text, n int); INSERT INTO coded VALUES ('7', 1)`),
      );
      await find();
      await db.transaction({}, (tx) => tx.script('ALTER TABLE coded ALTER code TYPE int USING code::int'));
      await assert.rejects(find(), { code: 'DATABASE_ERROR' });
      assert.deepEqual(await find(), [{ n: 1 }]);
    } finally {
      await db.close();
    }
  });

  it('make room for new ones, and come back as what they were', async () => {
    const db = await openServer({ url: fresh.url, poolSize: 1 });
    try {
      const numbered = Array.from({ length: 450 }, (_, at) => prepared(`SELECT ${at} AS "column ${at}"`));
      const askAll = (tx: Tx): Promise<object[]> => tx.together(numbered.map((one) => many(one)));
      const all = numbered.map((_, at) => [{ [`column ${at}`]: at }]);
      for (let round = 0; round < 3; round += 1) {
        assert.deepEqual(await db.transaction({}, askAll), all);
        for (const [at, one] of numbered.entries())
          assert.deepEqual(await db.transaction({}, (tx) => tx.many(one)), all[at]);
      }
      const counted = 'SELECT count(*)::int AS kept FROM pg_prepared_statements';
      assert.deepEqual(await db.transaction({}, (tx) => tx.one(counted)), { kept: 400 });
    } finally {
      await db.close();
    }
  });

  it('are none behind a pooler', async () => {
    const pooler = await startPooler(fresh.url);
    const db = await openServer({ url: pooler.url, poolSize: 1 });
    try {
      for (let round = 0; round < 3; round += 1) assert.equal((await ask(db, {})).length, 3);
      assert.equal(await countKept(db), 0);
    } finally {
      await db.close();
      pooler.close();
    }
  });
});

describe('a message', () => {
  let fresh: FreshServer;
  let db: Database;
  before(async () => {
    fresh = await freshServerDatabase();
    db = await openServer({ url: fresh.url, poolSize: 1 });
  });
  after(async () => {
    await db.close();
    await fresh.drop();
  });

  /** How many messages a transaction takes. */
  const messages = async (work: (tx: Tx) => Promise<unknown>, extent?: Extent): Promise<number> => {
    let sent = 0;
    // oxlint-disable-next-line typescript/unbound-method -- called on its client
    const { query } = pg.Client.prototype;
    pg.Client.prototype.query = new Proxy(query, {
      apply: (target, client, given) => ((sent += 1), Reflect.apply(target, client, given)),
    });
    try {
      await db.transaction({ readOnly: true, settings: ['SET LOCAL ROLE pg_monitor'] }, work, extent);
      return sent;
    } finally {
      pg.Client.prototype.query = query;
    }
  };
  const two = [one('SELECT 1 AS a'), one('SELECT 2 AS b')] as const;

  it('is one call with the opening before it, and COMMIT is another', async () => {
    assert.equal(await messages(async () => 'nothing'), 0);
    assert.equal(await messages((tx) => tx.one('SELECT 1')), 2);
    assert.equal(await messages((tx) => tx.together(two)), 2);
    assert.equal(await messages((tx) => Promise.all([tx.one('SELECT 1'), tx.one('SELECT 2')])), 3);
  });

  it('carries COMMIT with what was left for the end, or with the only call', async () => {
    assert.equal(await messages((tx) => tx.last('SELECT 1')), 1);
    assert.equal(await messages((tx) => tx.one('SELECT 1').then(() => tx.last('SELECT 1'))), 2);
    assert.equal(await messages((tx) => tx.together(two), 'single'), 1);
  });

  it('fetches the next batches of several queries', async () => {
    const rows = (n: number): BatchQuery => ({ sql: `SELECT n FROM generate_series(1, ${n}) AS n`, size: 2 });
    const seen: number[][] = [[], [], []];
    const visit = (found: { n: number }[], at: number): Promise<number> => {
      seen[at]?.push(...found.map(({ n }) => n));
      return Promise.resolve(2);
    };
    const reading = (tx: Tx): Promise<void> => readBatches(tx, [rows(5), rows(0), rows(2)], visit);
    // Three times a batch, CLOSE and COMMIT.
    assert.equal(await messages(reading), 5);
    assert.deepEqual(seen, [[1, 2, 3, 4, 5], [], [1, 2]]);
    assert.equal(await messages((tx) => readBatches(tx, [], visit)), 0);
  });
});

describe('an answer that is none', () => {
  let fresh: FreshServer;
  let db: Database;
  before(async () => {
    fresh = await freshServerDatabase();
    db = await openServer({ url: fresh.url, poolSize: 1 });
    await db.transaction({}, (tx) => tx.script('CREATE TABLE copied (id int)'));
  });
  after(async () => {
    await db.close();
    await fresh.drop();
  });

  const works = async (): Promise<void> =>
    assert.deepEqual(await db.transaction({}, (tx) => tx.one('SELECT 1 AS one')), { one: 1 });

  it('is an error of its transaction where a value cannot be read', async () => {
    // In this encoding the letter has a byte that stands for a backslash elsewhere.
    await assert.rejects(
      db.transaction({}, async (tx) => {
        await tx.run(`SET LOCAL client_encoding = 'SJIS'`);
        return tx.many('SELECT to_json(chr(12477)) AS word');
      }),
      { code: 'DATABASE_ERROR' },
    );
    await works();
  });

  it('is an error where the server asks for data', async () => {
    const copy = 'COPY copied FROM STDIN';
    await assert.rejects(
      db.transaction({}, (tx) => tx.run(copy)),
      { code: 'STATEMENT_TIMEOUT' },
    );
    await works();
    await assert.rejects(db.transaction({}, (tx) => tx.together([affected(copy), many('SELECT 1')])));
    await works();
    await assert.rejects(db.transaction({}, (tx) => tx.script(copy)));
    await works();
  });
});

/** Passes everything on but the number of the process, in the place of which a pooler tells one of its own. */
async function startPooler(url: string): Promise<{ url: string; close: () => void }> {
  const target = new URL(url);
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    client.pipe(upstream);
    let greeted = false;
    upstream.on('data', (data: Buffer) => {
      const key = greeted ? -1 : data.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]));
      if (key !== -1) {
        greeted = true;
        data.writeInt32BE(4711, key + 5);
      }
      client.write(data);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = new URL(url);
  own.port = String((server.address() as AddressInfo).port);
  return { url: own.href, close: () => void server.close() };
}
