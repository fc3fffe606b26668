/** Drover's own schema, as its two roles that work for tenants: every table and command is proven by running. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { judgePlatform, platformContexts } from '../../src/platform/judge.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { probe } from '../../src/postgres/isolation/probe/probe.ts';
import { oneEngine } from '../support/databases.ts';
import { platformDatabase } from '../support/platform.ts';
import { unproven } from './probe-schema.ts';

oneEngine((engine) => {
  it('proves every tenant table of Drover’s own schema, for each command and role', async () => {
    const platform = await platformDatabase(engine, 'demo');
    const database = await openDatabase(platform.target);
    try {
      const { rules } = await judgePlatform(database, '2026-12-01');
      for (const { role, settings } of platformContexts) {
        const verdicts = await probe(database, {
          rules,
          roles: [role],
          context: { settings },
          mode: 'write',
        });
        assert.deepEqual(unproven(verdicts), []);
        assert.ok(verdicts.length >= 128);
      }
    } finally {
      await database.close();
      await platform.drop();
    }
  });
});
