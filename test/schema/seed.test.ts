/** The demo is the same everywhere, shows every table, and never takes back what somebody did with it. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { manifest } from '../../src/platform/manifest.ts';
import { seedDemo } from '../../src/platform/demo/seed.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { eachEngine } from '../support/databases.ts';
import { digestRows, type PlatformDatabase, platformDatabase, refusal } from '../support/platform.ts';

/** Written by Drover about its own work: the demo has done none. */
const records = [
  'migrations',
  'migration_steps',
  'journal',
  'aliases',
  'set_aside',
  'assets',
  'asset_dependencies',
  'assessments',
  'assessment_sources',
  'asset_facts',
  'decisions',
  'wave_members',
  'runs',
  'run_tenants',
  'run_events',
  'run_workers',
  'idempotency_keys',
  'registry_in_force',
];

eachEngine((engine) => {
  let database: PlatformDatabase;

  before(async () => {
    database = await platformDatabase(engine, 'empty');
  });
  after(() => database.drop());

  const sql = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.asSuperuser(work);

  it('seeds at least three tenants and a few hundred rows, and nothing the second time', async () => {
    const first = await seedDemo(database.db);
    assert.ok(first.tenants >= 3 && first.rows >= 300, JSON.stringify(first));
    const before = await sql((tx) => digestRows(tx));
    assert.deepEqual(await seedDemo(database.db), { tenants: 0, rows: 0 });
    assert.deepEqual(await sql((tx) => digestRows(tx)), before);
  });

  it('has rows in every table, of every tenant in every tenant table', async () => {
    const { n: tenants } = await sql((tx) =>
      tx.one<{ n: number }>('SELECT count(*) AS n FROM migration.tenants'),
    );
    for (const [table, { kind, tenantColumn }] of Object.entries(manifest)) {
      if (records.includes(table)) continue;
      const column = kind === 'tenant' ? `DISTINCT ${tenantColumn ?? 'tenant_id'}` : '*';
      const { n } = await sql((tx) =>
        tx.one<{ n: number }>(`SELECT count(${column}) AS n FROM migration.${table}`),
      );
      assert.ok(kind === 'tenant' ? n === tenants : n > 0, `${table}: ${n}`);
    }
  });

  it('gives every row an id of the demo’s pattern, different in each tenant', async () => {
    for (const [table, { kind }] of Object.entries(manifest)) {
      if (
        kind === 'system' ||
        table.startsWith('space_') ||
        ['tenant_defaults', 'registry_pairs', 'workspace_verdicts'].includes(table) ||
        table.endsWith('_secrets') ||
        records.includes(table)
      )
        continue;
      const { odd, twice } = await sql((tx) =>
        tx.one<{ odd: number; twice: number }>(
          `SELECT count(*) FILTER (WHERE id::text !~ '^[0-9a-f]{8}-def0-def0-def0-[0-9a-f]{12}$') AS odd,
                  count(*) - count(DISTINCT id) AS twice FROM migration.${table}`,
        ),
      );
      assert.deepEqual({ odd, twice }, { odd: 0, twice: 0 }, table);
    }
  });

  it('plants what makes a migration worth watching', async () => {
    const planted = {
      'links that collide': `SELECT FROM migration.space_completion_models x JOIN migration.space_completion_models y USING (tenant_id, space_id)
        JOIN migration.completion_models s ON (s.tenant_id, s.id) = (x.tenant_id, x.model_id) AND s.name = 'claude-3-7-sonnet'
        JOIN migration.completion_models t ON (t.tenant_id, t.id) = (y.tenant_id, y.model_id) AND t.name = 'claude-haiku-4-5'`,
      'soft-deleted rows on the source': `SELECT FROM migration.assistants r JOIN migration.completion_models m ON (m.tenant_id, m.id) = (r.tenant_id, r.completion_model_id)
        WHERE r.deleted_at IS NOT NULL AND m.name = 'claude-3-7-sonnet' AND r.parameters <> '{}'`,
      'models inside documents': `SELECT FROM migration.apps WHERE pipeline @? '$.nodes[*].data.model ? (@.name == "claude-3-7-sonnet")'`,
      'a disabled model': `SELECT FROM migration.completion_models WHERE NOT is_enabled`,
      'a suspended tenant': `SELECT FROM migration.tenants WHERE state = 'suspended'`,
      'a global template': `SELECT FROM migration.global_assistant_templates WHERE completion_model_name = 'claude-3-7-sonnet'`,
    };
    for (const [what, query] of Object.entries(planted)) {
      const rows = await sql((tx) => tx.many(query));
      assert.ok(rows.length > 0, what);
    }
  });

  it('leaves edits, removals and retired models as they are', async () => {
    await sql((tx) =>
      tx.script(`
        UPDATE migration.users SET is_active = false, display_name = 'Somebody else';
        UPDATE migration.tenants SET name = 'Renamed', state = 'suspended';
        UPDATE migration.global_app_templates SET prompt = 'Edited';
        DELETE FROM migration.space_completion_models; DELETE FROM migration.global_assistant_templates;
        UPDATE migration.assistants SET completion_model_id = NULL; UPDATE migration.apps SET completion_model_id = NULL;
        UPDATE migration.services SET completion_model_id = NULL; UPDATE migration.assistant_templates SET completion_model_id = NULL;
        UPDATE migration.app_templates SET completion_model_id = NULL; UPDATE migration.spaces SET default_completion_model_id = NULL;
        UPDATE migration.tenant_defaults SET completion_model_id = NULL;
        UPDATE migration.completion_models SET lifecycle = 'retired', is_live = false WHERE name = 'claude-3-7-sonnet'`),
    );
    const before = await sql((tx) => digestRows(tx));
    assert.deepEqual(await seedDemo(database.db), { tenants: 0, rows: 0 });
    assert.deepEqual(await sql((tx) => digestRows(tx)), before);
  });

  it('goes on where it was interrupted', async () => {
    const c = '00000003-def0-def0-def0-000000000000';
    await sql(async (tx) => {
      const tables = Object.entries(manifest).filter(
        ([table, { kind }]) => kind === 'tenant' && table !== 'tenants',
      );
      for (const [table] of tables.reverse())
        await tx.run(`DELETE FROM migration.${table} WHERE tenant_id = $1`, [c]);
    });
    const { tenants, rows } = await seedDemo(database.db);
    assert.ok(tenants === 0 && rows > 50);
  });

  it('refuses beside tenants that are not of the demo, unless told so', async () => {
    await sql((tx) =>
      tx.run(
        `INSERT INTO migration.tenants (id, name, slug) VALUES ('7a1e0000-0000-4000-8000-000000000001', 'Real', 'real')`,
      ),
    );
    const before = await sql((tx) => digestRows(tx));
    await assert.rejects(
      seedDemo(database.db),
      refusal('SEED_REFUSED', /a tenant that is not of the demo.*--beside-others/),
    );
    assert.deepEqual(await sql((tx) => digestRows(tx)), before);
    assert.deepEqual(await seedDemo(database.db, { besideOthers: true }), { tenants: 0, rows: 0 });
  });
});
