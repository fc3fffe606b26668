/** Rules that are kept are those that would be read anew, whatever anybody has done to the tables a moment before. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Rules } from '../../src/engine/rules/references.ts';
import { openPlatform } from '../../src/platform/open.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { siteFor } from '../../src/postgres/scope/rows-site.ts';
import { type Site, withTenant } from '../../src/postgres/scope/site.ts';
import { KeptRules, readRules } from '../../src/postgres/catalogue/rules.ts';
import { oneEngine } from '../support/databases.ts';
import { platformDatabase, type PlatformDatabase } from '../support/platform.ts';

/** One after the other, each as somebody's own transaction. */
const changes = [
  `CREATE TABLE migration.flows (tenant_id uuid NOT NULL, id uuid, model_id uuid, PRIMARY KEY (tenant_id, id))`,
  `ALTER TABLE migration.flows ADD CONSTRAINT flows_model_fkey FOREIGN KEY (tenant_id, model_id) REFERENCES migration.completion_models (tenant_id, id)`,
  `ALTER TABLE migration.flows ADD COLUMN note text`,
  `ALTER TABLE migration.flows ALTER note TYPE varchar(20)`,
  `ALTER TABLE migration.flows ALTER note SET NOT NULL`,
  `ALTER TABLE migration.flows ALTER note SET DEFAULT ''`,
  `ALTER TABLE migration.flows ALTER note DROP DEFAULT`,
  `ALTER TABLE migration.flows RENAME note TO remark`,
  `CREATE UNIQUE INDEX flows_remark_idx ON migration.flows (tenant_id, remark) WHERE remark <> ''`,
  `DROP INDEX migration.flows_remark_idx`,
  `CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`,
  `CREATE TRIGGER flows_nothing BEFORE UPDATE ON migration.flows FOR EACH ROW EXECUTE FUNCTION nothing()`,
  `ALTER TABLE migration.flows DISABLE TRIGGER flows_nothing`,
  `ALTER FUNCTION nothing() RENAME TO nothing_at_all`,
  `ALTER TABLE migration.flows ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY own ON migration.flows TO drover_app USING (tenant_id IS NOT NULL)`,
  `ALTER POLICY own ON migration.flows USING (true)`,
  `CREATE SCHEMA elsewhere`,
  `CREATE TABLE elsewhere.links (id int PRIMARY KEY, tenant_id uuid, flow_id uuid, FOREIGN KEY (tenant_id, flow_id) REFERENCES migration.flows (tenant_id, id))`,
  `ALTER SCHEMA elsewhere RENAME TO another`,
  `CREATE DOMAIN another.word AS text`,
  `ALTER TABLE another.links ADD COLUMN word another.word`,
  `ALTER DOMAIN another.word SET NOT NULL`,
  `CREATE TABLE another.parts (tenant_id uuid, model_id uuid, day date, FOREIGN KEY (tenant_id, model_id) REFERENCES migration.completion_models (tenant_id, id)) PARTITION BY RANGE (day)`,
  `CREATE TABLE another.part (tenant_id uuid, model_id uuid, day date)`,
  `ALTER TABLE another.parts ATTACH PARTITION another.part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
  `ALTER TABLE another.parts DETACH PARTITION another.part`,
  `DROP SCHEMA another CASCADE`,
  `ALTER TABLE migration.flows DROP CONSTRAINT flows_model_fkey`,
  `DROP TABLE migration.flows`,
];

oneEngine((engine) => {
  let database: PlatformDatabase;
  let site: Site;
  before(async () => {
    database = await platformDatabase(engine, 'demo');
    ({ site } = await openPlatform(database.db, { install: false }));
  });
  after(() => database.drop());

  const both = (): Promise<{ kept: Rules; read: Rules }> =>
    withTenant(site, { tenant: '00000001-def0-def0-def0-000000000000', readOnly: true }, async (tx) => {
      const kept = await readRules(tx, site, undefined);
      return { kept, read: (await new KeptRules().read(tx, site, { sight: null })).rules };
    });

  it('are the rules of the tables as they are, after each change', async () => {
    for (const change of changes) {
      await database.asSuperuser((tx) => tx.script(change));
      const { kept, read } = await both();
      assert.deepEqual(kept, read, change);
    }
  });

  it('are read once while nothing changes, whatever happens to rows', async () => {
    const { kept } = await both();
    await database.asSuperuser((tx) => tx.script(`UPDATE migration.assistants SET name = name || '.'`));
    assert.equal((await both()).kept, kept);
    await database.asSuperuser((tx) => tx.script('ALTER TABLE migration.assistants ADD COLUMN extra int'));
    assert.notEqual((await both()).kept, kept);
  });

  it('are read once for the rows of a table that get other keys, as long as the configuration is the same', () => {
    const rows = [{ table: 'migration.assistants' }];
    const change = (): Site => ({ ...site, config: { ...site.config, rows } });
    const first = change();
    const [one, again, other] = [first, first, change()].map((from) =>
      siteFor(from, { rows: 'migration.assistants' }),
    );
    assert.deepEqual([one?.kept === again?.kept, one?.config === again?.config], [true, true]);
    assert.notEqual(one?.kept, other?.kept);
    assert.notEqual(one?.kept, site.kept);
  });

  // The embedded engine has one connection.
  if (engine === 'server')
    it('are in each transaction those of its own snapshot, whoever has read newer ones meanwhile', async (t) => {
      const tenant = '00000001-def0-def0-def0-000000000000';
      const other = await openDatabase(database.target);
      t.after(() => other.close());
      const elsewhere = { ...site, database: other };
      const newest = (): Promise<Rules> =>
        withTenant(elsewhere, { tenant, readOnly: true }, (tx) => readRules(tx, elsewhere, tenant));
      await withTenant(site, { tenant, readOnly: true }, async (tx) => {
        const own = await readRules(tx, site, undefined);
        await other.transaction({}, (changing) =>
          changing.script('ALTER TABLE migration.services ADD COLUMN more int'),
        );
        const newer = await newest();
        assert.notDeepEqual(newer, own);
        assert.deepEqual(await readRules(tx, site, undefined), own);
        assert.deepEqual(await newest(), newer);
      });
    });

  it('are not kept where a change is under way that may be taken back', async () => {
    const undone = new Error('taken back');
    const { kept } = await both();
    const changing = database.asSuperuser(async (tx) => {
      assert.equal(await readRules(tx, site, undefined), kept);
      await tx.script('ALTER TABLE migration.assistants DROP COLUMN IF EXISTS extra');
      assert.notDeepEqual(await readRules(tx, site, undefined), kept);
      throw undone;
    });
    await assert.rejects(changing, undone);
    const after = await both();
    assert.deepEqual(after.kept, after.read);
  });
});
