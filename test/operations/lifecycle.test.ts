/**
 * Every operation, always the same way, on both engines: do → undo → do → undo, and the whole database is compared each time. And
 * where the database refuses the statement of the operation: nothing of the migration is left but the record that it failed, and
 * when the obstacle is gone, the same migration runs.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Config } from '../../src/engine/rules/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { DroverError } from '../../src/errors.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { listMigrations } from '../../src/postgres/records/history.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { compareDatabases, listTables, queryText, readDatabase } from '../attached/database-text.ts';
import type { DatabaseText } from '../attached/database-text.ts';
import { applyOne, rollbackOne } from '../support/batches.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';
import { lifecycleCases, surroundings } from './lifecycle-cases.ts';
import type { LifecycleCase } from './lifecycle-cases.ts';

const actor = 'lifecycle';

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

  const prepare = async (given: LifecycleCase): Promise<Occasion> => {
    const schema = `case_${(schemas += 1)}`;
    const sql = `CREATE SCHEMA ${schema}; SET LOCAL search_path TO ${schema}; ${surroundings} ${given.sql}`;
    await database.transaction({}, (tx) => tx.script(sql));
    return { database, schema, given, site: await openSite({ database, config: configOf(schema, given) }) };
  };

  for (const [operation, given] of Object.entries(lifecycleCases)) {
    describe(operation, () => {
      test('do → undo → do → undo', async () => lifecycle(await prepare(given), operation));
      test('refused by the database, it leaves nothing', async () => refusal(await prepare(given)));
    });
  }
});

interface Occasion {
  readonly database: Database;
  readonly schema: string;
  readonly site: Site;
  readonly given: LifecycleCase;
}

function configOf(schema: string, given: LifecycleCase): Config {
  const columns = { name: 'name', tenant: 'tenant_id' };
  return {
    version: 1,
    database: { schemas: [schema] },
    model: {
      tables: [{ table: 'models', columns, ...(given.retire === undefined ? {} : { retire: given.retire }) }],
    },
    tenant: { root: 'tenants', column: 'tenant_id', ...given.tenant },
    places: given.places,
    ...(given.rows === undefined ? {} : { rows: given.rows }),
  };
}

function intentOf({ given }: Occasion): Intent {
  return {
    tenant: 'acme',
    from: 'old',
    to: 'new',
    parameters: 'reset',
    answers: {},
    leaveAsks: false,
    ...given.intent,
  };
}

/** The tables of the case; Drover's own records are in another schema. */
async function readCase({ database, schema }: Occasion): Promise<DatabaseText> {
  const tables = await listTables(database);
  return readDatabase(
    database,
    tables.filter(({ name }) => name.startsWith(`${schema}.`)),
  );
}

function readRows({ database, schema, given }: Occasion): Promise<(string | null)[][]> {
  return queryText(database, `SELECT ${given.columns} FROM ${schema}.${given.table} ORDER BY 1, 2`);
}

function apply(occasion: Occasion) {
  return applyOne(occasion.site, { intent: intentOf(occasion), confirm: true, actor });
}

async function lifecycle(occasion: Occasion, operation: string): Promise<void> {
  const { site, given } = occasion;
  const start = await readCase(occasion);
  assert.deepEqual(await readRows(occasion), given.before);

  const result = await apply(occasion);
  assert.ok(
    result.steps.some((step) => step.operation === operation),
    'the operation is a step of the migration',
  );
  for (const step of result.steps) assert.equal(step.actual, step.expected);
  assert.deepEqual(await readRows(occasion), given.after);
  const done = await readCase(occasion);

  let last = result.migrationId;
  for (const [what, expected] of [
    ['undo', start],
    ['do', done],
    ['undo', start],
  ] as const) {
    const { migrationId, skipped } = await rollbackOne(site, { migrationId: last, actor });
    assert.deepEqual(skipped, [], what);
    assert.deepEqual(compareDatabases(expected, await readCase(occasion)), {}, what);
    last = migrationId;
  }
}

async function refusal(occasion: Occasion): Promise<void> {
  const { database, schema, site, given } = occasion;
  const start = await readCase(occasion);
  const script = (sql: string): Promise<void> => database.transaction({}, (tx) => tx.script(sql));
  await script(`CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation USING MESSAGE = 'not here'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON ${schema}.${given.table} FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse();`);
  await assert.rejects(
    apply(occasion),
    (error) => error instanceof DroverError && error.code === 'ROW_REFUSED',
  );
  assert.deepEqual(compareDatabases(start, await readCase(occasion)), {}, 'no row is changed');
  const [record] = await listMigrations(site, { tenant: 'acme', limit: 1 });
  assert.deepEqual([record?.status, record?.errorCode, record?.migratedCount], ['failed', 'ROW_REFUSED', 0]);
  assert.deepEqual(
    await queryText(database, `SELECT count(*) FROM drover.journal WHERE migration_id = '${record?.id}'`),
    [['0']],
    'nothing is journalled',
  );
  await script(`DROP TRIGGER refuse ON ${schema}.${given.table}`);
  await apply(occasion);
  assert.deepEqual(await readRows(occasion), given.after);
}
