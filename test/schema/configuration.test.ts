/** Drover's own schema is described completely, in the configuration that any database has. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadConfigFile } from '../../src/config-file.ts';
import { movableTypes } from '../../src/engine/rules/entity-types.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { entityTypeNames } from '../../src/http/routes/migrations/migration-schemas.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { platformScope } from '../../src/platform/scope.ts';
import { readCatalog } from '../../src/postgres/catalogue/catalog.ts';
import { asOperator } from '../../src/postgres/scope/tenant.ts';
import { eachEngine } from '../support/databases.ts';
import { type PlatformDatabase, platformDatabase } from '../support/platform.ts';

const file = new URL('../../src/platform/drover.config.yaml', import.meta.url);
const config = loadConfigFile(fileURLToPath(file));

eachEngine((engine) => {
  let database: PlatformDatabase;

  before(async () => {
    database = await platformDatabase(engine, 'empty');
  });
  after(() => database.drop());

  const resolve = async (): Promise<ReturnType<typeof resolveRules>> => {
    const { schemas = [], ignore = [] } = config.database ?? {};
    const catalog = await asOperator(database.db, platformScope, (tx) =>
      readCatalog(tx, { schemas, ignore }),
    );
    return resolveRules(catalog, config);
  };

  it('fits the catalogue, with no reference to a model that it does not mention', async () => {
    const { rules, problems } = await resolve();
    assert.deepEqual(problems, []);
    assert.deepEqual(
      rules.places.filter(({ listed }) => !listed).map(({ id }) => id),
      [],
    );
  });

  it('knows whose every row is, as the manifest says', async () => {
    const { rules } = await resolve();
    const ignored = new Set(config.database?.ignore);
    const expected = Object.entries(manifest).filter(([table]) => !ignored.has(table));
    const kinds = [...rules.ownership].map(([id, { kind }]) => [id.replace('migration.', ''), kind]);
    assert.deepEqual(
      Object.fromEntries(kinds),
      Object.fromEntries(expected.map(([table, { kind }]) => [table, kind])),
    );
  });

  it('has the entity types that the API says it has', async () => {
    const { rules } = await resolve();
    const all = rules.kinds.flatMap((kind) => movableTypes(rules, kind, 'shared'));
    assert.deepEqual([...new Set(all)].toSorted(), [...entityTypeNames]);
  });

  it('drops to the role and sets the tenant that row-level security asks for', () => {
    const { role, settings } = config.database?.session ?? {};
    assert.deepEqual({ role, settings }, { role: platformScope.role, settings: platformScope.settings });
  });
});
