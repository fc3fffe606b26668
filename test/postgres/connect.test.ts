/** What every other layer relies on: the same behaviour and the same values on both engines. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DroverError, type ErrorCode } from '../../src/errors.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { affected, backToSavepoint, one } from '../../src/postgres/driver/question.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';

/** Says which error is expected. */
function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DroverError, String(error));
    assert.equal(error.code, expected, error.message);
    return true;
  };
}

eachEngine((engine) => {
  let db: Database;
  let drop: () => Promise<void>;

  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = fresh.drop;
    db = await openDatabase(fresh.target);
    await inTx((tx) => tx.script('CREATE TABLE notes (id int PRIMARY KEY CHECK (id < 1000), body text)'));
  });
  after(async () => {
    await db.close();
    await drop();
  });

  const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction({}, work);
  const insert = (id: number) => (tx: Tx) => tx.run('INSERT INTO notes VALUES ($1, $2)', [id, 'text']);
  const count = (id: number): Promise<number> =>
    inTx(async (tx) => (await tx.many('SELECT 1 FROM notes WHERE id = $1', [id])).length);

  describe('transaction', () => {
    it('keeps what was done when work returns, and returns its result', async () => {
      assert.equal(await inTx(insert(1)), 1);
      assert.equal(await count(1), 1);
    });

    it('keeps nothing when work throws, and passes the error on', async () => {
      const mistake = new Error('mistake');
      const failing = inTx(async (tx) => {
        await insert(2)(tx);
        throw mistake;
      });
      await assert.rejects(failing, mistake);
      assert.equal(await count(2), 0);
    });

    it('gives the connection back clean after an error in SQL and after a failed opening', async () => {
      for (let round = 0; round < 20; round += 1) {
        await assert.rejects(
          inTx((tx) => tx.many('SELECT nothing')),
          code('DATABASE_ERROR'),
        );
        await assert.rejects(
          db.transaction({ settings: ['SET LOCAL ROLE nobody_has_this_name'] }, insert(3)),
          code('DATABASE_ERROR'),
        );
        assert.equal(await count(3), 0);
      }
    });

    it('does not let a role or a setting outlive it', async () => {
      const opening = { settings: ['SET LOCAL ROLE pg_monitor', `SET LOCAL app.tenant_id = 'a'`] };
      const who =
        "SELECT current_user::text AS role, coalesce(current_setting('app.tenant_id', true), '') AS tenant";
      assert.deepEqual(await db.transaction(opening, (tx) => tx.one(who)), {
        role: 'pg_monitor',
        tenant: 'a',
      });
      for (let round = 0; round < 20; round += 1) {
        assert.deepEqual(await inTx((tx) => tx.one(who)), { role: 'postgres', tenant: '' });
      }
    });

    it('reports a COMMIT that the database turned into a ROLLBACK', async () => {
      const swallowing = inTx(async (tx) => {
        await insert(4)(tx);
        await tx.many('SELECT 1 / 0').catch(() => undefined);
      });
      await assert.rejects(swallowing, code('TRANSACTION_ABORTED'));
      assert.equal(await count(4), 0);
    });

    it('reports a constraint that fails at COMMIT', async () => {
      const failing = inTx((tx) =>
        tx.script(
          `CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO late VALUES (1), (1)`,
        ),
      );
      await assert.rejects(failing, code('ALREADY_EXISTS'));
      assert.equal(await count(1), 1);
    });

    it('continues after a savepoint', async () => {
      await inTx(async (tx) => {
        await tx.script('SAVEPOINT before');
        await assert.rejects(tx.run('INSERT INTO notes VALUES (1)'), code('ALREADY_EXISTS'));
        await tx.ask(backToSavepoint('before'));
        await insert(5)(tx);
      });
      assert.equal(await count(5), 1);
    });

    it('refuses to be nested instead of waiting for itself', async () => {
      await assert.rejects(
        inTx(() => inTx((tx) => tx.one('SELECT 1 AS one'))),
        code('NESTED_TRANSACTION'),
      );
    });

    it('lets many be begun at once', async () => {
      const results = await Promise.all([...Array(30).keys()].map((id) => inTx(insert(100 + id))));
      assert.equal(results.length, 30);
      assert.equal(await count(129), 1);
    });

    it('runs statements that are started at once one after the other', async () => {
      const ask = (value: number): [string, number[]] => ['SELECT $1::int AS value', [value]];
      const expected = [{ value: 1 }, { value: 2 }, { value: 3 }];
      const started = await inTx((tx) => Promise.all([1, 2, 3].map((value) => tx.one(...ask(value)))));
      assert.deepEqual(started, expected);
      const together = await inTx((tx) => tx.together([1, 2, 3].map((value) => one(...ask(value)))));
      assert.deepEqual(together, expected);
    });

    it('is dead afterwards', async () => {
      const kept = await inTx(async (tx) => tx);
      await assert.rejects(kept.many('SELECT 1'), code('INTERNAL'));
      await assert.rejects(kept.together([one('SELECT 1')]), code('INTERNAL'));
    });
  });

  describe('a statement that begins or ends a transaction', () => {
    const controls = [
      'COMMIT',
      ' rollback',
      'BEGIN',
      'end',
      'START TRANSACTION',
      '/* not by its first word */ COMMIT',
      'COMMIT AND CHAIN',
      'ROLLBACK AND CHAIN',
    ];
    const login = `SELECT current_user::text AS role, coalesce(current_setting('app.tenant_id', true), '') AS tenant`;

    it('is an error, however it was asked', async () => {
      for (const sql of controls) {
        const ways: ((tx: Tx) => Promise<unknown>)[] = [
          (tx) => tx.script(sql),
          (tx) => tx.script(`SELECT 1; ${sql}`),
          (tx) => tx.run(sql),
          (tx) => tx.together([one('SELECT 1 AS one'), affected(sql)]),
          (tx) => tx.last(sql),
        ];
        for (const way of ways) await assert.rejects(inTx(way), code('INTERNAL'), sql);
        await assert.rejects(
          db.transaction({}, (tx) => tx.run(sql), 'single'),
          code('INTERNAL'),
        );
      }
    });

    it('ends everything: nothing more is sent, and nothing is reported as saved', async () => {
      for (const [at, sql] of controls.entries()) {
        const swallowing = inTx(async (tx) => {
          await tx.run(sql).catch(() => undefined);
          await insert(200 + at)(tx).catch(() => undefined);
          return 'saved';
        });
        await assert.rejects(swallowing, code('INTERNAL'), sql);
        assert.equal(await count(200 + at), 0);
      }
    });

    it('leaves no role, no setting and no open transaction to whoever comes next', async () => {
      const opening = { settings: ['SET LOCAL ROLE pg_monitor', `SET LOCAL app.tenant_id = 'a'`] };
      const script = `COMMIT; SET ROLE pg_monitor; SET app.tenant_id = 'b'; BEGIN`;
      await assert.rejects(
        db.transaction(opening, (tx) => tx.script(script)),
        code('INTERNAL'),
      );
      for (let round = 0; round < 12; round += 1)
        assert.deepEqual(await inTx((tx) => tx.one(login)), { role: 'postgres', tenant: '' });
    });

    it('is no savepoint', async () => {
      await inTx(async (tx) => {
        await tx.run('SAVEPOINT here');
        await insert(7)(tx);
        await tx.together([backToSavepoint('here'), affected('RELEASE SAVEPOINT here')]);
      });
      assert.equal(await count(7), 0);
    });
  });

  describe('cardinality', () => {
    const rows = (n: number): string => `SELECT n FROM generate_series(1, ${n}) AS n`;

    it('one finds exactly one', async () => {
      await inTx(async (tx) => {
        assert.deepEqual(await tx.one(rows(1)), { n: 1 });
        await assert.rejects(tx.one(rows(0)), code('NO_ROW'));
        await assert.rejects(tx.one(rows(2)), code('MANY_ROWS'));
      });
    });

    it('maybeOne finds one or none', async () => {
      await inTx(async (tx) => {
        assert.deepEqual(await tx.maybeOne(rows(1)), { n: 1 });
        assert.equal(await tx.maybeOne(rows(0)), undefined);
        await assert.rejects(tx.maybeOne(rows(2)), code('MANY_ROWS'));
      });
    });

    it('run counts what was affected', async () => {
      await inTx(async (tx) => {
        assert.equal(await tx.run('INSERT INTO notes SELECT n FROM generate_series(500, 509) AS n'), 10);
        assert.equal(await tx.run('UPDATE notes SET body = $1 WHERE id BETWEEN 500 AND 504', ['x']), 5);
        assert.equal(await tx.run('DELETE FROM notes WHERE id >= 500'), 10);
        assert.equal(await tx.run('DELETE FROM notes WHERE id >= 500'), 0);
        assert.equal(await tx.run('CREATE TEMPORARY TABLE nothing (id int) ON COMMIT DROP'), 0);
      });
    });

    it('one call is one statement, except a script', async () => {
      const two = 'SELECT 1 AS a; SELECT 2 AS a';
      await assert.rejects(
        inTx((tx) => tx.many(two)),
        code('DATABASE_ERROR'),
      );
      await inTx((tx) => tx.script(two));
    });
  });

  describe('errors', () => {
    it('names table, column and constraint', async () => {
      const error = await inTx(insert(5000)).catch((reason: unknown) => reason);
      assert.ok(error instanceof DroverError);
      assert.equal(error.code, 'INVALID_VALUE');
      const { sqlState, schema, table, constraint } = error.data;
      const expected = { sqlState: '23514', schema: 'public', table: 'notes', constraint: 'notes_id_check' };
      assert.deepEqual({ sqlState, schema, table, constraint }, expected);
      assert.ok(error.cause instanceof Error);
    });

    it('keeps the values of the row out of the message', async () => {
      const error = await inTx(insert(1)).catch((reason: unknown) => reason);
      assert.ok(error instanceof DroverError);
      assert.match(String(error.data.detail), /\(1\)/);
      assert.doesNotMatch(error.message, /\(1\)/);
    });
  });

  describe('values', () => {
    const date = new Date('2026-02-03T04:05:06.789Z');
    const results: [sql: string, expected: unknown][] = [
      ['NULL::text', null],
      ['7::int2', 7],
      ['7::int4', 7],
      ['7::int8', 7],
      ['9007199254740991::int8', 9007199254740991],
      ['9007199254740993::int8', '9007199254740993'],
      ['-9007199254740993::int8', '-9007199254740993'],
      ['count(*)', 1],
      ['1.50::numeric', '1.50'],
      ['1.5::float8', 1.5],
      ["'NaN'::float4", Number.NaN],
      ["'-Infinity'::float8", Number.NEGATIVE_INFINITY],
      ['true', true],
      ['false', false],
      ["'x'::varchar", 'x'],
      ["'x'::name", 'x'],
      [`'{"a": [1, null]}'::jsonb`, { a: [1, null] }],
      [`'"text"'::json`, 'text'],
      ["'null'::jsonb", null],
      ["'\\x00ff'::bytea", new Uint8Array([0, 255])],
      ["timestamptz '2026-02-03 04:05:06.789+00'", date],
      ["timestamptz '0099-02-03 04:05:06+05:30'", new Date('0099-02-02T22:35:06Z')],
      ["timestamptz 'infinity'", 'infinity'],
      ["timestamp '2026-02-03 04:05:06'", '2026-02-03 04:05:06'],
      ["date '2026-02-03'", '2026-02-03'],
      ["time '04:05'", '04:05:00'],
      ["'4DE00000-0000-0000-0000-000000000001'::uuid", '4de00000-0000-0000-0000-000000000001'],
      ["'pg_class'::regclass", 'pg_class'],
      ["'{}'::text[]", []],
      [
        "ARRAY['a', NULL, 'NULL', '', 'a b', 'a,b', '{x}', '\"', '\\', E'a\\nb']",
        ['a', null, 'NULL', '', 'a b', 'a,b', '{x}', '"', '\\', 'a\nb'],
      ],
      [
        'ARRAY[[1, 2], [3, 4]]',
        [
          [1, 2],
          [3, 4],
        ],
      ],
      ['ARRAY[9007199254740993, 1]', ['9007199254740993', 1]],
      ['ARRAY[true, NULL]', [true, null]],
      ["ARRAY['00000000-0000-0000-0000-000000000001']::uuid[]", ['00000000-0000-0000-0000-000000000001']],
      [`ARRAY['{"a": "\\""}', '[1]']::jsonb[]`, [{ a: '"' }, [1]]],
      ["ARRAY[timestamptz '2026-02-03 04:05:06.789+00']", [date]],
    ];

    it('reads each type the same way', async () => {
      await inTx(async (tx) => {
        for (const [sql, expected] of results) {
          const { value } = await tx.one(`SELECT ${sql} AS value`);
          assert.deepEqual(value, expected, sql);
        }
      });
    });

    const text = 'a"b\\c,{d} \n\t\'é😀';
    const parameters: [type: string, value: unknown, asText: string | null][] = [
      ['text', text, text],
      ['text', '', ''],
      ['text', undefined, null],
      ['int4', 7, '7'],
      ['int4', '7', '7'],
      ['int8', 9007199254740993n, '9007199254740993'],
      ['float8', 1.5, '1.5'],
      ['numeric', '1.50', '1.50'],
      ['bool', true, 'true'],
      ['timestamptz', date, '2026-02-03 04:05:06.789+00'],
      ['bytea', new Uint8Array([0, 255]), '\\x00ff'],
      ['jsonb', { a: [1, { b: text }] }, null],
      ['jsonb', JSON.stringify([1, 2]), '[1, 2]'],
      ['json', null, null],
      ['text[]', ['a', null, 'NULL', ''], '{a,NULL,"NULL",""}'],
      ['text[]', [text], null],
      ['text[]', [], '{}'],
      ['int4[]', [1, 2], '{1,2}'],
      ['int4[]', [[1], [2]], '{{1},{2}}'],
      ['uuid[]', ['00000000-0000-0000-0000-000000000001'], '{00000000-0000-0000-0000-000000000001}'],
      ['bool[]', [true, false], '{t,f}'],
      ['jsonb[]', [{ a: text }, { b: 1 }], null],
      ['timestamptz[]', [date], '{"2026-02-03 04:05:06.789+00"}'],
    ];

    it('writes each parameter the same way', async () => {
      await inTx(async (tx) => {
        await tx.script("SET LOCAL timezone = 'UTC'");
        for (const [type, value, asText] of parameters) {
          const row = await tx.one(`SELECT $1::${type} AS value, ($1::${type})::text AS text`, [value]);
          if (asText !== null) assert.equal(row.text, asText, `${type} ${asText}`);
          if (value === null || typeof value === 'object') assert.deepEqual(row.value, value, type);
        }
      });
    });

    it('reads and writes in any session language and zone', async () => {
      await inTx(async (tx) => {
        await tx.script("SET LOCAL timezone = 'Asia/Kathmandu'");
        assert.deepEqual((await tx.one('SELECT $1::timestamptz AS value', [date])).value, date);
      });
    });

    it('keeps odd column names', async () => {
      const row = await inTx((tx) => tx.one('SELECT 1 AS "__proto__", 2 AS "constructor"'));
      assert.deepEqual(Object.entries(row), [
        ['__proto__', 1],
        ['constructor', 2],
      ]);
    });
  });
});
