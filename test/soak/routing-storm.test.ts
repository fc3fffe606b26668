/** Whatever happens at once, nothing is stored that the registry in force refuses, and nobody waits for ever. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { bringInRegistry } from '../../src/platform/workspaces/bring-in-registry.ts';
import { dayOf } from '../../src/platform/workspaces/day.ts';
import { finish, type LoadedRegistry } from '../../src/registry/load/load.ts';
import { eachEngine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';
import { testRouting } from '../support/routing.ts';
import { checkStored, storm } from '../support/routing-storm.ts';
import { makeWorkspace } from '../support/workspaces.ts';

const builtIn = testRouting().registry.current();
assert.ok(builtIn.kind === 'ok');
const { registry } = builtIn;
/** An open runtime is retired, an arm that goes by name is gone, a model is withdrawn. */
const other = finish({
  ...registry,
  version: 'other',
  runtimes: registry.runtimes.map((runtime) => {
    if (runtime.id === 'mock') return { ...runtime, kind: 'retired' as const, successor: 'hermes' };
    if (runtime.id !== 'hermes') return runtime;
    return { ...runtime, arms: (runtime.arms ?? []).filter(({ provider }) => provider !== 'moonshot') };
  }),
  models: registry.models.map((model) =>
    model.id === 'claude-sonnet-4-6'
      ? { ...model, lifecycle: { ...model.lifecycle, status: 'withdrawn' as const } }
      : model,
  ),
});
const registries = [builtIn, other];

eachEngine((engine) => {
  let http: HttpPlatform;
  let current: LoadedRegistry = builtIn;
  before(async () => {
    const live = { current: () => current, problems: () => [] };
    http = await httpPlatform(engine, { routing: testRouting(live) });
  });
  after(() => http.close());

  it('every endpoint, every secret, two registries, a migration and SQL at once', async () => {
    const workspaces: string[] = [];
    for (let n = 0; n < 6; n += 1)
      workspaces.push(await makeWorkspace(http, { runtime: 'mock', model: 'x' }));
    const decideBy = (next: LoadedRegistry): void => {
      current = next;
    };
    const seen = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const answers = await storm(http, { registries, decideBy, workspaces, durationMs: 2000 });
      for (const answer of answers.keys()) seen.add(answer);
      await checkStored(http, registries);
      for (const next of registries) {
        await bringInRegistry(http.platform, { loaded: next, today: dayOf(new Date()) });
        await checkStored(http, registries);
      }
    }
    for (const expected of [
      '200',
      '422 UNREGISTERED_MODEL_FOR_RUNTIME',
      '503 REGISTRY_UNAVAILABLE',
      'SQL stored',
      'SQL STILL_REFERENCED',
    ])
      assert.ok(seen.has(expected), `${expected}: ${[...seen].join(', ')}`);
  });
});
