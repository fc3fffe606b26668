/**
 * The torture list: what a row that gets another key, or becomes one with another, must survive. R01 to R25 have one ending, on both engines and
 * with constraints enforced: every table that can refer to the row had a row that does; tables and `set_aside` hold as many rows as before;
 * nothing else differs by a byte; the journal holds each change; applying again is a replay; a rollback gives the start, and its rollback the
 * end; the old key resolves.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { readMapping } from '../../src/cli/migrations/mapping-file.ts';
import type { MappingEntry } from '../../src/cli/migrations/mapping-file.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { listAliases } from '../../src/postgres/records/aliases.ts';
import { compareDatabases } from '../attached/database-text.ts';
import { rollbackOne } from '../support/batches.ts';
import { listChanges } from '../../src/postgres/records/history.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';
import { actor, codes, nextKey, oldKey, prepareRows, refusedAs } from '../support/rows-case.ts';
import type { RowsCase } from '../support/rows-case.ts';

type How = Parameters<typeof prepareRows>[2];

interface Torture {
  readonly what: string;
  readonly sql: string;
  /** The tables that change, and no others. */
  readonly changed: readonly string[];
  readonly how?: How;
  readonly more?: Partial<Intent>;
  /** Old keys with those that they lead to; by default the one of the intent. */
  readonly leads?: readonly string[];
  /** A finding that there must be. */
  readonly says?: string;
  /** Errors that are passed by force. */
  readonly forced?: readonly string[];
  /** Places in which rows of another tenant name the key, and are told each time. */
  readonly left?: readonly string[];
  /** Done before: what came earlier. */
  readonly earlier?: readonly Partial<Intent>[];
  /** Columns that triggers of the database write again each time, as `table.column`. */
  readonly apart?: readonly string[];
}

const other = '22222222-2222-4222-8222-22222222bbbb';
const printers = `CREATE TABLE printers (id uuid PRIMARY KEY, name text); INSERT INTO printers VALUES ('${oldKey}', 'Kitchen'), ('${other}', 'Bar');`;
const merging = { intent: { from: '1', to: '2', merge: true as const } };
const keys = (text: string): Partial<Intent> => ({
  from: 'keys',
  to: 'others',
  pairs: text.split(' ').map((pair) => {
    const [from = '', to = ''] = pair.split('>');
    return { from, to };
  }),
});

function fromFile(rows: number): readonly MappingEntry[] {
  const lines = Array.from({ length: rows }, (_, at) => `${at + 1},${at + 10_001}`);
  return readMapping(Buffer.from(`from,to\n${lines.join('\n')}\n`)).entries;
}

const list: Readonly<Record<string, Torture>> = {
  R01: {
    what: 'a row that refers to itself, and is its own parent',
    sql: `CREATE TABLE printers (id uuid PRIMARY KEY, parent uuid REFERENCES printers, spare uuid REFERENCES printers ON DELETE CASCADE);
      INSERT INTO printers VALUES ('${oldKey}', '${oldKey}', '${oldKey}'), ('${other}', '${oldKey}', NULL);`,
    changed: ['printers'],
  },
  R02: {
    what: 'composite keys over three levels',
    sql: `CREATE TABLE shops (id text PRIMARY KEY); INSERT INTO shops VALUES ('a'), ('b');
      CREATE TABLE printers (shop text REFERENCES shops, id text, PRIMARY KEY (shop, id));
      CREATE TABLE jobs (shop text, printer text, n int, PRIMARY KEY (shop, printer, n), FOREIGN KEY (shop, printer) REFERENCES printers);
      CREATE TABLE pages (shop text, printer text, job int, n int, PRIMARY KEY (shop, printer, job, n), FOREIGN KEY (shop, printer, job) REFERENCES jobs);
      INSERT INTO printers SELECT s, k FROM (VALUES ('a'), ('b')) x (s), (VALUES ('one'), ('two')) y (k);
      INSERT INTO jobs SELECT shop, id, 1 FROM printers; INSERT INTO pages SELECT shop, printer, n, 1 FROM jobs;`,
    changed: ['printers', 'jobs', 'pages'],
    how: { tenant: { root: 'shops', column: 'shop' }, intent: { tenant: 'a', from: 'one', to: 'three' } },
  },
  R03: {
    what: 'a ring of two tables, of which neither key can be deferred',
    sql: `CREATE TABLE printers (id uuid PRIMARY KEY, lead int); CREATE TABLE jobs (printer uuid REFERENCES printers, n int, PRIMARY KEY (printer, n));
      INSERT INTO printers VALUES ('${oldKey}', NULL), ('${other}', NULL); INSERT INTO jobs VALUES ('${oldKey}', 1), ('${other}', 1);
      UPDATE printers SET lead = 1; ALTER TABLE printers ADD FOREIGN KEY (id, lead) REFERENCES jobs;`,
    changed: ['printers', 'jobs'],
  },
  R04: {
    what: 'a swap, a chain and a ring of five',
    sql: `CREATE TABLE printers (id text PRIMARY KEY); INSERT INTO printers SELECT 'p' || n FROM generate_series(1, 10) n;
      CREATE TABLE jobs (printer text REFERENCES printers, n int, PRIMARY KEY (printer, n)); INSERT INTO jobs SELECT id, 1 FROM printers;`,
    changed: ['printers', 'jobs'],
    more: keys('p1>p2 p2>p1 p3>p4 p4>p5 p5>q5 p6>p7 p7>p8 p8>p9 p9>p10 p10>p6'),
    leads: ['p3>p4'],
  },
  R05: {
    what: 'keys that are deferrable, deferred and neither',
    sql: `${printers} CREATE TABLE a (id int PRIMARY KEY, printer uuid REFERENCES printers DEFERRABLE);
      CREATE TABLE b (id int PRIMARY KEY, printer uuid REFERENCES printers DEFERRABLE INITIALLY DEFERRED);
      CREATE TABLE c (id int PRIMARY KEY, printer uuid REFERENCES printers ON DELETE RESTRICT);
      INSERT INTO a VALUES (1, '${oldKey}'), (2, '${other}'); INSERT INTO b VALUES (1, '${oldKey}'); INSERT INTO c VALUES (1, '${oldKey}'), (2, NULL);`,
    changed: ['printers', 'a', 'b', 'c'],
  },
  R06: {
    what: 'a JSON path, a list, a list with commas, an array, an address, and a pair of type and id',
    sql: `${printers} CREATE TABLE notes (id int PRIMARY KEY, body jsonb, listed text, many uuid[], url text, kind text, subject text);
      INSERT INTO notes VALUES (1, '{"printer": "${oldKey}", "all": ["${other}", "${oldKey}"]}', '${other},${oldKey}', ARRAY['${oldKey}', '${other}']::uuid[],
        'https://x/printers/${oldKey}?on=1', 'printer', '${oldKey}'), (2, '{}', '', '{}', '', 'person', '${other}');`,
    changed: ['printers', 'notes'],
    how: {
      names: [
        { at: 'notes.body', json: '/printer' },
        { at: 'notes.body', json: '/all/*' },
        { at: 'notes.listed', shape: 'comma' },
        { at: 'notes.many' },
        { at: 'notes.url', as: '/printers/{key}', within: 'token' },
        { at: 'notes.subject', when: "kind = 'printer'" },
      ],
    },
  },
  R07: {
    what: 'a row that had other keys and was one with another, whose aliases all lead to it',
    sql: `CREATE TABLE printers (id int PRIMARY KEY); INSERT INTO printers VALUES (0), (2), (9);
      CREATE TABLE jobs (id int PRIMARY KEY, printer int REFERENCES printers); INSERT INTO jobs SELECT id, id FROM printers;`,
    changed: ['printers', 'jobs'],
    earlier: [
      { from: '0', to: '1' },
      { from: '9', to: '2', merge: true },
    ],
    more: { ...merging.intent },
    leads: ['0>2', '1>2', '9>2'],
  },
  R08: {
    what: 'GENERATED ALWAYS over two levels, and a column computed from the key',
    sql: `CREATE TABLE printers (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text, label text GENERATED ALWAYS AS ('p ' || name) STORED, code int GENERATED ALWAYS AS (id * 10) STORED);
      INSERT INTO printers (name) VALUES ('x'), ('y');
      CREATE TABLE jobs (printer int REFERENCES printers ON DELETE CASCADE, n int, PRIMARY KEY (printer, n));
      CREATE TABLE pages (printer int, job int, n int PRIMARY KEY, FOREIGN KEY (printer, job) REFERENCES jobs ON DELETE CASCADE);
      INSERT INTO jobs VALUES (1, 1), (2, 1); INSERT INTO pages VALUES (1, 1, 1), (2, 1, 2);`,
    changed: ['printers', 'jobs', 'pages'],
    how: { intent: { from: '1', to: '100' } },
  },
  R09: {
    what: 'a thousand keys from a file, exported, with what Drover cannot reach told',
    sql: `CREATE TABLE printers (id int PRIMARY KEY); INSERT INTO printers SELECT generate_series(1, 1000);
      CREATE TABLE jobs (id int PRIMARY KEY, printer int REFERENCES printers); INSERT INTO jobs SELECT n, n FROM generate_series(1, 1000, 7) n;`,
    changed: ['printers', 'jobs'],
    how: { outside: ['printed labels'] },
    more: { from: 'a file', to: 'other keys', pairs: fromFile(1000) },
    leads: fromFile(1000)
      .map(({ from, to }) => `${from}>${to}`)
      .toSorted(),
    says: 'KEY_OUTSIDE',
  },
  R10: {
    what: 'a merge under unique keys with the tenant, with a predicate, and of lower(name)',
    sql: `CREATE TABLE shops (id text PRIMARY KEY); INSERT INTO shops VALUES ('a'), ('b');
      CREATE TABLE printers (shop text REFERENCES shops, id int, PRIMARY KEY (shop, id)); INSERT INTO printers VALUES ('a', 1), ('a', 2), ('b', 1);
      CREATE TABLE a (id int PRIMARY KEY, shop text, printer int, name text, UNIQUE (shop, printer, name), FOREIGN KEY (shop, printer) REFERENCES printers);
      CREATE TABLE b (id int PRIMARY KEY, shop text, printer int, on_now bool, FOREIGN KEY (shop, printer) REFERENCES printers);
      CREATE UNIQUE INDEX ON b (shop, printer) WHERE on_now;
      CREATE TABLE c (id int PRIMARY KEY, shop text, printer int, name text, FOREIGN KEY (shop, printer) REFERENCES printers);
      CREATE UNIQUE INDEX ON c (shop, printer, lower(name));
      INSERT INTO a VALUES (1, 'a', 1, 'x'), (2, 'a', 2, 'x'), (3, 'a', 1, 'y'), (4, 'b', 1, 'x');
      INSERT INTO b VALUES (1, 'a', 1, true), (2, 'a', 2, true), (3, 'a', 1, false), (4, 'a', 2, false);
      INSERT INTO c VALUES (1, 'a', 1, 'X'), (2, 'a', 2, 'x'), (3, 'a', 1, 'y');`,
    changed: ['printers', 'a', 'b', 'c'],
    how: {
      tenant: { root: 'shops', column: 'shop' },
      intent: { tenant: 'a', from: '1', to: '2', merge: true },
    },
    more: { answers: { 'a.printer': 'keep-target', 'b.printer': 'keep-target', 'c.printer': 'keep-target' } },
  },
  R11: {
    what: 'triggers that count each change, of the row and of what refers to it',
    sql: `${printers} ALTER TABLE printers ADD version int NOT NULL DEFAULT 0;
      CREATE TABLE jobs (id int PRIMARY KEY, printer uuid REFERENCES printers, version int NOT NULL DEFAULT 0); INSERT INTO jobs VALUES (1, '${oldKey}'), (2, '${other}');
      CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.version := old.version + 1; RETURN new; END $$;
      CREATE TRIGGER bump BEFORE UPDATE ON printers FOR EACH ROW EXECUTE FUNCTION bump();
      CREATE TRIGGER bump BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION bump();`,
    changed: ['printers', 'jobs'],
    says: 'TRIGGERS_FIRE',
    apart: ['printers.version', 'jobs.version'],
  },
  R12: {
    what: 'ON DELETE CASCADE and ON UPDATE SET NULL, of which none fires',
    sql: `${printers} CREATE TABLE a (id int PRIMARY KEY, printer uuid REFERENCES printers ON DELETE CASCADE ON UPDATE SET NULL);
      CREATE TABLE b (id int PRIMARY KEY, printer uuid DEFAULT '${other}' REFERENCES printers ON DELETE SET NULL ON UPDATE SET DEFAULT);
      INSERT INTO a VALUES (1, '${oldKey}'); INSERT INTO b VALUES (1, '${oldKey}');`,
    changed: ['printers', 'a', 'b'],
  },
  R14: {
    what: 'a row of partitions that refers, in two of them',
    sql: `${printers} CREATE TABLE jobs (printer uuid REFERENCES printers, day int, n int, PRIMARY KEY (day, n)) PARTITION BY RANGE (day);
      CREATE TABLE jobs_1 PARTITION OF jobs FOR VALUES FROM (0) TO (10); CREATE TABLE jobs_2 PARTITION OF jobs DEFAULT;
      INSERT INTO jobs VALUES ('${oldKey}', 1, 1), ('${oldKey}', 20, 1), ('${other}', 2, 1);`,
    changed: ['printers', 'jobs'],
  },
  R15: {
    what: 'a merge whose rows meet on two levels, by each policy',
    sql: `CREATE TABLE printers (id int PRIMARY KEY, name text); INSERT INTO printers VALUES (1, 'a'), (2, 'b');
      CREATE TABLE presets (id int PRIMARY KEY, printer int REFERENCES printers, name text, v int, UNIQUE (printer, name));
      INSERT INTO presets VALUES (11, 1, 'x', 1), (12, 2, 'x', 2), (13, 1, 'y', 3);
      CREATE TABLE steps (preset int REFERENCES presets, n int, v int, PRIMARY KEY (preset, n));
      INSERT INTO steps VALUES (11, 1, 1), (11, 2, 2), (12, 1, 3);
      CREATE TABLE marks (id int PRIMARY KEY, printer int REFERENCES printers UNIQUE, at int); INSERT INTO marks VALUES (1, 1, 9), (2, 2, 5);`,
    changed: ['printers', 'presets', 'steps', 'marks'],
    how: { ...merging, values: 'fill', names: [{ at: 'marks.printer', merge: { newest: 'at' } }] },
    more: { answers: { 'presets.printer': 'keep-source', 'steps.preset': 'keep-target' } },
  },
  R16: {
    what: 'half-done before: the new row was made, some that refer were moved, and a list by hand forgot the rest',
    sql: `CREATE TABLE printers (id int PRIMARY KEY, name text); INSERT INTO printers VALUES (1, 'Kitchen'), (2, 'Kitchen');
      CREATE TABLE jobs (id int PRIMARY KEY, printer int REFERENCES printers); INSERT INTO jobs VALUES (1, 1), (2, 2), (3, 1);
      CREATE TABLE pages (id int PRIMARY KEY, printer int REFERENCES printers); INSERT INTO pages VALUES (1, 1);
      CREATE TABLE hooks (id int PRIMARY KEY, printer text); INSERT INTO hooks VALUES (1, 'printer-1'), (2, 'printer-2');`,
    changed: ['printers', 'jobs', 'pages', 'hooks'],
    how: { ...merging, names: [{ at: 'hooks.printer', as: 'printer-{key}' }] },
  },
  R17: {
    what: 'two rows that become one with a third',
    sql: `CREATE TABLE printers (id int PRIMARY KEY); INSERT INTO printers VALUES (1), (2), (3);
      CREATE TABLE jobs (id int PRIMARY KEY, printer int REFERENCES printers); INSERT INTO jobs SELECT id, id FROM printers;`,
    changed: ['printers', 'jobs'],
    more: { ...keys('1>3 2>3'), merge: true },
    leads: ['1>3', '2>3'],
  },
  R18: {
    what: 'NULLs, NULLS NOT DISTINCT and MATCH FULL',
    sql: `CREATE TABLE printers (id uuid PRIMARY KEY, room text NOT NULL, spare uuid, spare_room text, UNIQUE (room, id), UNIQUE NULLS NOT DISTINCT (spare),
        FOREIGN KEY (spare_room, spare) REFERENCES printers (room, id) MATCH FULL);
      INSERT INTO printers VALUES ('${oldKey}', 'r', '${oldKey}', 'r'), ('${other}', 'r', NULL, NULL);
      CREATE TABLE parts (id int PRIMARY KEY, room text, printer uuid, FOREIGN KEY (room, printer) REFERENCES printers (room, id));
      INSERT INTO parts VALUES (1, 'r', '${oldKey}'), (2, NULL, '${oldKey}'), (3, NULL, NULL);`,
    changed: ['printers', 'parts'],
  },
  R19: {
    what: 'names in capitals, reserved, of 63 bytes, with quotes and $1, and a key of the like',
    sql: `CREATE TABLE "Order" ("select" text PRIMARY KEY, "Name" text); INSERT INTO "Order" VALUES ('it''s "1" $1 {a}', 'a'), ('b', 'b');
      CREATE TABLE "${'x'.repeat(57)}""'$1" ("from" int PRIMARY KEY, "a""'$1" text REFERENCES "Order", "Other$1" text REFERENCES "Order");
      INSERT INTO "${'x'.repeat(57)}""'$1" VALUES (1, 'it''s "1" $1 {a}', 'b'), (2, 'b', 'it''s "1" $1 {a}');`,
    changed: ['Order', `${'x'.repeat(57)}"'$1`],
    how: {
      table: '"Order"',
      intent: { rows: '"Order"', from: `it's "1" $1 {a}`, to: `ünï $2::text; -- ''` },
    },
  },
  R20: {
    what: 'rows from which others compute: generated columns and materialised views',
    sql: `${printers} CREATE TABLE jobs (id int PRIMARY KEY, printer uuid REFERENCES printers, label text GENERATED ALWAYS AS ('job ' || id) STORED);
      INSERT INTO jobs VALUES (1, '${oldKey}'); CREATE MATERIALIZED VIEW seen AS SELECT j.id FROM jobs j JOIN printers p ON p.id = j.printer;`,
    changed: ['printers', 'jobs'],
    says: 'DERIVED_DATA',
  },
  R21: {
    what: 'rows apart by case or Unicode form, of which one changes',
    sql: `CREATE TABLE printers (id text PRIMARY KEY, name text);
      INSERT INTO printers VALUES ('Küche', 'a'), ('küche', 'a'), (U&'Ku\\0308che', 'a'), ('KÜCHE', 'a');
      CREATE TABLE jobs (id int PRIMARY KEY, printer text REFERENCES printers, note text);
      INSERT INTO jobs SELECT row_number() OVER (ORDER BY id COLLATE "C"), id, id FROM printers;`,
    changed: ['printers', 'jobs'],
    how: { names: [{ at: 'jobs.note' }], intent: { from: 'Küche', to: 'kitchen' } },
  },
  R22: {
    what: 'rows of another tenant, which follow by key, and one that names the same text',
    sql: `CREATE TABLE shops (id text PRIMARY KEY); INSERT INTO shops VALUES ('a'), ('b');
      CREATE TABLE printers (id uuid PRIMARY KEY, shop text NOT NULL REFERENCES shops); INSERT INTO printers VALUES ('${oldKey}', 'a'), ('${other}', 'b');
      CREATE TABLE jobs (id int PRIMARY KEY, shop text NOT NULL REFERENCES shops, printer uuid REFERENCES printers);
      CREATE TABLE notes (id int PRIMARY KEY, shop text NOT NULL REFERENCES shops, about text);
      INSERT INTO jobs VALUES (1, 'a', '${oldKey}'), (2, 'b', '${oldKey}'); INSERT INTO notes VALUES (1, 'a', '${oldKey}'), (2, 'b', '${oldKey}');`,
    changed: ['printers', 'jobs', 'notes'],
    how: {
      tenant: { root: 'shops', column: 'shop' },
      names: [{ at: 'notes.about' }],
      intent: { tenant: 'a' },
    },
    forced: ['FOREIGN_ROWS'],
    left: ['notes.about'],
  },
  R23: {
    what: 'a row beside a busy one, and a job that is claimed',
    sql: `${printers} ALTER TABLE printers ADD locked_until timestamptz; UPDATE printers SET locked_until = 'infinity' WHERE id = '${other}';
      CREATE TABLE jobs (id int PRIMARY KEY, printer uuid REFERENCES printers, claimed_by text); INSERT INTO jobs VALUES (1, '${oldKey}', 'worker 1'), (2, '${other}', NULL);`,
    changed: ['printers', 'jobs'],
    how: { busy: 'locked_until > now()' },
  },
};

/** What other files of this folder try under the same name, in full. */
const elsewhere = ['R24', 'R25'];

async function survives(at: RowsCase, torture: Torture): Promise<void> {
  const { changed, more, leads, says, forced, apart, how, earlier = [], left = [] } = torture;
  const table = how?.table ?? 'printers';
  for (const one of earlier) await at.apply(one);
  const asked = at.intent(more);
  const [start, inAll] = [await at.text(apart), await at.rowsInAll().catch(() => undefined)];
  const plan = await at.plan(more);
  assert.deepEqual(codes(plan), forced ?? []);
  assert.doesNotMatch(JSON.stringify(plan.leftBehind), /model/, 'what is left is said of rows');
  if (says !== undefined)
    assert.ok(
      plan.findings.some(({ code }) => code === says),
      says,
    );
  await everyTableRefers(at, table, plan);
  const force = forced === undefined ? {} : { force: true, reason: 'agreed' };
  if (forced !== undefined) await assert.rejects(at.apply(more, { plan }), refusedAs('PLAN_REFUSED'));
  const first = await at.apply(more, { plan, ...force });
  const done = await at.text(apart);
  assert.deepEqual(
    Object.keys(compareDatabases(start, done)).toSorted(),
    changed.map((name) => `${at.schema}.${name}`).toSorted(),
  );
  assert.equal(
    await at.rowsInAll(),
    inAll ?? [...start.values()].reduce((sum, rows) => sum + rows.length, 0),
  );
  const journalled = await listChanges(at.site, {
    tenant: asked.tenant,
    id: first.migrationId,
    limit: 10_000,
  });
  const actual = first.steps.reduce((sum, step) => sum + step.actual, 0);
  // Rows that are lost and rows that take their values are journalled beside those that follow.
  assert.ok(asked.merge === true ? journalled.length >= actual : journalled.length === actual);
  const again = await at.apply(more, { plan, ...force });
  assert.deepEqual([again.replayed, again.migrationId], [true, first.migrationId]);
  const aliases = (await listAliases(at.site, { table: `${at.schema}.${table}` })).map(
    ({ from, to }) => `${from}>${to}`,
  );
  assert.deepEqual(aliases.toSorted(), leads ?? [`${asked.from}>${asked.to}`]);
  let last = first.migrationId;
  for (const expected of [start, done, start]) {
    const back = await rollbackOne(at.site, { migrationId: last, tenant: asked.tenant, actor });
    assert.deepEqual(
      back.skipped.filter(({ table: place }) => !left.includes(place)),
      [],
    );
    assert.deepEqual(compareDatabases(expected, await at.text(apart)), {});
    last = back.migrationId;
  }
}

/** Every table that refers to the row, by the catalogue, has a row that follows; else the case tries nothing of it. */
async function everyTableRefers(at: RowsCase, table: string, plan: Plan): Promise<void> {
  const follows = new Set(
    plan.steps.flatMap((step) =>
      step.operation === 'rekey' || step.operation === 'merge-rows'
        ? step.follows.filter(({ expected }) => expected > 0).map((one) => one.table)
        : [],
    ),
  );
  for (const step of plan.steps)
    if (step.operation === 'merge-rows') for (const { table: lost } of step.lost) follows.add(lost);
  const referring = await at.rows(
    `WITH RECURSIVE r AS (SELECT '~${table}'::regclass::oid AS t UNION SELECT k.conrelid FROM r JOIN pg_constraint k ON k.contype = 'f' AND k.confrelid = r.t AND k.conparentid = 0)
     SELECT quote_ident(c.relname) FROM r JOIN pg_class c ON c.oid = r.t WHERE c.oid <> '~${table}'::regclass AND NOT c.relispartition`,
  );
  for (const [name] of referring)
    assert.ok(follows.has(`${at.schema}.${name ?? ''}`), `${name ?? ''} has a row that refers`);
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

  describe('a row keeps its identity', () => {
    for (const [name, torture] of Object.entries(list))
      it(`${name}: ${torture.what}`, async () => {
        await survives(await prepareRows(database, torture.sql, torture.how), torture);
      });

    it('R13: a hundred thousand rows that refer, in one statement', async () => {
      const at = await prepareRows(
        database,
        `${printers} CREATE TABLE jobs (id int PRIMARY KEY, printer uuid REFERENCES printers);
         INSERT INTO jobs SELECT n, '${oldKey}' FROM generate_series(1, 100000) n; CREATE INDEX ON jobs (printer);`,
      );
      const { migrationId, steps } = await at.apply();
      assert.deepEqual(
        steps.map(({ operation, actual }) => [operation, actual]),
        [['rekey', 100_001]],
      );
      const there = (): Promise<unknown> => at.rows('SELECT printer, count(*) FROM ~jobs GROUP BY 1');
      assert.deepEqual(await there(), [[nextKey, '100000']]);
      await rollbackOne(at.site, { migrationId, actor });
      assert.deepEqual(await there(), [[oldKey, '100000']]);
    });
  });
});

it('the list has a test for each of R01 to R25', () => {
  const all = Array.from({ length: 25 }, (_, at) => `R${String(at + 1).padStart(2, '0')}`);
  assert.deepEqual([...Object.keys(list), 'R13', ...elsewhere].toSorted(), all);
  const texts = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.test.ts') && file !== 'torture.test.ts')
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'));
  const named = texts.flatMap((text) =>
    [...text.matchAll(/\bit\(\s*['`](R\d\d): /g)].map(([, name = '']) => name),
  );
  assert.deepEqual(named.toSorted(), elsewhere);
});
