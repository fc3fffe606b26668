/** Every occurrence is found, in every type of column and every form, and what only looks like one is not; nothing is written. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Occurrence } from '../../../src/engine/inventory/occurrence.ts';
import type { Term } from '../../../src/engine/inventory/term.ts';
import { openDatabase } from '../../../src/postgres/driver/connect.ts';
import type { Database } from '../../../src/postgres/driver/database.ts';
import type { Inventory } from '../../../src/postgres/inventory/inventory.ts';
import { isComplete, readInventory } from '../../../src/postgres/inventory/inventory.ts';
import { takeInventory } from '../../../src/postgres/inventory/take-inventory.ts';
import { inventoryModels } from '../../../src/registry/known/inventory-models.ts';
import { loadRegistryFolder } from '../../../src/registry/load/folder.ts';
import { eachEngine, freshDatabase } from '../../support/databases.ts';
import { expectedRows, planted, plantedSchema } from './planted.ts';

const loaded = loadRegistryFolder();
assert.ok(loaded.kind === 'ok');
const { terms } = inventoryModels(loaded);
const sought = terms.filter(({ model }) => model === planted);

eachEngine((engine) => {
  let db: Database;
  let drop: () => Promise<void>;
  before(async () => {
    const fresh = await freshDatabase(engine);
    db = await openDatabase(fresh.target);
    await db.transaction({}, (tx) => tx.script(plantedSchema));
    drop = async () => {
      await db.close();
      await fresh.drop();
    };
  });
  after(() => drop());

  const own = ({ occurrences }: Inventory): Occurrence[] =>
    occurrences.filter(({ model, snapshot }) => model === planted && !snapshot);

  for (const [name, request] of [
    ['all models at once', { terms }],
    ['one model, sought by the server', { terms, sought }],
  ] as const) {
    it(`finds exactly what is planted: ${name}`, async () => {
      const found = await takeInventory(db, { ...request, samples: 50 });
      const here = own(found).filter(({ table }) => table === 'public.every_type');
      const shown = here.map((each) => [
        `${each.column} ${each.path ?? '-'} ${each.form} ${each.spelling}`,
        each.samples.toSorted((a, b) => Number(a) - Number(b)).join(' '),
      ]);
      assert.deepEqual(Object.fromEntries(shown), expectedRows);
      for (const { rows, samples } of here) assert.equal(rows, samples.length);
      const elsewhere = own(found).filter(({ table }) => table !== 'public.every_type');
      assert.deepEqual(
        elsewhere.map(({ table, column, rows }) => `${table} ${column} ${rows}`),
        ['"Other"."Mixed Case" The Model 1', 'public.constructor __proto__ 1', 'public.parted model 2'],
      );
      assert.ok(isComplete(found));
    });
  }

  it('takes keys that foreign keys refer to for keys, and says which', async () => {
    const fresh = await freshDatabase(engine);
    const own = await openDatabase(fresh.target);
    try {
      await own.transaction({}, (tx) =>
        tx.script(`
          CREATE TABLE orgs (id text PRIMARY KEY); INSERT INTO orgs VALUES ('o1'), ('o3'), ('acme');
          CREATE TABLE agents (org text REFERENCES orgs, id int, model text, PRIMARY KEY (org, id), UNIQUE (id, org));
          INSERT INTO agents VALUES ('o1', 1, 'o3'), ('acme', 1, 'gpt-4o');
          CREATE TABLE runs (owner text, agent int, said jsonb, FOREIGN KEY (agent, owner) REFERENCES agents (id, org))
            PARTITION BY LIST (owner);
          CREATE TABLE runs_rest PARTITION OF runs DEFAULT;
          INSERT INTO runs VALUES ('o1', 1, '{"model": "o1"}');
          CREATE TABLE llms (id text PRIMARY KEY); INSERT INTO llms VALUES ('o1');
          CREATE TABLE offers (llm text REFERENCES llms); INSERT INTO offers VALUES ('o1')`),
      );
      const o1 = terms.filter(({ model }) => model === 'o1');
      for (const request of [{ terms }, { terms, sought: o1 }]) {
        const found = await takeInventory(own, request);
        const shown = (all: readonly Occurrence[]): string[] =>
          all
            .filter(({ model }) => model === 'o1')
            .map(({ table, column, path }) => `${table}.${column}${path ?? ''}`);
        assert.deepEqual(shown(found.keys), ['public.agents.org', 'public.orgs.id', 'public.runs.owner']);
        assert.deepEqual(shown(found.occurrences), [
          'public.llms.id',
          'public.offers.llm',
          'public.runs.said/model',
        ]);
      }
    } finally {
      await own.close();
      await fresh.drop();
    }
  });

  it('tells a snapshot that nobody knows, and counts each model apart', async () => {
    const { occurrences } = await takeInventory(db, { terms });
    const unknown = occurrences.filter(({ snapshot }) => snapshot);
    assert.deepEqual(
      unknown.map(({ spelling, samples }) => [spelling, samples]),
      [['openai/gpt-4o-2031-01-01', ['39']]],
    );
    const mini = occurrences
      .filter(({ model }) => model === 'gpt-4o-mini')
      .map((each) => `${each.column} ${each.form} ${each.rows}`);
    assert.deepEqual(mini.sort(), [
      'binary_doc member 1',
      'enumerated exact 1',
      'plain exact 1',
      'plain inside 1',
    ]);
  });

  it('names the parts of the schema, each with the statement that mends it', async () => {
    const { schema } = await takeInventory(db, { terms, sought });
    const parts = new Map(
      schema
        .filter(({ model }) => model === planted)
        .map(({ part, object, mend }) => [`${part} ${object}`, mend.replaceAll(/\s+/g, ' ')]),
    );
    assert.deepEqual(
      [...parts.keys()],
      [
        'check public.ruled.known',
        'default "Other"."Mixed Case"."The Model"',
        'enum label public.engine',
        'function public.pick_model()',
        'generated column public.computed.label',
        'index public.partial',
        'partition public.parted_c',
        'policy public.ruled.seen',
        'trigger public.ruled.guard',
        'view public.fancy',
      ],
    );
    assert.equal(
      parts.get('default "Other"."Mixed Case"."The Model"'),
      `ALTER TABLE "Other"."Mixed Case" ALTER COLUMN "The Model" SET DEFAULT '$TO'::text;`,
    );
    assert.equal(parts.get('enum label public.engine'), `ALTER TYPE public.engine ADD VALUE '$TO';`);
    assert.match(
      parts.get('check public.ruled.known') ?? '',
      /ARRAY\['gpt-4o'::text, '\$TO'::text, 'o3'::text\]/,
    );
  });

  it('gives statements that the database takes', async () => {
    const { schema } = await takeInventory(db, { terms, sought });
    const movable = schema.filter(
      ({ model, part }) => model === planted && !['enum label', 'partition'].includes(part),
    );
    assert.ok(movable.length > 6);
    const undone = new Error('undone');
    const run = db.transaction({}, async (tx) => {
      for (const { mend } of movable) await tx.script(mend.replaceAll('$TO', 'gpt-5'));
      const { schema: left } = await readInventory(tx, { terms, sought });
      const still = left.filter(({ model }) => model === planted).map(({ part }) => part);
      assert.deepEqual([...new Set(still)], ['check', 'enum label', 'partition']);
      throw undone;
    });
    await assert.rejects(run, undone);
  });

  it('names materialised views, which follow their tables', async () => {
    const { unread } = await takeInventory(db, { terms });
    assert.deepEqual(
      unread.map(({ gap, object }) => [gap, object]),
      [['materialized view', 'public.kept']],
    );
  });

  it('looks for keys of one model where something speaks of models, or a foreign key leads there', async () => {
    const key = '7b1f8c52-3c1e-4d0a-9a55-2f6f3f1f9c01';
    await db.transaction({}, (tx) =>
      tx.script(`CREATE TABLE keyed (id int PRIMARY KEY, model_id int, engine int, size int, ref uuid, settings jsonb, key text, value text);
        INSERT INTO keyed VALUES (1, 9, 9, 9, '${key}', '{"modelId": 9, "max": 9, "who": "${key}"}', 'DEFAULT_MODEL', '9'), (2, 1, 1, 1, NULL, '{"max": 9}', 'MAX_FILES', '9');`),
    );
    const keys: Term[] = ['9', key].map((text) => ({ model: planted, text, by: 'key' }));
    const links = new Map([['public.keyed', new Set(['engine'])]]);
    const request = {
      terms: [...keys, ...terms],
      sought: [...keys, ...sought],
      links,
      only: new Set(['public.keyed']),
    };
    const { occurrences } = await takeInventory(db, request);
    assert.deepEqual(
      occurrences.map((each) => `${each.by} ${each.column} ${each.path ?? '-'} ${each.samples.join(' ')}`),
      [
        'key engine - 1',
        'key model_id - 1',
        'key ref - 1',
        'key settings /modelId 1',
        'key settings /who 1',
        'key value - 1',
      ],
    );
  });
});
