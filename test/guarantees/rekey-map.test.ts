/**
 * Many rows get other keys at once: each pair of a map is what one pair is alone, chains and rings among them, in as many statements
 * however many pairs there are. What is wrong with a map is told at once, and then nothing is written.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KeyPair } from '../../src/engine/key-pairs.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import { DroverError } from '../../src/errors.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import type { Question } from '../../src/postgres/driver/question.ts';
import { explainPlan } from '../../src/postgres/move/explain.ts';
import { listAliases } from '../../src/postgres/records/aliases.ts';
import { openSite, prepareState } from '../../src/postgres/scope/site.ts';
import { compareDatabases } from '../attached/database-text.ts';
import { applyOne, planOne, rollbackOne } from '../support/batches.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';
import { actor, codes, prepareRows, refusedAs } from '../support/rows-case.ts';
import type { RowsCase } from '../support/rows-case.ts';

/** `a>b c>d` as pairs, with what an intent needs beside them. */
function mapOf(text: string): { from: string; to: string; pairs: KeyPair[] } {
  const pairs = text.split(' ').map((each): KeyPair => {
    const [from = '', to = ''] = each.split('>');
    return { from, to };
  });
  return { from: 'a map', to: 'its keys', pairs };
}

/** A database that counts what is sent to it. */
function counting(database: Database): { database: Database; statements: () => number } {
  let count = 0;
  const sizeOf = (questions: readonly Question<unknown>[]): number =>
    questions.reduce((sum, { statements }) => sum + statements.length, 0);
  const counted = (tx: Tx): Tx =>
    new Proxy(tx, {
      get: (target, name) => {
        const own: unknown = Reflect.get(target, name);
        if (typeof own !== 'function') return own;
        return (...words: unknown[]): unknown => {
          const [first] = words;
          if (name === 'together') count += sizeOf(first as Question<unknown>[]);
          else if (name === 'ask') count += sizeOf([first as Question<unknown>]);
          else count += 1;
          return Reflect.apply(own, target, words);
        };
      },
    });
  return {
    database: {
      ...database,
      engine: database.engine,
      close: () => database.close(),
      transaction: (opening, work, extent) =>
        database.transaction(opening, (tx) => work(counted(tx)), extent),
    },
    statements: () => count,
  };
}

async function aliasesOf({ site, schema }: RowsCase): Promise<string[]> {
  return (await listAliases(site, { table: `${schema}.printers` })).map(({ from, to }) => `${from}>${to}`);
}

eachEngine((engine) => {
  let database: Database;
  let drop: () => Promise<void>;

  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = fresh.drop;
    database = await openDatabase(fresh.target);
  });
  after(async () => {
    await database.close();
    await drop();
  });

  const prepare = (sql: string, how?: Parameters<typeof prepareRows>[2]): Promise<RowsCase> =>
    prepareRows(database, sql, how);

  describe('a map of keys', () => {
    /** Ten printers, each with two jobs, of which one names a second printer, too. */
    const printers = `CREATE TABLE printers (id text PRIMARY KEY, name text, spare text REFERENCES printers);
      INSERT INTO printers SELECT 'p' || n, 'name ' || n, 'p' || 1 + n % 10 FROM generate_series(1, 10) n;
      CREATE TABLE jobs (printer text NOT NULL REFERENCES printers ON DELETE CASCADE, n int, was text REFERENCES printers, PRIMARY KEY (printer, n));
      CREATE INDEX ON jobs (was);
      INSERT INTO jobs SELECT id, n, CASE n WHEN 1 THEN spare END FROM printers, generate_series(1, 2) n;
      CREATE TABLE notes (id int PRIMARY KEY, printer text, body jsonb, list text[]);
      INSERT INTO notes SELECT n, 'p' || n, jsonb_build_object('on', 'p' || n, 'or', jsonb_build_array('p' || n, 'p' || 1 + n % 10)), ARRAY['p' || n, 'x'] FROM generate_series(1, 10) n;`;
    const named = {
      names: [
        { at: 'notes.printer' },
        { at: 'notes.body', json: '/on' },
        { at: 'notes.body', json: '/or/*' },
        { at: 'notes.list' },
      ],
    };

    it('changes single rows, a chain, a swap and a ring at once, with everything that names them, and goes back', async () => {
      const at = await prepare(printers, named);
      const map = mapOf('p1>n1 p2>p3 p3>p4 p4>n4 p5>p6 p6>p5 p7>p8 p8>p9 p9>p7');
      const plan = await at.plan(map);
      assert.deepEqual(codes(plan), []);
      assert.ok(codes(plan, 'warning').includes('KEYS_CHANGE_HANDS'));
      const result = await at.roundTrip(['printers', 'jobs', 'notes'], map);
      assert.deepEqual(
        result.steps.map(({ operation }) => operation).filter((name) => name === 'rekey'),
        ['rekey', 'rekey'],
      );
      const later = mapOf('p1>m1 p2>p3 p3>p4 p4>m4 p5>p6 p6>p5 p7>p8 p8>p9 p9>p7');
      await at.apply(later);
      const became = new Map(later.pairs.map(({ from, to }) => [from, to]));
      const key = (n: number): string => became.get(`p${n}`) ?? `p${n}`;
      const all = Array.from({ length: 10 }, (_, at0) => at0 + 1);
      assert.deepEqual(
        await at.rows(`SELECT name, id, spare FROM ~printers ORDER BY length(name), name`),
        all.map((n) => [`name ${n}`, key(n), key(1 + (n % 10))]),
      );
      assert.deepEqual(
        await at.rows(
          `SELECT id, printer, body ->> 'on', body -> 'or' ->> 0, body -> 'or' ->> 1, list[1] FROM ~notes ORDER BY id`,
        ),
        all.map((n) => [String(n), key(n), key(n), key(n), key(1 + (n % 10)), key(n)]),
      );
      // A key that another row has now leads to that row, so only those lead elsewhere that no row has.
      assert.deepEqual(await aliasesOf(at), ['n1>m1', 'n4>m4', 'p1>m1', 'p2>p3']);
    });

    it('keeps aliases resolved through maps, there and back, and gives no key out twice', async () => {
      const at = await prepare(printers);
      await at.apply(mapOf('p1>q1 p2>q2'));
      const { migrationId } = await at.apply(mapOf('q1>q3 q2>q4 p3>p4 p4>q5'));
      assert.deepEqual(await aliasesOf(at), ['p1>q3', 'p2>q4', 'p3>p4', 'q1>q3', 'q2>q4']);
      await assert.rejects(at.apply(mapOf('p5>q1')), refusedAs('KEY_ISSUED_BEFORE'));
      await assert.rejects(at.apply(mapOf('p6>z6 p5>p2')), refusedAs('KEY_ISSUED_BEFORE'));
      const back = await rollbackOne(at.site, { migrationId, actor });
      assert.deepEqual(await aliasesOf(at), ['p1>q1', 'p2>q2', 'q3>q1', 'q4>q2', 'q5>p4']);
      await rollbackOne(at.site, { migrationId: back.migrationId, actor });
      assert.deepEqual(await aliasesOf(at), ['p1>q3', 'p2>q4', 'p3>p4', 'q1>q3', 'q2>q4']);
    });

    it('of rows that the database numbers, of composite keys, and of one tenant among several', async () => {
      const numbered = await prepare(
        `CREATE TABLE printers (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, spare int REFERENCES printers ON DELETE SET NULL);
         INSERT INTO printers (spare) VALUES (2), (3), (1), (NULL);
         CREATE TABLE jobs (printer int REFERENCES printers ON DELETE CASCADE, n int, PRIMARY KEY (printer, n));
         INSERT INTO jobs SELECT id, n FROM printers, generate_series(1, 3) n;`,
      );
      const rings = mapOf('1>2 2>3 3>1 4>40');
      assert.ok(codes(await numbered.plan(rings), 'info').includes('ROW_WRITTEN_ANEW'));
      await numbered.roundTrip(['printers', 'jobs'], rings);
      const tenants = await prepare(
        `CREATE TABLE shops (id text PRIMARY KEY); INSERT INTO shops VALUES ('a'), ('b');
         CREATE TABLE printers (shop text REFERENCES shops, id uuid, n int, PRIMARY KEY (shop, id));
         INSERT INTO printers SELECT s, ('00000000-0000-4000-8000-00000000000' || n)::uuid, n FROM (VALUES ('a'), ('b')) x (s), generate_series(1, 4) n;
         CREATE TABLE jobs (shop text, printer uuid, other uuid, n int, PRIMARY KEY (shop, printer, n), FOREIGN KEY (shop, printer) REFERENCES printers, FOREIGN KEY (shop, other) REFERENCES printers);
         INSERT INTO jobs SELECT shop, id, id, n FROM printers;`,
        { tenant: { root: 'shops', column: 'shop' }, intent: { tenant: 'a' } },
      );
      const uuid = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;
      const other = await tenants.rows(`SELECT * FROM ~jobs WHERE shop = 'b' ORDER BY n`);
      const map = mapOf(`${uuid(1)}>${uuid(2)} ${uuid(2)}>${uuid(3)} ${uuid(3)}>${uuid(9).toUpperCase()}`);
      await tenants.roundTrip(['printers', 'jobs'], map);
      await tenants.apply(mapOf(`${uuid(1)}>${uuid(2)} ${uuid(2)}>${uuid(3)} ${uuid(3)}>${uuid(8)}`));
      assert.deepEqual(await tenants.rows(`SELECT * FROM ~jobs WHERE shop = 'b' ORDER BY n`), other);
      assert.deepEqual(
        await tenants.rows(`SELECT n, printer, other FROM ~jobs WHERE shop = 'a' ORDER BY n`),
        [
          ['1', uuid(2), uuid(2)],
          ['2', uuid(3), uuid(3)],
          ['3', uuid(8), uuid(8)],
          ['4', uuid(4), uuid(4)],
        ],
      );
    });

    it('is refused with all that is wrong in it at once, and nothing is written', async () => {
      const at = await prepare(printers);
      const start = await at.text();
      const wrong = mapOf('p1>q p1>r p2>p2 p3>q > nobody>nothing p4>p10');
      await assert.rejects(at.apply(wrong), (error) => {
        assert.ok(error instanceof DroverError && error.code === 'MAPPING_INVALID', String(error));
        const said = error.message.split('\n').slice(1);
        assert.deepEqual(
          said.map((line) => line.replace(/^pair (\d): (.{12}).*$/, '$1 $2')),
          ['2 from p1 is t', '3 the row p2 h', '4 to q is ther', '5 from is empt', '6 There is no '],
        );
        return true;
      });
      const plan = await at.plan(mapOf('p4>p10 p5>q5'));
      assert.deepEqual(codes(plan), ['BOTH_ROWS_EXIST']);
      await assert.rejects(at.apply(mapOf('p4>p10 p5>q5'), { plan }), refusedAs('PLAN_REFUSED'));
      const numbers = await prepare(
        `CREATE TABLE printers (id int PRIMARY KEY); INSERT INTO printers VALUES (1), (2);`,
      );
      await assert.rejects(numbers.plan(mapOf('1>x 2>3 y>4')), (error) => {
        assert.ok(error instanceof DroverError);
        assert.match(error.message, /pair 1: "x" cannot be a key.*\npair 3: "y" cannot be a key/);
        return true;
      });
      assert.deepEqual(compareDatabases(start, await at.text()), {});
    });

    it('is silent about none of many: keys that others have, lists that would be read otherwise, columns too narrow for some', async () => {
      const all = Array.from({ length: 30 }, (_, n) => n + 1);
      const pairs = (to: (n: number) => string): Partial<Intent> => ({
        from: 'all',
        to: 'others',
        pairs: all.map((n) => ({ from: String(n), to: to(n) })),
      });
      const found = async (at: RowsCase, code: string, more: Partial<Intent>): Promise<string[]> =>
        (await at.plan(more)).findings.filter((one) => one.code === code).map(({ message }) => message);
      const taken = await prepare(
        `CREATE TABLE shops (id text PRIMARY KEY); INSERT INTO shops VALUES ('a'), ('b');
         CREATE TABLE printers (id int PRIMARY KEY, shop text NOT NULL REFERENCES shops);
         INSERT INTO printers SELECT n + s * 100, CASE s WHEN 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 30) n, generate_series(0, 1) s;`,
        { tenant: { root: 'shops', column: 'shop' }, intent: { tenant: 'a' } },
      );
      const [held = '', ...others] = await found(
        taken,
        'REKEY_IMPOSSIBLE',
        pairs((n) => String(n + 100)),
      );
      assert.match(held, /^key-taken: .* has rows 101 and 29 more that are not of this tenant/);
      assert.deepEqual(others, []);
      const listed = await prepare(
        `CREATE TABLE printers (id text PRIMARY KEY); INSERT INTO printers SELECT 'p' || n FROM generate_series(1, 30) n;
         CREATE TABLE notes (id int PRIMARY KEY, list text); INSERT INTO notes SELECT n, 'x,p' || n FROM generate_series(1, 30) n;`,
        { names: [{ at: 'notes.list', shape: 'comma' }] },
      );
      const commas = { ...pairs((n) => String(n)), pairs: all.map((n) => ({ from: `p${n}`, to: `q,${n}` })) };
      assert.equal((await found(listed, 'TARGET_REFUSED', commas)).length, 30);
      const narrow = await prepare(
        `CREATE TABLE printers (id bigint PRIMARY KEY); INSERT INTO printers SELECT n FROM generate_series(1, 29) n; INSERT INTO printers VALUES (10000000000);
         CREATE TABLE jobs (n serial PRIMARY KEY, printer_id smallint, printer_uuid uuid); INSERT INTO jobs (printer_id) VALUES (7);`,
      );
      const wide = {
        ...pairs((n) => String(n + 1000)),
        pairs: all.map((n) => ({ from: n === 30 ? '10000000000' : String(n), to: String(n + 1000) })),
      };
      assert.match((await found(narrow, 'KEY_NOT_TELLING', wide)).join(), /jobs\.printer_id \(1 row\)\.$/);
    });

    it('is refused where a ring has no free key to go through, or a rule forbids the one that it would take', async () => {
      const enums = await prepare(
        `CREATE TYPE spot AS ENUM ('a', 'b'); CREATE TABLE printers (id spot PRIMARY KEY); INSERT INTO printers VALUES ('a'), ('b');`,
      );
      const words = (plan: Plan): (string | undefined)[] =>
        plan.findings.filter(({ code }) => code === 'REKEY_IMPOSSIBLE').map(({ place }) => place);
      assert.deepEqual(words(await enums.plan(mapOf('a>b b>a'))), ['no-free-key']);
      const checked = await prepare(
        `CREATE TABLE printers (id text PRIMARY KEY CHECK (id LIKE 'p%')); INSERT INTO printers VALUES ('pa'), ('pb');`,
      );
      assert.deepEqual(words(await checked.plan(mapOf('pa>pb pb>pa'))), ['key-type']);
      assert.deepEqual(words(await checked.plan(mapOf('pa>pb pb>pc'))), []);
      await assert.rejects(checked.apply(mapOf('pa>pb pb>pa')), refusedAs('PLAN_REFUSED'));
    });

    it('makes several rows one with others, through chains of merges, and they come back', async () => {
      const at = await prepare(
        `CREATE TABLE printers (id int PRIMARY KEY, name text);
         INSERT INTO printers SELECT n, 'n' || n FROM generate_series(1, 6) n;
         CREATE TABLE presets (printer int REFERENCES printers, name text, v int, PRIMARY KEY (printer, name));
         INSERT INTO presets SELECT id, x, id FROM printers, unnest(ARRAY['same', 'own ' || id]) x;
         CREATE TABLE jobs (id int PRIMARY KEY, printer int REFERENCES printers); INSERT INTO jobs SELECT id, id FROM printers;`,
      );
      const inAll = await at.rowsInAll();
      const map = { ...mapOf('1>2 3>2 4>5 5>6'), merge: true as const };
      const open = await at.plan(map);
      assert.deepEqual(codes(open), ['COLLISION_OPEN']);
      const answered = { ...map, answers: { 'presets.printer': 'keep-target' as const } };
      await assert.rejects(at.plan({ ...mapOf('1>2 2>1'), merge: true }), refusedAs('MAPPING_INVALID'));
      const start = await at.text();
      const { migrationId } = await at.apply(answered);
      assert.deepEqual(await at.rows('SELECT id, printer FROM ~jobs ORDER BY id'), [
        ['1', '2'],
        ['2', '2'],
        ['3', '2'],
        ['4', '6'],
        ['5', '6'],
        ['6', '6'],
      ]);
      assert.deepEqual(await at.rows(`SELECT printer, v FROM ~presets WHERE name = 'same' ORDER BY 1`), [
        ['2', '2'],
        ['6', '6'],
      ]);
      assert.equal(await at.rowsInAll(), inAll);
      assert.deepEqual(await aliasesOf(at), ['1>2', '3>2', '4>6', '5>6']);
      const done = await at.text();
      const back = await rollbackOne(at.site, { migrationId, actor });
      assert.deepEqual(compareDatabases(start, await at.text()), {});
      assert.deepEqual(await aliasesOf(at), []);
      await rollbackOne(at.site, { migrationId: back.migrationId, actor });
      assert.deepEqual(compareDatabases(done, await at.text()), {});
      assert.equal(await at.rowsInAll(), inAll);
    });

    it('is stale when a row came to follow, a replay when it was applied, and shows its statements', async () => {
      const at = await prepare(printers);
      const map = mapOf('p1>p2 p2>q2 p3>q3');
      const plan = await at.plan(map);
      await prepareState(at.site);
      assert.equal((await explainPlan(at.site, plan)).length, 2);
      await at.script(`INSERT INTO jobs VALUES ('p3', 9, NULL)`);
      await assert.rejects(at.apply(map, { plan }), refusedAs('PLAN_STALE'));
      const now = await at.plan(map);
      const first = await at.apply(map, { plan: now });
      const again = await at.apply(map, { plan: now });
      assert.deepEqual([first.replayed, again.replayed, again.migrationId], [false, true, first.migrationId]);
    });

    it('takes as many statements for 5 pairs as for 400, and as many to go back', async () => {
      const countsOf = async (size: number): Promise<number[]> => {
        const at = await prepare(
          `CREATE TABLE printers (id int PRIMARY KEY, spare int REFERENCES printers);
           INSERT INTO printers SELECT n, n FROM generate_series(1, 1000) n;
           CREATE TABLE jobs (id int PRIMARY KEY, printer int REFERENCES printers); CREATE INDEX ON jobs (printer);
           INSERT INTO jobs SELECT n, n FROM generate_series(1, 1000) n;`,
        );
        await prepareState(at.site);
        const pairs = Array.from({ length: size }, (_, n) => ({ from: String(n + 1), to: String(n + 2) }));
        const last = { from: String(size + 1), to: '5000' };
        const intent = at.intent({ from: 'all', to: 'others', pairs: [...pairs, last] });
        const seen = counting(database);
        const site = await openSite({ database: seen.database, config: at.site.config });
        const begun = seen.statements();
        const plan = await planOne(site, intent);
        const planned = seen.statements();
        const { migrationId } = await applyOne(site, { intent, plan, confirm: true, actor });
        const applied = seen.statements();
        await rollbackOne(site, { migrationId, actor });
        const undone = seen.statements();
        assert.deepEqual(await at.rows('SELECT count(*) FROM ~jobs WHERE id <> printer'), [['0']]);
        return [planned - begun, applied - planned, undone - applied];
      };
      // A look that others interrupt is made again: then both are counted once more.
      const few = await countsOf(5);
      const many = await countsOf(400);
      if (isDeepStrictEqual(few, many)) return;
      assert.deepEqual(await countsOf(5), await countsOf(400));
    });
  });
});
