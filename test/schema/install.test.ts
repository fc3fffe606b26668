/** Promise 8 for the schema itself: it is that of a whole number of migrations, known ones, whoever starts when. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isolationScript } from '../../src/isolation/policies.ts';
import { defaultSchema, installPlatform, proveIsolation } from '../../src/platform/install.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { openPlatform } from '../../src/platform/open.ts';
import { seedDemo } from '../../src/platform/demo/seed.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { dumpSchema } from '../support/schema-text.ts';
import { migrateSchema } from '../../src/postgres/schema/migrate-schema.ts';
import { migrationsFolder, readMigrationFiles } from '../../src/postgres/schema/migration-files.ts';
import { eachEngine, freshDatabase, freshServerDatabase } from '../support/databases.ts';
import { refusal } from '../support/platform.ts';

eachEngine((engine) => {
  let db: Database;
  let drop: () => Promise<void>;
  let folder: string;

  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = () => fresh.drop();
    db = await openDatabase(fresh.target);
  });
  after(async () => {
    await db.close();
    await drop();
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'drover-migrations-'));
    cpSync(migrationsFolder, folder, { recursive: true });
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await sql((tx) => tx.run('DROP SCHEMA IF EXISTS s, migration, drover_2, mine, theirs CASCADE'));
  });

  const sql = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction({}, work);
  const migrate = (schema = 's'): Promise<string[]> =>
    migrateSchema(db, { schema, variant: 'platform', folder });
  const tables = (schema = 's'): Promise<string[]> =>
    sql(async (tx) => {
      const rows = await tx.many<{ name: string }>(
        `SELECT tablename::text AS name FROM pg_tables WHERE schemaname = $1 ORDER BY tablename::text COLLATE "C"`,
        [schema],
      );
      return rows.map(({ name }) => name);
    });

  it('an older schema is called so by whoever only reads, and brought up to date by whoever writes', async () => {
    for (const file of readdirSync(folder).filter((name) => name >= '0010')) rmSync(join(folder, file));
    await migrate('migration');
    await assert.rejects(
      openPlatform(db, { install: false }),
      refusal('SCHEMA_OUTDATED', /older than this Drover, which knows 0010_\w+\.sql, .*drover serve/),
    );
    await openPlatform(db, { install: true });
    await openPlatform(db, { install: false });
  });

  it('a fresh install is what migrations/schema.sql says, and a second start applies nothing', async () => {
    const applied = await installPlatform(db);
    assert.deepEqual(applied, [...readMigrationFiles('platform').map(({ name }) => name), 'isolation']);
    const dump = await dumpSchema(db, defaultSchema);
    assert.ok(dump === committed(), 'run "npm run schema:dump" and look at the difference');
    assert.deepEqual(await installPlatform(db), []);
  });

  it('the manifest names every table and nothing else', async () => {
    await installPlatform(db);
    assert.deepEqual(await tables(defaultSchema), Object.keys(manifest).sort());
  });

  it('works in a schema of another name, in which nothing leads to the usual one', async () => {
    await installPlatform(db, 'drover_2');
    await proveIsolation(db, 'drover_2');
    assert.ok((await seedDemo(db, { schema: 'drover_2' })).rows > 300);
    await proveIsolation(db, 'drover_2');
    const renamed = (await dumpSchema(db, 'drover_2')).replaceAll('drover_2', defaultSchema);
    assert.ok(renamed === committed(), 'the schema of another name differs by more than the name');
    assert.deepEqual(await tables(defaultSchema), []);
  });

  it('of an attached database has only the state tables, with tenants as text and nothing that needs a role', async () => {
    await migrateSchema(db, { schema: 'migration', variant: 'state' });
    assert.deepEqual(await tables('migration'), [
      'aliases',
      'assessment_sources',
      'assessments',
      'asset_dependencies',
      'asset_facts',
      'assets',
      'audit_log',
      'conversion_steps',
      'conversions',
      'decisions',
      'fences',
      'journal',
      'migration_steps',
      'migrations',
      'run_events',
      'run_tenants',
      'run_workers',
      'runs',
      'schema_migrations',
      'set_aside',
      'wave_members',
    ]);
    const found = await sql((tx) =>
      tx.one<{ policies: number; types: string[] }>(
        `SELECT (SELECT count(*) FROM pg_policies WHERE schemaname = 'migration') AS policies,
           (SELECT array_agg(DISTINCT data_type::text) FROM information_schema.columns WHERE table_schema = 'migration' AND column_name = 'tenant_id') AS types`,
      ),
    );
    assert.deepEqual(found, { policies: 0, types: ['text'] });
  });

  /** What the record of the files decides, the first of them show. */
  const keepFirst = (): void => {
    for (const file of readdirSync(folder).filter((name) => name >= '0005')) rmSync(join(folder, file));
  };

  it('stops at a file that was changed after it was applied, and names it', async () => {
    keepFirst();
    await migrate();
    const file = join(folder, '0002_tenants.sql');
    writeFileSync(file, `${readFileSync(file, 'utf8')}-- a change\n`);
    await assert.rejects(migrate(), refusal('MIGRATION_CHANGED', /0002_tenants\.sql/));
  });

  it('takes other line ends for the same file', async () => {
    keepFirst();
    await migrate();
    const file = join(folder, '0001_state.sql');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'));
    assert.deepEqual(await migrate(), []);
  });

  it('stops at an applied version that it does not know', async () => {
    keepFirst();
    await migrate();
    await sql((tx) =>
      tx.run(`INSERT INTO s.schema_migrations VALUES ('9000', '9000_future.sql', 'platform', 'x')`),
    );
    await assert.rejects(migrate(), refusal('MIGRATION_UNKNOWN', /9000_future\.sql/));
  });

  it('stops where a file would come before one that is applied', async () => {
    keepFirst();
    await migrate();
    await sql((tx) => tx.run(`DELETE FROM s.schema_migrations WHERE version = '0003'`));
    await assert.rejects(migrate(), refusal('MIGRATION_UNKNOWN'));
  });

  it('rolls a file that fails back as a whole, names it, and goes on from there once it is mended', async () => {
    const file = join(folder, '0003_models.sql');
    const text = readFileSync(file, 'utf8');
    const later = readdirSync(folder).filter((name) => name >= '0003');
    for (const name of later) rmSync(join(folder, name));
    await migrate();
    const before = await tables();
    cpSync(migrationsFolder, folder, { recursive: true });
    keepFirst();
    writeFileSync(file, `${text}SELECT 1 / 0;`);
    await assert.rejects(
      migrate(),
      refusal('MIGRATION_FAILED', /0003_models\.sql failed and was rolled back/),
    );
    assert.deepEqual(await tables(), before);
    writeFileSync(file, text);
    assert.equal((await migrate())[0], '0003_models.sql');
  });

  it('an installation that fails anywhere leaves nothing: no schema, no table, no role', async () => {
    const role = `made_${process.pid}_${engine}`;
    const template = isolationScript(manifest, 'postgresql').replaceAll('drover_app', role);
    const first = join(folder, '0001_state.sql');
    const last = join(folder, readMigrationFiles('platform').at(-1)?.name ?? '');
    const install = (more: object = {}): Promise<string[]> =>
      migrateSchema(db, {
        schema: 's',
        variant: 'platform',
        folder,
        generated: { name: 'isolation', template },
        ...more,
      });
    const left = (): Promise<object[]> =>
      sql((tx) =>
        tx.many(
          `SELECT nspname::text FROM pg_namespace WHERE nspname = 's' UNION ALL SELECT rolname FROM pg_roles WHERE rolname = $1`,
          [role],
        ),
      );
    for (const file of [first, last]) {
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, `${text}\nSELECT 1 / 0;`);
      await assert.rejects(install(), refusal('MIGRATION_FAILED'));
      assert.deepEqual(await left(), []);
      writeFileSync(file, text);
    }
    const prove = (): Promise<void> => Promise.reject(new Error('not apart'));
    await assert.rejects(install({ prove }), /not apart/);
    assert.deepEqual(await left(), []);
  });

  it('a database of somebody else gets the schema only where somebody asked, and a new folder has it', async () => {
    await sql((tx) =>
      tx.script('CREATE SCHEMA theirs; CREATE TABLE theirs.shop (id int); CREATE TABLE theirs.sold (id int)'),
    );
    for (const install of [true, false])
      await assert.rejects(
        openPlatform(db, { install }),
        refusal(
          'NO_DATABASE',
          /holds 2 tables, none of Drover’s[^]*drover inventory[^]*--install[^]*schema migration[^]*no extension/,
        ),
      );
    assert.deepEqual(await tables(defaultSchema), []);
    // What Drover has written down about it counts as nobody's table.
    await sql((tx) =>
      tx.script(
        'CREATE SCHEMA drover; CREATE TABLE drover.schema_migrations (); CREATE TABLE drover.journal ()',
      ),
    );
    await assert.rejects(
      openPlatform(db, { install: true }),
      refusal('NO_DATABASE', /holds 2 tables, none of Drover’s own schema \(Drover keeps records about it/),
    );
    await sql((tx) => tx.run('DROP SCHEMA theirs, drover CASCADE'));
    const empty = openPlatform(db, { install: true });
    if (engine === 'embedded') await empty;
    else await assert.rejects(empty, refusal('NO_DATABASE', /holds no table/));
    const told: string[] = [];
    await openPlatform(db, { install: true, asked: true, tell: (text) => told.push(text) });
    assert.equal(told.length, engine === 'embedded' ? 0 : 1);
  });

  it('refuses files without a header or with a gap before touching the database', async () => {
    writeFileSync(join(folder, '0099_gap.sql'), '-- for: platform\n');
    await assert.rejects(migrate(), refusal('MIGRATION_FILE_INVALID', /0099_gap\.sql/));
    rmSync(join(folder, '0099_gap.sql'));
    const files = readdirSync(folder).filter((name) => /^\d{4}_/.test(name));
    writeFileSync(join(folder, `${String(files.length + 1).padStart(4, '0')}_header.sql`), 'SELECT 1;\n');
    await assert.rejects(migrate(), refusal('MIGRATION_FILE_INVALID', /_header\.sql/));
    assert.deepEqual(await tables(), []);
  });

  it('leaves a schema of somebody else alone, takes an empty one, and does not mix variants', async () => {
    await sql((tx) =>
      tx.script('CREATE SCHEMA theirs; CREATE TABLE theirs.schema_migrations (n int); CREATE SCHEMA mine'),
    );
    await assert.rejects(migrate('theirs'), refusal('SCHEMA_OCCUPIED', /not Drover's/));
    await migrate('mine');
    await assert.rejects(
      migrateSchema(db, { schema: 'mine', variant: 'state' }),
      refusal('SCHEMA_OCCUPIED', /platform/),
    );
    await assert.rejects(migrate('pg_mine'), refusal('INVALID_IDENTIFIER'));
    await assert.rejects(migrate(`it's`), refusal('INVALID_IDENTIFIER'));
  });

  it('applies what is generated again when its text changes', async () => {
    const generated = (n: number) => ({ name: 'extra', template: `COMMENT ON SCHEMA {{schema}} IS '${n}'` });
    const start = (n: number): Promise<string[]> =>
      migrateSchema(db, { schema: 's', variant: 'state', generated: generated(n) });
    assert.deepEqual(await start(1), [
      '0001_state.sql',
      '0007_fences.sql',
      '0009_runs.sql',
      '0016_completion.sql',
      '0017_fences_of_documents.sql',
      '0020_under_way.sql',
      '0022_aliases.sql',
      '0023_set_aside.sql',
      '0024_conversions.sql',
      '0025_assessments.sql',
      'extra',
    ]);
    assert.deepEqual(await start(1), []);
    assert.deepEqual(await start(2), ['extra']);
  });

  it('isolation that runs again gives the same schema', async () => {
    await installPlatform(db);
    const before = await dumpSchema(db, defaultSchema);
    await sql((tx) =>
      tx.run(`UPDATE migration.schema_migrations SET checksum = 'old' WHERE version = 'generated'`),
    );
    assert.deepEqual(await installPlatform(db), ['isolation']);
    assert.equal(await dumpSchema(db, defaultSchema), before);
  });

  it('every foreign key has an index led by the tenant', async () => {
    await installPlatform(db);
    const bare = (): Promise<object[]> => sql((tx) => tx.many(keysWithoutIndex, [defaultSchema]));
    assert.deepEqual(await bare(), []);
    await sql((tx) => tx.run('DROP INDEX migration.apps_completion_model_id_idx'));
    assert.deepEqual(await bare(), [{ conname: 'apps_completion_model_fkey' }]);
  });
});

const committed = (): string =>
  readFileSync(join(migrationsFolder, 'schema.sql'), 'utf8').replaceAll('\r\n', '\n');

/** The constant column of the fence need not be in the index: it says the same in every row. */
const keysWithoutIndex = `
  SELECT k.conname FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
  CROSS JOIN LATERAL (SELECT array_agg(a.attnum) AS columns FROM unnest(k.conkey) c JOIN pg_attribute a
    ON a.attrelid = k.conrelid AND a.attnum = c WHERE a.attname NOT LIKE '%\\_live') wanted
  WHERE n.nspname = $1 AND k.contype = 'f' AND NOT EXISTS (
    SELECT FROM pg_index i CROSS JOIN LATERAL (
      SELECT array_agg(p) AS leading FROM unnest((i.indkey::smallint[])[0:cardinality(wanted.columns) - 1]) p) l
    WHERE i.indrelid = k.conrelid AND i.indpred IS NULL AND l.leading @> wanted.columns)`;

describe('several processes at once', () => {
  const run = promisify(execFile);
  const script = fileURLToPath(new URL('../support/install-process.ts', import.meta.url));
  let url: string;
  let drop: () => Promise<void>;

  before(async () => ({ url, drop } = await freshServerDatabase('race')));
  after(() => drop());

  it('apply each migration once between them', async () => {
    const outputs = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [script, url])));
    const applied = outputs.flatMap(({ stdout }) => JSON.parse(stdout) as string[]);
    assert.deepEqual(applied.sort(), [
      ...readMigrationFiles('platform').map(({ name }) => name),
      'isolation',
    ]);
  });
});

describe('several databases of one server at once', () => {
  it('make the roles that they share once', async () => {
    const prefix = `race_${Math.trunc(performance.now())}_${process.pid}_`;
    const template = isolationScript(manifest, 'postgresql').replaceAll('drover_', prefix);
    const fresh = await Promise.all(Array.from({ length: 4 }, () => freshServerDatabase('roles')));
    const open = await Promise.all(fresh.map(({ url }) => openDatabase({ url })));
    try {
      const generated = { name: 'isolation', template };
      const all = await Promise.all(
        open.map((db) => migrateSchema(db, { schema: 's', variant: 'platform', generated })),
      );
      for (const applied of all) assert.equal(applied.at(-1), 'isolation');
    } finally {
      await Promise.all(open.map((db) => db.close()));
      const [last, ...others] = fresh;
      for (const { drop } of others) await drop();
      await dropRoles(last?.url ?? '', prefix);
      await last?.drop();
    }
  });
});

async function dropRoles(url: string, prefix: string): Promise<void> {
  const db = await openDatabase({ url });
  const roles = ['app', 'fleet', 'operator'].map((role) => prefix + role).join(', ');
  await db.transaction({}, (tx) => tx.script(`DROP OWNED BY ${roles}; DROP ROLE ${roles}`));
  await db.close();
}
