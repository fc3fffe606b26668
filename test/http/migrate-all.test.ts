/** All tenants at once, each with its own models. A model that one tenant lacks is reported there and harms no other tenant. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { configured, refused, source, target, valueOf } from './moving.ts';

type Json = Answer['json'];

const tenant = (n: number): string => demoId(n, 'tenants', 0);

/** Every tenant has the source and the target from its other provider, too; that target is disabled, and was changed last. */
const doubles = `
  INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id, is_enabled, updated_at)
  SELECT m.tenant_id, gen_random_uuid(), m.name, m.family, p.id, m.name = 'claude-3-7-sonnet', now()
  FROM migration.completion_models m JOIN migration.model_providers p ON p.tenant_id = m.tenant_id AND p.name = 'openai'
  WHERE m.name IN ('claude-3-7-sonnet', 'claude-sonnet-4-6')`;

oneEngine((engine) => {
  let http: HttpPlatform;
  beforeEach(async () => {
    http = await httpPlatform(engine);
    await change(doubles);
  });
  afterEach(() => http.close());

  const migrateAll = (body: object = {}, id = source): Promise<Answer> =>
    http.call('POST', `/api/v1/sysadmin/system/completion-models/${id}/migrate-all-tenants?wait=true`, {
      key: http.keys.sysadmin,
      body: { to_model_id: target, confirm_migration: true, include_suspended: true, ...body },
    });
  const results = async (body: object = {}): Promise<Record<string, Json>> => {
    const { status, json, text } = await migrateAll(body);
    assert.equal(status, 200, text);
    return Object.fromEntries(json.results.map((one: Json) => [one.tenant_id, one]));
  };
  const change = (sql: string): Promise<void> => http.asSuperuser((tx) => tx.script(sql));
  const rename = (n: number, name: string, set: string): Promise<void> =>
    change(
      `UPDATE migration.completion_models SET ${set} WHERE tenant_id = '${tenant(n)}' AND name = '${name}'`,
    );
  const onSource = (n: number): Promise<number> =>
    valueOf(
      http,
      `SELECT count(*)::int AS value FROM migration.assistants WHERE tenant_id = $1 AND completion_model_id = $2`,
      [tenant(n), completionId(n, 'claude-3-7-sonnet')],
    );

  describe('every tenant', () => {
    it('moves from and to rows of its own, found by name and family', async () => {
      const found = await results();
      for (const n of [1, 2, 3, 4]) {
        const {
          status,
          resolved_from_model_id: from,
          resolved_to_model_id: to,
          migrated_count: rows,
        } = found[tenant(n)];
        assert.deepEqual(
          [status, from, to],
          ['succeeded', completionId(n, 'claude-3-7-sonnet'), completionId(n, 'claude-sonnet-4-6')],
        );
        assert.ok(rows > 0);
        assert.equal(await onSource(n), 0);
        const codes = found[tenant(n)].findings.map(({ code }: Json) => code);
        // A key of this tenant means that row. Elsewhere others would fit, and are named.
        for (const code of ['OTHER_TARGETS', 'NEAR_MISS']) assert.equal(codes.includes(code), n !== 1, codes);
      }
    });

    it('takes the target of the provider whose row was named, however new and enabled that of another one is', async () => {
      const chosen = async (where: string, set: string): Promise<string> => {
        await change(
          `UPDATE migration.completion_models SET ${set} WHERE name = 'claude-sonnet-4-6' AND ${where}`,
        );
        const { json } = await migrateAll({ dry_run: true });
        return json.results.find(({ tenant_id: id }: Json) => id === tenant(2)).resolved_to_model_id;
      };
      const own = completionId(2, 'claude-sonnet-4-6');
      assert.equal(await chosen('true', 'is_enabled = true'), own);
      assert.equal(await chosen(`id <> '${own}'`, `updated_at = now() + interval '1 day'`), own);
      assert.equal(await chosen(`id = '${own}'`, 'is_enabled = false'), own);
    });

    it('moves from one provider to the other, where it has the model from both', async () => {
      const double = (n: number, provider: string): Promise<string> =>
        valueOf(
          http,
          `SELECT m.id::text AS value FROM migration.completion_models m JOIN migration.model_providers p ON p.id = m.provider_id
           WHERE m.tenant_id = $1 AND m.name = 'claude-3-7-sonnet' AND p.name = $2`,
          [tenant(n), provider],
        );
      await change(
        `UPDATE migration.completion_models SET name = 'gone' WHERE id = '${await double(3, 'openai')}'`,
      );
      const alone = `UPDATE migration.completion_models SET name = 'gone' WHERE id = '${await double(4, 'anthropic')}'`;
      await change(alone);
      await change('UPDATE migration.model_providers SET has_credentials = true');
      const found = await results({ to_model_id: await double(1, 'openai') });
      assert.deepEqual(
        [1, 2, 3, 4].map((n) => [found[tenant(n)].status, found[tenant(n)].error?.code]),
        [
          ['succeeded', undefined],
          ['succeeded', undefined],
          ['failed', 'MODEL_NOT_FOUND'],
          ['skipped', undefined],
        ],
      );
      for (const n of [1, 2]) assert.equal(await onSource(n), 0);
      assert.equal(found[tenant(2)].resolved_to_model_id, await double(2, 'openai'));
    });

    it('without the source is skipped, without the target fails with a near miss, and the others go on', async () => {
      await rename(2, 'claude-sonnet-4-6', `family = 'sonnet'`);
      await rename(3, 'claude-3-7-sonnet', `name = 'gone'`);
      const before = await configured(http);
      const found = await results();
      assert.deepEqual(
        [1, 2, 3, 4].map((n) => found[tenant(n)].status),
        ['succeeded', 'failed', 'skipped', 'succeeded'],
      );
      const failure = found[tenant(2)];
      assert.match(JSON.stringify(failure), /sonnet/);
      assert.equal(failure.resolved_to_model_id, null);
      const after = await configured(http);
      for (const n of [2, 3]) assert.deepEqual(after[tenant(n)], before[tenant(n)]);
    });

    it('may be told which of its models are meant', async () => {
      await rename(2, 'claude-sonnet-4-6', `name = 'sonnet-latest', family = 'house'`);
      const found = await results({
        mapping: { [tenant(2)]: { to_model_id: completionId(2, 'claude-sonnet-4-6') } },
      });
      assert.deepEqual(
        [found[tenant(2)].status, found[tenant(2)].resolved_to_model_id],
        ['succeeded', completionId(2, 'claude-sonnet-4-6')],
      );
      assert.equal(await onSource(2), 0);
    });

    it('that refuses a row fails alone, with its reason, and has a failed record', async () => {
      await change(`CREATE FUNCTION migration.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = 'check_violation'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON migration.services FOR EACH ROW WHEN (NEW.tenant_id = '${tenant(2)}') EXECUTE FUNCTION migration.refuse()`);
      const before = await configured(http);
      const found = await results();
      assert.deepEqual(
        [1, 2, 3, 4].map((n) => found[tenant(n)].status),
        ['succeeded', 'failed', 'succeeded', 'succeeded'],
      );
      assert.deepEqual((await configured(http))[tenant(2)], before[tenant(2)]);
      const { json } = await http.call('GET', '/api/v1/migrations?status=failed', {
        key: http.keys.otherAdmin,
      });
      assert.equal(json.items[0].error.code, 'ROW_REFUSED');
      assert.equal(json.items[0].id, found[tenant(2)].migration_id, 'the run names the record');
    });

    it('moves only the types that were asked for, and never a template of everybody', async () => {
      const globals = `SELECT string_agg(t::text, ',' ORDER BY t::text) AS value FROM migration.global_assistant_templates t`;
      const before = await valueOf(http, globals);
      const assistants = await onSource(2);
      const found = await results({ entity_types: ['assistant_templates'] });
      for (const n of [1, 2, 3, 4]) assert.equal(found[tenant(n)].status, 'succeeded');
      assert.equal(await onSource(2), assistants);
      assert.equal(
        await valueOf(
          http,
          `SELECT count(*)::int AS value FROM migration.assistant_templates r JOIN migration.completion_models m ON (m.tenant_id, m.id) = (r.tenant_id, r.completion_model_id) WHERE m.name = 'claude-3-7-sonnet'`,
        ),
        0,
      );
      assert.equal(await valueOf(http, globals), before);
    });
  });

  it('is refused before it begins if it is wrong for all: equal models, unknown types, models that nobody has', async () => {
    const before = await configured(http);
    refused(await migrateAll({ to_model_id: source }), 400, 'SAME_MODEL');
    refused(await migrateAll({ entity_types: ['assistant'] }), 400, 'ENTITY_TYPE_UNKNOWN');
    refused(await migrateAll({}, '00000009-def0-def0-def0-000500000000'), 404, 'MODEL_NOT_FOUND');
    refused(await migrateAll({ force_override: true }), 400, 'FORCE_NEEDS_REASON');
    refused(await migrateAll({ answers: { 'workspaces.model': 'perhaps' } }), 400, 'REQUEST_INVALID');
    refused(await migrateAll({ answers: { 'nowhere.model': 'keep' } }), 400, 'ANSWER_UNKNOWN');
    const answered = await results({ dry_run: true, answers: { 'workspaces.model': 'keep' } });
    for (const { error } of Object.values(answered)) assert.equal(error?.code, undefined);
    assert.deepEqual(await configured(http), before);
    assert.equal(await valueOf(http, 'SELECT count(*)::int AS value FROM migration.migrations'), 0);
  });
});
