/** Drover's own schema, as its two roles that work for tenants: every table and command is proven by running. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { it } from 'node:test';
import { loadConfigFile } from '../../src/config-file.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { roles } from '../../src/isolation/policies.ts';
import { readCatalog } from '../../src/postgres/catalogue/catalog.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { probe } from '../../src/postgres/isolation/probe/probe.ts';
import { oneEngine } from '../support/databases.ts';
import { platformDatabase } from '../support/platform.ts';
import { unproven } from './probe-schema.ts';

const config = loadConfigFile(
  fileURLToPath(new URL('../../src/platform/drover.config.yaml', import.meta.url)),
);

const contexts = [
  [roles.application, { 'app.tenant_id': '$tenant' }],
  [roles.fleet, { 'app.tenant_ids': '{$tenant}' }],
] as const;

oneEngine((engine) => {
  it('proves every tenant table of Drover’s own schema, for each command and role', async () => {
    const platform = await platformDatabase(engine, 'demo');
    const database = await openDatabase(platform.target);
    try {
      const { schemas = [], ignore = [] } = config.database ?? {};
      const catalog = await database.transaction({ readOnly: true }, (tx) =>
        readCatalog(tx, { schemas, ignore }),
      );
      const { rules } = resolveRules(catalog, config);
      for (const [role, settings] of contexts) {
        const verdicts = await probe(database, {
          rules,
          roles: [role],
          context: { settings },
          mode: 'write',
        });
        assert.deepEqual(unproven(verdicts), []);
        assert.ok(verdicts.length >= 84);
      }
    } finally {
      await database.close();
      await platform.drop();
    }
  });
});
