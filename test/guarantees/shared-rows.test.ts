/**
 * The rows of everybody are a unit of their own in Drover's own schema too: moved by the operator's role, with records that no tenant
 * sees, taken back exactly, and never left in between by a kill.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sharedRows } from '../../src/engine/tenant.ts';
import { asFleet, asOperator } from '../../src/postgres/scope/tenant.ts';
import { platformScope } from '../../src/platform/scope.ts';
import { eachEngine, oneEngine } from '../support/databases.ts';
import { applyOne, planOne, rollbackOne } from '../support/batches.ts';
import { actor, alder, birch, history, intentFor, platformSite, refusedWith } from '../support/guarantee.ts';
import { checksum, killAtRandom } from '../support/kill.ts';
import { platformDatabase } from '../support/platform.ts';

const intent = intentFor({
  tenant: sharedRows,
  from: 'claude-sonnet/claude-3-7-sonnet',
  to: 'claude-sonnet/claude-sonnet-4-6',
});

const templates = `SELECT count(*)::int AS rows FROM migration.global_app_templates WHERE completion_model_name = `;

eachEngine((engine) => {
  describe('the templates of everybody', () => {
    it('move by themselves, and are taken back exactly', async () => {
      const at = await platformDatabase(engine, 'demo');
      try {
        const site = await platformSite(at.db);
        const before = await checksum(at.db);
        const plan = await planOne(site, intent);
        assert.deepEqual([...new Set(plan.steps.map(({ table }) => table))].toSorted(), [
          'migration.global_app_templates',
          'migration.global_assistant_templates',
        ]);
        assert.equal(plan.completion, 'complete');
        const { migrationId } = await applyOne(site, { intent, plan, confirm: true, actor });
        const moved = await checksum(at.db);
        const changed = Object.keys(before).filter((table) => before[table] !== moved[table]);
        assert.deepEqual(changed.toSorted(), [
          'migration.global_app_templates',
          'migration.global_assistant_templates',
        ]);
        const { rows } = await at.asSuperuser((tx) =>
          tx.one<{ rows: number }>(`${templates}'claude-3-7-sonnet'`),
        );
        assert.equal(rows, 0);
        await rollbackOne(site, { migrationId, tenant: sharedRows, actor });
        assert.deepEqual(await checksum(at.db), before);
      } finally {
        await at.drop();
      }
    });

    it('have records that no tenant sees, and the operator sees no other', async () => {
      const at = await platformDatabase(engine, 'demo');
      try {
        const site = await platformSite(at.db);
        await applyOne(site, { intent, confirm: true, actor });
        await applyOne(site, { intent: intentFor(), confirm: true, actor });
        const count = `SELECT count(*)::int AS rows FROM migration.journal`;
        const own = `${count} WHERE tenant_id <> '${sharedRows}'`;
        const seen = await asOperator(at.db, platformScope, (tx) => tx.one<{ rows: number }>(count));
        const others = await asOperator(at.db, platformScope, (tx) => tx.one<{ rows: number }>(own));
        assert.ok(seen.rows > 0);
        assert.equal(others.rows, 0, 'the operator sees no journal of a tenant');
        const foreign = await asFleet(at.db, platformScope, [alder, birch], (tx) =>
          tx.one<{ rows: number }>(`${count} WHERE tenant_id = '${sharedRows}'`),
        );
        assert.equal(foreign.rows, 0, 'no tenant sees the journal of the shared rows');
        assert.deepEqual(
          (await history(site, alder)).map(({ tenant }) => tenant),
          [alder],
        );
      } finally {
        await at.drop();
      }
    });

    it('are named by family and name, for no row of everybody says more', async () => {
      const at = await platformDatabase(engine, 'demo');
      try {
        const error = await refusedWith(
          planOne(await platformSite(at.db), { ...intent, from: 'claude-3-7-sonnet' }),
          'MODEL_NOT_FOUND',
        );
        assert.match(error.message, /write family\/name/);
      } finally {
        await at.drop();
      }
    });
  });
});

oneEngine((engine) => {
  it('leaves the shared rows before or after, never between, when it is killed at random instants', async (t) => {
    const at = await platformDatabase(engine, 'demo');
    try {
      await at.asSuperuser((tx) =>
        tx.run(`INSERT INTO migration.global_app_templates (id, name, completion_model_name, completion_model_family)
          SELECT gen_random_uuid(), 'made ' || n, 'claude-3-7-sonnet', 'claude-sonnet' FROM generate_series(1, 20000) n`),
      );
      await at.db.close();
      await killAtRandom({ target: at.target, schema: 'platform', intent }, { kills: 2, seed: 45 }, (line) =>
        t.diagnostic(line),
      );
    } finally {
      await at.drop();
    }
  });
});
