/**
 * `aliases: redirect`: whoever goes on writing by an old key writes to the row. Writers beside re-keys leave no row on an old key, builds of before and
 * after a re-key work side by side, and what is taken back stays taken back.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import { applyOne, rollbackOne } from '../support/batches.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';
import {
  actor,
  codes,
  nextKey,
  oldKey,
  prepareRows,
  refusedAs,
  type RowsCase,
} from '../support/rows-case.ts';
import { otherKey as other, redirectedTables, redirectedWriters } from '../support/redirected-writers.ts';

const tables = redirectedTables;

eachEngine((engine) => {
  let database: Database;
  let drop: () => Promise<void>;
  let url: string | undefined;
  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = fresh.drop;
    url = 'url' in fresh.target ? fresh.target.url : undefined;
    database = await openDatabase(fresh.target);
  });
  after(async () => {
    await database.close();
    await drop();
  });

  const prepare = (sql: string, more: Parameters<typeof prepareRows>[2] = {}): Promise<RowsCase> =>
    prepareRows(database, sql, { names: [{ at: 'notes.printer' }], aliases: 'redirect', ...more });

  describe('with aliases: redirect', () => {
    it('a row is not made again under an old key, and whatever refers to one refers to the row, by key and without', async () => {
      const at = await prepare(tables);
      await at.apply();
      const last = nextKey.replace('c', 'd');
      await at.apply({ from: nextKey, to: last });
      for (const key of [oldKey, nextKey, oldKey.toUpperCase()]) {
        await at.script(`INSERT INTO printers VALUES ('${key}', 'Kitchen again') ON CONFLICT (id) DO UPDATE SET name = excluded.name;
          INSERT INTO jobs (printer, also) VALUES ('${key}', '${other}'); UPDATE jobs SET also = '${key}' WHERE also = '${other}';
          INSERT INTO notes (printer, text) VALUES ('${key}', 'late')`);
      }
      assert.deepEqual(await at.rows('SELECT id, name FROM ~printers ORDER BY name'), [
        [other, 'Bar'],
        [last, 'Kitchen'],
      ]);
      assert.deepEqual(await at.rows('SELECT DISTINCT printer, also FROM ~jobs'), [[last, last]]);
      assert.deepEqual(await at.rows('SELECT printer, count(*) FROM ~notes GROUP BY 1'), [[last, '4']]);
      const plan = await at.plan({ from: last, to: nextKey.replace('c', 'e') });
      assert.ok(!codes(plan, 'info').includes('TRIGGERS_FIRE'), 'its own triggers are none of the database');
    });

    it('what is taken back stays taken back, of a re-key and of a merge, and the key that was given then leads to the row', async () => {
      const at = await prepare(tables);
      const { migrationId } = await at.apply();
      await at.script(`INSERT INTO jobs (printer) VALUES ('${oldKey}')`);
      const { migrationId: back } = await rollbackOne(at.site, { migrationId, actor });
      assert.deepEqual(await at.rows('SELECT DISTINCT printer FROM ~jobs'), [[oldKey]]);
      await at.script(
        `INSERT INTO jobs (printer) VALUES ('${nextKey}'); INSERT INTO notes (printer) VALUES ('${nextKey}')`,
      );
      assert.deepEqual(await at.rows('SELECT DISTINCT printer FROM ~jobs UNION SELECT printer FROM ~notes'), [
        [oldKey],
      ]);
      await rollbackOne(at.site, { migrationId: back, actor });
      const merged = await at.apply({ from: nextKey, to: other, merge: true });
      await at.script(`INSERT INTO jobs (printer) VALUES ('${nextKey}')`);
      assert.deepEqual(await at.rows('SELECT DISTINCT printer FROM ~jobs'), [[other]]);
      await rollbackOne(at.site, { migrationId: merged.migrationId, actor });
      assert.deepEqual(await at.rows('SELECT printer, count(*) FROM ~jobs GROUP BY 1 ORDER BY 1'), [
        [other, '1'],
        [nextKey, '3'],
      ]);
    });

    it('is of one tenant alone, and says of places that it does not reach that nothing prevents new ones', async () => {
      const at = await prepare(
        `CREATE TABLE shops (id text PRIMARY KEY); INSERT INTO shops VALUES ('a'), ('b');
         CREATE TABLE printers (shop text REFERENCES shops, id int, PRIMARY KEY (shop, id)); INSERT INTO printers VALUES ('a', 1), ('b', 1), ('b', 5);
         CREATE TABLE jobs (n serial PRIMARY KEY, shop text, printer int, FOREIGN KEY (shop, printer) REFERENCES printers);
         CREATE TABLE notes (n serial PRIMARY KEY, shop text NOT NULL REFERENCES shops, printer int, body jsonb);
         INSERT INTO jobs (shop, printer) VALUES ('a', 1), ('b', 1); INSERT INTO notes (shop, printer, body) VALUES ('a', 1, '{"on": 1}'), ('b', 1, '{}');`,
        {
          tenant: { root: 'shops', column: 'shop' },
          names: [{ at: 'notes.printer' }, { at: 'notes.body', json: '/on' }],
          intent: { tenant: 'a', from: '1', to: '5' },
        },
      );
      const { findings } = await at.plan();
      assert.match(findings.find(({ code }) => code === 'NOT_FENCED')?.message ?? '', /notes\.body\/on/);
      assert.doesNotMatch(
        findings.find(({ code }) => code === 'NOT_FENCED')?.message ?? '',
        /notes\.printer/,
      );
      await at.apply();
      await at.script(`INSERT INTO jobs (shop, printer) VALUES ('a', 1), ('b', 1); INSERT INTO notes (shop, printer) VALUES ('a', 1), ('b', 1);
        INSERT INTO printers VALUES ('a', 1)`);
      assert.deepEqual(await at.rows('SELECT shop, printer, count(*) FROM ~jobs GROUP BY 1, 2 ORDER BY 1'), [
        ['a', '5', '2'],
        ['b', '1', '2'],
      ]);
      assert.deepEqual(await at.rows('SELECT shop, printer, count(*) FROM ~notes GROUP BY 1, 2 ORDER BY 1'), [
        ['a', '5', '2'],
        ['b', '1', '2'],
      ]);
      assert.deepEqual(await at.rows(`SELECT id FROM ~printers WHERE shop = 'a'`), [['5']]);
    });

    it('R24: a build of before goes on beside one of after: its rows, jobs and lists end on the one row', async () => {
      const at = await prepare(tables);
      const old = [
        `INSERT INTO printers VALUES ('${oldKey}', 'Kitchen') ON CONFLICT (id) DO NOTHING`,
        `INSERT INTO printers VALUES ('${oldKey}', 'Kitchen') ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
        `INSERT INTO jobs (printer) VALUES ('${oldKey}')`,
        `UPDATE jobs SET printer = '${oldKey}' WHERE printer IS NOT NULL AND also IS NULL`,
        `UPDATE notes SET printer = '${oldKey}'`,
        `INSERT INTO printers VALUES ('${oldKey}', 'Kitchen')`,
      ];
      for (const sql of old.slice(0, -1)) await at.script(sql);
      await at.apply();
      for (const sql of [...old, ...old]) await at.script(sql);
      assert.deepEqual(await at.rows(`SELECT id FROM ~printers WHERE name = 'Kitchen'`), [[nextKey]]);
      assert.deepEqual(await at.rows(`SELECT DISTINCT printer FROM ~jobs UNION SELECT printer FROM ~notes`), [
        [nextKey],
      ]);
    });

    it('needs the records in the same database', async () => {
      const at = await prepare(tables);
      const records = await freshDatabase('embedded');
      const state = await openDatabase(records.target);
      try {
        const site = await openSite({ database, config: at.site.config, state });
        await assert.rejects(
          applyOne(site, { intent: at.intent(), confirm: true, actor }),
          refusedAs('CONFIG_MISMATCH'),
        );
      } finally {
        await state.close();
        await records.drop();
      }
    });

    it(
      'leaves no row on an old key, whoever writes while rows get others',
      { skip: engine === 'embedded' && 'one connection' },
      async () => {
        const at = await prepare(tables);
        const pool = new pg.Pool({ connectionString: url, max: 4 });
        // What becomes of an idle connection when the database goes is nobody's business.
        pool.on('error', () => undefined);
        await redirectedWriters(at, pool, { rekeys: 10, writers: 4, atLeast: 50 });
        await pool.end();
      },
    );
  });
});
