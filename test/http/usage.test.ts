/** Usage, suggested targets and retirements agree with the database, whatever the table. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { listAllRetirements } from '../../src/platform/migrations/usage.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { haiku, migrate, migrated, refused, source, valueOf } from './moving.ts';

type Json = Answer['json'];

/** How many transactions the retirements of all tenants take: one for the list of tenants, one for each batch of them. */
async function transactionsFor({ platform }: HttpPlatform): Promise<number> {
  let opened = 0;
  const { database } = platform;
  const counting: Database = {
    engine: database.engine,
    transaction: (opening, work) => {
      opened += 1;
      return database.transaction(opening, work);
    },
    alone: (work) => database.alone(work),
    close: () => database.close(),
  };
  await listAllRetirements({ ...platform, site: { ...platform.site, database: counting } });
  return opened;
}

const usagePath = (id: string): string => `/api/v1/completion-models/${id}/usage`;

oneEngine((engine) => {
  describe('the usage of a model', () => {
    let http: HttpPlatform;
    before(async () => {
      http = await httpPlatform(engine);
    });
    after(() => http.close());

    const usage = async (id: string, query = '', key = http.keys.viewer): Promise<Json> => {
      const answer = await http.call('GET', `${usagePath(id)}${query}`, { key });
      assert.equal(answer.status, 200, answer.text);
      return answer.json;
    };
    const rowsOf = (table: string, column: string): Promise<{ live: number; dead: number }> =>
      http.asSuperuser((tx) =>
        tx.one(
          `SELECT count(*) FILTER (WHERE deleted_at IS NULL)::int AS live, count(*) FILTER (WHERE deleted_at IS NOT NULL)::int AS dead
          FROM migration.${table} WHERE tenant_id = $1 AND (${column} = $2 OR to_jsonb(${table})->'pipeline' @? ('$.nodes[*].data.model ? (@.id == "' || $2 || '")')::jsonpath)`,
          [http.tenants.mine, source],
        ),
      );

    it('counts rows by type as plain SQL does, each once, live, deleted and history apart', async () => {
      const { counts } = await usage(source);
      for (const table of ['assistants', 'apps', 'services', 'assistant_templates', 'app_templates']) {
        const { live, dead } = await rowsOf(table, 'completion_model_id');
        assert.deepEqual(counts[table], { live, dead, history: 0 }, table);
      }
      assert.deepEqual(counts.questions, {
        live: 0,
        dead: 0,
        history: await valueOf(
          http,
          `SELECT count(*)::int AS value FROM migration.questions WHERE tenant_id = $1 AND completion_model_id = $2`,
          [http.tenants.mine, source],
        ),
      });
      assert.deepEqual(counts.tenant_defaults, { live: 1, dead: 0, history: 0 });
      assert.deepEqual(counts.space_defaults, { live: 2, dead: 1, history: 0 });
    });

    it('is that of the list of models, for disabled ones too', async () => {
      const { json } = await http.call('GET', '/api/v1/completion-models', { key: http.keys.viewer });
      for (const model of json.items)
        assert.deepEqual(model.usage, (await usage(model.id, '?limit=1')).counts, model.name);
      await http.asSuperuser((tx) =>
        tx.run(`UPDATE migration.assistants SET completion_model_id = $2 WHERE tenant_id = $1 AND id = $3`, [
          http.tenants.mine,
          completionId(1, 'gpt-4o'),
          demoId(1, 'assistants', 2),
        ]),
      );
      assert.deepEqual((await usage(completionId(1, 'gpt-4o'))).counts, {
        assistants: { live: 1, dead: 0, history: 0 },
      });
    });

    it('lists each row once, with its name, the places that name the model, and its path in the API', async () => {
      const all: Json[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await usage(source, `?limit=13${cursor === '' ? '' : `&cursor=${cursor}`}`);
        all.push(...page.items);
        cursor = page.next_cursor as string | null;
      }
      const { counts } = await usage(source);
      for (const [type, { live, dead, history }] of Object.entries<Json>(counts)) {
        const of = (state: string): number =>
          all.filter((row) => row.type === type && row.state === state).length;
        assert.deepEqual([of('live'), of('dead'), of('history')], [live, dead, history], type);
      }
      assert.equal(new Set(all.map(({ type, id }) => `${type} ${id}`)).size, all.length);
      const app = all.find(({ type, places }) => type === 'apps' && places.length > 1);
      assert.ok(app.places.includes('apps.completion_model_id'));
      assert.ok(app.places.includes('apps.pipeline/nodes/*/data/model/id'));
      for (const type of new Set(all.map((row) => row.type))) {
        const { link, name } = all.find((row) => row.type === type);
        if (link === null) continue;
        const found = await http.call('GET', link, { key: http.keys.viewer });
        assert.equal(found.status, 200, link);
        if (found.json.name !== undefined) assert.equal(found.json.name, name);
      }
      const linked = all.filter(({ link }) => link !== null).map(({ type }) => type);
      assert.deepEqual(
        [...new Set(all.map(({ type }) => type))].filter((type) => !linked.includes(type)),
        ['app_runs', 'questions'],
      );
      const only = await usage(source, '?type=assistants&state=dead&limit=200');
      assert.deepEqual(
        only.items,
        all.filter(({ type, state }) => type === 'assistants' && state === 'dead'),
      );
    });

    it('refuses an unknown type, instead of finding nothing', async () => {
      const answer = await http.call('GET', `${usagePath(source)}?type=assistant`, { key: http.keys.viewer });
      assert.match(
        refused(answer, 400, 'ENTITY_TYPE_UNKNOWN').detail,
        /"assistant"; there are: .*assistants, .*questions/,
      );
    });

    it('goes on over more rows than are read at once', async () => {
      await http.asSuperuser((tx) =>
        tx.run(
          `INSERT INTO migration.services (tenant_id, id, space_id, user_id, name, completion_model_id)
          SELECT $1, ('00000001-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, $3, 'Service ' || n, $4 FROM generate_series(1, 1300) n`,
          [http.tenants.mine, demoId(1, 'spaces', 0), demoId(1, 'users', 0), haiku],
        ),
      );
      const seen = new Set<string>();
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await usage(
          haiku,
          `?limit=200&type=services${cursor === '' ? '' : `&cursor=${cursor}`}`,
        );
        for (const { id } of page.items) seen.add(id);
        cursor = page.next_cursor as string | null;
      }
      const { services } = (await usage(haiku, '?limit=1')).counts;
      assert.equal(seen.size, services.live);
      assert.ok(services.live > 1300);
    });

    it('counts in a document what a migration would change, and finds a table that was added later', async () => {
      const [app] = (await usage(completionId(1, 'gpt-5-mini'))).items;
      assert.equal(app, undefined);
      const mini = completionId(1, 'gpt-5-mini');
      await http.asSuperuser((tx) =>
        tx.script(`UPDATE migration.apps SET pipeline = '{"nodes": [{"data": {"title": "${mini}", "model": {"id": "x", "name": "gpt-5-mini-preview"}}}]}' WHERE tenant_id = '${http.tenants.mine}' AND id = '${demoId(1, 'apps', 0)}';
          UPDATE migration.apps SET pipeline = '{"nodes": [{"data": {"model": {"name": "gpt-5-mini"}}}]}' WHERE tenant_id = '${http.tenants.mine}' AND id = '${demoId(1, 'apps', 1)}';
          CREATE TABLE migration.flows (tenant_id uuid NOT NULL, id uuid NOT NULL, model_id uuid, PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, model_id) REFERENCES migration.completion_models (tenant_id, id));
          INSERT INTO migration.flows VALUES ('${http.tenants.mine}', '${mini}', '${mini}'), ('${http.tenants.other}', '${mini}', NULL);
          GRANT SELECT ON migration.flows TO drover_app`),
      );
      const { counts, items } = await usage(mini);
      assert.deepEqual(counts, {
        apps: { live: 1, dead: 0, history: 0 },
        flows: { live: 1, dead: 0, history: 0 },
      });
      assert.deepEqual(
        items.map(({ type, id, link }: Json) => [type, id, link]),
        [
          ['apps', demoId(1, 'apps', 1), `/api/v1/apps/${demoId(1, 'apps', 1)}`],
          ['flows', mini, null],
        ],
      );
      await http.asSuperuser((tx) => tx.script('DROP TABLE migration.flows'));
    });

    it('is that of the list of models also where the registry knows none of the page, and a document is large', async () => {
      const provider_id = demoId(1, 'model_providers', 0);
      const ids: string[] = [];
      for (const name of ['house-small', 'house-large']) {
        const body = { name, family: 'house', provider_id };
        const made = await http.call('POST', '/api/v1/completion-models', { key: http.keys.admin, body });
        assert.equal(made.status, 201, made.text);
        ids.push(made.json.id);
      }
      const [small = '', large = ''] = ids;
      await http.asSuperuser((tx) =>
        tx.script(`INSERT INTO migration.registry_pairs (runtime, model) SELECT runtime, 'house-small' FROM migration.registry_pairs LIMIT 1;
          INSERT INTO migration.workspaces (tenant_id, id, user_id, name, runtime, model) SELECT '${http.tenants.mine}', gen_random_uuid(), '${demoId(1, 'users', 0)}', 'house', runtime, model FROM migration.registry_pairs WHERE model = 'house-small';
          UPDATE migration.apps SET pipeline = '{"nodes": [{"data": {"model": {"id": "${large}", "name": "house-large"}}}], "note": "${'x'.repeat(20_000)}"}', completion_model_id = '${small}' WHERE tenant_id = '${http.tenants.mine}' AND id = '${demoId(1, 'apps', 2)}'`),
      );
      const { json } = await http.call('GET', '/api/v1/completion-models?family=house', {
        key: http.keys.viewer,
      });
      const one = { live: 1, dead: 0, history: 0 };
      const counted = new Map(json.items.map((item: Json) => [item.id, item.usage]));
      assert.deepEqual(counted.get(small), { apps: one, workspaces: one });
      assert.deepEqual(counted.get(large), { apps: one });
      for (const id of ids) assert.deepEqual((await usage(id, '?limit=1')).counts, counted.get(id));
    });

    it('counts more documents than are read at once, each row once', async () => {
      const model = completionId(1, 'gpt-5-mini');
      const before = (await usage(model, '?limit=1')).counts.apps ?? { live: 0, dead: 0, history: 0 };
      await http.asSuperuser((tx) =>
        tx.run(
          `INSERT INTO migration.apps (tenant_id, id, space_id, user_id, name, completion_model_id, pipeline, deleted_at)
          SELECT $1, gen_random_uuid(), $2, $3, 'App ' || n, CASE WHEN n % 2 = 0 THEN $4::uuid END,
            CASE WHEN n % 5 = 0 THEN '{}' ELSE jsonb_build_object('nodes', jsonb_build_array(jsonb_build_object('data', jsonb_build_object('model', jsonb_build_object('name', 'gpt-5-mini'))))) END,
            CASE WHEN n % 3 = 0 THEN now() END FROM generate_series(1, 1200) n`,
          [http.tenants.mine, demoId(1, 'spaces', 0), demoId(1, 'users', 0), model],
        ),
      );
      const { apps } = (await usage(model, '?limit=1')).counts;
      // All but those of an odd number that 5 divides; of these 120 every third is deleted.
      assert.deepEqual(apps, { ...before, live: before.live + 720, dead: before.dead + 360 });
    });

    it('is each tenant’s own', async () => {
      const missing = await http.call('GET', usagePath('00000009-def0-def0-def0-000500000000'), {
        key: http.keys.viewer,
      });
      refused(missing, 404, 'NOT_FOUND');
      const theirs = await http.call('GET', usagePath(source), { key: http.keys.otherAdmin });
      assert.equal(theirs.text, missing.text);
      refused(
        await http.call('GET', `${usagePath(source)}?cursor=abc`, { key: http.keys.viewer }),
        400,
        'REQUEST_INVALID',
      );
      refused(
        await http.call('GET', usagePath(demoId(1, 'transcription_models', 0)), { key: http.keys.viewer }),
        404,
        'NOT_FOUND',
      );
    });
  });

  describe('suggested targets', () => {
    let http: HttpPlatform;
    before(async () => {
      http = await httpPlatform(engine);
    });
    after(() => http.close());

    const suggest = (id: string, body?: unknown, key = http.keys.viewer): Promise<Answer> =>
      http.call('POST', `/api/v1/completion-models/${id}/suggest-targets`, { key, body });

    it('are ranked, each with its reasons and the findings of the plan to it, which can be applied as it is', async () => {
      const { status, json, text } = await suggest(source);
      assert.equal(status, 200, text);
      const names = json.suggestions.map(({ name }: Json) => name);
      assert.deepEqual(names, ['claude-sonnet-4-6', 'claude-haiku-4-5', 'gpt-5-mini', 'gpt-4o']);
      const [best] = json.suggestions;
      assert.ok(best.reasons.some(({ code }: Json) => code === 'SAME_FAMILY') && best.allowed);
      const worst = json.suggestions.at(-1);
      assert.deepEqual([worst.allowed, worst.findings[0].code], [false, 'TARGET_DISABLED']);
      const dry = (await migrate(http, { to_model_id: best.model_id, dry_run: true })).json;
      assert.deepEqual(
        [best.findings, best.details, best.plan_hash],
        [dry.findings, dry.details, dry.plan_hash],
      );
      const done = await migrated(http, { to_model_id: best.model_id, plan_hash: best.plan_hash });
      await http.call('POST', `/api/v1/migrations/${done.migration_id}/rollback`, { key: http.keys.admin });
    });

    it('are as many as asked for, of the tenant’s own models', async () => {
      assert.equal((await suggest(source, { limit: 1 })).json.suggestions.length, 1);
      refused(await suggest(source, { limit: 100 }), 400, 'REQUEST_INVALID');
      refused(await suggest(source, { entity_types: ['app'] }), 400, 'ENTITY_TYPE_UNKNOWN');
      refused(await suggest(source, undefined, http.keys.otherAdmin), 404, 'NOT_FOUND');
      refused(await suggest('00000009-def0-def0-def0-000500000000'), 404, 'NOT_FOUND');
    });
  });

  describe('retirements', () => {
    let http: HttpPlatform;
    before(async () => {
      http = await httpPlatform(engine);
    });
    after(() => http.close());

    const retirements = async (path: string, key: string): Promise<Json[]> => {
      const answer = await http.call('GET', path, { key });
      assert.equal(answer.status, 200, answer.text);
      return answer.json.items;
    };
    const all = (): Promise<Json[]> => retirements('/api/v1/sysadmin/retirements', http.keys.sysadmin);

    it('are those of all tenants for an operator, and its own for a tenant', async () => {
      const [found, second, ...none] = await all();
      assert.deepEqual(none, []);
      assert.deepEqual(
        [found.name, found.retires_on, found.tenants_affected],
        ['claude-3-7-sonnet', '2026-02-19', 4],
      );
      assert.deepEqual(
        found.sources.map(({ source: by, lifecycle }: Json) => [by.replace(/ .*/, ''), lifecycle]),
        [
          ['database', 'deprecated'],
          ['registry', 'retired'],
        ],
      );
      assert.ok(found.days_left < 0);
      assert.equal(found.successor.name, 'claude-sonnet-4-6');
      // Workspaces name a model of which nobody has a row; the registry alone knows when it ends.
      assert.deepEqual(
        [second.name, second.retires_on, second.details, second.tenants[0].model_id],
        ['claude-opus-4-1', '2026-08-05', { workspaces: 4 }, null],
      );
      const assistants = await valueOf<number>(
        http,
        `SELECT count(*)::int AS value FROM migration.assistants a JOIN migration.completion_models m ON (m.tenant_id, m.id) = (a.tenant_id, a.completion_model_id) WHERE m.name = 'claude-3-7-sonnet'`,
      );
      assert.equal(found.details.assistants, assistants);
      assert.equal(
        found.rows_affected,
        found.tenants.reduce((sum: number, { rows_affected: rows }: Json) => sum + rows, 0),
      );
      const [own] = await retirements('/api/v1/retirements', http.keys.viewer);
      const mine = found.tenants.find(({ tenant_id: id }: Json) => id === http.tenants.mine);
      assert.deepEqual([own.rows_affected, own.model_id], [mine.rows_affected, source]);
      refused(
        await http.call('GET', '/api/v1/sysadmin/retirements', { key: http.keys.admin }),
        403,
        'FORBIDDEN',
      );
    });

    it('leave out a tenant that has moved away, and come back with a rollback', async () => {
      const done = await migrated(http);
      const [found] = await all();
      assert.equal(found.tenants_affected, 3);
      const own = await retirements('/api/v1/retirements', http.keys.viewer);
      assert.deepEqual(
        own.map(({ name }) => name),
        ['claude-opus-4-1'],
      );
      await http.call('POST', `/api/v1/migrations/${done.migration_id}/rollback`, { key: http.keys.admin });
      assert.equal((await all())[0].tenants_affected, 4);
    });

    it('are read for more tenants than fit into one transaction, models of one name by tenant', async () => {
      await http.asSuperuser((tx) =>
        tx.script(`CREATE TEMPORARY TABLE many ON COMMIT DROP AS SELECT ('7a1e0000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id, n FROM generate_series(1, 450) n;
          INSERT INTO migration.tenants (id, name, slug) SELECT id, 'Tenant ' || n, 'tenant-' || n FROM many;
          INSERT INTO migration.model_providers (tenant_id, id, name) SELECT id, id, 'anthropic' FROM many;
          INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id, shutdown_on)
            SELECT id, id, 'claude-3-7-sonnet', 'claude-sonnet', id, CASE WHEN n % 3 = 0 THEN date '2026-05-01' ELSE date '2026-01-01' END FROM many;
          INSERT INTO migration.tenant_defaults (tenant_id, completion_model_id) SELECT id, id FROM many WHERE n <= 300`),
      );
      const found = await all();
      assert.deepEqual(
        found.map(({ retires_on: on, tenants_affected: n }) => [on, n]),
        [
          ['2026-01-01', 200],
          ['2026-02-19', 104],
          ['2026-08-05', 4],
        ],
      );
      assert.equal(found[0].rows_affected, 200);
      assert.equal(found[0].tenants.length, 100);
      // Of two days the earlier one counts, and both are shown.
      assert.deepEqual(
        found[1].sources.map(({ shutdown_on: on }: Json) => on),
        ['2026-02-19', '2026-02-19', '2026-05-01'],
      );
      // One for the list of tenants, and one for the shared rows.
      assert.equal(await transactionsFor(http), 1 + Math.ceil(454 / 200) + 1);
    });

    it('are shown with each model, and in the headers of a single one, if only the registry knows them', async () => {
      const { viewer: key, admin } = http.keys;
      const provider_id = demoId(1, 'model_providers', 0);
      const made = await http.call('POST', '/api/v1/completion-models', {
        key: admin,
        body: { name: 'claude-opus-4-1', family: 'claude-opus', provider_id },
      });
      assert.equal(made.status, 201, made.text);
      const path = `/api/v1/completion-models/${made.json.id}`;
      const { json, headers } = await http.call('GET', path, { key });
      // The row does not say so.
      assert.deepEqual([json.lifecycle, json.shutdown_on, json.deprecated_at], ['active', null, null]);
      const { retirement } = json;
      assert.deepEqual(
        [retirement.lifecycle, retirement.retires_on, retirement.announced_on, retirement.successor.name],
        ['retired', '2026-08-05', '2026-06-05', 'claude-opus-4-8'],
      );
      assert.match(retirement.sources[0].source, /^registry /);
      assert.match(retirement.sources[0].url, /^https:/);
      assert.equal(headers['sunset'], 'Wed, 05 Aug 2026 00:00:00 GMT');
      assert.equal(headers['deprecation'], `@${Date.parse('2026-06-05') / 1000}`);
      assert.equal(headers['link'], undefined, 'there is no row of its successor yet');
      const next = await http.call('POST', '/api/v1/completion-models', {
        key: admin,
        body: { name: 'claude-opus-4-8', family: 'claude-opus', provider_id },
      });
      const then = await http.call('GET', path, { key });
      assert.equal(
        then.headers['link'],
        `</api/v1/completion-models/${next.json.id}>; rel="successor-version"`,
      );
      assert.equal(then.json.retirement.successor.model_id, next.json.id);
      for (const query of ['', '?usage=false']) {
        const { json: list } = await http.call('GET', `/api/v1/completion-models${query}`, { key });
        const listed = list.items.find(({ id }: Json) => id === made.json.id);
        assert.deepEqual(listed.retirement, then.json.retirement);
        assert.deepEqual(list.items.find(({ id }: Json) => id === haiku).retirement, null);
      }
      const refusedTarget = await migrate(http, { to_model_id: made.json.id, confirm_migration: true });
      const problem = refused(refusedTarget, 410, 'MODEL_RETIRED');
      assert.deepEqual(problem.data.successor, { id: next.json.id, name: 'claude-opus-4-8' });
    });

    it('are a calendar, too, by format or by Accept', async () => {
      const key = http.keys.sysadmin;
      const path = '/api/v1/sysadmin/retirements';
      const byFormat = await http.call('GET', `${path}?format=ics`, { key });
      assert.match(String(byFormat.headers['content-type']), /^text\/calendar; charset=utf-8/);
      const text = byFormat.text.replaceAll('\r\n ', '');
      assert.match(text, /^BEGIN:VCALENDAR\r\n/);
      assert.match(text, /\r\nDTSTART;VALUE=DATE:20260219\r\n/);
      assert.match(
        text,
        /\r\nSUMMARY:claude-3-7-sonnet \(claude-sonnet\\, anthropic\) is shut down \(\d+ rows\)\r\n/,
      );
      const byAccept = await http.call('GET', path, { key, headers: { accept: 'text/calendar' } });
      assert.equal(byAccept.text.replaceAll(/DTSTAMP:.*/g, ''), byFormat.text.replaceAll(/DTSTAMP:.*/g, ''));
      const both = await http.call('GET', path, {
        key,
        headers: { accept: 'application/json, text/calendar;q=0.5' },
      });
      assert.ok(both.json.items.length > 0);
      refused(await http.call('GET', `${path}?format=pdf`, { key }), 400, 'REQUEST_INVALID');
      const own = await http.call('GET', '/api/v1/retirements?format=ics', { key: http.keys.viewer });
      assert.ok(own.text.includes('BEGIN:VEVENT') && !own.text.includes('tenants'));
    });
  });
});
