/** The long form of the plan of a large fleet in test/fleet/attached.test.ts: twenty thousand tenants in the same memory. */
import { it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { planFleet } from '../support/planned-fleet.ts';

oneEngine((engine) => {
  it('a plan of twenty thousand tenants holds no more than one of a hundred', () =>
    planFleet(engine, 20_000));
});
