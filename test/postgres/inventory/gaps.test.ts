/** What a login cannot see is named and never passed over, one table that fails keeps no other from being read, and nobody waits for ever. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import pg from 'pg';
import type { Term } from '../../../src/engine/inventory/term.ts';
import { openDatabase } from '../../../src/postgres/driver/connect.ts';
import type { Database } from '../../../src/postgres/driver/database.ts';
import { isComplete } from '../../../src/postgres/inventory/inventory.ts';
import { takeInventory } from '../../../src/postgres/inventory/take-inventory.ts';
import { freshServerDatabase } from '../../support/databases.ts';

const terms: Term[] = ['gpt-4o', 'o3'].map((text) => ({ model: text, text, by: 'name' }));
const login = 'inventory_reader';

let admin: pg.Client;
let db: Database;
let drop: () => Promise<void>;

before(async () => {
  const fresh = await freshServerDatabase('inventory-gaps');
  admin = new pg.Client({ connectionString: fresh.url });
  await admin.connect();
  await admin.query(
    `DO $$ BEGIN CREATE ROLE ${login} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
  );
  await admin.query(`
    CREATE TABLE open (id int PRIMARY KEY, model text); INSERT INTO open VALUES (1, 'gpt-4o');
    CREATE TABLE closed (id int PRIMARY KEY, model text); INSERT INTO closed VALUES (1, 'gpt-4o');
    CREATE TABLE partly (id int PRIMARY KEY, model text, secret text); INSERT INTO partly VALUES (1, 'gpt-4o', 'gpt-4o');
    CREATE TABLE hidden (id int PRIMARY KEY, owner text, model text); INSERT INTO hidden VALUES (1, '${login}', 'gpt-4o'), (2, 'other', 'gpt-4o');
    ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON hidden USING (owner = current_user);
    CREATE SCHEMA locked; CREATE TABLE locked.inner (model text);
    CREATE FUNCTION broken(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
    CREATE TABLE failing (id int PRIMARY KEY, model text); INSERT INTO failing VALUES (1, 'o3');
    ALTER TABLE failing ENABLE ROW LEVEL SECURITY; CREATE POLICY failing ON failing USING (broken(model));
    GRANT SELECT ON open, hidden, failing TO ${login}; GRANT SELECT (id, model) ON partly TO ${login}; GRANT SELECT ON locked.inner TO ${login};
    SELECT lo_create(0)`);
  const url = new URL(fresh.url);
  url.username = login;
  db = await openDatabase({ url: url.href });
  drop = async () => {
    await db.close();
    await admin.query(`DROP OWNED BY ${login}`);
    await admin.end();
    await fresh.drop();
  };
});
after(() => drop());

it('names what this login cannot see, and reads the rest', async () => {
  const found = await takeInventory(db, { terms });
  assert.deepEqual(
    found.occurrences.map(({ table, column, rows }) => `${table}.${column} ${rows}`),
    ['public.hidden.model 1', 'public.open.model 1', 'public.partly.model 1'],
  );
  assert.deepEqual(
    found.unread.map(({ gap, object }) => `${gap}: ${object}`),
    [
      'failed: public.failing',
      'large objects: pg_largeobject',
      'no right to read: locked.inner',
      'no right to read: public.closed',
      'no right to read: public.partly',
      'rows hidden by a policy: public.failing',
      'rows hidden by a policy: public.hidden',
    ],
  );
  assert.equal(
    found.unread.find(({ object }) => object === 'public.partly')?.message,
    'This login may not read secret.',
  );
  assert.equal(isComplete(found), false);
});

it('stops at once when somebody asks, and keeps what it has', async () => {
  await admin.query(`CREATE TABLE long (id int PRIMARY KEY, model text); INSERT INTO long SELECT n, 'gpt-4o' FROM generate_series(1, 200000) n;
    GRANT SELECT ON long TO ${login}; ANALYZE long`);
  const stop = Promise.withResolvers<void>();
  let stopped = false;
  const found = await takeInventory(
    db,
    { terms, stopped: () => stopped },
    {
      stop: stop.promise,
      onProgress: ({ reading, doneBytes }) => {
        if (!reading.includes('public.long') || doneBytes === 0) return;
        stopped = true;
        stop.resolve();
      },
    },
  );
  // A fast machine may have read all of it before the first report of progress.
  assert.equal(found.stopped, stopped);
  const read = found.read.find(({ table }) => table === 'public.long')?.rows ?? 0;
  const counted = found.occurrences.find(({ table }) => table === 'public.long')?.rows ?? 0;
  assert.equal(counted, read);
  if (stopped && read < 200_000)
    assert.ok(found.unread.some(({ gap, object }) => gap === 'stopped' && object === 'public.long'));
  await admin.query('DROP TABLE long');
});

it('sees all tables as they were at one moment', async () => {
  await admin.query(`CREATE TABLE first (model text); CREATE TABLE second (model text); GRANT SELECT ON first, second TO ${login};
    INSERT INTO first SELECT 'gpt-4o' FROM generate_series(1, 1000)`);
  const moving = new AbortController();
  const mover = (async () => {
    while (!moving.signal.aborted) {
      await admin.query(
        `WITH gone AS (DELETE FROM first RETURNING model) INSERT INTO second SELECT model FROM gone`,
      );
      await admin.query(
        `WITH gone AS (DELETE FROM second RETURNING model) INSERT INTO first SELECT model FROM gone`,
      );
    }
  })();
  for (let round = 0; round < 10; round += 1) {
    const { occurrences } = await takeInventory(db, { terms });
    const rows = occurrences
      .filter(({ table }) => /first|second/.test(table))
      .reduce((sum, each) => sum + each.rows, 0);
    assert.equal(rows, 1000);
  }
  moving.abort();
  await mover;
});

it('reads every row of a large table once, though several connections read its pages', async () => {
  // One row a page, so that few rows make a large table; the last pages came after the statistics.
  await admin.query(`CREATE TABLE tall (id int PRIMARY KEY, model text, filler text) WITH (fillfactor = 10);
    INSERT INTO tall SELECT n, 'gpt-4o', repeat('x', 700) FROM generate_series(1, 9000) n; ANALYZE tall;
    INSERT INTO tall SELECT n, 'gpt-4o', repeat('x', 700) FROM generate_series(9001, 9500) n; GRANT SELECT ON tall TO ${login}`);
  for (const request of [{ terms }, { terms, sought: terms.slice(0, 1) }]) {
    const { occurrences, read } = await takeInventory(db, { ...request, only: new Set(['public.tall']) });
    assert.deepEqual(
      occurrences.map(({ column, rows }) => `${column} ${rows}`),
      ['model 9500'],
    );
    if (request.sought === undefined) assert.equal(read[0]?.rows, 9500);
  }
  await admin.query('DROP TABLE tall');
});
