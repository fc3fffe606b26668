/** What follows from the registry: who pays, which models end and when, what a new version would break, what a plan compares. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateParameters } from '../../src/engine/models/parameters.ts';
import { billingOf } from '../../src/registry/verdict/billing.ts';
import { diffRegistries, hasConsequences } from '../../src/registry/import/diff.ts';
import { allPairs } from '../../src/registry/verdict/pairs.ts';
import {
  findModel,
  findSuccessor,
  listRetirements,
  listSuccessors,
} from '../../src/registry/known/lifecycle.ts';
import { factsOfModel } from '../../src/registry/known/knowledge.ts';
import { routablePairs } from '../../src/registry/verdict/pairs.ts';
import { judge } from '../../src/registry/verdict/routability.ts';
import { loaded, model, models, providers, runtimes } from './small-registry.ts';

const registry = loaded();

function billing(runtime: string, id: string, ...secrets: string[]): string {
  const some = new Set(secrets);
  const { mode, decidedBy, missing } = billingOf(
    judge(registry, { runtime, model: id, secrets: some }),
    some,
  );
  return [mode, decidedBy, ...missing].join(' ');
}

test('the payer follows from the pair and the secrets', () => {
  assert.equal(billing('desk', 'acme-2'), 'platform_managed platform-arm');
  assert.equal(billing('desk', 'acme-2', 'ACME_TOKEN'), 'byok tenant-arm');
  assert.equal(billing('desk', 'acme-1'), 'disabled missing-credential ACME_KEY ACME_OTHER_KEY');
  assert.equal(billing('desk', 'acme-1', 'ACME_OTHER_KEY'), 'byok tenant-arm');
  assert.equal(billing('desk', 'acme-9', 'ACME_KEY'), 'disabled refused');
  assert.equal(billing('desk', ''), 'disabled no-model');
  assert.equal(billing('field', 'acme-9'), 'byok open-runtime');
});

test('the successor is the first replacement of the chain that stays', () => {
  const chain = (id: string): string[] => listSuccessors(registry.registry, id).map((each) => each.id);
  assert.deepEqual(chain('acme-gone'), ['acme-left', 'acme-2', 'acme-3']);
  assert.equal(findSuccessor(registry.registry, 'acme-gone-0')?.id, 'acme-3');
  assert.equal(findSuccessor(registry.registry, 'acme-3'), undefined);
  assert.equal(findModel(registry.registry, 'acme-gone-0')?.id, 'acme-gone');
});

test('a replacement that stays is the successor although it has a replacement; where all end, the last one is', () => {
  const next = (id: string, stays: string): string =>
    model(id, `lifecycle: { status: ${stays}, replacement: acme-3 }`);
  const first = model('acme-7', 'lifecycle: { status: deprecated, replacement: acme-8 }');
  const successorOf = (text: string): string | undefined =>
    findSuccessor(loaded({ 'more.yaml': `schema: 1\nmodels:\n${first}\n${text}\n` }).registry, 'acme-7')?.id;
  assert.equal(successorOf(next('acme-8', 'active')), 'acme-8');
  assert.equal(successorOf(next('acme-8', 'deprecated')), 'acme-3');
  assert.equal(successorOf(model('acme-8', 'lifecycle: { status: deprecated }')), 'acme-8');
});

test('the retirements have each date of vendor and distributors once, in order, within a span', () => {
  const lifecycle =
    'lifecycle: { status: deprecated, shutdown: 2026-06-01, replacement: acme-2, distributors: [{ via: cloud, shutdown: 2026-09-01, source: https://example.org/cloud }] }';
  const more = loaded({ 'more.yaml': `schema: 1\nmodels:\n${model('acme-0', lifecycle)}\n` }).registry;
  const dates = (span?: { from?: string; to?: string }): string[] =>
    listRetirements(more, span).map(
      ({ model: id, distributor, shutdown, successor }) =>
        `${shutdown} ${id} ${distributor ?? '-'} ${successor}`,
    );
  assert.deepEqual(dates(), [
    '2025-01-01 acme-gone - acme-3',
    '2026-06-01 acme-0 - acme-3',
    '2026-09-01 acme-0 cloud acme-3',
    '2027-01-01 acme-2 - acme-3',
  ]);
  assert.deepEqual(dates({ from: '2026-06-01', to: '2026-09-01' }), dates().slice(1, 3));
});

test('a new registry is compared for every stored pair: orphans, payers, retirements', () => {
  const after = loaded({
    'runtimes.yaml': runtimes
      .replace('models: [acme-2, acme-3] }', 'models: [acme-3] }')
      .replace('acme-1, acme-2, acme-3, acme-left', 'acme-2, acme-3, acme-left'),
    'models.yaml': models
      .replace('id: acme-3\n    name: Model acme-3', 'id: acme-3\n    name: Three')
      .replace('lifecycle: { status: active }', 'lifecycle: { status: deprecated, shutdown: 2028-01-01 }'),
  });
  const pairs = [
    { tenant: 'b', runtime: 'desk', model: 'acme-1', secrets: ['ACME_KEY'] },
    { tenant: 'a', runtime: 'desk', model: 'acme-2', count: 3 },
    { tenant: 'a', runtime: 'desk', model: 'acme-2', secrets: ['ACME_KEY'] },
    { tenant: 'b', runtime: 'desk', model: 'acme-3' },
    { tenant: 'b', runtime: 'desk', model: 'acme-left' },
    { tenant: 'b', runtime: 'desk', model: 'never-ran' },
    { tenant: 'c', runtime: 'field', model: 'acme-3' },
  ];
  const diff = diffRegistries(registry, after, pairs);
  assert.deepEqual(
    diff.orphaned.map(({ tenant, model: id, code }) => [tenant, id, code]),
    [['b', 'acme-1', 'UNREGISTERED_MODEL_FOR_RUNTIME']],
  );
  assert.deepEqual(
    diff.payerFlips.map(({ tenant, model: id, from, to, count }) => [tenant, id, from, to, count]),
    [['a', 'acme-2', 'platform', 'tenant', 3]],
  );
  assert.deepEqual(
    diff.retirements.map(({ tenant, runtime, shutdown }) => [tenant, runtime, shutdown]),
    [
      ['b', 'desk', '2028-01-01'],
      ['c', 'field', '2028-01-01'],
    ],
  );
  assert.ok(hasConsequences(diff));
  assert.ok(!hasConsequences(diffRegistries(registry, registry, [...pairs, ...allPairs(registry)])));
});

test('a withdrawn model runs on where it is in use, and the comparison lists it', () => {
  const after = loaded({ 'models.yaml': models.replace('status: active', 'status: withdrawn') });
  const diff = diffRegistries(registry, after, [{ tenant: 'a', runtime: 'desk', model: 'acme-3' }]);
  assert.deepEqual(diff.orphaned, []);
  assert.deepEqual(
    diff.retirements.map(({ model: id, status, count }) => [id, status, count]),
    [['acme-3', 'withdrawn', 1]],
  );
});

test('a registry can name every listed id and every known model that goes by name', () => {
  const names = allPairs(registry).map(({ runtime, model: id }) => `${runtime} ${id}`);
  for (const each of ['desk acme-2', 'desk Special', 'desk brio1', 'shed acme-3', 'shed acme/acme-3'])
    assert.ok(names.includes(each), each);
  const after = loaded({
    'providers.yaml': providers.replace(
      "after: ['-', '/'] }]\n    source: https://example.org/acme\n  - id: acme-login",
      "after: ['-'] }]\n    source: https://example.org/acme\n  - id: acme-login",
    ),
  });
  const only = diffRegistries(registry, after, [
    { tenant: 't', runtime: 'shed', model: 'acme/acme-3', secrets: ['ACME_KEY'] },
  ]);
  assert.deepEqual(only.orphaned, [], 'the subscription still takes it');
});

test('a plan gets the facts of a model, and a level is translated by its meaning', () => {
  const effort = (levels: string, extra = ''): string =>
    `parameters: { accepts: { effort: { levels: [${levels}]${extra} }, temperature: { min: 0, max: 1 } } }`;
  const { registry: facts } = loaded({
    'more.yaml': `schema: 1\nmodels:\n${[
      model('acme-old', effort('low, high'), 'lifecycle: { status: active }'),
      model(
        'acme-new',
        effort('low, high, max'),
        'lifecycle: { status: active }',
        'context: 5',
        'maxOutput: 3',
        'input: [text, image]',
        'prices: { input: 2 }',
      ),
      model(
        'acme-odd',
        effort('small, big', ', meaning: { small: 0.79, big: 1 }'),
        'lifecycle: { status: active }',
      ),
    ].join('\n')}\n`,
  });
  const factsOf = (id: string) => {
    const found = findModel(facts, id);
    assert.ok(found !== undefined);
    const bare = { kind: 'completion', components: {}, enabled: true, deprecated: false, retired: false };
    return { ...bare, ...factsOfModel(found, facts) };
  };
  const known = factsOf('acme-new');
  assert.deepEqual(
    [known.context, known.output, known.priceIn, known.capabilities],
    [5, 3, 2, { vision: true, audio: false }],
  );
  assert.deepEqual(known.parameters?.['effort'], {
    levels: ['low', 'high', 'max'],
    meaning: { low: 0.2, high: 0.8, max: 1 },
  });
  const translated = (to: string): unknown =>
    translateParameters('{"effort":"high"}', { source: factsOf('acme-old'), target: factsOf(to) });
  assert.deepEqual(translated('acme-new'), {
    document: '{"effort":"high"}',
    changes: [{ name: 'effort', change: 'kept', before: '"high"', after: '"high"' }],
  });
  assert.deepEqual((translated('acme-odd') as { document: string }).document, '{"effort": "small"}');
});

test('the routable pairs are those that anybody may choose on that day', () => {
  const told = (today: string): string[] =>
    routablePairs(registry, today).map(({ runtime, model: id }) => `${runtime} ${id}`);
  assert.deepEqual(told('2026-12-31').toSorted(), [
    'desk ', 'desk Special', 'desk acme-1', 'desk acme-2', 'desk acme-3', 'desk brio1', 'field ', 'shed ',
  ]); // prettier-ignore
  assert.ok(!told('2027-01-01').includes('desk acme-2'), 'shut down');
  const alone = loaded({
    'runtimes.yaml': runtimes.replace('- { provider: acme }\n      - { provider: acme-login }', '- { provider: acme }'),
  }); // prettier-ignore
  const named = routablePairs(alone, '2026-12-31').filter(({ runtime }) => runtime === 'shed');
  assert.deepEqual(
    named.map(({ model: id }) => id),
    ['', 'acme-3', 'acme/acme-3', 'acme-2', 'acme/acme-2', 'acme-1', 'acme/acme-1'],
    'by name, without what was withdrawn or shut down',
  );
});
