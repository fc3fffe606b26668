/** What a provider takes away some day must not make a test fail on that day: tests that name such a model use a registry in which it stays. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadRegistryFolder } from '../../src/registry/load/folder.ts';
import { lastingRegistry } from '../support/routing.ts';

test('each model that tests name and that has an end to come stays in the registry of the tests', () => {
  const [real, lasting] = [undefined, lastingRegistry].map((folder) => {
    const loaded = loadRegistryFolder(folder);
    assert.equal(loaded.kind, 'ok');
    return loaded.kind === 'ok' ? loaded.registry.models : [];
  });
  const written = globSync('test/**/*.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const isNamed = (id: string): boolean =>
    new RegExp(`(?<![\\w.-])${id.replaceAll('.', '\\.')}(?![\\w-]|\\.\\d)`).test(written);
  const ending = (real ?? []).filter(({ lifecycle }) => (lifecycle.shutdown ?? '') > '2026-11-01');
  const named = ending.filter(({ id, aliases }) => [id, ...(aliases ?? [])].some(isNamed));
  assert.ok(named.length > 5);
  const stays = new Set(
    (lasting ?? []).filter(({ lifecycle }) => lifecycle.shutdown === undefined).map(({ id }) => id),
  );
  assert.deepEqual(
    named.filter(({ id }) => !stays.has(id)).map(({ id }) => id),
    [],
  );
});
