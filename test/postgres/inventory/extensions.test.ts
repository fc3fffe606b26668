/** Types of extensions are read like the others, rows of another server are named and not fetched, and a slow line loses nothing. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../../../src/postgres/driver/connect.ts';
import type { Database } from '../../../src/postgres/driver/database.ts';
import { isComplete } from '../../../src/postgres/inventory/inventory.ts';
import { takeInventory } from '../../../src/postgres/inventory/take-inventory.ts';
import { inventoryModels } from '../../../src/registry/known/inventory-models.ts';
import { loadRegistryFolder } from '../../../src/registry/load/folder.ts';
import { freshServerDatabase } from '../../support/databases.ts';
import { plantedSchema } from './planted.ts';

const loaded = loadRegistryFolder();
assert.ok(loaded.kind === 'ok');
const { terms } = inventoryModels(loaded);

let db: Database;
let drop: () => Promise<void>;

before(async () => {
  const fresh = await freshServerDatabase('inventory-extensions');
  const admin = new pg.Client({ connectionString: fresh.url });
  await admin.connect();
  await admin.query(plantedSchema);
  await admin.query(`
    CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION file_fdw;
    CREATE TABLE extended (id int PRIMARY KEY, folded citext, folded_list citext[], pairs hstore);
    INSERT INTO extended VALUES (1, 'GPT-4O', ARRAY['Gpt-4o']::citext[], '"model"=>"gpt-4o", "gpt-4o"=>NULL, "doc"=>"{\\"m\\": \\"openai/gpt-4o\\"}", "other"=>"gpt-4o-mini"');
    CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
    CREATE FOREIGN TABLE far (line text) SERVER files OPTIONS (filename '/nowhere');
    CREATE TABLE mixed (region text, model text) PARTITION BY LIST (region);
    CREATE TABLE mixed_here PARTITION OF mixed FOR VALUES IN ('here'); INSERT INTO mixed VALUES ('here', 'gpt-4o');
    CREATE FOREIGN TABLE mixed_far PARTITION OF mixed FOR VALUES IN ('far') SERVER files OPTIONS (filename '/nowhere');`);
  await admin.end();
  db = await openDatabase({ url: fresh.url });
  drop = async () => {
    await db.close();
    await fresh.drop();
  };
});
after(() => drop());

it('reads citext and hstore, and of a table with partitions elsewhere those that are here', async () => {
  const found = await takeInventory(db, { terms });
  const here = found.occurrences.filter(
    ({ table, model }) => /extended|mixed/.test(table) && model === 'gpt-4o',
  );
  assert.deepEqual(
    here.map(
      ({ table, column, path, form, spelling }) => `${table} ${column} ${path ?? '-'} ${form} ${spelling}`,
    ),
    [
      'public.extended folded - exact gpt-4o',
      'public.extended folded_list /* exact gpt-4o',
      'public.extended pairs /doc/~json/m exact openai/gpt-4o',
      'public.extended pairs /model exact gpt-4o',
      'public.extended pairs /~key member gpt-4o',
      'public.mixed_here model - exact gpt-4o',
    ],
  );
  assert.deepEqual(
    found.unread.filter(({ gap }) => gap === 'foreign table').map(({ object }) => object),
    ['public.far', 'public.mixed_far'],
  );
  assert.equal(isComplete(found), false);
});

it('finds the same whoever looks through the rows', async () => {
  const all = await takeInventory(db, { terms, way: 'all' });
  const stems = await takeInventory(db, { terms, way: 'stems' });
  assert.ok(all.occurrences.length > 30);
  assert.deepEqual(stems.occurrences, all.occurrences);
});
