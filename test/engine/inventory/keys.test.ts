/** A key that foreign keys refer to is a key first: it names a model only where something says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partKeys } from '../../../src/engine/inventory/keys.ts';
import type { KeyLink } from '../../../src/engine/inventory/keys.ts';
import type { Occurrence } from '../../../src/engine/inventory/occurrence.ts';

function occurrence(
  table: string,
  column: string,
  spelling: string,
  more: Partial<Occurrence> = {},
): Occurrence {
  return {
    table: `public.${table}`, column, kind: 'text', path: null, form: 'exact', by: 'name', model: spelling, spelling,
    snapshot: false, prose: false, written: [], rows: 1, samples: [], ...more,
  }; // prettier-ignore
}

function link(table: string, column: string, targetName: string, targetColumn: string): KeyLink {
  return { table: `public.${table}`, column, target: `public.${targetName}`, targetName, targetColumn };
}

const cases: readonly [what: string, link: KeyLink, spelling: string, isKey: boolean][] = [
  ['customers with short keys', link('agents', 'org_id', 'orgs', 'id'), 'o1', true],
  ['people with plain names', link('bots', 'username', 'app_users', 'username'), 'sonar', true],
  ['workspaces whose slug reads like nothing else', link('bots', 'ws', 'workspaces', 'slug'), 'gpt-4o', true],
  ['rows of any table with short keys', link('bots', 'studio', 'studios', 'slug'), 'o3', true],
  ['rows of any table with a plain word', link('bots', 'studio', 'studios', 'slug'), 'sonar', true],
  ['names that read like nothing else', link('bots', 'choice', 'offers', 'id'), 'gpt-4o', false],
  ['lists of models', link('bots', 'choice', 'models', 'id'), 'o1', false],
  ['columns that speak of models', link('bots', 'engine_id', 'offers', 'id'), 'o1', false],
];

for (const [what, one, spelling, isKey] of cases)
  test(`${what}: ${isKey ? 'a key' : 'a model'}, on both sides of the foreign key`, () => {
    const own = [
      occurrence(one.table.slice('public.'.length), one.column, spelling),
      occurrence(one.targetName, one.targetColumn, spelling),
    ];
    const others = [occurrence('bots', 'model', spelling)];
    const { occurrences, keys } = partKeys([...own, ...others], [one]);
    assert.deepEqual(keys, isKey ? own : []);
    assert.deepEqual(occurrences, isKey ? others : [...own, ...others]);
  });

test('a key is followed through tables that pass it on', () => {
  const links = [link('runs', 'owner', 'agents', 'owner'), link('agents', 'owner', 'orgs', 'id')];
  const { keys } = partKeys([occurrence('runs', 'owner', 'gpt-4o')], links);
  assert.equal(keys.length, 1);
});

test('what is within a document, or found by the key of a model, is no key of these rows', () => {
  const links = [link('agents', 'org_id', 'orgs', 'id')];
  const found = [
    occurrence('agents', 'org_id', 'o1', { path: '/model' }),
    occurrence('agents', 'org_id', '7', { by: 'key' }),
  ];
  assert.deepEqual(partKeys(found, links), { occurrences: found, keys: [] });
});
