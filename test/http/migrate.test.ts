/** One tenant moves off a model over HTTP. Each mistake of the public pull request is tried through the API. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { lockPair } from '../../src/postgres/records/pair-lock.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import {
  configured,
  haiku,
  migrate,
  migrated,
  migratePath,
  refused,
  source,
  target,
  valueOf,
} from './moving.ts';

const types = ['assistants', 'apps', 'services', 'assistant_templates', 'app_templates'] as const;

oneEngine((engine) => {
  let http: HttpPlatform;
  beforeEach(async () => {
    http = await httpPlatform(engine);
  });
  afterEach(() => http.close());

  const script = (sql: string): Promise<void> => http.asSuperuser((tx) => tx.script(sql));
  const onSource = (table: string, tenant: string): Promise<number> =>
    valueOf(
      http,
      `SELECT count(*)::int AS value FROM migration.${table} r JOIN migration.completion_models m ON (m.tenant_id, m.id) = (r.tenant_id, r.completion_model_id)
      WHERE r.tenant_id = $1 AND m.name = 'claude-3-7-sonnet'`,
      [tenant],
    );
  const failedRecords = async (): Promise<{ error: { code: string; message: string } }[]> =>
    (await http.call('GET', '/api/v1/migrations?status=failed', { key: http.keys.admin })).json.items;

  describe('the tenant filter', () => {
    it('holds for one entity type as for all: no row of another tenant changes', async () => {
      const before = await configured(http);
      const apps = await migrated(http, { entity_types: ['apps', 'apps'] });
      assert.deepEqual(Object.keys(apps.details), ['apps']);
      assert.equal(apps.completion, 'partial');
      assert.ok(
        apps.left_behind.some(
          (entry: { type: string; reason: string }) =>
            entry.type === 'assistants' && entry.reason === 'not-requested',
        ),
      );
      assert.equal(await onSource('apps', http.tenants.mine), 0);
      assert.ok((await onSource('assistants', http.tenants.mine)) > 0);
      const rest = await migrated(http);
      assert.equal(rest.completion, 'complete for the tenant');
      const after = await configured(http);
      assert.notDeepEqual(after[http.tenants.mine], before[http.tenants.mine]);
      delete before[http.tenants.mine];
      delete after[http.tenants.mine];
      assert.deepEqual(after, before);
    });

    it('refuses an unknown entity type and an empty list, and says which there are', async () => {
      for (const list of [['app'], [], ['apps', 'everything']]) {
        const { detail } = refused(await migrate(http, { entity_types: list }), 400, 'ENTITY_TYPE_UNKNOWN');
        for (const type of types) assert.ok(detail.includes(type), detail);
      }
    });

    it('refuses a type that never moves, and models of spaces without what relies on them', async () => {
      const before = await configured(http);
      const never = ['questions', 'app_runs', 'registry_pairs', 'completion_models', 'global_app_templates'];
      for (const type of never) {
        const { detail } = refused(await migrate(http, { entity_types: [type] }), 400, 'ENTITY_TYPE_UNKNOWN');
        assert.match(detail, new RegExp(`"${type}"`));
        assert.doesNotMatch(detail.slice(detail.indexOf('there are:')), new RegExp(`\\b${type}\\b`));
      }
      const links = 'space_completion_models';
      const alone = refused(await migrate(http, { entity_types: [links] }), 400, 'ENTITY_TYPES_INCOMPLETE');
      assert.match(alone.detail, /add apps, assistants, services, space_defaults/);
      const most = [links, 'apps', 'services', 'space_defaults'];
      refused(await migrate(http, { entity_types: most }), 400, 'ENTITY_TYPES_INCOMPLETE');
      assert.deepEqual(await configured(http), before);
    });
  });

  describe('whose models', () => {
    it('are the caller’s: another tenant’s model is answered like one that does not exist, as source and as target', async () => {
      const before = await configured(http);
      const nobody = '00000009-def0-def0-def0-000500000000';
      const theirs = completionId(2, 'claude-3-7-sonnet');
      const asSource = await migrate(http, {}, { path: `/api/v1/completion-models/${theirs}/migrate` });
      const missing = await migrate(http, {}, { path: `/api/v1/completion-models/${nobody}/migrate` });
      refused(asSource, 404, 'NOT_FOUND');
      assert.equal(asSource.text, missing.text);
      const asTarget = await migrate(http, { to_model_id: theirs });
      refused(asTarget, 404, 'NOT_FOUND');
      assert.equal(asTarget.text, (await migrate(http, { to_model_id: nobody })).text);
      assert.deepEqual(await configured(http), before);
    });

    it('are those of the tenant that an operator names, who is the actor', async () => {
      const tenant = `/api/v1/sysadmin/tenants/${http.tenants.other}`;
      const path = `${tenant}/completion-models/${completionId(2, 'claude-3-7-sonnet')}/migrate`;
      const key = http.keys.sysadmin;
      const done = await migrated(http, { to_model_id: completionId(2, 'claude-sonnet-4-6') }, { path, key });
      const { json: record } = await http.call('GET', `${tenant}/migrations/${done.migration_id}`, { key });
      assert.match(record.actor, /^ada@alder-clinic\.example/);
      assert.equal(await onSource('assistants', http.tenants.other), 0);
      assert.ok((await onSource('assistants', http.tenants.mine)) > 0);
      // A tenant has no models of another tenant, and a tenant that does not exist has none at all.
      refused(
        await migrate(http, {}, { path: `${tenant}/completion-models/${source}/migrate`, key }),
        404,
        'NOT_FOUND',
      );
      const nowhere = `/api/v1/sysadmin/tenants/00000009-def0-def0-def0-000000000000/completion-models/${source}/migrate`;
      refused(await migrate(http, {}, { path: nowhere, key }), 404, 'NOT_FOUND');
      refused(await migrate(http, {}, { path }), 403, 'FORBIDDEN');
    });
  });

  describe('transactions', () => {
    it('are one for each migration: two tenants at once, each as a whole', async () => {
      const other = { path: migratePath('claude-3-7-sonnet', 2), key: http.keys.otherAdmin };
      const [mine, theirs] = await Promise.all([
        migrated(http),
        migrated(http, { to_model_id: completionId(2, 'claude-sonnet-4-6') }, other),
      ]);
      assert.deepEqual(
        [mine.completion, theirs.completion],
        ['complete for the tenant', 'complete for the tenant'],
      );
      assert.notEqual(mine.migration_id, theirs.migration_id);
    });

    it('name what refuses a row, a trigger or a constraint, and never repeat what the database says', async () => {
      await script(`CREATE FUNCTION migration.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'card 4711'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON migration.services FOR EACH ROW EXECUTE FUNCTION migration.refuse()`);
      const byTrigger = await migrate(http, { confirm_migration: true });
      refused(byTrigger, 422, 'ROW_REFUSED');
      assert.deepEqual(byTrigger.json.data, { table: 'migration.services', trigger: 'refuse' });
      const key = http.keys.admin;
      const [service] = (await http.call('GET', '/api/v1/services', { key })).json.items;
      const patched = await http.call('PATCH', `/api/v1/services/${service.id}`, {
        key,
        body: { name: 'Another name' },
      });
      refused(patched, 422, 'ROW_REFUSED');
      assert.deepEqual(patched.json.data, byTrigger.json.data);
      const states = ['insufficient_privilege', 'XX999', 'raise_exception'];
      for (const state of states) {
        const raising = `BEGIN RAISE EXCEPTION 'card 4711' USING ERRCODE = '${state}'; END`;
        await script(`CREATE FUNCTION migration.deeper(text) RETURNS void LANGUAGE plpgsql AS $$ ${raising} $$;
          CREATE OR REPLACE FUNCTION migration.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM migration.deeper('x'); END $$`);
        for (const asked of [
          await http.call('PATCH', `/api/v1/services/${service.id}`, { key, body: { name: state } }),
          await migrate(http, { confirm_migration: true }),
        ]) {
          refused(asked, 422, 'ROW_REFUSED');
          assert.deepEqual(asked.json.data, byTrigger.json.data, state);
          assert.doesNotMatch(asked.text, /4711|PL\/pgSQL|deeper/);
        }
        await script('DROP FUNCTION migration.deeper(text)');
      }
      await script(`DROP TRIGGER refuse ON migration.services;
        ALTER TABLE migration.services ADD CONSTRAINT kept CHECK (completion_model_id = '${source}') NOT VALID`);
      const byConstraint = await migrate(http, {
        confirm_migration: true,
        force_override: true,
        reason: 'a trial',
      });
      refused(byConstraint, 422, 'ROW_REFUSED');
      assert.deepEqual(
        [byConstraint.json.data.table, byConstraint.json.data.constraint],
        ['services', 'kept'],
      );
      const records = await http.call('GET', '/api/v1/migrations', { key });
      const told = [byConstraint, byTrigger, ...states.map(() => byTrigger)].map(({ json }) => ({
        code: json.code,
        message: json.detail,
      }));
      assert.deepEqual(
        records.json.items.map(({ error }: { error: unknown }) => error),
        told,
      );
      for (const { text } of [byTrigger, patched, byConstraint, records])
        assert.doesNotMatch(text, /4711|PL\/pgSQL|Failing row/);
    });

    it('roll back as a whole if the database refuses, leave a failed record, and can be tried again', async () => {
      const before = await configured(http);
      await script(`CREATE FUNCTION migration.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = 'check_violation'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON migration.services FOR EACH ROW WHEN (NEW.tenant_id = '${http.tenants.mine}') EXECUTE FUNCTION migration.refuse()`);
      refused(await migrate(http, { confirm_migration: true }), 422, 'ROW_REFUSED');
      const { rehearsal } = (await migrate(http, { rehearse: true })).json;
      assert.deepEqual(
        rehearsal.refusals.map(({ table, trigger, code }: Record<string, string>) => [table, trigger, code]),
        [['migration.services', 'refuse', 'INVALID_VALUE']],
      );
      assert.ok(rehearsal.refusals[0].rows.length > 0);
      const rehearse = (query: string): Promise<Answer> =>
        http.call('POST', `/api/v1/sysadmin/system/completion-models/${source}/migrate-all-tenants${query}`, {
          key: http.keys.sysadmin,
          body: { to_model_id: target, confirm_migration: true, rehearse: true },
        });
      const tried = await rehearse('');
      const states = tried.json.results.map(({ status, error }: Record<string, { code?: string } | null>) => [
        status,
        error?.code,
      ]);
      assert.deepEqual(states.slice(0, 2), [
        ['failed', 'ROW_REFUSED'],
        ['ready', undefined],
      ]);
      // A page tries its own tenants and corrects the counts of the pages before.
      const first = (await rehearse('?limit=1')).json;
      const second = (await rehearse(`?limit=1&cursor=${first.next_cursor}`)).json;
      assert.deepEqual(
        [first, second].map(({ results }) => results.length),
        [1, 1],
      );
      assert.deepEqual(
        [tried.json, first, second].map(({ failed }) => failed - second.failed),
        [0, 0, 0],
      );
      assert.deepEqual(await configured(http), before);
      const [record] = await failedRecords();
      assert.equal(record?.error.code, 'ROW_REFUSED');
      const other = { path: migratePath('claude-3-7-sonnet', 2), key: http.keys.otherAdmin };
      await migrated(http, { to_model_id: completionId(2, 'claude-sonnet-4-6') }, other);
      await script('DROP TRIGGER refuse ON migration.services');
      await migrated(http);
    });
  });

  it('maps every refusal to its own status, never to 500', async () => {
    const transcription = demoId(1, 'transcription_models', 1);
    const embedding = `/api/v1/embedding-models/${demoId(1, 'embedding_models', 0)}/migrate`;
    const larger = demoId(1, 'embedding_models', 1);
    const cases = [
      [{ to_model_id: source }, {}, 400, 'SAME_MODEL'],
      [{ to_model_id: transcription }, {}, 400, 'KINDS_DIFFER'],
      [{ to_model_id: 'sonnet' }, {}, 400, 'REQUEST_INVALID'],
      [{ to_model: target }, {}, 400, 'REQUEST_INVALID'],
      [{ parameters: 'forget' }, {}, 400, 'REQUEST_INVALID'],
      [{ plan_hash: 'abc' }, {}, 400, 'REQUEST_INVALID'],
      [{ force_override: true }, {}, 400, 'FORCE_NEEDS_REASON'],
      [{ force_override: true, reason: '   ' }, {}, 400, 'REQUEST_INVALID'],
      [{ plan_hash: '0'.repeat(64), confirm_migration: true }, {}, 409, 'PLAN_STALE'],
      [{}, {}, 409, 'CONFIRMATION_REQUIRED'],
      [{ to_model_id: completionId(1, 'gpt-4o'), confirm_migration: true }, {}, 422, 'PLAN_REFUSED'],
      [{ to_model_id: larger }, { path: embedding }, 422, 'PLAN_REFUSED'],
      [{}, { path: '/api/v1/completion-models/claude/migrate' }, 400, 'REQUEST_INVALID'],
      [{}, { key: http.keys.member }, 403, 'FORBIDDEN'],
      [{}, { key: 'drover_nothing' }, 401, 'UNAUTHENTICATED'],
    ] as const;
    const before = await configured(http);
    for (const [body, call, status, code] of cases) refused(await migrate(http, body, call), status, code);
    assert.deepEqual(await configured(http), before);
    // A refusal of the plan is recorded with its message; a request that is not as described leaves no record.
    const records = await failedRecords();
    assert.deepEqual(
      records.map(({ error }) => error.code).toSorted((a, b) => (a < b ? -1 : 1)),
      ['CONFIRMATION_REQUIRED', 'PLAN_REFUSED', 'PLAN_REFUSED', 'PLAN_STALE'],
    );
    const refusal = refused(
      await migrate(http, { to_model_id: larger }, { path: embedding }),
      422,
      'PLAN_REFUSED',
    );
    const finding = refusal.data.findings.find(({ code }: { code: string }) => code === 'EMBEDDING_MODEL');
    assert.match(finding.message, /Re-embed instead/);
  });

  it('moves away from a source that is disabled, deprecated, withdrawn, or past its last day', async () => {
    const states = [
      'is_enabled = false',
      'is_deprecated = true',
      "lifecycle = 'withdrawn'",
      "shutdown_on = '2020-01-01'",
    ];
    for (const state of states) {
      await script(
        `UPDATE migration.completion_models SET ${state} WHERE tenant_id = '${http.tenants.mine}' AND id = '${source}'`,
      );
      const done = await migrated(http);
      assert.ok(done.migrated_count > 50, state);
      const back = await http.call('POST', `/api/v1/migrations/${done.migration_id}/rollback`, {
        key: http.keys.admin,
      });
      assert.equal(back.status, 200, back.text);
    }
    // A retired source that something names again past the fence, as a restored backup does.
    await migrated(http);
    await script(
      `SET session_replication_role = replica; UPDATE migration.apps SET pipeline = '{"nodes": [{"data": {"model": {"id": "${source}"}}}]}' WHERE tenant_id = '${http.tenants.mine}' AND id = '${demoId(1, 'apps', 0)}';
       RESET session_replication_role`,
    );
    const again = await migrated(http);
    assert.deepEqual(again.details, { apps: 1 });
  });

  it('asks for a confirmation because of warnings only, never because of notes', async () => {
    const asked = refused(await migrate(http), 409, 'CONFIRMATION_REQUIRED');
    assert.equal(asked.data.requires_confirmation, true);
    assert.match(asked.data.plan_hash, /^[0-9a-f]{64}$/);
    const severities = (findings: { severity: string }[]): string[] => [
      ...new Set(findings.map(({ severity }) => severity)),
    ];
    assert.deepEqual(severities(asked.data.findings), ['warning', 'info']);
    // The refusal of a stale plan lists the changes, and has the hash of the new plan.
    await script(
      `UPDATE migration.spaces SET default_completion_model_id = NULL; UPDATE migration.tenant_defaults SET completion_model_id = NULL`,
    );
    const stale = await migrate(http, { confirm_migration: true, plan_hash: asked.data.plan_hash });
    const { data } = refused(stale, 409, 'PLAN_STALE');
    assert.ok(
      data.changes.some((change: string) => change.includes('spaces.default_completion_model_id')),
      String(data.changes),
    );
    const done = await migrate(http, { plan_hash: data.plan_hash });
    assert.equal(done.status, 200, done.text);
    assert.equal(done.json.requires_confirmation, false);
    assert.deepEqual(severities(done.json.findings), ['info']);
    assert.ok(done.json.findings.some(({ code }: { code: string }) => code === 'PARAMETERS_RESET'));
  });

  describe('parameters', () => {
    const settings = (table: string, ids: readonly string[]): Promise<Record<string, unknown>> =>
      valueOf(
        http,
        `SELECT coalesce(jsonb_object_agg(id, parameters), '{}') AS value FROM migration.${table} WHERE tenant_id = $1 AND id = ANY ($2::uuid[])`,
        [http.tenants.mine, ids],
      );
    const rows = (table: string, which: string): Promise<string[]> =>
      valueOf(
        http,
        `SELECT coalesce(array_agg(id::text), '{}') AS value FROM migration.${table} WHERE tenant_id = $1 AND ${which}`,
        [http.tenants.mine],
      );

    it('of every type are reset if a row moves, and stay otherwise', async () => {
      const set = `parameters = '{"temperature": 0.3, "thinking": "low"}'`;
      for (const table of types)
        await script(`UPDATE migration.${table} SET ${set} WHERE tenant_id = '${http.tenants.mine}'`);
      const moving = new Map<string, string[]>();
      const staying = new Map<string, Record<string, unknown>>();
      for (const table of types) {
        moving.set(table, await rows(table, `completion_model_id = '${source}'`));
        staying.set(
          table,
          await settings(table, await rows(table, `completion_model_id IS DISTINCT FROM '${source}'`)),
        );
      }
      await migrated(http);
      for (const table of types) {
        const ids = moving.get(table) ?? [];
        assert.ok(ids.length > 0, table);
        for (const value of Object.values(await settings(table, ids))) assert.deepEqual(value, {}, table);
        const kept = staying.get(table) ?? {};
        assert.deepEqual(await settings(table, Object.keys(kept)), kept, table);
      }
    });

    it('are kept, or translated by meaning, on request', async () => {
      const ids = await rows('assistants', `completion_model_id = '${source}'`);
      const before = await settings('assistants', ids);
      const kept = await migrated(http, { parameters: 'keep' });
      assert.deepEqual(await settings('assistants', ids), before);
      await http.call('POST', `/api/v1/migrations/${kept.migration_id}/rollback`, { key: http.keys.admin });
      await migrated(http, { parameters: 'translate', to_model_id: haiku });
      const values = Object.values(await settings('assistants', ids)) as Record<string, unknown>[];
      assert.ok(values.some(({ reasoning_effort: effort }) => effort === 'high'));
      assert.ok(values.every((value) => !Object.hasOwn(value, 'thinking')));
    });
  });

  it('moves the tenant’s own templates, and lists a global one without changing it', async () => {
    const globals = (): Promise<string> =>
      valueOf(
        http,
        `SELECT (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM migration.global_assistant_templates t) || (SELECT string_agg(t::text, ',' ORDER BY t::text) FROM migration.global_app_templates t) AS value`,
      );
    const before = await globals();
    const theirs = await onSource('assistant_templates', http.tenants.other);
    const done = await migrated(http, { entity_types: ['assistant_templates', 'app_templates'] });
    assert.equal(await onSource('assistant_templates', http.tenants.mine), 0);
    assert.equal(await onSource('app_templates', http.tenants.mine), 0);
    assert.equal(await onSource('assistant_templates', http.tenants.other), theirs);
    assert.equal(await globals(), before);
    const listed = done.left_behind.filter(({ reason }: { reason: string }) => reason === 'global');
    assert.deepEqual(
      listed.map(({ type, live }: { type: string; live: boolean }) => [type, live]),
      [
        ['global_app_templates', true],
        ['global_assistant_templates', true],
      ],
    );
  });

  it('writes nothing in a dry run, and applies exactly that plan, once', async () => {
    const records = (): Promise<string> =>
      valueOf(
        http,
        `SELECT (SELECT count(*) FROM migration.migrations) || ' ' || (SELECT count(*) FROM migration.audit_log) || ' ' || (SELECT count(*) FROM migration.journal) AS value`,
      );
    const before = [await configured(http), await records()];
    const dry = (await migrate(http, { dry_run: true })).json;
    assert.deepEqual([dry.success, dry.dry_run, dry.migration_id], [false, true, null]);
    const tried = (await migrate(http, { rehearse: true })).json;
    assert.deepEqual(
      { ...tried, duration_seconds: 0 },
      { ...dry, duration_seconds: 0, rehearsal: { refusals: [] } },
    );
    assert.deepEqual([dry.rehearsal, tried.plan_hash], [null, dry.plan_hash]);
    assert.deepEqual([await configured(http), await records()], before);
    const first = await migrated(http, { plan_hash: dry.plan_hash });
    assert.deepEqual(first.details, dry.details);
    assert.equal(first.plan_hash, dry.plan_hash);
    assert.equal(first.migrated_count, dry.migrated_count);
    assert.equal(
      first.migrated_count,
      Object.values<number>(dry.details).reduce((sum, rows) => sum + rows, 0),
    );
    const again = await migrated(http, { plan_hash: dry.plan_hash });
    assert.deepEqual(again, { ...first, replayed: true });
  });

  // The embedded engine has one connection: there a second migration waits for the first.
  if (engine === 'server')
    it('answers 409 while a migration of the same source runs, and says when to try again', async () => {
      const held = Promise.withResolvers<void>();
      const done = Promise.withResolvers<void>();
      const holding = http.asSuperuser(async (tx) => {
        await lockPair(tx, {
          tenant: http.tenants.mine,
          source: { kind: 'completion', key: source, components: {} },
        });
        held.resolve();
        await done.promise;
      });
      await held.promise;
      const running = await migrate(http, { confirm_migration: true });
      refused(running, 409, 'MIGRATION_RUNNING');
      assert.equal(running.headers['retry-after'], '1');
      // Another source is free, and so is another tenant.
      await migrated(http, { to_model_id: haiku }, { path: migratePath('gpt-4o') });
      done.resolve();
      await holding;
      await migrated(http);
    });

  it('answers 410 with the successor if a retired model is chosen, and records that', async () => {
    await migrated(http);
    const body = { to_model_id: source, confirm_migration: true };
    const gone = await migrate(http, body, { path: migratePath('claude-haiku-4-5') });
    const { data, detail } = refused(gone, 410, 'MODEL_RETIRED');
    assert.deepEqual(data.successor, { id: target, name: 'claude-sonnet-4-6' });
    assert.match(detail, /its successor is claude-sonnet-4-6/);
    refused(
      await migrate(http, { ...body, dry_run: true }, { path: migratePath('claude-haiku-4-5') }),
      410,
      'MODEL_RETIRED',
    );
    assert.equal((await failedRecords()).length, 1);
  });

  it('passes a forceable finding with a reason, which is recorded', async () => {
    await script(
      `UPDATE migration.completion_models SET security_classification = 2 WHERE tenant_id = '${http.tenants.mine}' AND id = '${source}'`,
    );
    const { data } = refused(await migrate(http, { confirm_migration: true }), 422, 'PLAN_REFUSED');
    assert.ok(
      data.findings.some(
        ({ code, forceable }: { code: string; forceable?: boolean }) =>
          code === 'SECURITY_LOWER' && forceable === true,
      ),
    );
    const done = await migrated(http, { force_override: true, reason: 'Agreed with the customer' });
    const { json: record } = await http.call('GET', `/api/v1/migrations/${done.migration_id}`, {
      key: http.keys.admin,
    });
    assert.deepEqual([record.forced, record.reason], [true, 'Agreed with the customer']);
  });

  it('leaves the same model of another provider alone, and moves to it; a name that both have stays', async () => {
    const send = (method: 'POST' | 'PUT', path: string, body?: unknown): Promise<Answer> =>
      http.call(method, `/api/v1${path}`, { key: http.keys.admin, ...(body === undefined ? {} : { body }) });
    const haikuElsewhere = {
      name: 'claude-haiku-4-5',
      family: 'claude-haiku',
      provider_id: demoId(1, 'model_providers', 1),
    };
    const { json: made } = await send('POST', '/completion-models', haikuElsewhere);
    const taken = refused(await send('POST', '/completion-models', haikuElsewhere), 409, 'ALREADY_EXISTS');
    assert.match(taken.detail, /name with that family and provider_id/);
    const space = demoId(1, 'spaces', 0);
    assert.equal((await send('PUT', `/spaces/${space}/completion-models/${made.id}`)).status, 204);
    const nodes = [made.id, haiku].map((id) => ({ data: { model: { id, name: 'claude-haiku-4-5' } } }));
    const { json: app } = await send('POST', '/apps', { name: 'Both', space_id: space, pipeline: { nodes } });
    const modelsOf = (): Promise<unknown> =>
      valueOf(
        http,
        `SELECT jsonb_path_query_array(pipeline, '$.nodes[*].data.model') AS value FROM migration.apps WHERE id = $1`,
        [app.id],
      );
    const workspaces = `SELECT count(*)::int AS value FROM migration.workspaces WHERE model = 'claude-haiku-4-5' AND tenant_id = $1`;
    const [before, named] = [await modelsOf(), await valueOf(http, workspaces, [http.tenants.mine])];
    assert.ok(Number(named) > 0);

    const suggest = await send('POST', `/completion-models/${haiku}/suggest-targets`, { limit: 10 });
    const planned = async (id: string): Promise<string> => {
      const { json } = await migrate(
        http,
        { to_model_id: id, dry_run: true },
        { path: migratePath('claude-haiku-4-5') },
      );
      return json.plan_hash;
    };
    const allowed = suggest.json.suggestions.filter((one: { allowed: boolean }) => one.allowed);
    assert.ok(allowed.length > 1 && suggest.text.includes(made.id), suggest.text);
    for (const { model_id: id, plan_hash: hash } of allowed)
      assert.equal(hash, await planned(id), 'a suggestion is the plan that would be made');

    const moved = await migrated(http, { to_model_id: made.id }, { path: migratePath('claude-haiku-4-5') });
    assert.equal(moved.completion, 'complete');
    assert.deepEqual(
      await modelsOf(),
      nodes.map(() => ({ id: made.id, name: 'claude-haiku-4-5' })),
    );
    assert.equal(await valueOf(http, workspaces, [http.tenants.mine]), named);
    const back = await http.call('POST', `/api/v1/migrations/${moved.migration_id}/rollback`, {
      key: http.keys.admin,
      body: {},
    });
    assert.equal(back.status, 200, back.text);
    assert.deepEqual(await modelsOf(), before);

    const path = `/api/v1/completion-models/${haiku}/migrate`;
    const open = refused(await migrate(http, { confirm_migration: true }, { path }), 422, 'PLAN_REFUSED');
    assert.match(open.detail, /ASK_OPEN: workspaces\.model: the name alone may mean claude-haiku-4-5/);
    const wrong = { confirm_migration: true, answers: { 'nowhere.model': 'keep' } };
    refused(await migrate(http, wrong, { path }), 400, 'ANSWER_UNKNOWN');
    await migrated(http, { answers: { 'workspaces.model': 'keep' } }, { path });
    assert.equal(await valueOf(http, workspaces, [http.tenants.mine]), named);
    assert.deepEqual(await modelsOf(), [
      { id: made.id, name: 'claude-haiku-4-5' },
      { id: target, name: 'claude-sonnet-4-6' },
    ]);
  });

  it('moves transcription models by the same rules', async () => {
    const path = `/api/v1/transcription-models/${demoId(1, 'transcription_models', 0)}/migrate`;
    const body = { to_model_id: demoId(1, 'transcription_models', 1) };
    refused(await migrate(http, body, { path }), 409, 'CONFIRMATION_REQUIRED');
    const done = await migrated(http, body, { path });
    assert.equal(done.completion, 'complete');
    assert.ok(done.details.apps > 0 && done.details.space_transcription_models > 0);
  });
});
