/** A menu offers what enforcement allows, and says what else goes by name and what each arm needs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMenu, listMenus } from '../../src/registry/verdict/menu.ts';
import { judge } from '../../src/registry/verdict/routability.ts';
import { loaded } from './small-registry.ts';

const registry = loaded();

/** Each arm with the ids that it offers, whether it is ready, and what else it takes. */
function arms(runtime: string, request: Parameters<typeof findMenu>[2] = {}): unknown[] {
  return (findMenu(registry, runtime, request)?.arms ?? []).map(({ provider, models, ready, takes }) => [
    provider,
    models.map(({ id }) => id).join(' '),
    ready,
    takes.join(' or '),
  ]);
}

test('a menu offers listed ids in the order of the arms, and shows what goes by name', () => {
  assert.deepEqual(arms('desk'), [
    ['platform', 'acme-2 acme-3', null, ''],
    ['acme', 'acme-1 acme-2 acme-3 Special', null, ''],
    ['acme-login', 'acme-2', null, ''],
    ['brio', '', null, 'brio#, brio#-… (any case)'],
  ]);
  assert.deepEqual(arms('shed')[0], ['acme', '', null, 'acme-…, acme/…']);
});

test('an arm is ready where the platform pays or one of its secrets is there', () => {
  const ready = (...names: string[]): unknown[] =>
    (findMenu(registry, 'desk', { secrets: new Set(names) })?.arms ?? []).map((arm) => arm.ready);
  assert.deepEqual(ready(), [true, false, false, false]);
  assert.deepEqual(ready('ACME_OTHER_KEY', 'BRIO_KEY'), [true, true, false, true]);
});

test('a model is not offered from its shutdown on, and before that with its date', () => {
  const offered = (today: string) => findMenu(registry, 'desk', { today })?.arms[0]?.models ?? [];
  assert.deepEqual(
    offered('2026-12-31').map(({ model, name, family, lifecycle }) => [
      model,
      name,
      family,
      lifecycle?.shutdown,
    ]),
    [
      ['acme-2', 'Model acme-2', 'acme', '2027-01-01'],
      ['acme-3', 'Model acme-3', 'acme', undefined],
    ],
  );
  assert.deepEqual(
    offered('2027-01-01').map(({ id }) => id),
    ['acme-3'],
  );
});

test('every runtime has a menu, which is empty for an open or retired one; an unknown runtime has none', () => {
  assert.deepEqual(
    listMenus(registry).map(({ id, kind, successor, arms: all }) => [id, kind, successor, all.length]),
    [
      ['desk', 'closed', null, 4],
      ['shed', 'closed', null, 2],
      ['field', 'open', null, 0],
      ['barn', 'retired', 'desk', 0],
    ],
  );
  assert.equal(findMenu(registry, 'attic'), undefined);
});

test('whatever is offered is allowed', () => {
  for (const { id: runtime, arms: all, registryVersion } of listMenus(registry, { today: '2027-01-01' })) {
    assert.equal(registryVersion, registry.routes.version);
    for (const { id } of all.flatMap(({ models }) => models))
      assert.equal(judge(registry, { runtime, model: id, today: '2027-01-01' }).verdict, 'allow');
  }
});
