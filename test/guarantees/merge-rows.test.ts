/**
 * Two rows become one, and nothing is lost: whatever refers to the one refers to the other, rows that cannot stay beside others are set
 * aside whole, each as somebody decided beforehand, and a rollback gives the start, byte for byte. The database itself judges what meets.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { compareText } from '../../src/engine/order.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { MergeRowsStep, Plan } from '../../src/engine/plan/plan-types.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { listAliases } from '../../src/postgres/records/aliases.ts';
import type { MoveResult } from '../../src/postgres/records/move-result.ts';
import { openSite, prepareState } from '../../src/postgres/scope/site.ts';
import { compareDatabases, queryText } from '../attached/database-text.ts';
import { applyOne, planOne, rollbackOne } from '../support/batches.ts';
import { oneEngine, freshDatabase } from '../support/databases.ts';
import { actor, codes, prepareRows, refusedAs } from '../support/rows-case.ts';
import type { RowsCase } from '../support/rows-case.ts';

type How = Parameters<typeof prepareRows>[2];

/** Customers 1 and 2 of tenant a become one, unless the case says otherwise. */
const asked = { rows: 'customers', from: '1', to: '2', merge: true } as const;

const tenants = `CREATE TABLE tenants (id text PRIMARY KEY); INSERT INTO tenants VALUES ('a'), ('b');`;
const ofTenants = { root: 'tenants', column: 'tenant_id' };

function lostIn(plan: Plan): [table: string, keep: unknown, pairs: string[]][] {
  const [step] = plan.steps.filter((one): one is MergeRowsStep => one.operation === 'merge-rows');
  return (step?.lost ?? [])
    .slice(1)
    .map(({ table, keep, pairs }) => [
      table.replace(/^.*\./, ''),
      keep,
      pairs.map(({ row, survivor }) => `${row} ${survivor}`),
    ]);
}

oneEngine((engine) => {
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

  const prepare = (sql: string, { intent, ...how }: NonNullable<How> = {}): Promise<RowsCase> =>
    prepareRows(database, sql, { table: 'customers', ...how, intent: { ...asked, ...intent } });

  /** Whatever refers to the row by the catalogue has a row; nothing is lost on the way there, and again, and back. */
  const merged = async (
    at: RowsCase,
    changed: readonly string[],
    more?: Partial<Intent>,
  ): Promise<MoveResult> => {
    await prepareState(at.site);
    const plan = await at.plan(more);
    assert.deepEqual(codes(plan), []);
    const [step] = plan.steps.filter((one): one is MergeRowsStep => one.operation === 'merge-rows');
    assert.ok(step !== undefined);
    const rows = await at.rowsInAll();
    const first = await at.apply(more, { plan });
    assert.equal(await at.rowsInAll(), rows, 'tables and rows set aside hold what there was');
    const again = await at.apply(more, { plan });
    assert.deepEqual([again.replayed, again.migrationId], [true, first.migrationId]);
    await rollbackOne(at.site, { migrationId: first.migrationId, tenant: at.intent().tenant, actor });
    assert.equal(await at.rowsInAll(), rows);
    const result = await at.roundTrip(changed, more);
    assert.equal(await at.rowsInAll(), rows);
    return result;
  };

  const customers = `${tenants} CREATE TABLE customers (id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, email text, phone text,
      note text, parent int REFERENCES customers, UNIQUE (tenant_id, email));
    INSERT INTO customers VALUES (1, 'a', 'one@x', '+1', 'first', 3), (2, 'a', 'two@x', NULL, 'second', 1), (3, 'a', 'three@x', NULL, NULL, 1), (9, 'b', 'one@x', '+9', NULL, 9);`;
  const presets = `CREATE TABLE presets (id int PRIMARY KEY, customer int NOT NULL REFERENCES customers ON DELETE CASCADE, name text, body text, changed int, UNIQUE (customer, name));
    INSERT INTO presets VALUES (1, 1, 'draft', 'old', 5), (2, 2, 'draft', 'new', 4), (3, 1, 'fine', 'own', 1), (4, 1, 'wide', 'w1', 1), (5, 2, 'wide', 'w2', NULL), (9, 9, 'draft', 'theirs', 1);
    CREATE TABLE uses (id int PRIMARY KEY, preset int REFERENCES presets ON DELETE SET NULL, day int, UNIQUE (preset, day));
    INSERT INTO uses VALUES (1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 3, 1), (5, 4, 1), (6, NULL, 1), (9, 9, 1);
    CREATE TABLE marks (use int PRIMARY KEY REFERENCES uses ON DELETE CASCADE, text text); INSERT INTO marks VALUES (1, 'lost'), (2, 'kept'), (3, 'moves');`;

  describe('what comes to meet', () => {
    it('follows whatever a referring column writes for the same key: by scale, by time, as a network', async () => {
      const times = `'2026-01-01 00:00', '2026-01-01 10:00', '2026-01-02 00:00', '2026-01-03 00:00'`;
      const networks = `'10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'`;
      const kinds: readonly (readonly [type: string, by: string, keys: string, written: string])[] = [
        ['numeric', 'numeric', `'1', '2', '3', '4'`, `'1.00', '2.0', '3.000', '4'`],
        // A day names the row of its first moment, and not the row of ten o'clock, which is lost, too.
        ['timestamp', 'date', times, `'2026-01-01', NULL, '2026-01-02', '2026-01-03'`],
        ['inet', 'cidr', networks, networks],
      ];
      for (const [type, by, keys, written] of kinds) {
        const each = (texts: string, of: string): string =>
          `unnest(ARRAY[${texts}]::${of}[]) WITH ORDINALITY k (key, n)`;
        const at = await prepare(
          `CREATE TABLE customers (id int PRIMARY KEY); INSERT INTO customers VALUES (1), (2);
           CREATE TABLE presets (id ${type} PRIMARY KEY, customer int REFERENCES customers, name text, UNIQUE (customer, name));
           INSERT INTO presets SELECT key, 1 + (n - 1) / 2, CASE n % 2 WHEN 1 THEN 'x' ELSE 'y' END FROM ${each(keys, type)};
           CREATE TABLE uses (id int PRIMARY KEY, preset ${by} REFERENCES presets); INSERT INTO uses SELECT n, key FROM ${each(written, by)};`,
        );
        const named = 'SELECT u.id, p.name FROM ~uses u LEFT JOIN ~presets p ON p.id = u.preset ORDER BY 1';
        const before = await at.rows(named);
        const answers = { 'presets.customer': 'keep-target' } as const;
        await at.roundTrip(['customers', 'presets', 'uses'], { answers });
        await at.apply({ answers });
        assert.deepEqual(await at.rows(named), before, type);
      }
    });

    it('is listed before, decided by nobody but who is asked, on every level, and set aside whole', async () => {
      const at = await prepare(customers + presets, { tenant: ofTenants, intent: { tenant: 'a' } });
      const open = await at.plan();
      assert.deepEqual([...new Set(codes(open))], ['COLLISION_OPEN']);
      assert.deepEqual(lostIn(open), [
        ['marks', 'ask', ['1 2']],
        ['presets', 'ask', ['1 2', '4 5']],
        ['uses', 'ask', ['1 2']],
      ]);
      const start = await at.text();
      await assert.rejects(at.apply(), refusedAs('PLAN_REFUSED'));
      await assert.rejects(at.apply({}, { force: true, reason: 'no' }), refusedAs('PLAN_REFUSED'));
      assert.deepEqual(compareDatabases(start, await at.text()), {});
      const one = { [`presets.customer`]: 'keep-source', [`uses.preset`]: 'keep-target' } as const;
      assert.deepEqual(codes(await at.plan({ answers: one })), ['COLLISION_OPEN']);
      const answers = { ...one, 'marks.use': 'keep-target' } as const;
      const plan = await at.plan({ answers });
      assert.ok(codes(plan, 'info').includes('COLLISION_SET_ASIDE'));
      const { migrationId } = await merged(at, ['customers', 'presets', 'uses', 'marks'], { answers });
      assert.ok(migrationId !== '');
      const again = await at.apply({ answers });
      assert.deepEqual(await at.rows('SELECT id, customer, name, body, changed FROM ~presets ORDER BY id'), [
        ['2', '2', 'draft', 'old', '5'],
        ['3', '2', 'fine', 'own', '1'],
        ['5', '2', 'wide', 'w1', '1'],
        ['9', '9', 'draft', 'theirs', '1'],
      ]);
      assert.deepEqual(await at.rows('SELECT id, preset, day FROM ~uses ORDER BY id'), [
        ['2', '2', '1'],
        ['3', '2', '2'],
        ['4', '3', '1'],
        ['5', '5', '1'],
        ['6', null, '1'],
        ['9', '9', '1'],
      ]);
      assert.deepEqual(await at.rows('SELECT use, text FROM ~marks ORDER BY 1'), [
        ['2', 'kept'],
        ['3', 'moves'],
      ]);
      assert.deepEqual(await at.rows('SELECT id, email, phone, note, parent FROM ~customers ORDER BY id'), [
        ['2', 'two@x', null, 'second', '2'],
        ['3', 'three@x', null, null, '2'],
        ['9', 'one@x', '+9', null, '9'],
      ]);
      const aside = `SELECT split_part(table_name, '.', 2), row_key, survivor_key, split_part(constraint_name, '_', 1), row ->> 'body', row ->> 'email'
        FROM drover.set_aside WHERE migration_id = '${again.migrationId}' ORDER BY 1, 2`;
      assert.deepEqual(await queryText(database, aside), [
        ['customers', '1', '2', null, null, 'one@x'],
        ['marks', '1', '2', 'marks', null, null],
        ['presets', '1', '2', 'presets', 'old', null],
        ['presets', '4', '5', 'presets', 'w1', null],
        ['uses', '1', '2', 'uses', null, null],
      ]);
      const leads = (await listAliases(at.site, { tenant: 'a', table: `${at.schema}.customers` })).map(
        ({ from, to }) => [from, to],
      );
      assert.deepEqual(
        leads,
        [['1', '2']],
        'whoever holds the key of the row that went finds the row that stayed',
      );
      await assert.rejects(at.plan({ from: '2', to: '1', answers }), refusedAs('ROW_NOT_FOUND'));
      const { merge: _merge, ...plain } = at.intent({ from: '3', to: '1' });
      await assert.rejects(
        applyOne(at.site, { intent: plain, confirm: true, actor }),
        refusedAs('KEY_ISSUED_BEFORE'),
      );
    });

    it('is decided by the configuration, and the newest row may be either', async () => {
      const at = await prepare(customers + presets, {
        tenant: ofTenants,
        intent: { tenant: 'a' },
        values: { phone: 'fill', note: 'fill', email: 'source' },
        names: [
          { at: 'presets.customer', merge: { newest: 'changed' } },
          { at: 'uses.preset', merge: 'keep-target' },
          { at: 'marks.use', merge: 'keep-source' },
        ],
      });
      await merged(at, ['customers', 'presets', 'uses', 'marks']);
      await at.script('UPDATE presets SET changed = 9 WHERE id = 2');
      await at.apply();
      assert.deepEqual(await at.rows('SELECT body FROM ~presets WHERE id IN (2, 5) ORDER BY id'), [
        ['new'],
        ['w1'],
      ]);
      assert.deepEqual(await at.rows('SELECT text FROM ~marks WHERE use = 2'), [['lost']]);
      assert.deepEqual(await at.rows('SELECT email, phone, note FROM ~customers WHERE id = 2'), [
        ['one@x', '+1', 'second'],
      ]);
    });

    it('is judged by the definition of the key: NULLs, predicates, expressions, computed columns, exclusions', async () => {
      const at =
        await prepare(`CREATE TABLE customers (id int PRIMARY KEY); INSERT INTO customers VALUES (1), (2), (3);
        CREATE TABLE nulls (id int PRIMARY KEY, c int REFERENCES customers, k text, UNIQUE (c, k));
        INSERT INTO nulls VALUES (1, 1, NULL), (2, 2, NULL), (3, 1, 'x'), (4, 2, 'y');
        CREATE TABLE same (id int PRIMARY KEY, c int REFERENCES customers, k text, UNIQUE NULLS NOT DISTINCT (c, k));
        INSERT INTO same VALUES (1, 1, NULL), (2, 2, NULL), (3, 3, NULL);
        CREATE TABLE part (id int PRIMARY KEY, c int REFERENCES customers, off boolean NOT NULL); CREATE UNIQUE INDEX ON part (c) WHERE NOT off;
        INSERT INTO part VALUES (1, 1, false), (2, 2, true), (3, 1, true), (4, 2, false), (5, 3, false);
        CREATE TABLE lowered (id int PRIMARY KEY, c int REFERENCES customers, k text); CREATE UNIQUE INDEX ON lowered (c, lower(k));
        INSERT INTO lowered VALUES (1, 1, 'Kitchen'), (2, 2, 'kitchen'), (3, 1, 'Bar');
        CREATE TABLE made (id int PRIMARY KEY, c int REFERENCES customers, k text, both_ text GENERATED ALWAYS AS (c::text || ' ' || k) STORED UNIQUE);
        INSERT INTO made VALUES (1, 1, 'k'), (2, 2, 'k'), (3, 1, 'other');
        CREATE TABLE booked (id int PRIMARY KEY, c int REFERENCES customers, at int4range, EXCLUDE USING gist (int4range(c, c, '[]') WITH =, at WITH &&));
        INSERT INTO booked VALUES (1, 1, '[1,5)'), (2, 2, '[4,9)'), (3, 1, '[9,12)'), (4, 2, '[20,21)'), (5, 3, '[1,9)');
        CREATE TABLE pairs (id int PRIMARY KEY, p int REFERENCES customers, q int REFERENCES customers, UNIQUE (p, q));
        INSERT INTO pairs VALUES (1, 1, 2), (2, 2, 1), (3, 1, 3), (4, 3, 1), (5, 3, 2), (6, 3, 3);`);
      const plan = await at.plan();
      assert.deepEqual(
        lostIn(plan).map(([table, , pairs]) => [table, pairs]),
        [
          ['booked', ['1 2']],
          ['lowered', ['1 2']],
          ['made', ['1 2']],
          ['pairs', ['2 1', '4 5']],
          ['part', ['1 4']],
          ['same', ['1 2']],
        ],
      );
      const answers = Object.fromEntries(
        ['booked.c', 'lowered.c', 'made.c', 'pairs.p', 'pairs.q', 'part.c', 'same.c'].map((place) => [
          place,
          'keep-target' as const,
        ]),
      );
      await merged(at, ['customers', 'nulls', 'same', 'part', 'lowered', 'made', 'booked', 'pairs'], {
        answers,
      });
      await at.apply({ answers });
      assert.deepEqual(await at.rows('SELECT id, both_ FROM ~made ORDER BY id'), [
        ['2', '2 k'],
        ['3', '2 other'],
      ]);
      assert.deepEqual(await at.rows('SELECT id, p, q FROM ~pairs ORDER BY id'), [
        ['1', '2', '2'],
        ['3', '2', '3'],
        ['5', '3', '2'],
        ['6', '3', '3'],
      ]);
    });

    it('is followed through keys within keys, rings, and rows that refer to two rows that are lost', async () => {
      const at = await prepare(
        `${tenants} CREATE TABLE customers (tenant_id text NOT NULL REFERENCES tenants, id text, main int, up text, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, up) REFERENCES customers);
         CREATE TABLE orders (tenant_id text NOT NULL, customer text NOT NULL, n int, PRIMARY KEY (tenant_id, customer, n),
           FOREIGN KEY (tenant_id, customer) REFERENCES customers ON DELETE CASCADE ON UPDATE CASCADE);
         ALTER TABLE customers ADD FOREIGN KEY (tenant_id, id, main) REFERENCES orders (tenant_id, customer, n);
         CREATE TABLE lines (tenant_id text NOT NULL, customer text NOT NULL, n int NOT NULL, line int, what text, PRIMARY KEY (tenant_id, customer, n, line),
           FOREIGN KEY (tenant_id, customer, n) REFERENCES orders ON DELETE CASCADE);
         CREATE TABLE tags (id int PRIMARY KEY, tenant_id text NOT NULL, customer text NOT NULL, name text, UNIQUE (tenant_id, id), UNIQUE (tenant_id, customer, name),
           FOREIGN KEY (tenant_id, customer) REFERENCES customers);
         CREATE TABLE tagged (tenant_id text NOT NULL, customer text NOT NULL, n int NOT NULL, tag int NOT NULL, PRIMARY KEY (tenant_id, customer, n, tag),
           FOREIGN KEY (tenant_id, customer, n) REFERENCES orders, FOREIGN KEY (tenant_id, tag) REFERENCES tags (tenant_id, id));
         INSERT INTO customers SELECT t, k, NULL, NULL FROM (VALUES ('a'), ('b')) x (t), (VALUES ('1'), ('2'), ('3')) y (k);
         INSERT INTO orders SELECT t, k, n FROM (VALUES ('a'), ('b')) x (t), (VALUES ('1', 1), ('1', 2), ('2', 1), ('2', 3), ('3', 1)) y (k, n);
         INSERT INTO lines SELECT tenant_id, customer, n, l, customer || n FROM orders, generate_series(1, 2) l WHERE customer <> '2' OR l = 1;
         UPDATE customers SET main = 1, up = '1';
         INSERT INTO tags VALUES (1, 'a', '1', 'red'), (2, 'a', '2', 'red'), (3, 'a', '1', 'blue'), (4, 'b', '1', 'red');
         INSERT INTO tagged VALUES ('a', '1', 1, 1), ('a', '2', 1, 2), ('a', '1', 2, 1), ('a', '2', 3, 2), ('a', '1', 2, 3), ('b', '1', 1, 4);`,
        {
          tenant: ofTenants,
          intent: { tenant: 'a' },
          names: [
            { at: 'orders.customer', merge: 'keep-source' },
            { at: 'lines.customer', merge: 'keep-target' },
            { at: 'tags.customer', merge: 'keep-target' },
            { at: 'tagged.customer', merge: 'keep-target' },
            { at: 'tagged.tag', merge: 'keep-target' },
          ],
        },
      );
      await merged(at, ['customers', 'orders', 'lines', 'tags', 'tagged']);
      await at.apply();
      assert.deepEqual(
        await at.rows(
          `SELECT customer, n, line, what FROM ~lines WHERE tenant_id = 'a' AND customer = '2' ORDER BY n, line`,
        ),
        [
          ['2', '1', '1', '21'],
          ['2', '1', '2', '11'],
          ['2', '2', '1', '12'],
          ['2', '2', '2', '12'],
          ['2', '3', '1', '23'],
        ],
      );
      assert.deepEqual(
        await at.rows(`SELECT customer, n, tag FROM ~tagged WHERE tenant_id = 'a' ORDER BY n, tag`),
        [
          ['2', '1', '2'],
          ['2', '2', '2'],
          ['2', '2', '3'],
          ['2', '3', '2'],
        ],
      );
      assert.deepEqual(await at.rows(`SELECT count(*) FROM ~orders WHERE tenant_id = 'b'`), [['5']]);
    });
  });

  describe('rows of the table itself', () => {
    it('meet, too: what refers to them follows, and the target is lost to none', async () => {
      const at =
        await prepare(`CREATE TABLE customers (id int PRIMARY KEY, parent int REFERENCES customers, name text, UNIQUE (parent, name));
        INSERT INTO customers VALUES (1, NULL, 'x'), (2, 1, 'k'), (3, 1, 'k2'), (4, 2, 'k2'), (5, 2, 'k');
        CREATE TABLE orders (id int PRIMARY KEY, c int REFERENCES customers ON DELETE CASCADE); INSERT INTO orders SELECT n, n FROM generate_series(1, 5) n;
        CREATE TABLE notes (id int PRIMARY KEY, c int REFERENCES customers ON DELETE SET NULL); INSERT INTO notes SELECT n, n FROM generate_series(1, 5) n;`);
      const answers = { 'customers.parent': 'keep-target' } as const;
      assert.deepEqual(lostIn(await at.plan({ answers })), [['customers', 'keep-target', ['3 4', '5 2']]]);
      await merged(at, ['customers', 'orders', 'notes'], { answers });
      await at.apply({ answers });
      const led = [
        ['1', '2'],
        ['2', '2'],
        ['3', '4'],
        ['4', '4'],
        ['5', '2'],
      ];
      assert.deepEqual(await at.rows('SELECT id, c FROM ~orders ORDER BY id'), led);
      assert.deepEqual(await at.rows('SELECT id, c FROM ~notes ORDER BY id'), led);
      assert.deepEqual(await at.rows('SELECT id, parent FROM ~customers ORDER BY id'), [
        ['2', '2'],
        ['4', '2'],
      ]);
    });
  });

  describe('what cannot be', () => {
    it('is refused before anything is written: no row to become one with, rows that nobody can follow, a stranger’s policy', async () => {
      const at =
        await prepare(`CREATE TABLE customers (id int PRIMARY KEY, code int UNIQUE, name text); INSERT INTO customers VALUES (1, 10, 'x'), (2, 20, 'y');
        CREATE TABLE coded (id int PRIMARY KEY, code int REFERENCES customers (code) ON DELETE CASCADE); INSERT INTO coded VALUES (1, 10), (2, 20);
        CREATE DOMAIN documents AS json;
        CREATE TABLE carts (c int REFERENCES customers, line int, product text, doc json, docs json[], page xml, spot point, under documents, PRIMARY KEY (c, line), UNIQUE (c, product));
        CREATE TABLE gifts (id int PRIMARY KEY, c int, line int, FOREIGN KEY (c, line) REFERENCES carts);
        INSERT INTO carts VALUES (1, 1, 'tea'), (2, 7, 'tea'); INSERT INTO gifts VALUES (1, 1, 1);`);
      await assert.rejects(at.plan({ to: '5' }), refusedAs('ROW_NOT_FOUND'));
      const { merge: _merge, ...plain } = at.intent();
      assert.deepEqual(codes(await planOne(at.site, plain)), ['BOTH_ROWS_EXIST']);
      const plan = await at.plan({ answers: { 'carts.c': 'keep-target' } });
      assert.deepEqual(
        plan.findings.filter(({ code }) => code === 'REKEY_IMPOSSIBLE').map(({ place }) => place),
        ['compound'],
      );
      await assert.rejects(at.plan({ answers: { 'nothing.c': 'keep-target' } }), refusedAs('ANSWER_UNKNOWN'));
      for (const column of ['carts.product', 'carts.line', 'gifts.id', 'customers.name'])
        for (const keep of ['keep-target', 'keep-source'] as const)
          await assert.rejects(at.plan({ answers: { [column]: keep } }), refusedAs('ANSWER_UNKNOWN'));
      assert.ok(
        (await at.plan({ answers: { 'gifts.c': 'keep-source' } })).hash !== '',
        'rows may meet there',
      );
      const elsewhere = { [`${at.schema}.carts.c`]: 'keep-target' } as const;
      await assert.rejects(at.plan({ answers: elsewhere }), refusedAs('ANSWER_UNKNOWN'));
      const unasked = { ...plain, to: '5', answers: { 'carts.c': 'keep-target' } as const };
      await assert.rejects(planOne(at.site, unasked), refusedAs('ANSWER_UNKNOWN'));
      await at.script('DELETE FROM gifts');
      const { migrationId } = await at.apply({ answers: { 'carts.c': 'keep-target' } });
      assert.deepEqual(await at.rows('SELECT id, code FROM ~coded ORDER BY id'), [
        ['1', '20'],
        ['2', '20'],
      ]);
      await rollbackOne(at.site, { migrationId, actor });
      assert.deepEqual(await at.rows('SELECT id, code FROM ~coded ORDER BY id'), [
        ['1', '10'],
        ['2', '20'],
      ]);
      for (const names of [
        [{ at: 'coded.code', merge: { newest: 'none' } }],
        ...['doc', 'docs', 'page', 'spot', 'under'].map((newest) => [{ at: 'carts.c', merge: { newest } }]),
        [{ at: 'customers.name', merge: 'keep-source' as const }],
      ]) {
        const wrong = { ...at.site.config, rows: [{ table: 'customers', names }] };
        const site = await openSite({ database, config: wrong });
        await assert.rejects(
          applyOne(site, { intent: at.intent(), confirm: true, actor }),
          refusedAs('CONFIG_MISMATCH'),
        );
      }
    });
  });

  describe('taken back', () => {
    it('rows return where there is room, others are listed, and what came later stays', async () => {
      const at =
        await prepare(`CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers VALUES (1, 'x'), (2, 'y');
        CREATE TABLE orders (id int PRIMARY KEY, c int REFERENCES customers, note text); INSERT INTO orders VALUES (1, 1, NULL), (2, 2, NULL), (3, 1, NULL);
        CREATE TABLE labels (id int PRIMARY KEY, c int REFERENCES customers, name text, code int UNIQUE, UNIQUE (c, name));
        INSERT INTO labels VALUES (1, 1, 'a', 1), (2, 2, 'a', 2), (3, 1, 'b', 3), (4, 2, 'b', 4);`);
      const answers = { 'labels.c': 'keep-target' } as const;
      const { migrationId } = await at.apply({ answers });
      await at.script(
        `INSERT INTO orders VALUES (4, 2, 'later'); UPDATE orders SET c = NULL WHERE id = 3; INSERT INTO labels VALUES (9, 2, 'z', 1);`,
      );
      const back = await rollbackOne(at.site, { migrationId, actor });
      assert.equal(back.complete, false);
      assert.deepEqual(
        back.skipped
          .map(({ table, key }) => [table.replace(/^.*\./, ''), key].join(' '))
          .toSorted(compareText),
        ['labels 1', 'orders 3'],
      );
      assert.deepEqual(await at.rows('SELECT id, c FROM ~orders ORDER BY id'), [
        ['1', '1'],
        ['2', '2'],
        ['3', null],
        ['4', '2'],
      ]);
      assert.deepEqual(await at.rows('SELECT id, c FROM ~labels ORDER BY id'), [
        ['2', '2'],
        ['3', '1'],
        ['4', '2'],
        ['9', '2'],
      ]);
      const aside = `SELECT row_key FROM drover.set_aside WHERE table_name LIKE '${at.schema}.%' AND returned_by IS NULL`;
      assert.deepEqual(await queryText(database, aside), [['1']]);
    });

    it('says of a row of another tenant, which was taken along, that it is one', async () => {
      const at = await prepare(
        `${tenants} CREATE TABLE customers (id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants); INSERT INTO customers VALUES (1, 'a'), (2, 'a');
        CREATE TABLE orders (id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, c int REFERENCES customers);
        INSERT INTO orders VALUES (1, 'a', 1), (2, 'b', 1), (3, 'a', 1);`,
        { tenant: ofTenants, intent: { tenant: 'a' } },
      );
      assert.deepEqual(codes(await at.plan()), ['FOREIGN_ROWS']);
      const { migrationId } = await at.apply({}, { force: true, reason: 'agreed' });
      await at.script('DELETE FROM orders WHERE id = 3');
      const { skipped } = await rollbackOne(at.site, { migrationId, tenant: 'a', actor });
      assert.deepEqual(skipped.map(({ key, reason }) => `${key}: ${reason}`).toSorted(compareText), [
        '2: belongs to another tenant',
        '3: deleted since',
      ]);
    });

    it('is refused where somebody made another row of the key that returns', async () => {
      const at =
        await prepare(`CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers VALUES (1, 'x'), (2, 'y');
        CREATE TABLE orders (id int PRIMARY KEY, c int REFERENCES customers); INSERT INTO orders VALUES (1, 1), (2, 2);`);
      const { migrationId } = await at.apply();
      await at.script(`INSERT INTO customers VALUES (1, 'another')`);
      const start = await at.text();
      await assert.rejects(rollbackOne(at.site, { migrationId, actor }), refusedAs('ROLLBACK_IMPOSSIBLE'));
      assert.deepEqual(compareDatabases(start, await at.text()), {});
    });

    it('every alias leads where it led before, through chains of merges and re-keys, there and back', async () => {
      const at =
        await prepare(`CREATE TABLE customers (id int PRIMARY KEY); INSERT INTO customers VALUES (0), (2), (3), (9);
        CREATE TABLE orders (id int PRIMARY KEY, c int REFERENCES customers); INSERT INTO orders VALUES (0, 0), (2, 2), (3, 3), (9, 9);`);
      const led = async (): Promise<string[]> =>
        (await listAliases(at.site, { table: `${at.schema}.customers` })).map(
          ({ from, to }) => `${from} ${to}`,
        );
      const back = async (migrationId: string): Promise<string> =>
        (await rollbackOne(at.site, { migrationId, actor })).migrationId;
      const { merge: _merge, ...plain } = at.intent({ from: '0', to: '1' });
      await applyOne(at.site, { intent: plain, confirm: true, actor });
      await at.apply({ from: '9', to: '3' });
      await at.apply({ from: '1', to: '2' });
      const { migrationId } = await at.apply({ from: '2', to: '3' });
      const done = ['0 3', '1 3', '2 3', '9 3'];
      assert.deepEqual(await led(), done);
      const first = await back(migrationId);
      assert.deepEqual(await led(), ['0 2', '1 2', '9 3']);
      const second = await back(first);
      assert.deepEqual(await led(), done);
      await back(second);
      assert.deepEqual(await led(), ['0 2', '1 2', '9 3']);
    });

    it('goes on where the records are elsewhere, and with rows set aside there', async () => {
      const at = await prepare(customers + presets, { tenant: ofTenants, intent: { tenant: 'a' } });
      const records = await freshDatabase('embedded');
      const state = await openDatabase(records.target);
      try {
        const site = await openSite({ database, config: at.site.config, state });
        const answers = {
          'presets.customer': 'keep-target',
          'uses.preset': 'keep-target',
          'marks.use': 'keep-target',
        } as const;
        const start = await at.text();
        const aside = `SELECT count(*) FROM drover.set_aside WHERE returned_by IS NULL`;
        const { migrationId } = await applyOne(site, {
          intent: at.intent({ answers }),
          confirm: true,
          actor,
        });
        assert.deepEqual(await queryText(state, aside), [['5']]);
        await rollbackOne(site, { migrationId, tenant: 'a', actor });
        assert.deepEqual(await queryText(state, aside), [['0']]);
        assert.deepEqual(compareDatabases(start, await at.text()), {});
      } finally {
        await state.close();
        await records.drop();
      }
    });
  });
});
