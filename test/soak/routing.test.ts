/** The long form of the race in test/guarantees/routing.test.ts. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { loaded } from '../registry/small-registry.ts';
import { eachEngine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';
import { raceRouting } from '../support/routing-race.ts';
import { testRouting } from '../support/routing.ts';
import { makeWorkspace } from '../support/workspaces.ts';
import { fixedRegistry } from '../../src/platform/workspaces/live-registry.ts';

eachEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine, { routing: testRouting(fixedRegistry(loaded())) });
  });
  after(() => http.close());

  it('thousands of changes by two clients never store a refused pair', async () => {
    for (const name of ['ACME_KEY', 'BRIO_KEY'])
      await http.call('PUT', `/api/v1/secrets/${name}`, { key: http.keys.admin, body: { value: 'k' } });
    const id = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
    const { stored, refused } = await raceRouting(http, { id, registry: loaded(), rounds: 3000 });
    assert.ok(stored > 500 && refused > 500, `${stored} stored, ${refused} refused`);
  });
});
