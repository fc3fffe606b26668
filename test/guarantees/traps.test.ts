/**
 * The eight traps of the public record: what hand-written migrations did to live databases. Each test walks into one of
 * them on Drover's own schema, as the application role, on both engines.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { completionId } from '../../src/platform/demo/models.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { planOne } from '../support/batches.ts';
import { oneEngine } from '../support/databases.ts';
import {
  alder,
  apply,
  asApplication,
  assertUnchanged,
  birch,
  history,
  intentFor,
  readRows,
  refusedWith,
  rollback,
  source,
  sourceId,
  target,
  targetId,
} from '../support/guarantee.ts';
import { demoForAll, demoForEach } from '../support/ground.ts';

/** The rows of one tenant, as text, of every table that has the column. */
async function tenantRows(tx: Tx, tenant: string): Promise<Record<string, string[]>> {
  const tables = await tx.many<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
     WHERE c.relnamespace = 'migration'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
  );
  const rows: Record<string, string[]> = {};
  for (const { name } of tables) {
    const found = await tx.many<{ line: string }>(
      `SELECT t::text AS line FROM migration.${name} t WHERE tenant_id = $1::text::uuid ORDER BY 1`,
      [tenant],
    );
    rows[name] = found.map(({ line }) => line);
  }
  return rows;
}

const withParameters = ['assistants', 'apps', 'services', 'assistant_templates', 'app_templates'] as const;

oneEngine((engine) => {
  const at = demoForAll(engine);

  describe('trap 1: a filter that fits nothing', () => {
    for (const entityTypes of [['assistant'], ['assistants', 'app'], ['Assistants'], []]) {
      it(`refuses entity types ${JSON.stringify(entityTypes)} with the list of valid ones, and changes nothing`, async () => {
        const error = await refusedWith(apply(at.site, { entityTypes }), 'ENTITY_TYPE_UNKNOWN');
        for (const type of ['assistants', 'apps', 'services', 'space_defaults', 'tenant_defaults'])
          assert.match(error.message, new RegExp(`\\b${type}\\b`));
        await assertUnchanged(
          at.database,
          at.start,
          'a refused filter means nothing, least of all everything',
        );
      });
    }
  });

  describe("trap 2: one tenant's ids used for another", () => {
    it("answers another tenant's model exactly as one that does not exist, and goes on working", async () => {
      const missing = '0000000f-def0-def0-def0-00050000000f';
      const words = async (change: { from?: string; to?: string }): Promise<string> => {
        const error = await refusedWith(apply(at.site, change), 'MODEL_NOT_FOUND');
        return `${error.message} ${JSON.stringify(error.data)}`.replaceAll(
          Object.values(change)[0] ?? '',
          'ID',
        );
      };
      assert.equal(await words({ from: completionId(2, source) }), await words({ from: missing }));
      assert.equal(await words({ to: completionId(2, target) }), await words({ to: missing }));
      await assertUnchanged(at.database, at.start, 'a refusal changes nothing');
    });
  });

  describe('trap 3: real refusals that came back as unexpected errors', () => {
    const refusals = [
      [{ from: 'no-such-model' }, 'MODEL_NOT_FOUND'],
      [{ from: '../../etc' }, 'MODEL_NOT_FOUND'],
      [{ to: "x'; DROP TABLE apps; --" }, 'MODEL_NOT_FOUND'],
      [{ to: sourceId }, 'SAME_MODEL'],
      [{ kind: 'imaginary' }, 'KIND_UNKNOWN'],
      [{ tenant: '00000009-def0-def0-def0-000000000000' }, 'TENANT_NOT_FOUND'],
      [{ tenant: 'not a tenant' }, 'TENANT_INVALID'],
      [{ answers: { 'assistants.colour': 'move' } }, 'ANSWER_UNKNOWN'],
      [{ to: 'gpt-4o' }, 'PLAN_REFUSED'],
      [{ kind: 'embedding', from: 'text-embedding-3-small', to: 'text-embedding-3-large' }, 'PLAN_REFUSED'],
      [{ tenant: birch, to: 'gpt-5-mini' }, 'PLAN_REFUSED'],
    ] as const;

    for (const [change, code] of refusals) {
      it(`refuses ${JSON.stringify(change)} as ${code}`, async () => {
        await refusedWith(apply(at.site, change), code);
        await assertUnchanged(at.database, at.start, 'a refusal changes nothing');
      });
    }

    it('refuses what was not confirmed, and force without a reason', async () => {
      await refusedWith(apply(at.site, {}, { confirm: false }), 'CONFIRMATION_REQUIRED');
      await refusedWith(apply(at.site, {}, { force: true }), 'FORCE_NEEDS_REASON');
      await assertUnchanged(at.database, at.start, 'a refusal changes nothing');
    });
  });
});

oneEngine((engine) => {
  const at = demoForEach(engine);
  const run = (sql: string, params: unknown[] = []): Promise<number> =>
    at.superuser((tx) => tx.run(sql, params));
  const rowsOf = (tenant: string): Promise<Record<string, string[]>> =>
    at.superuser((tx) => tenantRows(tx, tenant));

  describe('trap 1: a filter that fits nothing', () => {
    it('moves the asked type of the asked tenant only, a duplicate counted once; all other rows are byte-identical', async () => {
      const before = { birch: await rowsOf(birch), alder: await rowsOf(alder) };
      const result = await apply(at.site, { entityTypes: ['services', 'services'] });
      assert.deepEqual(Object.keys(result.counts), ['services']);
      assert.deepEqual(await rowsOf(birch), before.birch);
      const now = await rowsOf(alder);
      for (const table of [
        'assistants',
        'apps',
        'assistant_templates',
        'app_templates',
        'spaces',
        'questions',
      ])
        assert.deepEqual(now[table], before.alder[table], table);
      assert.notDeepEqual(now['services'], before.alder['services']);
    });
  });

  describe("trap 2: one tenant's ids used for another", () => {
    it('resolves a name to the row of each tenant, one tenant after the other', async () => {
      for (const [tenant, number] of [
        [alder, 1],
        [birch, 2],
      ] as const) {
        const { source: from, target: to } = await apply(at.site, { tenant });
        assert.deepEqual([from.key, to.key], [completionId(number, source), completionId(number, target)]);
      }
    });

    it('leaves no transaction open after a refusal: the next call on the same connections works', async () => {
      for (let tries = 0; tries < 12; tries += 1)
        await refusedWith(apply(at.site, { to: completionId(2, target) }), 'MODEL_NOT_FOUND');
      await refusedWith(apply(at.site, { to: 'gpt-4o' }), 'PLAN_REFUSED');
      const open = `SELECT count(*) AS value FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`;
      assert.equal(await at.value<number>(open), 0);
      assert.equal((await apply(at.site)).status, 'succeeded');
    });
  });

  describe('trap 4: moving away from what is going away', () => {
    const states = {
      disabled: `is_enabled = false`,
      deprecated: `is_deprecated = true, lifecycle = 'deprecated'`,
      withdrawn: `lifecycle = 'withdrawn', is_enabled = false`,
      'past its shutdown date': `shutdown_on = '2020-01-01'`,
    };
    for (const [state, set] of Object.entries(states)) {
      it(`is allowed where the source is ${state}`, async () => {
        await run(`UPDATE migration.completion_models SET ${set} WHERE id = $1::text::uuid`, [sourceId]);
        assert.notEqual((await apply(at.site)).completion, 'partial');
      });
    }

    it('is allowed where the source is retired already: nothing moves, and nothing is refused', async () => {
      await apply(at.site);
      const again = await apply(at.site, { to: 'claude-haiku-4-5' });
      assert.deepEqual(again.steps, []);
      assert.ok(again.findings.some(({ code }) => code === 'SOURCE_RETIRED'));
      assert.ok(again.findings.every(({ severity }) => severity !== 'error'));
    });

    it("is allowed where the source's provider is inactive", async () => {
      await run(
        `UPDATE migration.model_providers SET is_active = false WHERE tenant_id = $1::text::uuid AND name = 'openai'`,
        [alder],
      );
      const result = await apply(at.site, { from: 'gpt-4o' });
      assert.ok(result.findings.every(({ code }) => code !== 'PROVIDER_UNUSABLE'));
    });
  });

  describe('trap 5: a notice that blocked', () => {
    it('says that parameters reset as a note that nobody has to confirm', async () => {
      // A default is a warning of its own; without one, only the notice is left.
      await run(
        `UPDATE migration.spaces SET default_completion_model_id = NULL WHERE tenant_id = $1::text::uuid`,
        [alder],
      );
      await run(
        `UPDATE migration.tenant_defaults SET completion_model_id = NULL WHERE tenant_id = $1::text::uuid`,
        [alder],
      );
      const result = await apply(at.site, {}, { confirm: false });
      const notices = result.findings.filter(({ code }) => code === 'PARAMETERS_RESET');
      assert.ok(notices.length > 0);
      assert.ok(result.findings.every(({ severity }) => severity === 'info'));
    });
  });

  describe('trap 6: parameters that were reset for one type only', () => {
    it('resets those of every moved row of every type, and leaves those of rows that were on the target or elsewhere', async () => {
      const settled = async (): Promise<string[]> => {
        const parts = withParameters.map(
          (table) =>
            `SELECT '${table} ' || id || ' ' || parameters AS line FROM migration.${table} WHERE tenant_id = '${alder}' AND completion_model_id IS DISTINCT FROM '${sourceId}'`,
        );
        const rows = await at.superuser((tx) => tx.many<{ line: string }>(parts.join(' UNION ALL ')));
        return rows.map(({ line }) => line).toSorted();
      };
      const moving = withParameters.map(
        (table) =>
          `SELECT '${table}' AS type, id, parameters FROM migration.${table} WHERE tenant_id = '${alder}' AND completion_model_id = '${sourceId}'`,
      );
      for (const table of withParameters)
        await run(
          `UPDATE migration.${table} SET parameters = '{"temperature": 0.9}' WHERE tenant_id = '${alder}'`,
        );
      const ids = await at.superuser((tx) =>
        tx.many<{ type: string; id: string }>(
          `SELECT type, id::text AS id FROM (${moving.join(' UNION ALL ')}) m`,
        ),
      );
      assert.deepEqual(new Set(ids.map(({ type }) => type)), new Set(withParameters));
      const others = await settled();

      await apply(at.site);

      for (const { type, id } of ids) {
        const row = await at.value<string>(
          `SELECT completion_model_id || ' ' || parameters AS value FROM migration.${type} WHERE tenant_id = '${alder}' AND id = '${id}'`,
        );
        assert.equal(row, `${targetId} {}`, `${type} ${id}`);
      }
      const left = await settled();
      for (const line of others) assert.ok(left.includes(line), `kept: ${line}`);
    });
  });

  describe('trap 7: history that was rewritten', () => {
    it('keeps every question and every run on the model that did the work, and says so', async () => {
      const past = `SELECT string_agg(line, E'\\n' ORDER BY line) AS value FROM (SELECT q::text AS line FROM migration.questions q UNION ALL SELECT r::text FROM migration.app_runs r) h`;
      const before = await at.value<string>(past);
      const { leftBehind } = await apply(at.site);
      assert.equal(await at.value<string>(past), before);
      const kept = leftBehind.filter(({ reason }) => reason === 'history').map(({ entity }) => entity);
      assert.deepEqual(kept.toSorted(), ['app_runs', 'questions']);
    });
  });

  describe('trap 8: forgotten references, cascades, work for nothing, no way back', () => {
    it('moves references inside JSON, by id and by name', async () => {
      await apply(at.site);
      const left = `SELECT count(*) AS value FROM (SELECT tenant_id, pipeline FROM migration.apps UNION ALL SELECT tenant_id, pipeline FROM migration.app_templates) p WHERE tenant_id = $1::text::uuid AND (pipeline::text LIKE '%' || $2::text || '%' OR pipeline::text LIKE '%' || $3::text || '%')`;
      assert.equal(await at.value<number>(left, [alder, sourceId, `"${source}"`]), 0);
    });

    it('refuses while a table that was added later names the source by a foreign key', async () => {
      await at.superuser((tx) =>
        tx.script(`CREATE TABLE migration.bookmarks (tenant_id uuid NOT NULL REFERENCES migration.tenants (id), id uuid NOT NULL, model_id uuid NOT NULL, PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, model_id) REFERENCES migration.completion_models (tenant_id, id));
          INSERT INTO migration.bookmarks VALUES ('${alder}', gen_random_uuid(), '${sourceId}');
          GRANT SELECT, INSERT, UPDATE, DELETE ON migration.bookmarks TO drover_app`),
      );
      await refusedLater('ASK_OPEN', 'bookmarks');
    });

    it('refuses while a column that was added later names the source by id, by name, or inside a document', async () => {
      const columns = {
        id: `text DEFAULT '${sourceId}'`,
        name: `text DEFAULT '${source}'`,
        document: `jsonb DEFAULT '{"a": [{"b": "${sourceId}"}]}'`,
      };
      for (const [what, definition] of Object.entries(columns)) {
        await run(`ALTER TABLE migration.services ADD COLUMN later_${what} ${definition}`);
        await refusedLater('UNACCOUNTED', `later_${what}`);
        await run(`ALTER TABLE migration.services DROP COLUMN later_${what}`);
      }
      assert.equal((await apply(at.site)).completion, 'complete for the tenant');
    });

    async function refusedLater(code: string, where: string): Promise<void> {
      const before = await readRows(at.database);
      const error = await refusedWith(apply(at.site), 'PLAN_REFUSED');
      assert.match(error.message, new RegExp(`${code}.*${where}`));
      await assertUnchanged(at.database, before, 'nothing moves while a reference is not understood');
    }

    it('removes no model, and neither a removal nor a retirement cascades to what names it', async () => {
      const models = `SELECT count(*) AS value FROM migration.completion_models`;
      const before = await at.value<number>(models);
      const remove = (): Promise<number> =>
        run('DELETE FROM migration.completion_models WHERE id = $1::text::uuid', [sourceId]);
      await refusedWith(remove(), 'STILL_REFERENCED');
      const counted = `SELECT (SELECT count(*) FROM migration.assistants) + (SELECT count(*) FROM migration.apps) + (SELECT count(*) FROM migration.questions) AS value`;
      const rows = await at.value<number>(counted);
      await apply(at.site);
      assert.equal(await at.value<number>(models), before);
      assert.equal(await at.value<number>(counted), rows);
      await refusedWith(remove(), 'STILL_REFERENCED');
    });

    it('writes nothing for a tenant that has nothing to move, and retires nothing that was not asked to move', async () => {
      const plan = await planOne(at.site, intentFor({ from: 'gpt-4o' }));
      assert.ok(plan.findings.some(({ code }) => code === 'NOTHING_TO_MOVE'));
      assert.ok(plan.steps.every(({ operation }) => operation === 'retire'));
      const tables = await at.superuser((tx) => tenantRows(tx, alder));
      const result = await apply(at.site, { from: 'gpt-4o' });
      assert.deepEqual(result.counts, {});
      const now = await at.superuser((tx) => tenantRows(tx, alder));
      for (const table of [
        'assistants',
        'apps',
        'services',
        'spaces',
        'space_completion_models',
        'tenant_defaults',
      ])
        assert.deepEqual(now[table], tables[table], table);
    });

    it('can be undone: every byte is back, and the record says who did what', async () => {
      const { migrationId } = await apply(at.site);
      assert.notEqual(
        (
          await asApplication(at.database, (tx) =>
            tx.many(`SELECT FROM migration.assistants WHERE completion_model_id = '${targetId}'`),
          )
        ).length,
        0,
      );
      const undone = await rollback(at.site, migrationId);
      assert.deepEqual([undone.complete, undone.skipped], [true, []]);
      await assertUnchanged(at.database, at.start, 'rolled back to the byte');
      const [back, there] = await history(at.site);
      assert.deepEqual(
        [back?.kind, back?.parentId, there?.id, there?.rolledBack, there?.actor],
        ['rollback', migrationId, migrationId, true, 'guarantees'],
      );
    });
  });
});
