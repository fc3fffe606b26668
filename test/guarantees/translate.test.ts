/**
 * Parameters go to the target by what the registry declares: into its range, under its name, at the level that means the same and not
 * at the one of the same word, which may cost several times as much. The plan says which values change in how many rows, and a rollback
 * brings every byte back; over HTTP and on the command line.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { fixedRegistry } from '../../src/platform/workspaces/live-registry.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { loadRegistryFolder } from '../../src/registry/load/folder.ts';
import { demoPlace, drover, type Place, scratch } from '../cli/drover-process.ts';
import { oneEngine, type Engine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';
import { testRouting } from '../support/routing.ts';

const thinker = (id: string, accepts: string): string => `  - id: ${id}
    name: ${id}
    vendor: anthropic
    family: thinker
    kind: completion
    parameters: { accepts: ${accepts} }
    lifecycle: { status: active }
    source: https://example.org/models
    checked: 2026-11-21
`;
const text = `schema: 1
extends: built-in
models:
${thinker('thinker-1', '{ temperature: { min: 0, max: 2 }, max_tokens: { max: 64000 }, top_k: {}, reasoning: { levels: [low, medium, high], meaning: { low: 0.1, medium: 0.25, high: 0.4 } } }')}
${thinker('thinker-2', '{ temperature: { min: 0, max: 1 }, max_output_tokens: { max: 32000, aliases: [max_tokens] }, effort: { levels: [low, medium, high, max], meaning: { low: 0.1, medium: 0.4, high: 0.8, max: 1 }, aliases: [reasoning] } }')}
`;
const folder = scratch('registry-of-thinkers');
mkdirSync(folder);
writeFileSync(join(folder, 'thinkers.yaml'), text);

const tenant = demoId(1, 'tenants', 0);
const [from, to] = ['7e570000-0000-4000-8000-000000000001', '7e570000-0000-4000-8000-000000000002'];
const given = [
  '{"temperature": 1.5, "reasoning": "high", "max_tokens": 64000, "top_k": 5}',
  '{"temperature": 1.5, "reasoning": "high"}',
  '{"temperature": 0.3, "reasoning": "low"}',
  '{}',
];
const translated = [
  { temperature: 1, effort: 'medium', max_output_tokens: 32_000 },
  { temperature: 1, effort: 'medium' },
  { temperature: 0.3, effort: 'low' },
  {},
];
const said = [
  /temperature is clamped in 2 rows .*: 1\.5 → 1 in 2\./,
  /reasoning is renamed in 3 rows/,
  /effort is rescaled in 2 rows .*: "high" → "medium" in 2\./,
  /max_tokens is renamed in 1 row/,
  /max_output_tokens is clamped in 1 row .*: 64000 → 32000 in 1\./,
  /top_k is dropped in 1 row .*: 5 in 1\./,
];

/** Two models whose rows say nothing of parameters, and the first assistants of the tenant on one of them. */
async function furnish(tx: Tx): Promise<void> {
  await tx.run(
    `INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id, supports_vision)
     SELECT $1, id, name, 'thinker', $4, false FROM (VALUES ($2::uuid, 'thinker-1'), ($3::uuid, 'thinker-2')) m (id, name)`,
    [tenant, from, to, demoId(1, 'model_providers', 0)],
  );
  for (const [n, parameters] of given.entries())
    await tx.run(
      `UPDATE migration.assistants SET completion_model_id = $3, parameters = $4::jsonb WHERE tenant_id = $1 AND id = $2`,
      [tenant, demoId(1, 'assistants', n), from, parameters],
    );
}

async function stored(tx: Tx): Promise<unknown[]> {
  const rows = await tx.many<{ parameters: unknown }>(
    `SELECT parameters FROM migration.assistants WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id`,
    [tenant, given.map((_, n) => demoId(1, 'assistants', n))],
  );
  return rows.map(({ parameters }) => parameters);
}

const untouched = given.map((each) => JSON.parse(each) as unknown);

function assertSaid(findings: readonly { code: string; message: string }[]): void {
  const messages = findings.filter(({ code }) => code === 'PARAMETER_CHANGES').map(({ message }) => message);
  for (const pattern of said)
    assert.ok(
      messages.some((each) => pattern.test(each)),
      `${pattern} in ${messages.join('\n')}`,
    );
  assert.equal(messages.length, said.length, messages.join('\n'));
}

interface Printed {
  readonly findings?: readonly { code: string; message: string }[];
  readonly migrations?: readonly { id: string }[];
}

oneEngine((engine: Engine) => {
  let http: HttpPlatform;
  let place: Place;
  before(async () => {
    const registry = loadRegistryFolder(folder);
    assert.ok(registry.kind === 'ok', JSON.stringify(registry));
    http = await httpPlatform(engine, { routing: testRouting(fixedRegistry(registry)) });
    await http.asSuperuser(furnish);
    place = await demoPlace(engine);
    await place.look(furnish);
  });
  after(async () => {
    await http.close();
    await place.drop();
  });

  it('over HTTP', async () => {
    const call = (path: string, body: object) =>
      http.call('POST', `/api/v1${path}`, { key: http.keys.admin, body });
    const migrate = (more: object) =>
      call(`/completion-models/${from}/migrate`, { to_model_id: to, parameters: 'translate', ...more });
    const dry = await migrate({ dry_run: true });
    assert.equal(dry.status, 200, dry.text);
    assertSaid(dry.json.findings);
    const done = await migrate({ confirm_migration: true, plan_hash: dry.json.plan_hash });
    assert.equal(done.status, 200, done.text);
    assert.deepEqual(await http.asSuperuser(stored), translated);
    const back = await call(`/migrations/${done.json.migration_id}/rollback`, {});
    assert.equal(back.status, 200, back.text);
    assert.deepEqual(await http.asSuperuser(stored), untouched);
  });

  it('on the command line', async () => {
    const env = { DROVER_REGISTRY: folder };
    const move = [
      '--tenant',
      'Alder Clinic',
      '--from',
      'thinker-1',
      '--to',
      'thinker-2',
      '--parameters',
      'translate',
    ];
    const run = async (...words: string[]) => {
      const outcome = await drover([...words, ...place.where, '--json'], { env });
      return { ...outcome, json: JSON.parse(outcome.stdout) as Printed };
    };
    const planned = await run('plan', ...move);
    assert.equal(planned.status, 2, planned.stderr);
    assertSaid(planned.json.findings ?? []);
    const done = await run('apply', ...move, '--yes');
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(await place.look(stored), translated);
    const { migrations = [] } = (await run('history')).json;
    const back = await run('rollback', migrations[0]?.id ?? '', '--tenant', 'Alder Clinic', '--yes');
    assert.equal(back.status, 0, back.stderr);
    assert.deepEqual(await place.look(stored), untouched);
  });
});
