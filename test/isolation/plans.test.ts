/** Under both forms of the policy every statement of a tenant is planned by the index that begins with the tenant, prepared or not. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ofTenant, tenantInContext } from '../../src/isolation/policies.ts';
import { oneEngine } from '../support/databases.ts';
import { openFresh } from './ground.ts';

const forms = {
  'a sub-select': ofTenant('org_id', 'app.org', 'bigint'),
  'no sub-select': `org_id = ${tenantInContext('app.org', 'bigint')}`,
};
const statements = [
  'SELECT note FROM items WHERE id = 12007',
  'SELECT count(*) FROM items',
  'UPDATE items SET note = note',
  'DELETE FROM items',
];

oneEngine((engine) => {
  it('uses the index of the tenant', async () => {
    const { database, close } = await openFresh(engine);
    const role = `plans_${process.pid}`;
    await database.transaction({}, (tx) =>
      tx.script(`CREATE ROLE ${role}; CREATE TABLE items (org_id bigint, id bigint, note text, PRIMARY KEY (org_id, id));
        INSERT INTO items SELECT n / 100, n, 'note' FROM generate_series(1, 20000) AS n; ANALYZE items;
        ALTER TABLE items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; GRANT ALL ON items TO ${role};`),
    );
    for (const [form, condition] of Object.entries(forms))
      await database.transaction({}, async (tx) => {
        await tx.script(`DROP POLICY IF EXISTS own ON items; CREATE POLICY own ON items USING (${condition});
          SET LOCAL ROLE ${role}; SET LOCAL app.org = '120'; SET LOCAL plan_cache_mode = force_generic_plan`);
        for (const [at, sql] of statements.entries()) {
          await tx.script(`PREPARE s${at} AS ${sql}`);
          for (const asked of [sql, `EXECUTE s${at}`]) {
            const plan = await tx.many<Record<string, string>>(`EXPLAIN (COSTS OFF) ${asked}`);
            const text = plan.flatMap((row) => Object.values(row)).join('\n');
            assert.match(text, /items_pkey/, `${form}: ${asked}\n${text}`);
            assert.doesNotMatch(text, /Seq Scan/, `${form}: ${asked}\n${text}`);
          }
          await tx.run(`DEALLOCATE s${at}`);
        }
        await tx.run('RESET ROLE');
      });
    await database.transaction({}, (tx) => tx.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    await close();
  });
});
