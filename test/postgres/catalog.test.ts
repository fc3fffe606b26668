/** The catalogue is the base of promise 1: what is not read here is forgotten by everything that follows. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { catalogFingerprint } from '../../src/engine/catalogue/catalog-text.ts';
import type { CatalogText } from '../../src/engine/catalogue/catalog-text.ts';
import type { Catalog } from '../../src/engine/catalogue/catalog.ts';
import { readCatalog } from '../../src/postgres/catalogue/catalog.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';

const scope = { schemas: ['app'], ignore: ['schema_version'] };
const nasty = readFileSync(new URL('nasty.sql', import.meta.url), 'utf8');
const goldenFile = new URL('../golden/catalog.txt', import.meta.url);

function printed(text: CatalogText): string {
  return Object.entries(text)
    .map(([table, lines]) => `${table}\n  ${lines.replaceAll('\n', '\n  ')}\n`)
    .join('\n');
}

eachEngine((engine) => {
  let db: Database;
  let drop: () => Promise<void>;

  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = () => fresh.drop();
    db = await openDatabase(fresh.target);
    await db.transaction({}, (tx) => tx.script(nasty));
  });
  after(async () => {
    await db.close();
    await drop();
  });

  /** Runs `change` and reads, then undoes everything. */
  async function readAfter(
    change: string,
    read = (tx: Tx): Promise<Catalog> => readCatalog(tx, scope),
  ): Promise<Catalog> {
    const undo = new Error('undo');
    let catalog: Catalog = { tables: [] };
    const work = db.transaction({}, async (tx) => {
      await tx.script(change);
      catalog = await read(tx);
      throw undo;
    });
    await assert.rejects(work, (error) => error === undo);
    return catalog;
  }

  test('reads everything that makes a catalogue hard to read, alike on both engines', async () => {
    const text = printed(catalogFingerprint(await readAfter('SELECT 1')));
    if (process.env.UPDATE_GOLDEN) writeFileSync(goldenFile, text);
    assert.equal(text, readFileSync(goldenFile, 'utf8'));
  });

  test('reads the same as a login without any privilege, whatever its search path', async () => {
    const expected = catalogFingerprint(await readAfter('SELECT 1'));
    const poor = 'CREATE ROLE drover_nobody; SET LOCAL ROLE drover_nobody';
    for (const path of ["''", 'app, far', 'pg_temp']) {
      const catalog = await readAfter(
        `${poor}; SET LOCAL search_path = ${path}; SET LOCAL transaction_read_only = on`,
      );
      assert.deepEqual(catalogFingerprint(catalog), expected, path);
    }
  });

  test('gives the search path back', async () => {
    await readAfter('SET LOCAL search_path = far, app', async (tx) => {
      const catalog = await readCatalog(tx, scope);
      assert.equal((await tx.one<{ search_path: string }>('SHOW search_path')).search_path, 'far, app');
      return catalog;
    });
  });

  test('adds the rows of all partitions up, and says where nobody ever counted', async () => {
    const catalog = await readAfter(`
      INSERT INTO app.tenant (name) VALUES ('one');
      INSERT INTO app.event (tenant_id, at, region) SELECT 1, date '2025-01-01' + n, r FROM generate_series(1, 20) n, unnest('{eu,us}'::text[]) r;
      ANALYZE app.event`);
    const estimates = new Map(catalog.tables.map((table) => [table.id, table.rowEstimate]));
    assert.equal(estimates.get('app.event'), 40);
    assert.equal(estimates.get('app.person'), -1);
  });

  /** A change, and the lines that go and come by it. */
  const changes: readonly [change: string, gone: string[], come: string[]][] = [
    ['ALTER TABLE app.item ADD COLUMN model_id uuid', [], ['app.item column model_id: uuid, uuid']],
    [
      'ALTER TABLE app.tenant ALTER COLUMN name TYPE varchar(90)',
      ['app.tenant column name: character varying(40), text, not null'],
      ['app.tenant column name: character varying(90), text, not null'],
    ],
    [
      'DROP POLICY no_bad ON app."Order"',
      ['app."Order" policy no_bad: restrictive for insert to public, with check (mood <> \'bad\'::app.mood)'],
      [],
    ],
    [
      'ALTER TABLE app.item ENABLE TRIGGER off',
      ['app.item trigger off: CREATE TRIGGER off AFTER INSERT ON app.item FOR EACH STATEMENT EXECUTE FUNCTION app.touch(), disabled'],
      ['app.item trigger off: CREATE TRIGGER off AFTER INSERT ON app.item FOR EACH STATEMENT EXECUTE FUNCTION app.touch()'],
    ],
    [
      'ALTER TABLE "Audit Trail"."Entry" DROP CONSTRAINT "Entry_batch_fkey"',
      ['"Audit Trail"."Entry" foreign key "Entry_batch_fkey": (batch) to far.batch (id), on delete no action, on update no action', 'far.batch column id: integer, integer, not null', 'far.batch column tenant: bigint, integer', 'far.batch partitions: no', 'far.batch primary key batch_pkey: (id)', 'far.batch row security: disabled'],
      [],
    ],
    ['CREATE TABLE app.late ()', [], ['app.late partitions: no', 'app.late row security: disabled']],
    ['INSERT INTO app.tenant (name) VALUES (1); ANALYZE app.tenant', [], []],
  ]; // prettier-ignore
  for (const [change, gone, come] of changes) {
    test(`shows the change: ${change}`, async () => {
      const [before, after] = [linesOf(await readAfter('SELECT 1')), linesOf(await readAfter(change))];
      assert.deepEqual(
        before.filter((line) => !after.includes(line)),
        gone,
      );
      assert.deepEqual(
        after.filter((line) => !before.includes(line)),
        come,
      );
    });
  }
});

function linesOf(catalog: Catalog): string[] {
  const tables = Object.entries(catalogFingerprint(catalog));
  return tables.flatMap(([table, text]) => text.split('\n').map((line) => `${table} ${line}`));
}
