/**
 * One id may be that of a row in every table. Each operation of openapi.json that takes one means the row of its own kind, and finds it.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { demoId, type DemoTable } from '../../src/platform/demo/ids.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { type Target, targets } from './hostile-schemas.ts';
import { migrated } from './moving.ts';

const same = 'abcdefab-cdef-4bcd-8bcd-abcdefabcdef';
const tenant = demoId(1, 'tenants', 0);

/** What has to differ from the row that is copied; `name` always does. */
const copies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  tenants: { slug: 'same' },
  users: { email: 'same@example.org', display_name: 'same users' },
  user_roles: { user_id: same, role: 'viewer', scope: 'tenant', space_id: null },
  api_keys: { user_id: same },
  model_providers: {},
  completion_models: {},
  transcription_models: {},
  embedding_models: {},
  spaces: {},
  assistants: {},
  apps: {},
  services: {},
  assistant_templates: {},
  app_templates: {},
  workspaces: {},
  audit_log: {},
  migrations: {},
  // A tenant has one that is open.
  assessments: { status: 'cancelled' },
  global_assistant_templates: {},
  global_app_templates: {},
};

/** Other than by an id of a row. */
const words: Readonly<Record<string, string>> = { secret_name: 'ANTHROPIC_API_KEY', runtime_id: 'hermes' };

const takesIds = targets.filter(
  ({ path, method }) => path.includes('{') && !path.includes('{run_id}') && method === 'GET',
);

/** Of a path within a tenant that is named, the tenant is the one with the rows. */
function pathOf({ path }: Target): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'tenant_id' && !path.endsWith('{tenant_id}')) return tenant;
    return words[name] ?? same;
  });
}

/** The table of what the path ends with. */
function tableOf({ path }: Target): string | undefined {
  const [, noun, param] = /([\w-]+)\/\{(\w+)\}$/.exec(path) ?? [];
  return param === undefined || words[param] !== undefined ? undefined : noun?.replaceAll('-', '_');
}

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
    const { migration_id: migration } = await migrated(http);
    const started = await http.call('POST', '/api/v1/assessments', { key: http.keys.sysadmin, body: {} });
    const made: Readonly<Record<string, string>> = {
      migrations: migration,
      assessments: started.json.assessment.id,
    };
    await http.asSuperuser(async (tx) => {
      for (const [table, change] of Object.entries(copies)) {
        const of = table.startsWith('global') ? 0 : 1;
        const id = made[table] ?? demoId(of, table as DemoTable, table === 'completion_models' ? 2 : 0);
        const row = JSON.stringify({ name: `same ${table}`, ...change, id: same });
        // Some columns are the database's own.
        const { columns } = await tx.one<{ columns: string }>(
          `SELECT string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute
           WHERE attrelid = $1::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped`,
          [`migration.${table}`],
        );
        const copied = await tx.run(
          `INSERT INTO migration.${table} (${columns}) SELECT ${columns.replaceAll(/(\w+)/g, 'r.$1')}
           FROM migration.${table} t, jsonb_populate_record(t, $1::jsonb) r WHERE t.id = $2`,
          [row, id],
        );
        assert.equal(copied, 1, table);
      }
    });
  });
  after(() => http.close());

  const send = (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<Answer> =>
    http.call(method, path, { key: http.keys.sysadmin, ...(body === undefined ? {} : { body }) });

  it('is read as the row of the kind that the path names', async () => {
    assert.ok(takesIds.length > 30, String(takesIds.length));
    for (const target of takesIds) {
      const { status, json, text } = await send('GET', pathOf(target));
      assert.equal(status, 200, `${target.path} ${text}`);
      const table = tableOf(target);
      if (table === undefined) continue;
      assert.equal(json.id, same, target.path);
      const name = json.name ?? json.display_name;
      if (name !== undefined) assert.equal(name, `same ${table}`, target.path);
    }
  });

  it('is the model of the kind that moves, is suggested for, and is linked', async () => {
    for (const kind of ['completion', 'transcription', 'embedding']) {
      const other = demoId(1, `${kind}_models` as DemoTable, 1);
      for (const prefix of ['', `/sysadmin/tenants/${tenant}`]) {
        const body = { to_model_id: other, dry_run: true };
        const moved = await send('POST', `/api/v1${prefix}/${kind}-models/${same}/migrate`, body);
        assert.equal(moved.status, 200, moved.text);
        const back = { to_model_id: same, dry_run: true };
        const backward = await send('POST', `/api/v1${prefix}/${kind}-models/${other}/migrate`, back);
        assert.equal(backward.status, 200, backward.text);
      }
      const suggested = await send('POST', `/api/v1/${kind}-models/${same}/suggest-targets`, {});
      assert.equal(suggested.status, 200, suggested.text);
      const linked = await send('PUT', `/api/v1/spaces/${same}/${kind}-models/${same}`);
      assert.equal(linked.status, 204, linked.text);
      const { json } = await send('GET', `/api/v1/spaces/${same}/${kind}-models`);
      assert.deepEqual(
        json.items.map(({ name }: { name: string }) => name),
        [`same ${kind}_models`],
      );
    }
  });
});
