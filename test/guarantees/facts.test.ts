/**
 * Promises 3 and 7: expected is what happened, and a plan is what runs. A wrong count rolls everything back, a fact that has
 * changed since is named, a plan applied twice gives the first result, and whatever fails leaves a record and nothing else.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Config } from '../../src/engine/rules/config.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import { toldToTenant } from '../../src/postgres/driver/errors.ts';
import { MembersFailed } from '../../src/postgres/move/job.ts';
import { executePlans } from '../../src/postgres/move/execute.ts';
import { openRecords } from '../../src/postgres/records/records.ts';
import { openSite, withTenant } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { journalFor } from '../../src/postgres/records/commit.ts';
import { readOnePlan } from '../support/facts.ts';
import { planOne } from '../support/batches.ts';
import { oneEngine } from '../support/databases.ts';
import { demoForAll, demoForEach, studioForEach } from '../support/ground.ts';
import {
  actor,
  alder,
  apply,
  assertUnchanged,
  history,
  intentFor,
  readRows,
  refusedWith,
  rollback,
  source,
  sourceId,
  targetId,
} from '../support/guarantee.ts';
import { badgeId, botId, newEngine, north, oldEngine, studioConfig } from '../support/studio.ts';

/** Executes a plan that somebody tampered with, as an apply would after its checks. */
async function execute(site: Site, tamper: (plan: Plan) => Plan): Promise<void> {
  const intent = intentFor();
  const models = {
    source: { kind: 'completion', key: sourceId, components: {} },
    target: { kind: 'completion', key: targetId, components: {} },
  };
  const [id = ''] = await openRecords(site, [
    { kind: 'model', tenant: alder, ...models, actor, forced: false },
  ]);
  await withTenant(site, { tenant: alder }, async (tx) => {
    const planned = await readOnePlan(tx, site, intent);
    const { rules } = planned.snapshot;
    const executions = [{ ...planned, plan: tamper(planned.plan) }];
    const journal = await journalFor(tx, site, [{ tenant: alder, id }]);
    await executePlans(tx, { rules, executions, scannable: [], journal }).catch((error: unknown) => {
      throw error instanceof MembersFailed ? error.errors.get(0) : error;
    });
  });
}

oneEngine((engine) => {
  describe('a wrong count', () => {
    const at = demoForAll(engine);
    const operations = ['repoint', 'merge', 'rewrite-json', 'retire'] as const;

    for (const operation of operations) {
      for (const by of [1, -1]) {
        it(`of a ${operation} step (${by > 0 ? 'one too many' : 'one too few'} expected) rolls back and names table and counts`, async () => {
          let step: Plan['steps'][number] | undefined;
          const tamper = (plan: Plan): Plan => {
            step = plan.steps.findLast((candidate) => candidate.operation === operation);
            return {
              ...plan,
              steps: plan.steps.map((one) => (one === step ? { ...one, expected: one.expected + by } : one)),
            };
          };
          const error = await refusedWith(execute(at.site, tamper), 'COUNT_MISMATCH');
          const { table, expected } = step ?? { table: '', expected: 0 };
          assert.deepEqual(
            { table: error.data['table'], expected: error.data['expected'], actual: error.data['actual'] },
            { table, expected: expected + by, actual: expected },
          );
          await assertUnchanged(at.database, at.start, 'a wrong count changes nothing');
          assert.equal(await at.value('SELECT count(*) AS value FROM migration.journal'), 0);
        });
      }
    }

    it('a step that the plan forgot is noticed at the end, and everything is rolled back', async () => {
      const forget = (plan: Plan): Plan => ({
        ...plan,
        steps: plan.steps.filter((step) => step.operation !== 'rewrite-json'),
      });
      await refusedWith(execute(at.site, forget), 'REFERENCES_LEFT');
      await assertUnchanged(at.database, at.start, 'a forgotten step changes nothing');
    });

    it('a forgotten step of live references cannot be retired over: the database itself refuses', async () => {
      const forget = (plan: Plan): Plan => ({
        ...plan,
        steps: plan.steps.filter((step) => step.table !== 'migration.assistants'),
      });
      await refusedWith(execute(at.site, forget), 'STILL_REFERENCED');
      await assertUnchanged(at.database, at.start, 'a forgotten step changes nothing');
    });
  });

  describe('in a foreign database', () => {
    const at = studioForEach(engine);
    const intent = { tenant: north, from: 'old', to: 'new' };

    it('a trigger that swallows one row makes the migration roll back, with table, expected and actual', async () => {
      await at.script(`CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER swallow BEFORE UPDATE ON badges FOR EACH ROW WHEN (OLD.id = '${badgeId('a', 2)}') EXECUTE FUNCTION swallow()`);
      const before = await readRows(at.database);
      const site = await openSite({
        database: at.database,
        config: { ...studioConfig, database: { retries: 1 } },
      });
      const error = await refusedWith(apply(site, intent), 'COUNT_MISMATCH');
      assert.deepEqual(
        { table: error.data['table'], expected: error.data['expected'], actual: error.data['actual'] },
        { table: 'public.badges', expected: 3, actual: 2 },
      );
      await assertUnchanged(at.database, before, 'nothing moves where a row is lost');
      const [record] = await history(site, north);
      assert.deepEqual([record?.status, record?.errorCode], ['failed', 'COUNT_MISMATCH']);
    });

    it('a trigger that swallows a document, a merge or the retirement is noticed as well', async () => {
      await at.script(
        `CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`,
      );
      const site = await openSite({
        database: at.database,
        config: { ...studioConfig, database: { retries: 0 } },
      });
      for (const [table, event] of [
        ['flows', 'UPDATE'],
        ['room_engines', 'DELETE'],
        ['engines', 'UPDATE'],
      ]) {
        await at.script(
          `CREATE TRIGGER swallow BEFORE ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION swallow()`,
        );
        const before = await readRows(at.database);
        const error = await refusedWith(apply(site, intent), 'COUNT_MISMATCH');
        assert.equal(error.data['table'], `public.${table}`);
        await assertUnchanged(at.database, before, `nothing moves where ${table} loses a row`);
        await at.script(`DROP TRIGGER swallow ON ${table}`);
      }
      assert.equal((await apply(site, intent)).completion, 'complete');
    });

    it('a trigger that writes the source where no place is is noticed before the commit', async () => {
      await at.script(`ALTER TABLE bots ADD COLUMN note text;
        CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'was ${oldEngine}'; RETURN NEW; END $$;
        CREATE TRIGGER note_it BEFORE UPDATE ON bots FOR EACH ROW WHEN (OLD.id = '${botId('a', 1)}') EXECUTE FUNCTION note_it()`);
      const before = await readRows(at.database);
      const site = await openSite({
        database: at.database,
        config: { ...studioConfig, database: { retries: 0 } },
      });
      const error = await refusedWith(apply(site, intent), 'REFERENCES_LEFT');
      assert.equal(error.data['place'], 'bots.note');
      await assertUnchanged(at.database, before, 'nothing moves where the source is written meanwhile');
    });

    it('a trigger that puts the source back is noticed before the commit', async () => {
      await at.script(`CREATE FUNCTION put_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.engine_id := '${oldEngine}'; RETURN NEW; END $$;
        CREATE TRIGGER put_back BEFORE UPDATE ON bots FOR EACH ROW WHEN (OLD.id = '${botId('a', 1)}') EXECUTE FUNCTION put_back()`);
      const before = await readRows(at.database);
      const site = await openSite({
        database: at.database,
        config: { ...studioConfig, database: { retries: 0 } },
      });
      await refusedWith(apply(site, intent), 'REFERENCES_LEFT');
      await assertUnchanged(at.database, before, 'nothing moves where a row moves back');
      assert.equal(
        await at.value(
          `SELECT count(*) AS value FROM bots WHERE engine_id = '${newEngine}' AND id = '${botId('a', 1)}'`,
        ),
        0,
      );
    });
  });

  describe('a plan that has grown stale', () => {
    const at = demoForEach(engine);
    const moving = `SELECT id FROM migration.assistants WHERE tenant_id = '${alder}' AND completion_model_id = '${sourceId}' ORDER BY id LIMIT 1`;
    const changes = {
      'one row more': [
        `INSERT INTO migration.assistants (tenant_id, id, space_id, user_id, name, completion_model_id) SELECT tenant_id, gen_random_uuid(), space_id, user_id, 'late', '${sourceId}' FROM migration.assistants WHERE id = (${moving})`,
        /rows of assistants\.completion_model_id: changed/,
      ],
      'one row less': [
        `UPDATE migration.assistants SET completion_model_id = NULL WHERE id = (${moving})`,
        /rows of assistants\.completion_model_id: changed/,
      ],
      'one row for another': [
        `UPDATE migration.assistants SET completion_model_id = CASE WHEN id = (${moving}) THEN '${targetId}'::uuid ELSE '${sourceId}' END
         WHERE id = (${moving}) OR id = (SELECT id FROM migration.assistants WHERE tenant_id = '${alder}' AND completion_model_id = '${targetId}' AND parameters = '{}' AND deleted_at IS NULL ORDER BY id LIMIT 1)`,
        /rows of assistants\.completion_model_id: changed/,
      ],
      'the parameters of one row': [
        `UPDATE migration.assistants SET parameters = '{"temperature": 0.123}' WHERE id = (${moving})`,
        /rows of assistants\.completion_model_id: changed/,
      ],
      'one document': [
        `UPDATE migration.apps SET pipeline = jsonb_set(pipeline, '{nodes,1,data,model}', '{"name": "none"}') WHERE id = (SELECT id FROM migration.apps WHERE tenant_id = '${alder}' AND pipeline::text LIKE '%${sourceId}%' ORDER BY id LIMIT 1)`,
        /rows of apps\.pipeline.*: changed/,
      ],
      'the target disabled': [
        `UPDATE migration.completion_models SET is_enabled = false WHERE id = '${targetId}'`,
        /target: changed/,
      ],
      'the source renamed in another respect': [
        `UPDATE migration.completion_models SET context_tokens = 1 WHERE id = '${sourceId}'`,
        /source: changed/,
      ],
      'a table added': [
        `CREATE TABLE migration.notes (tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id))`,
        /definition of migration\.notes: new/,
      ],
      'a column added': [
        `ALTER TABLE migration.apps ADD COLUMN colour text`,
        /definition of migration\.apps: changed/,
      ],
      'a value that nobody classified': [
        `UPDATE migration.spaces SET description = '${source}' WHERE tenant_id = '${alder}'`,
        /occurrences that no place covers: changed/,
      ],
    } as const;

    for (const [what, [sql, says]] of Object.entries(changes)) {
      it(`is refused, and names what changed: ${what}`, async () => {
        const plan = await planOne(at.site, intentFor());
        await at.script(sql);
        const before = await readRows(at.database);
        const error = await refusedWith(apply(at.site, {}, { plan }), 'PLAN_STALE');
        assert.match((error.data['changes'] as string[]).join('\n'), says);
        await assertUnchanged(at.database, before, 'a stale plan changes nothing');
      });
    }

    it('is refused, and names the configuration where that has changed', async () => {
      const plan = await planOne(at.site, intentFor());
      const config: Config = { ...at.site.config, priceLimit: 3 };
      const error = await refusedWith(apply({ ...at.site, config }, {}, { plan }), 'PLAN_STALE');
      assert.deepEqual(error.data['changes'], ['definition of configuration: changed']);
    });

    it('is not refused for what does not concern it: another tenant, history, other rows', async () => {
      const plan = await planOne(at.site, intentFor());
      await at.script(`UPDATE migration.assistants SET name = 'renamed';
        UPDATE migration.assistants SET parameters = '{"temperature": 0.3}' WHERE tenant_id <> '${alder}' OR completion_model_id = '${targetId}'`);
      assert.equal((await apply(at.site, {}, { plan })).planHash, plan.hash);
    });

    it('is refused for another intent than it was made for', async () => {
      const plan = await planOne(at.site, intentFor());
      await refusedWith(apply(at.site, { entityTypes: ['apps'] }, { plan }), 'PLAN_STALE');
      await assertUnchanged(at.database, at.start, 'a plan of something else changes nothing');
    });
  });

  describe('a plan applied twice', () => {
    const at = demoForEach(engine);

    it('gives the first result, and nothing is written the second time', async () => {
      const plan = await planOne(at.site, intentFor());
      const first = await apply(at.site, {}, { plan });
      const after = await readRows(at.database);
      const records = (await history(at.site)).length;
      const second = await apply(at.site, {}, { plan });
      assert.deepEqual(second, { ...first, replayed: true });
      await assertUnchanged(at.database, after, 'a replay writes nothing');
      assert.equal((await history(at.site)).length, records);
    });

    it('runs again once it was rolled back, and then is replayed again', async () => {
      const plan = await planOne(at.site, intentFor());
      const first = await apply(at.site, {}, { plan });
      await rollback(at.site, first.migrationId);
      const second = await apply(at.site, {}, { plan });
      assert.deepEqual([second.replayed, second.counts], [false, first.counts]);
      assert.notEqual(second.migrationId, first.migrationId);
      assert.equal((await apply(at.site, {}, { plan })).migrationId, second.migrationId);
    });
  });

  describe('what fails', () => {
    const at = demoForEach(engine);

    it('leaves a failed record with code and message, and no change', async () => {
      const error = await refusedWith(apply(at.site, { to: 'gpt-4o' }), 'PLAN_REFUSED');
      const [refused] = await history(at.site);
      assert.deepEqual(
        [refused?.status, refused?.errorCode, refused?.errorMessage, refused?.from.name, refused?.to.name],
        ['failed', 'PLAN_REFUSED', error.message, source, 'gpt-4o'],
      );
      assert.notEqual(refused?.finishedAt, null);
      await assertUnchanged(at.database, at.start, 'a refused migration changes nothing');
    });

    it('leaves a failed record also where the database refuses in the middle', async () => {
      await at.script(
        `CREATE FUNCTION migration.no_successor() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF NEW.completion_model_id = '${targetId}' THEN
             RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'no_successor';
           END IF; RETURN NEW; END $$;
         CREATE TRIGGER no_successor BEFORE UPDATE ON migration.services FOR EACH ROW EXECUTE FUNCTION migration.no_successor()`,
      );
      const error = await refusedWith(apply(at.site), 'ROW_REFUSED');
      const [record] = await history(at.site);
      assert.deepEqual(
        [record?.status, record?.errorCode, record?.errorMessage, record?.migratedCount],
        ['failed', 'ROW_REFUSED', toldToTenant(error).message, 0],
      );
      await assertUnchanged(at.database, at.start, 'nothing moves by halves');
      assert.equal(await at.value('SELECT count(*) AS value FROM migration.journal'), 0);
      await refusedWith(rollback(at.site, record?.id ?? ''), 'ROLLBACK_IMPOSSIBLE');
    });
  });
});
