/**
 * Promise 2: no other tenant is touched. Rows of others, of nobody, and of two owners at once are left where they are and
 * listed; in Drover's own schema the database itself refuses them, for the application role too.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LeftBehind } from '../../src/engine/plan/plan-types.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { getMigration } from '../../src/postgres/records/history.ts';
import { planOne } from '../support/batches.ts';
import { oneEngine } from '../support/databases.ts';
import { demoForEach, studioForEach } from '../support/ground.ts';
import {
  alder,
  apply,
  asApplication,
  birch,
  history,
  intentFor,
  refusedWith,
  rollback,
  source,
  sourceId,
} from '../support/guarantee.ts';
import {
  badgeId,
  botId,
  engineId,
  newEngine,
  north,
  oldEngine,
  personId,
  presetId,
  roomId,
  south,
} from '../support/studio.ts';

const studioIntent = { tenant: north, from: 'old', to: 'new' };

function listed(leftBehind: readonly LeftBehind[], reason: LeftBehind['reason']): string[] {
  return leftBehind
    .filter((entry) => entry.reason === reason)
    .flatMap((entry) => entry.rows.map((row) => `${entry.place} ${row.key}`))
    .toSorted();
}

oneEngine((engine) => {
  describe('in a database where nothing keeps tenants apart', () => {
    const at = studioForEach(engine);

    it("leaves another tenant's rows that name this tenant's model, and lists them", async () => {
      await at.script(`UPDATE presets SET engine_id = '${oldEngine}' WHERE id = '${presetId('b', 1)}';
        UPDATE badges SET engine_id = '${oldEngine}', slot = 9 WHERE id = '${badgeId('b', 2)}'`);
      const result = await apply(at.site, studioIntent);
      assert.deepEqual(listed(result.leftBehind, 'other-tenant'), [
        `badges.engine_id ${badgeId('b', 2)}`,
        `presets.engine_id ${presetId('b', 1)}`,
      ]);
      assert.equal(result.completion, 'partial', 'something live still names the source');
      const left = `SELECT string_agg(engine_id::text, ' ') AS value FROM (SELECT engine_id FROM presets WHERE id = '${presetId('b', 1)}' UNION ALL SELECT engine_id FROM badges WHERE id = '${badgeId('b', 2)}') r`;
      assert.equal(await at.value(left), `${oldEngine} ${oldEngine}`);
      assert.equal(await at.value(`SELECT enabled AS value FROM engines WHERE id = '${oldEngine}'`), true);
    });

    it('leaves rows that belong to nobody, and lists them', async () => {
      await at.script(`INSERT INTO presets VALUES ('${presetId('0', 1)}', NULL, '${oldEngine}')`);
      const { leftBehind, completion } = await apply(at.site, studioIntent);
      const owners = [...listed(leftBehind, 'global'), ...listed(leftBehind, 'no-owner')];
      assert.deepEqual(owners, [`presets.engine_id ${presetId('0', 1)}`]);
      assert.equal(completion, 'complete for the tenant');
      assert.equal(
        await at.value(`SELECT engine_id::text AS value FROM presets WHERE id = '${presetId('0', 1)}'`),
        oldEngine,
      );
    });

    it('leaves a row whose two owners disagree, lists it, and moves it once somebody has mended it', async () => {
      const bot = botId('a', 1);
      await at.script(`UPDATE bots SET room_id = '${roomId('b', 1)}' WHERE id = '${bot}'`);
      const first = await apply(at.site, studioIntent);
      assert.deepEqual(listed(first.leftBehind, 'disagreeing-owners'), [`bots.engine_id ${bot}`]);
      assert.deepEqual([first.completion, await engineOf(bot)], ['partial', oldEngine]);
      await at.script(`UPDATE bots SET room_id = '${roomId('a', 1)}' WHERE id = '${bot}'`);
      const second = await apply(at.site, studioIntent);
      assert.deepEqual(
        [second.completion, second.counts, await engineOf(bot)],
        ['complete', { bots: 1 }, newEngine],
      );
    });

    it('does not take a row of the other firm that reaches this one by a room only', async () => {
      await at.script(
        `UPDATE bots SET room_id = '${roomId('a', 1)}', engine_id = '${oldEngine}' WHERE id = '${botId('b', 1)}'`,
      );
      const { leftBehind } = await apply(at.site, studioIntent);
      assert.deepEqual(listed(leftBehind, 'disagreeing-owners'), [`bots.engine_id ${botId('b', 1)}`]);
      assert.equal(await engineOf(botId('b', 1)), oldEngine);
    });

    it("changes no row of the other firm and of nobody, and no other firm's engine of the same name", async () => {
      const others = `SELECT md5(string_agg(line, ' ' ORDER BY line)) AS value FROM (SELECT b::text AS line FROM bots b WHERE person_id = '${personId('b')}'
        UNION ALL SELECT e::text FROM engines e WHERE firm_id IS DISTINCT FROM '${north}' UNION ALL SELECT f::text FROM flows f WHERE firm_id = '${south}'
        UNION ALL SELECT g::text FROM badges g WHERE firm_id = '${south}' UNION ALL SELECT x::text FROM room_engines x WHERE engine_id = '${engineId('b', 1)}') r`;
      const before = await at.value(others);
      const { migrationId } = await apply(at.site, studioIntent);
      assert.equal(await at.value(others), before);
      await rollback(at.site, migrationId, north);
      assert.equal(await at.value(others), before);
    });

    it('refuses another firm’s engine as source and as target', async () => {
      await refusedWith(apply(at.site, { ...studioIntent, from: engineId('b', 1) }), 'MODEL_NOT_FOUND');
      await refusedWith(apply(at.site, { ...studioIntent, to: engineId('b', 2) }), 'MODEL_NOT_FOUND');
    });

    it('refuses while nothing says whose the rows of a table are', async () => {
      await at.script(`CREATE TABLE stray (id uuid PRIMARY KEY, engine_id uuid REFERENCES engines);
        INSERT INTO stray VALUES (gen_random_uuid(), '${oldEngine}')`);
      const error = await refusedWith(apply(at.site, studioIntent), 'PLAN_REFUSED');
      assert.match(error.message, /OWNERSHIP_UNKNOWN.*stray/);
    });

    const engineOf = (bot: string): Promise<string> =>
      at.value(`SELECT engine_id::text AS value FROM bots WHERE id = '${bot}'`);
  });

  describe("in Drover's own schema, as the application role", () => {
    const at = demoForEach(engine);

    it('does its tenant work as a role that row-level security binds', async () => {
      const { role, bypass } = await asApplication(at.database, (tx) =>
        tx.one<{ role: string; bypass: boolean }>(
          `SELECT current_user::text AS role, rolbypassrls OR rolsuper AS bypass FROM pg_roles WHERE rolname = current_user`,
        ),
      );
      assert.deepEqual([role, bypass], ['drover_app', false]);
    });

    it("refuses a reference to another tenant's model by the composite key, whoever writes it", async () => {
      const foreign = completionId(2, source);
      const assistant = demoId(1, 'assistants', 0);
      const sql = `UPDATE migration.assistants SET completion_model_id = '${foreign}' WHERE id = '${assistant}'`;
      await refusedWith(
        asApplication(at.database, (tx) => tx.run(sql)),
        'STILL_REFERENCED',
      );
      await refusedWith(at.script(sql), 'STILL_REFERENCED');
    });

    it("cannot write, move or see another tenant's rows", async () => {
      const counts = await asApplication(at.database, async (tx) => ({
        seen: (await tx.many(`SELECT FROM migration.assistants WHERE tenant_id = '${birch}'`)).length,
        moved: await tx.run(`UPDATE migration.assistants SET name = 'x' WHERE tenant_id = '${birch}'`),
      }));
      assert.deepEqual(counts, { seen: 0, moved: 0 });
      const theft = `UPDATE migration.assistants SET tenant_id = '${birch}' WHERE id = '${demoId(1, 'assistants', 0)}'`;
      await refusedWith(
        asApplication(at.database, (tx) => tx.run(theft)),
        'NOT_PERMITTED',
      );
    });

    it('leaves templates for everybody as they are and lists them', async () => {
      const global = `SELECT md5(string_agg(t::text, '' ORDER BY id)) AS value FROM migration.global_assistant_templates t`;
      const before = await at.value(global);
      const { leftBehind, completion } = await apply(at.site);
      assert.equal(await at.value(global), before);
      const places = leftBehind.filter(({ reason }) => reason === 'global').map(({ entity }) => entity);
      assert.deepEqual(places.toSorted(), ['global_app_templates', 'global_assistant_templates']);
      assert.equal(completion, 'complete for the tenant', 'rows of all tenants still name the source');
    });

    it("shows a tenant's record and journal to nobody else, with the same answer as for none", async () => {
      const { migrationId } = await apply(at.site);
      const missing = '0000000f-def0-def0-def0-00000000000f';
      const answer = async (id: string): Promise<string> => {
        const { message } = await refusedWith(
          getMigration(at.site, { tenant: birch, id }),
          'MIGRATION_NOT_FOUND',
        );
        return message.replaceAll(id, 'ID');
      };
      assert.equal(await answer(migrationId), await answer(missing));
      assert.deepEqual(await history(at.site, birch), []);
      await refusedWith(rollback(at.site, migrationId, birch), 'MIGRATION_NOT_FOUND');
      const seen = await asApplication(
        at.database,
        (tx) => tx.many('SELECT FROM migration.journal UNION ALL SELECT FROM migration.migrations'),
        birch,
      );
      assert.equal(seen.length, 0);
    });

    it('plans the same for a tenant whether or not others have rows on models of the same name', async () => {
      const before = await planOne(at.site, intentFor());
      await at.script(
        `UPDATE migration.assistants SET parameters = '{"temperature": 1}' WHERE tenant_id = '${birch}'`,
      );
      assert.equal((await planOne(at.site, intentFor())).hash, before.hash);
      assert.deepEqual([before.tenant?.key, before.source.key], [alder, sourceId]);
    });
  });
});
