/** Promise 1: a value that names a model is found wherever it sits, and nothing else is. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findTable } from '../../src/engine/catalogue/catalog.ts';
import { readCatalog } from '../../src/postgres/catalogue/catalog.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { scanValues } from '../../src/postgres/facts/scan.ts';
import type { ScanTarget } from '../../src/postgres/facts/scan.ts';
import { bind, sql } from '../../src/postgres/sql/sql.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';

const id = '7a1e0000-0000-4000-8000-000000000001';

/** The embedded engine has no citext. */
const citext = { embedded: 'CREATE DOMAIN citext AS text;', server: 'CREATE EXTENSION citext;' };

const schema = String.raw`
CREATE DOMAIN slug AS varchar(60);
CREATE TABLE "Thing" (
  "No" integer PRIMARY KEY, tenant integer NOT NULL DEFAULT 1, ref uuid, "select" text, padded char(12), loose citext, slug slug,
  ids uuid[], names text[], slugs slug[], doc jsonb, raw json, settings text, model_id bigint, amount integer);
INSERT INTO "Thing" ("No", ref) VALUES (1, '${id}'), (2, gen_random_uuid());
INSERT INTO "Thing" ("No", "select") VALUES (3, 'gpt-4o'), (4, 'gpt-4o-mini'), (5, 'mini, gpt-4o ,x'), (6, 'Ask gpt-4o, it knows'), (7, 'gpt-4o,gpt-4o');
INSERT INTO "Thing" ("No", padded, loose, slug) VALUES (8, 'gpt-4o', 'gpt-4o', 'gpt-4o'), (9, 'GPT-4O', 'GPT-4O', 'GPT-4O');
INSERT INTO "Thing" ("No", ids, names, slugs) VALUES (10, '{${id},${id}}', '{a,gpt-4o}', '{{gpt-4o,"b,c"},{d,e}}'), (11, '{}', '{"gpt-4o,x"}', NULL);
INSERT INTO "Thing" ("No", doc) VALUES (12, '{"nodes": [{"data": {"model": "gpt-4o"}}, {"data": {"model": "gpt-4o"}}], "note": "use gpt-4o"}'),
  (13, '{"limits": {"gpt-4o": 5}, "a/b": {"c.d": "vendor/big"}}'), (14, '"gpt-4o"'), (15, '{"graph": "{\"model\": \"vendor\\/big\"}"}'), (16, '{"fallback": "x,gpt-4o"}');
INSERT INTO "Thing" ("No", raw) VALUES (17, '{"m": "vendor\/big", "d": 1, "d": 2}'), (18, '{"m": "gpt\u002d4o"}'), (19, '{"m": "gpt-4"}');
INSERT INTO "Thing" ("No", settings) VALUES (20, '[{"${id}": {"model": "vendor\/big"}}]'), (21, '{broken "gpt-4o"'), (22, 'gpt-4o,{"a":1}');
INSERT INTO "Thing" ("No", model_id, amount, doc) VALUES (23, 42, 42, '{"count": 42, "model": {"id": 42}}');
INSERT INTO "Thing" ("No", doc, tenant) VALUES (24, jsonb_build_object('pad', repeat('Ärger ', 90000), 'model', 'modèle'), 2);
CREATE TABLE part (at integer, name text) PARTITION BY LIST (at);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
INSERT INTO part VALUES (1, 'gpt-4o');
CREATE TABLE base (id integer PRIMARY KEY, name text);
CREATE TABLE derived () INHERITS (base);
INSERT INTO derived VALUES (1, 'gpt-4o');`;

const terms = [id, 'gpt-4o', 'vendor/big', '42', 'modèle'];

eachEngine((engine) => {
  let db: Database;
  let drop: () => Promise<void>;

  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = () => fresh.drop();
    db = await openDatabase(fresh.target);
    await db.transaction({}, (tx) => tx.script(citext[engine] + schema));
  });
  after(async () => {
    await db.close();
    await drop();
  });

  async function scan(table: string, rest: Partial<ScanTarget> = {}, limitPerColumn = 5): Promise<string[]> {
    return db.transaction({ readOnly: true }, async (tx) => {
      const found = findTable(await readCatalog(tx, { schemas: ['public'] }), `public.${table}`);
      assert.ok(found);
      const columns = found.columns.map((column) => column.name);
      const [hits = []] = await scanValues(tx, {
        tables: [{ table: found, columns, ...rest }],
        terms: [terms],
        limitPerColumn,
      });
      return hits.map(
        (hit) =>
          `${hit.column}${hit.pointer === undefined ? '' : ` ${hit.pointer}`} ${hit.kind} ${hit.term} ${hit.count}: ${hit.samples.join(' ')}`,
      );
    });
  }

  test('finds scalars, list elements, comma lists, and values and keys of documents, and nothing else', async () => {
    assert.deepEqual(
      (await scan('"Thing"')).toSorted(),
      [
        'doc  json-value gpt-4o 1: 14',
        'doc /a~1b/c.d json-value vendor/big 1: 13',
        'doc /fallback comma gpt-4o 1: 16',
        'doc /graph/~json/model json-value vendor/big 1: 15',
        'doc /limits/~key json-key gpt-4o 1: 13',
        'doc /model json-value modèle 1: 24',
        'doc /model/id json-value 42 1: 23',
        'doc /nodes/*/data/model json-value gpt-4o 1: 12',
        `ids array ${id} 1: 10`,
        'loose exact gpt-4o 1: 8',
        'model_id exact 42 1: 23',
        'names array gpt-4o 1: 10',
        'padded exact gpt-4o 1: 8',
        'raw /m json-value gpt-4o 1: 18',
        'raw /m json-value vendor/big 1: 17',
        `ref exact ${id} 1: 1`,
        'select comma gpt-4o 2: 5 7',
        'select exact gpt-4o 1: 3',
        'settings /*/*/model json-value vendor/big 1: 20',
        `settings /*/~key json-key ${id} 1: 20`,
        'settings comma gpt-4o 1: 22',
        'slug exact gpt-4o 1: 8',
        'slugs array gpt-4o 1: 10',
      ].toSorted(),
    );
  });

  test('looks only at the columns and rows that it is asked for', async () => {
    assert.deepEqual(await scan('"Thing"', { columns: ['doc'], where: sql`t.tenant = ${bind(2, 'int')}` }), [
      'doc /model json-value modèle 1: 24',
    ]);
    assert.deepEqual(await scan('"Thing"', { columns: ['amount'] }), []);
  });

  test('keeps a few keys and counts all rows', async () => {
    assert.deepEqual(await scan('"Thing"', { columns: ['select'] }, 1), [
      'select comma gpt-4o 2: 5',
      'select exact gpt-4o 1: 3',
    ]);
  });

  test('reads partitions through their parent, and the rows of a child table once', async () => {
    assert.deepEqual(await scan('part'), ['name exact gpt-4o 1: part_1 (0,1)']);
    assert.deepEqual(await scan('base'), []);
    assert.equal((await scan('derived')).length, 1);
  });
});
