/**
 * Nothing in a space uses a model of a lower security class than the space demands, whichever operation of openapi.json is sent: each
 * property that can name a model, a space or a class is tried at each operation that has it.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { demoId, type DemoTable } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { exampleOf, resolve, type Target, targets } from './hostile-schemas.ts';
import type { DroverError } from '../../src/errors.ts';
import { meanwhile } from './meanwhile.ts';
import { migrated, migratePath } from './moving.ts';

const high = completionId(1, 'claude-haiku-4-5');
const low = completionId(1, 'gpt-5-mini');
const kinds = ['completion', 'transcription', 'embedding'] as const;

/** Two spaces of class 2, with a default and without; one of class 0; one of class 2 that does not list the low models. */
const [demanding, open, bare, unlinked] = [0, 1, 2, 3].map((n) => demoId(1, 'spaces', n));

function modelOf(kind: string, isLow: boolean): string {
  if (kind === 'completion') return isLow ? low : high;
  return demoId(1, `${kind}_models` as DemoTable, isLow ? 1 : 0);
}

const kindIn = (text: string): string => /completion|transcription|embedding/.exec(text)?.[0] ?? 'completion';

interface Attempt {
  readonly target: Target;
  readonly property: string;
  readonly value: unknown;
}

/** What is in the path alone is an attempt, too. */
const attempts: readonly Attempt[] = targets
  .filter(({ method }) => method === 'POST' || method === 'PUT' || method === 'PATCH')
  .flatMap((target) => [
    ...Object.keys(target.body === undefined ? {} : (resolve(target.body).properties ?? {})).flatMap(
      (property) => valuesOf(target, property).map((value) => ({ target, property, value })),
    ),
    ...(target.path.includes('{space_id}') && target.body === undefined
      ? [{ target, property: '', value: null }]
      : []),
  ]);

function valuesOf({ path }: Target, property: string): unknown[] {
  if (property === 'security_classification') return [path.includes('-models') ? 0 : 9];
  if (property === 'space_id') return [demanding];
  if (property === 'pipeline') return [{ nodes: [{ data: { model: { id: low } } }] }];
  if (!property.endsWith('model_id')) return [];
  const id = modelOf(kindIn(property === 'to_model_id' ? path : property), true);
  return property.endsWith('completion_model_id') ? [id, null] : [id];
}

/** Rows: 0 is in the open space on the low model, 1 in the demanding one on the high model, 2 in the bare one. */
function pathOf({ target: { path }, property, value }: Attempt): string {
  const n = property === 'space_id' ? 0 : value === null ? 2 : 1;
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'space_id' && property === '') return unlinked ?? '';
    if (name === 'space_id') return (property === 'security_classification' ? open : demanding) ?? '';
    if (name === 'model_id') return modelOf(kindIn(path), property === '');
    if (name === 'tenant_id') return demoId(1, 'tenants', 0);
    return demoId(name.startsWith('global') ? 0 : 1, `${name.slice(0, -3)}s` as DemoTable, n);
  });
}

function bodyOf({ target, property, value }: Attempt): Record<string, unknown> | undefined {
  if (target.body === undefined) return undefined;
  const ids = (name: string): string | undefined =>
    name === 'space_id'
      ? value === null
        ? bare
        : demanding
      : name === 'provider_id'
        ? demoId(1, 'model_providers', 0)
        : undefined;
  const required = exampleOf(target.body, { name: '', target, ids }) as Record<string, unknown>;
  return { ...required, ...(property === '' ? {} : { [property]: value }) };
}

/** Told in other words than the rule: each use in a space, by what it comes to. */
const violations = `
  WITH used (space_id, class) AS (
    ${kinds
      .map(
        (kind) =>
          `SELECT l.space_id, m.security_classification FROM migration.space_${kind}_models l JOIN migration.${kind}_models m ON m.id = l.model_id`,
      )
      .join(' UNION ALL ')}
    UNION ALL SELECT s.id, m.security_classification FROM migration.spaces s
      JOIN migration.completion_models m ON m.id = s.default_completion_model_id
    ${['assistants', 'apps', 'services']
      .map(
        (table) => `UNION ALL SELECT t.space_id, m.security_classification FROM migration.${table} t
      JOIN migration.spaces s ON s.id = t.space_id LEFT JOIN migration.tenant_defaults d ON d.tenant_id = t.tenant_id
      JOIN migration.completion_models m ON m.id = coalesce(t.completion_model_id, s.default_completion_model_id, d.completion_model_id)`,
      )
      .join(' ')}
    ${['apps', 'services']
      .map(
        (table) => `UNION ALL SELECT t.space_id, m.security_classification FROM migration.${table} t
      JOIN migration.transcription_models m ON m.id = t.transcription_model_id`,
      )
      .join(' ')}
    UNION ALL SELECT t.space_id, m.security_classification FROM migration.apps t
      JOIN migration.completion_models m ON m.tenant_id = t.tenant_id AND strpos(t.pipeline::text, m.id::text) > 0)
  SELECT count(*)::int AS n FROM used u JOIN migration.spaces s ON s.id = u.space_id WHERE u.class < s.security_classification`;

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
    assert.equal(await countViolations(), 0, 'the demo keeps the rule');
    await http.asSuperuser(async (tx) => {
      for (const statement of [beforeTheRule, ...scene()]) await tx.run(statement);
    });
  });
  after(() => http.close());

  const countViolations = (): Promise<number> =>
    http.asSuperuser(async (tx) => (await tx.one<{ n: number }>(violations)).n);
  const byDefault = (id: string): Promise<number> =>
    http.asSuperuser(async (tx) => {
      await tx.run(beforeTheRule);
      return tx.run(
        `UPDATE migration.tenant_defaults SET completion_model_id = '${id}' WHERE tenant_id = '${demoId(1, 'tenants', 0)}'`,
      );
    });
  const send = (
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Answer> =>
    http.call(method, path, { key: http.keys.sysadmin, ...(body === undefined ? {} : { body }) });

  it('holds for SQL by hand, and lets it be what touches no class', async () => {
    for (const statement of byHand())
      await assert.rejects(
        http.asSuperuser((tx) => tx.run(statement)),
        ({ code, data }: DroverError) => {
          assert.equal(code, 'SECURITY_BELOW_DEMAND', statement);
          return Array.isArray(data['below']) && data['below'].length > 0;
        },
        statement,
      );
    for (const table of [
      'spaces',
      'assistants',
      'apps',
      'services',
      'space_completion_models',
      'completion_models',
    ])
      await http.asSuperuser((tx) => tx.run(`UPDATE migration.${table} SET created_at = now()`));
  });

  it('holds at each operation that has a property for a model, a space or a class', async () => {
    const refused: string[] = [];
    let violating = await countViolations();
    let lowByDefault = false;
    for (const attempt of attempts) {
      const { target, property, value } = attempt;
      const isByDefault = value === null && property !== '';
      if (isByDefault !== lowByDefault) {
        await byDefault(isByDefault ? low : high);
        violating = await countViolations();
      }
      lowByDefault = isByDefault;
      const { status, json, text } = await send(target.method, pathOf(attempt), bodyOf(attempt));
      const named =
        `${target.method} ${target.path} ${property}${value === null && property !== '' ? ' null' : ''}`.trim();
      if (status < 300) {
        const now = await countViolations();
        assert.ok(now <= violating, `${named} → ${status} ${text}`);
        violating = now;
      }
      assert.notEqual(status, 400, `${named} is not sent as described: ${text}`);
      if (json?.code !== 'SECURITY_BELOW_DEMAND') continue;
      assert.equal(status, 422);
      assert.match(json.detail, /demands security class \d, and .* has \d.*PATCH \/api\/v1\//);
      assert.ok(json.data.below[0].space.security_classification > 0, text);
      refused.push(named.replace('/api/v1', ''));
    }
    assert.deepEqual(refused.toSorted(), refusals.toSorted());
  });

  it('lists a link below its class in the plan of a migration, and lets what is touched otherwise be', async () => {
    const name = await send('PATCH', `/api/v1/spaces/${demanding}`, { name: 'Renamed' });
    assert.equal(name.status, 200, name.text);
    const id = completionId(1, 'gpt-4o');
    await http.asSuperuser(async (tx) => {
      await tx.run(beforeTheRule);
      await tx.run(`UPDATE migration.completion_models SET security_classification = 0 WHERE id = '${id}'`);
    });
    const { json, text } = await send('POST', `/api/v1/completion-models/${low}/migrate`, {
      to_model_id: id,
      dry_run: true,
    });
    const places = json.findings
      .filter(({ code }: { code: string }) => code === 'SECURITY_BELOW_DEMAND')
      .map(({ place }: { place: string }) => place);
    assert.ok(places.includes('space_completion_models.model_id'), text);
  });

  it('makes a choice wait for a class that rises at that moment', async () => {
    const lowered = await send('PATCH', `/api/v1/spaces/${unlinked}`, { security_classification: 0 });
    assert.equal(lowered.status, 200, lowered.text);
    const change = `UPDATE migration.spaces SET security_classification = 2 WHERE id = $1`;
    const late = await meanwhile(http, {
      change,
      params: [unlinked],
      request: () => send('PUT', `/api/v1/spaces/${unlinked}/completion-models/${low}`),
    });
    assert.equal(late.json.code, 'SECURITY_BELOW_DEMAND', late.text);
  });

  it('answers every one of those who raise and lower classes at once, and never lets both through', async () => {
    const path = `/api/v1/completion-models/${high}`;
    const [{ json: space }, { json: model }] = await Promise.all([
      send('POST', '/api/v1/spaces', { name: 'Contested' }),
      send('GET', path),
    ]);
    const contested = `/api/v1/spaces/${space.id}`;
    await send('PUT', `${contested}/completion-models/${high}`);
    const classed = (at: string, level: number): Promise<Answer> =>
      send('PATCH', at, { security_classification: level });
    const before = await countViolations();
    for (let round = 0; round < 4; round += 1) {
      await classed(contested, 0);
      const raised = await classed(path, 9);
      assert.equal(raised.status, 200, raised.text);
      const answers = await Promise.all([
        classed(contested, 9),
        classed(path, 8),
        send('PUT', `${contested}/completion-models/${low}`),
      ]);
      const statuses = answers.map(({ status }) => status);
      // Each waits for another one's lock at some time; who is told to go first by the database is tried again.
      for (const { status, text } of answers) assert.ok(status < 500, text);
      assert.ok(statuses[0] !== 200 || statuses[1] !== 200, String(statuses));
      assert.equal(await countViolations(), before);
      await send('DELETE', `${contested}/completion-models/${low}`);
    }
    // A space that rose demands its class of the model as long as it is there.
    await classed(contested, 0);
    const lowered = await classed(path, model.security_classification);
    assert.equal(lowered.status, 200, lowered.text);
    await send('DELETE', contested);
  });

  it('brings no row back to a model below the class to which its space rose, and lists those', async () => {
    const made = async (
      method: 'POST' | 'PUT' | 'PATCH',
      path: string,
      body?: unknown,
    ): Promise<Answer['json']> => {
      const { status, json, text } = await send(method, `/api/v1${path}`, body);
      assert.ok(status < 300, text);
      return json;
    };
    const { id: space } = await made('POST', '/spaces', { name: 'Rises' });
    for (const model of [low, high]) await made('PUT', `/spaces/${space}/completion-models/${model}`);
    const row = { name: 'Rises', space_id: space, completion_model_id: low };
    for (const path of ['/assistants', '/services']) await made('POST', path, row);
    const pipeline = { nodes: [{ data: { model: { id: low } } }] };
    await made('POST', '/apps', { ...row, completion_model_id: high, pipeline });
    await made('PATCH', `/spaces/${space}`, { default_completion_model_id: low });
    const body = { to_model_id: high, force_override: true, reason: 'a test' };
    const { migration_id: id } = await migrated(http, body, { path: migratePath('gpt-5-mini') });
    await made('PATCH', `/spaces/${space}`, { security_classification: 2 });
    const before = await countViolations();
    const undone = await made('POST', `/migrations/${id}/rollback`);
    assert.equal(await countViolations(), before);
    assert.ok(undone.restored_count > 0, 'where nothing is demanded, rows return');
    type Skipped = { readonly table: string; readonly id: string; readonly reason: string };
    const [links, rows] = ['migration.space_completion_models', 'migration.assistants'].map((name) =>
      undone.skipped.filter(({ table }: Skipped) => table === name),
    );
    const risen = links.find((one: Skipped) => one.id.includes(space));
    assert.match(risen.reason, /does not meet what is demanded there now \(security_classification/);
    assert.match(rows[0].reason, /not available there any more/, 'a row relies on the link');
  });
});

/** SQL by hand for each way to write: those of openapi.json that no key guards, and those that openapi.json does not have. */
function byHand(): string[] {
  const tenant = demoId(1, 'tenants', 0);
  const [assistant, app, service] = [
    demoId(1, 'assistants', 0),
    demoId(1, 'apps', 0),
    demoId(1, 'services', 0),
  ];
  const transcriber = modelOf('transcription', true);
  const pipeline = JSON.stringify({ nodes: [{ data: { model: { id: low.toUpperCase() } } }] });
  return [
    ...kinds.map(
      (kind) =>
        `INSERT INTO migration.space_${kind}_models (tenant_id, space_id, model_id) VALUES ('${tenant}', '${unlinked}', '${modelOf(kind, true)}')`,
    ),
    `UPDATE migration.space_completion_models SET space_id = '${unlinked}' WHERE space_id = '${open}' AND model_id = '${low}'`,
    `INSERT INTO migration.assistants SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(),
      'space_id', '${demanding}', 'completion_model_id', '${low}'))).* FROM migration.assistants a WHERE id = '${assistant}'`,
    `UPDATE migration.assistants SET space_id = '${demanding}' WHERE id = '${assistant}'`,
    `UPDATE migration.apps SET space_id = '${bare}', completion_model_id = '${low}' WHERE id = '${app}'`,
    `UPDATE migration.apps SET space_id = '${bare}', completion_model_id = NULL, transcription_model_id = '${transcriber}' WHERE id = '${app}'`,
    `UPDATE migration.apps SET space_id = '${bare}', completion_model_id = NULL, pipeline = '${pipeline}' WHERE id = '${app}'`,
    `UPDATE migration.services SET space_id = '${bare}' WHERE id = '${service}'`,
    `UPDATE migration.spaces SET security_classification = 1 WHERE id = '${open}'`,
    `UPDATE migration.spaces SET default_completion_model_id = '${low}' WHERE id = '${unlinked}'`,
    ...kinds.map(
      (kind) =>
        `UPDATE migration.${kind}_models SET security_classification = 1 WHERE id = '${modelOf(kind, false)}'`,
    ),
    `UPDATE migration.tenant_defaults SET completion_model_id = '${low}' WHERE tenant_id = '${tenant}'`,
    `INSERT INTO migration.spaces (tenant_id, id, name, security_classification, default_completion_model_id)
      VALUES ('${tenant}', gen_random_uuid(), 'by hand', 2, '${low}')`,
  ];
}

/** What is stored then is not judged: no trigger fires. */
const beforeTheRule = `SET LOCAL session_replication_role = replica`;

/** Everything of class 2 but one model of each kind, which stands in spaces of class 2 from before the rule. */
function scene(): string[] {
  const tenant = demoId(1, 'tenants', 0);
  const row = (table: DemoTable, n: number, space: string | undefined, model: string): string =>
    `UPDATE migration.${table} SET space_id = '${space}', completion_model_id = '${model}' WHERE id = '${demoId(1, table, n)}'`;
  const tables = ['assistants', 'apps', 'services'] as const;
  return [
    ...kinds.flatMap((kind) => [
      `UPDATE migration.${kind}_models SET security_classification = 2, is_enabled = true
       WHERE tenant_id = '${tenant}' AND id <> '${modelOf(kind, true)}'`,
      ...[demanding, open, bare].flatMap((space) =>
        [true, false].map(
          (isLow) => `INSERT INTO migration.space_${kind}_models (tenant_id, space_id, model_id)
            VALUES ('${tenant}', '${space}', '${modelOf(kind, isLow)}') ON CONFLICT DO NOTHING`,
        ),
      ),
    ]),
    `UPDATE migration.spaces SET default_completion_model_id = '${high}' WHERE tenant_id = '${tenant}'`,
    `UPDATE migration.spaces SET security_classification = 2 WHERE id IN ('${demanding}', '${bare}', '${unlinked}')`,
    `UPDATE migration.spaces SET default_completion_model_id = NULL WHERE id = '${bare}'`,
    ...tables.map(
      (table) =>
        `UPDATE migration.${table} SET space_id = '${demanding}', deleted_at = NULL WHERE space_id = '${bare}'`,
    ),
    ...tables.flatMap((table) => [
      row(table, 0, open, low),
      row(table, 1, demanding, high),
      row(table, 2, bare, high),
    ]),
    `UPDATE migration.assistants SET space_id = '${demanding}', completion_model_id = NULL WHERE id = '${demoId(1, 'assistants', 3)}'`,
    `UPDATE migration.assistants SET space_id = '${bare}', completion_model_id = NULL WHERE id = '${demoId(1, 'assistants', 4)}'`,
  ];
}

/** Every refusal, so that no attempt is empty. */
const refusals: readonly string[] = [
  'PATCH /apps/{app_id} completion_model_id',
  'PATCH /apps/{app_id} completion_model_id null',
  'PATCH /apps/{app_id} pipeline',
  'PATCH /apps/{app_id} space_id',
  'PATCH /apps/{app_id} transcription_model_id',
  'PATCH /assistants/{assistant_id} completion_model_id',
  'PATCH /assistants/{assistant_id} completion_model_id null',
  'PATCH /assistants/{assistant_id} space_id',
  'PATCH /completion-models/{model_id} security_classification',
  'PATCH /defaults completion_model_id',
  'PATCH /embedding-models/{model_id} security_classification',
  'PATCH /services/{service_id} completion_model_id',
  'PATCH /services/{service_id} completion_model_id null',
  'PATCH /services/{service_id} space_id',
  'PATCH /services/{service_id} transcription_model_id',
  'PATCH /spaces/{space_id} default_completion_model_id',
  'PATCH /spaces/{space_id} default_completion_model_id null',
  'PATCH /spaces/{space_id} security_classification',
  'PATCH /transcription-models/{model_id} security_classification',
  'POST /apps completion_model_id',
  'POST /apps completion_model_id null',
  'POST /apps pipeline',
  'POST /apps transcription_model_id',
  'POST /assistants completion_model_id',
  'POST /assistants completion_model_id null',
  'POST /services completion_model_id',
  'POST /services completion_model_id null',
  'POST /services transcription_model_id',
  'PUT /spaces/{space_id}/completion-models/{model_id}',
  'PUT /spaces/{space_id}/embedding-models/{model_id}',
  'PUT /spaces/{space_id}/transcription-models/{model_id}',
];
