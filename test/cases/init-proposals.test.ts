/** What `drover init` proposes for a small database is never wrong unedited, and always runs: through `config check` and a plan. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { Inventory } from '../../src/library/library.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import { oneEngine } from '../support/databases.ts';
import { calls } from './init/calls.ts';
import { catalogues } from './init/catalogues.ts';
import { columns } from './init/columns.ts';
import { servers } from './init/servers.ts';
import type { SmallSchema } from './init/schema.ts';
import { placeName, scoreOf } from './init/score.ts';
import { smallDatabase } from './small-database.ts';

oneEngine((engine) => {
  for (const schema of [...calls, ...catalogues, ...columns, ...servers])
    test(schema.name, async () => {
      const small = await smallDatabase(engine, schema.script);
      try {
        const yaml = await small.init(...(schema.schemas === undefined ? [] : ['--schemas', schema.schemas]));
        compare(parse(yaml) as Config, schema);
        const check = await small.run('config', 'check');
        assert.equal(check.status, 0, check.stderr);
        const plan = await small.run('plan', ...schema.plan);
        assert.doesNotMatch(
          plan.stderr,
          /CONFIG_INVALID|DATABASE_ERROR|INVALID_VALUE|USAGE_INVALID|INTERNAL/,
        );
        const inventory = await small.run('inventory', '--json');
        assert.deepEqual(unsaid(JSON.parse(inventory.stdout) as Inventory, schema.schemas), []);
      } finally {
        await small.drop();
      }
    });
});

function compare(config: Config, schema: SmallSchema): void {
  const tables = config.model?.tables ?? [];
  assert.deepEqual(tables.map(({ table }) => table).toSorted(), Object.keys(schema.models ?? {}).toSorted());
  for (const { table, columns: found } of tables)
    for (const [name, column] of Object.entries(schema.models?.[table] ?? {}))
      assert.equal(found[name as keyof typeof found], column, `${table}: ${name}`);
  assert.equal(config.tenant.root, schema.root);
  const { missed, wrong, asked } = scoreOf(config, schema.places);
  assert.deepEqual({ missed, wrong, asked }, { missed: [], wrong: [], asked: [] });
  for (const [path, wanted] of Object.entries(schema.also ?? {}))
    assert.deepEqual(partOf(config, path), wanted, path);
}

/** `model.tables.0.providers`, or `places.bots.model.also` by the name of a place. */
function partOf(config: Config, path: string): unknown {
  const at = /^places\.(.+)\.(\w+)$/.exec(path);
  if (at !== null) {
    const place = config.places?.find((each) => placeName(each) === at[1]);
    assert.ok(place !== undefined, path);
    return place[at[2] as keyof typeof place];
  }
  return path.split('.').reduce<unknown>((part, step) => (part as Record<string, unknown>)[step], config);
}

/** Places that a plan would ask about, and of which the proposal says nothing. */
function unsaid({ models }: Inventory, schema = ''): string[] {
  return models
    .flatMap(({ occurrences }) => occurrences)
    .filter(({ table, roles = [], prose }) => roles.length === 0 && !prose && table.startsWith(schema))
    .map(({ table, column, path, spelling, form }) => `${table}.${column}${path ?? ''} ${spelling} ${form}`);
}
