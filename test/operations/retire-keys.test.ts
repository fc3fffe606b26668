/** Retiring finds the model again for a rollback, whatever its key is, and never retires a model that all tenants share. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ModelTableConfig } from '../../src/engine/rules/config.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { queryText } from '../attached/database-text.ts';
import { applyOne, rollbackOne } from '../support/batches.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';

interface Shape {
  /** Columns of the table of models, and its rows. */
  readonly columns: string;
  readonly rows: string;
  readonly model: Partial<ModelTableConfig>;
  /** The states of the models by name, after the migration. */
  readonly states: readonly (readonly [string, string])[];
}

const shapes: Readonly<Record<string, Shape>> = {
  'a key that is not the primary key': {
    columns: `row_id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id text NOT NULL, slug text UNIQUE, name text, state text`,
    rows: `(tenant_id, slug, name, state) VALUES ('acme', 'm-old', 'old', 'here'), ('acme', 'm-new', 'new', 'here')`,
    model: { key: 'slug' },
    states: [
      ['new', 'here'],
      ['old', 'gone'],
    ],
  },
  'a primary key of more columns than the key': {
    columns: `tenant_id text NOT NULL, revision int NOT NULL, slug text UNIQUE, name text, state text, PRIMARY KEY (tenant_id, slug, revision)`,
    rows: `(tenant_id, revision, slug, name, state) VALUES ('acme', 7, 'm-old', 'old', 'here'), ('acme', 7, 'm-new', 'new', 'here')`,
    model: { key: 'slug' },
    states: [
      ['new', 'here'],
      ['old', 'gone'],
    ],
  },
  'models that all tenants share': {
    columns: `slug text PRIMARY KEY, name text, state text`,
    rows: `(slug, name, state) VALUES ('m-old', 'old', 'here'), ('m-new', 'new', 'here')`,
    model: {},
    states: [
      ['new', 'here'],
      ['old', 'here'],
    ],
  },
};

eachEngine((engine) => {
  let database: Database;
  let drop: () => Promise<void>;
  let schemas = 0;

  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = fresh.drop;
    database = await openDatabase(fresh.target);
  });
  after(async () => {
    await database.close();
    await drop();
  });

  for (const [name, shape] of Object.entries(shapes)) {
    test(name, async () => {
      const schema = `case_${(schemas += 1)}`;
      const sql = `CREATE SCHEMA ${schema}; SET LOCAL search_path TO ${schema};
        CREATE TABLE tenants (id text PRIMARY KEY); INSERT INTO tenants VALUES ('acme'), ('globex');
        CREATE TABLE models (${shape.columns}); INSERT INTO models ${shape.rows};
        CREATE TABLE agents (id int PRIMARY KEY, tenant_id text NOT NULL, model text REFERENCES models (slug)); INSERT INTO agents VALUES (1, 'acme', 'm-old'), (2, 'acme', 'm-new');`;
      await database.transaction({}, (tx) => tx.script(sql));
      await doAndUndo({ database, schema, shape, site: await openShape(database, schema, shape) });
    });
  }
});

function openShape(database: Database, schema: string, shape: Shape): Promise<Site> {
  const table: ModelTableConfig = {
    table: 'models',
    columns: { name: 'name' },
    retire: { state: 'gone' },
    ...shape.model,
  };
  return openSite({
    database,
    config: {
      version: 1,
      database: { schemas: [schema] },
      model: { tables: [table] },
      tenant: { root: 'tenants', column: 'tenant_id' },
      places: [{ at: 'agents.model', as: 'key' }],
    },
  });
}

interface Occasion {
  readonly database: Database;
  readonly schema: string;
  readonly shape: Shape;
  readonly site: Site;
}

async function doAndUndo({ database, schema, shape, site }: Occasion): Promise<void> {
  const states = (): Promise<(string | null)[][]> =>
    queryText(database, `SELECT name, state FROM ${schema}.models ORDER BY 1`);
  const agents = (): Promise<(string | null)[][]> =>
    queryText(database, `SELECT id, model FROM ${schema}.agents ORDER BY 1`);
  const intent = {
    tenant: 'acme',
    from: 'old',
    to: 'new',
    parameters: 'reset',
    answers: {},
    leaveAsks: false,
  } as const;
  const { migrationId } = await applyOne(site, { intent, confirm: true, actor: 'retire' });
  assert.deepEqual(await states(), shape.states);
  assert.deepEqual(await agents(), [
    ['1', 'm-new'],
    ['2', 'm-new'],
  ]);
  const undone = await rollbackOne(site, { migrationId, actor: 'retire' });
  assert.deepEqual(undone.skipped, []);
  assert.deepEqual(await states(), [
    ['new', 'here'],
    ['old', 'here'],
  ]);
  assert.deepEqual(await agents(), [
    ['1', 'm-old'],
    ['2', 'm-new'],
  ]);
  const redone = await rollbackOne(site, { migrationId: undone.migrationId, actor: 'retire' });
  assert.deepEqual(redone.skipped, []);
  assert.deepEqual(await states(), shape.states);
}
