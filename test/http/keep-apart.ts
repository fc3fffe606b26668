/**
 * Promise 2, under load: no client of a tenant ever reads or writes a row of another tenant, although clients,
 * statements and connections are cut off meanwhile. Afterwards every connection is as it was when it was opened.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { demoTenants } from '../../src/platform/demo/tenants.ts';
import { digestTenant } from '../../src/postgres/scope/tenants.ts';
import type { Engine } from '../support/databases.ts';
import { type LoadGround, loadGround, poolIsClean, rowsAreTheirOwners, runClients } from './tenant-load.ts';

/** Declares the test for an engine. */
export function keepsApart(
  engine: Engine,
  { seed, rounds }: { readonly seed: number; readonly rounds: number },
): void {
  let ground: LoadGround;
  before(async () => {
    ground = await loadGround(engine);
  });
  after(() => ground.close());

  it('keeps two hundred clients of two tenants apart', async () => {
    const bystanders = async (): Promise<unknown> =>
      Promise.all(demoTenants.slice(2).map(({ id }) => digestTenant(ground.platform.site, id)));
    const before = await bystanders();
    const requestsEach = (engine === 'server' ? 5 : 2) * rounds;
    const seen = await runClients(ground, { seed, clients: 200, requestsEach });
    await poolIsClean(ground);
    assert.ok((await rowsAreTheirOwners(ground)) > 50, 'too little was written to mean anything');
    assert.ok((seen.get('200') ?? 0) > 100, `too little was answered: ${JSON.stringify([...seen])}`);
    assert.deepEqual(await bystanders(), before, 'a tenant that nobody asked about has changed');
  });
}
