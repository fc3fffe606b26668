/** A feed proposes changes: it corrects facts, brings ends nearer, and never makes a pair routable. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { auditEnds } from '../../src/registry/import/audit.ts';
import { diffRegistries } from '../../src/registry/import/diff.ts';
import { allPairs } from '../../src/registry/verdict/pairs.ts';
import type { FeedModel } from '../../src/registry/import/feed.ts';
import { readLiteLlm } from '../../src/registry/import/litellm.ts';
import { readModelEol } from '../../src/registry/import/model-eol.ts';
import { readModelsDev } from '../../src/registry/import/models-dev.ts';
import { builtInFolder, readRegistryFolder } from '../../src/registry/load/folder.ts';
import { planImport } from '../../src/registry/import/changes.ts';
import type { ImportPlan } from '../../src/registry/import/changes.ts';
import { applyImport, describeImport } from '../../src/registry/import/yaml.ts';
import { lifecycleWith, listRetirements, otherServers } from '../../src/registry/known/lifecycle.ts';
import { loadRegistry } from '../../src/registry/load/load.ts';
import type { LoadedRegistry } from '../../src/registry/load/load.ts';
import type { RegistryText } from '../../src/registry/load/positions.ts';
import { loaded, model, models, texts } from './small-registry.ts';

const origin = { source: 'https://example.org/feed', checked: '2026-05-01' };
const small = loaded();

function said(id: string, facts: FeedModel['facts'], vendor = 'acme'): FeedModel {
  return { ids: [id], vendor, facts, ...origin };
}

function changesOf({ changes }: ImportPlan): string[] {
  return changes.flatMap(({ model: id, changes: facts }) =>
    facts.map(
      ({ path, before, after }) =>
        `${id} ${path.join('.')}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
    ),
  );
}

/** The registry after the plan. It must be well-formed. */
function applied(before: readonly RegistryText[], plan: ImportPlan): LoadedRegistry {
  const known = loadRegistry(before);
  assert.ok(known.kind === 'ok');
  const changed = new Map(applyImport(before, plan, known.registry).map(({ file, text }) => [file, text]));
  const files = new Set([...before.map(({ file }) => file), ...changed.keys()]);
  const after = [...files].map((file) => ({
    file,
    text: changed.get(file) ?? before.find((each) => each.file === file)?.text ?? '',
  }));
  const result = loadRegistry(after);
  if (result.kind === 'invalid') assert.fail(JSON.stringify(result.problems, null, 1));
  return result;
}

function assertNothingRevived(before: LoadedRegistry, after: LoadedRegistry): void {
  assert.deepEqual(diffRegistries(after, before, [...allPairs(after), ...allPairs(before)]).orphaned, []);
}

describe('a plan', () => {
  it('changes what differs, adds what was missing, and leaves the rest alone', () => {
    const plan = planImport(small.registry, [
      said('acme-1', { context: 1000, prices: { input: 2, output: 3 }, tools: true }),
      said('acme-2', { lifecycle: { shutdown: '2027-01-01', status: 'deprecated', replacement: 'acme-3' } }),
    ]);
    assert.deepEqual(changesOf(plan), [
      'acme-1 context: undefined → 1000',
      'acme-1 prices.input: undefined → 2',
      'acme-1 prices.output: undefined → 3',
      'acme-1 tools: undefined → true',
    ]);
    assert.deepEqual(plan.unheeded, []);
  });

  it('never revives a model or puts off an end, and names no replacement that is missing or leads back', () => {
    const plan = planImport(small.registry, [
      said('acme-left', { lifecycle: { status: 'deprecated' } }),
      said('acme-gone', { lifecycle: { status: 'deprecated', shutdown: '2030-01-01' } }),
      said('acme-2', { lifecycle: { shutdown: '2027-02-01', replacement: 'acme-9' } }),
      said('acme-3', { lifecycle: { replacement: 'acme-2' } }),
    ]);
    assert.deepEqual(plan.changes, []);
    assert.deepEqual(
      plan.unheeded.map(({ model: id, message }) => `${id} ${message.split(/[;,]/)[0]}`),
      [
        'acme-left says it is deprecated',
        'acme-gone says it is deprecated',
        'acme-gone says it is shut down on 2030-01-01',
        'acme-2 says it is shut down on 2027-02-01',
        'acme-2 is replaced by acme-9',
        'acme-3 is replaced by acme-2',
      ],
    );
  });

  it('brings an end nearer, and finds a model by its other names but not under another vendor', () => {
    const plan = planImport(small.registry, [
      said('acme-gone-0', { lifecycle: { shutdown: '2024-12-01' } }),
      said('acme-3', {
        lifecycle: { status: 'deprecated', announced: '2026-04-01', shutdown: '2026-12-01' },
      }),
      said('acme-1', { context: 5 }, 'brio'),
    ]);
    assert.deepEqual(changesOf(plan), [
      'acme-gone lifecycle.shutdown: "2025-01-01" → "2024-12-01"',
      'acme-3 lifecycle.status: "active" → "deprecated"',
      'acme-3 lifecycle.announced: undefined → "2026-04-01"',
      'acme-3 lifecycle.shutdown: undefined → "2026-12-01"',
    ]);
    assert.equal(plan.unknown, 1);
  });

  it('refuses a replacement that makes a circle with another one', () => {
    const more = { 'more.yaml': `schema: 1\nmodels:\n${model('acme-6', 'lifecycle: { status: active }')}\n` };
    const plan = planImport(loaded(more).registry, [
      said('acme-1', { lifecycle: { replacement: 'acme-6' } }),
      said('acme-6', { lifecycle: { replacement: 'acme-1' } }),
    ]);
    assert.deepEqual(changesOf(plan), ['acme-1 lifecycle.replacement: undefined → "acme-6"']);
    assert.deepEqual(plan.unheeded, [
      { model: 'acme-6', message: 'is replaced by acme-1, which is replaced by acme-6' },
    ]);
    applied(texts(more), plan);
  });

  it('lists what the registry would not take, and takes over the rest of the feed', () => {
    const plan = planImport(small.registry, [
      said('acme-1', { context: 9, prices: { input: -1 }, lifecycle: { shutdown: '2026-02-30' } }),
      said('acme-2', { lifecycle: { announced: '2027-02-01' } }),
      said('acme-3', {
        lifecycle: { distributors: [{ via: 'Cloud 9', shutdown: '2027-01-01', source: 'x' }] },
      }),
    ]);
    assert.deepEqual(changesOf(plan), ['acme-1 context: undefined → 9']);
    assert.deepEqual(
      plan.unheeded.map(({ model: id, message }) => `${id} ${message.replace(/\[.*\]/, '…')}`),
      [
        'acme-1 says prices.input is -1: must not be negative',
        'acme-1 says lifecycle.shutdown is "2026-02-30": must be a date such as 2026-11-21',
        'acme-2 says lifecycle.announced is "2027-02-01": it is announced after it is shut down',
        'acme-3 says lifecycle.distributors is …: must be lower-case letters, digits and hyphens',
      ],
    );
  });

  it('adds no model under an id that another vendor’s model has', () => {
    const facts = { name: 'Brio 1', family: 'brio', kind: 'completion' } as const;
    const plan = planImport(small.registry, [said('brio1', facts)], { add: true });
    assert.deepEqual([plan.additions, plan.unknown], [[], 1]);
  });

  it('takes a distributor’s date where it is new or nearer, and a kind of input that was not known', () => {
    const source = 'https://example.org/cloud';
    const at = (via: string, shutdown: string): { via: string; shutdown: string; source: string } => ({
      via,
      shutdown,
      source,
    });
    const own =
      'lifecycle: { status: active, distributors: [{ via: cloud, shutdown: 2027-01-01, source: https://example.org/cloud }, { via: shop, shutdown: 2027-01-01, source: https://example.org/cloud }] }';
    const more = { 'more.yaml': `schema: 1\nmodels:\n${model('acme-6', own, 'input: [text, video]')}\n` };
    const distributors = [at('cloud', '2026-12-01'), at('shop', '2028-01-01'), at('mall', '2028-01-01')];
    const plan = planImport(loaded(more).registry, [
      said('acme-6', { alsoInput: ['image'], lifecycle: { distributors } }),
    ]);
    const after = applied(texts(more), plan).registry.models.find(({ id }) => id === 'acme-6');
    assert.deepEqual(after?.lifecycle.distributors, [
      at('cloud', '2026-12-01'),
      at('shop', '2027-01-01'),
      at('mall', '2028-01-01'),
    ]);
    assert.deepEqual(after?.input, ['text', 'video', 'image']);
  });

  it('adds models only on request, and only those that the feed says enough about', () => {
    const feed = [
      said('acme-4', { name: 'Acme 4', family: 'acme', kind: 'completion', context: 9, prices: {} }),
      said('acme-5', { kind: 'completion' }),
      said('other-1', { name: 'Other', family: 'other', kind: 'completion' }, 'other'),
    ];
    assert.deepEqual(
      [planImport(small.registry, feed).additions, planImport(small.registry, feed).unknown],
      [[], 3],
    );
    const plan = planImport(small.registry, feed, { add: true });
    assert.deepEqual([plan.additions.map(({ id }) => id), plan.unknown], [['acme-4'], 2]);
    const after = applied(texts(), plan);
    assert.equal(after.registry.models.find(({ id }) => id === 'acme-4')?.context, 9);
    assertNothingRevived(small, after);
  });
});

test('only the values that change are rewritten: comments, order and the rest of the text stay', () => {
  const commented = models
    .replace('models:', 'models: # ours')
    .replace('  - id: acme-1', '  # the first\n  - id: acme-1');
  const before = texts({ 'models.yaml': commented });
  const plan = planImport(small.registry, [
    said('acme-1', { context: 7, lifecycle: { shutdown: '2027-03-01', status: 'deprecated' } }),
  ]);
  const [changed, ...more] = applyImport(before, plan, small.registry);
  assert.deepEqual([changed?.file, more], ['models.yaml', []]);
  const expected = commented
    .split(/(?= {2}# the first)/)
    .map((part, at) =>
      at === 0
        ? part
        : part
            .replace(
              '{ status: active }',
              '{ status: deprecated, shutdown: 2027-03-01, source: https://example.org/feed, checked: 2026-05-01, quote: "shutdown: 2027-03-01, status: deprecated" }',
            )
            .replace(
              'source: https://example.org/models\n    checked: 2026-01-01',
              'source: https://example.org/feed\n    checked: 2026-05-01\n    context: 7',
            ),
    )
    .join('');
  assert.equal(changed?.text, expected);
  assert.deepEqual(describeImport(plan), [
    '~ acme-1  (https://example.org/feed)',
    '    context: (nothing) → 7',
    '    lifecycle.shutdown: (nothing) → 2027-03-01',
    '    lifecycle.status: active → deprecated',
  ]);
});

test('a second import proposes nothing, and texts that need quotes get them', () => {
  const odd = model(
    'acme-6',
    'lifecycle: { status: active }',
    'context: 1 # so far',
    'prices:',
    '  input: 1',
  );
  const before = texts({ 'more.yaml': `schema: 1\nmodels:\n${odd}\n` });
  const feed = [
    said('acme-6', { context: 2, input: ['text', 'image'], prices: { input: 3, cacheRead: 0.5 } }),
    said('acme-7', { name: 'true', family: 'acme', kind: 'completion' }),
    said('acme-8', { name: 'Acme 8: the # one', family: 'acme', kind: 'completion', prices: { input: 1 } }),
  ];
  const registry = loaded({ 'more.yaml': `schema: 1\nmodels:\n${odd}\n` });
  const plan = planImport(registry.registry, feed, { add: true });
  const after = applied(before, plan);
  assert.deepEqual(planImport(after.registry, feed, { add: true }), {
    changes: [],
    additions: [],
    unheeded: [],
    unknown: 0,
  });
  const text =
    applyImport(before, plan, registry.registry).find(({ file }) => file === 'more.yaml')?.text ?? '';
  assert.match(text, /context: 2 # so far\n/);
  assert.match(
    text,
    /prices:\n {6}input: 3\n {6}cacheRead: 0\.5\n {6}source: https:\/\/example\.org\/feed\n/,
  );
  assert.deepEqual(
    after.registry.models.slice(-2).map(({ name }) => name),
    ['true', 'Acme 8: the # one'],
  );
});

test('a map on one line may be empty, end in a comma, or hold a comment', () => {
  for (const prices of ['{}', '{ output: 2, }', '{ output: 2, # so far\n      }', '{ output: 2 # so far\n      }']) {
    const more = { 'more.yaml': `schema: 1\nmodels:\n${model('acme-6', 'lifecycle: { status: active }', `prices: ${prices}`)}\n` };
    const plan = planImport(loaded(more).registry, [said('acme-6', { prices: { input: 1, cacheRead: 3 } })]);
    const after = applied(texts(more), plan).registry.models.find(({ id }) => id === 'acme-6')?.prices;
    assert.deepEqual([after?.input, after?.cacheRead], [1, 3], prices);
  }
}); // prettier-ignore

test('a changed model of the extended registry becomes an own entry, and the rest of that registry stays', () => {
  const own = [{ file: 'own.yaml', text: 'schema: 1\nextends: built-in\n' }];
  const before = loadRegistry(own, texts());
  assert.ok(before.kind === 'ok');
  const feed = [said('acme-1', { context: 7, lifecycle: { status: 'deprecated', shutdown: '2027-03-01' } })];
  const plan = planImport(before.registry, feed);
  const [added, ...more] = applyImport(own, plan, before.registry);
  assert.deepEqual([added?.file, more], ['models/acme.yaml', []]);
  const after = loadRegistry([...own, ...(added === undefined ? [] : [added])], texts());
  assert.ok(after.kind === 'ok');
  const model1 = after.registry.models.find(({ id }) => id === 'acme-1');
  const quote = 'status: deprecated, shutdown: 2027-03-01';
  const end = { status: 'deprecated', shutdown: '2027-03-01', ...origin, quote };
  assert.deepEqual([model1?.context, model1?.lifecycle], [7, end]);
  assert.equal(after.registry.models.length, before.registry.models.length);
  assert.deepEqual(planImport(after.registry, feed).changes, []);
}); // prettier-ignore

describe('the formats', () => {
  it('models.dev: limits, modalities, prices; an entry that only points elsewhere says nothing', () => {
    const feed = readModelsDev(
      {
        moonshotai: {
          id: 'moonshotai',
          models: {
            'k-1': {
              id: 'k-1', name: 'K 1', family: 'k', release_date: '2026-01', status: 'deprecated', tool_call: true,
              limit: { context: 10, output: 0 }, modalities: { input: ['text', 'image'], output: ['text'] },
              cost: { input: 1.5, output: 2, cache_read: 0.1, tiers: [] }, reasoning_options: [],
            },
            'k-embed': { id: 'k-embed', family: 'text-embedding', limit: { context: 10, output: 768 } },
            'k-hear': { id: 'k-hear', modalities: { input: ['audio'], output: ['text'] } },
            'k-base': { id: 'k-base', base_model: 'x/y' },
          },
        },
        azure: { models: { 'gpt-4o': { id: 'gpt-4o' } } },
      },
      origin,
    ); // prettier-ignore
    assert.deepEqual(feed.map(({ ids, vendor, facts }) => [ids, vendor, facts.kind, facts.context, facts.maxOutput]), [
      [['k-1'], 'moonshot', 'completion', 10, undefined],
      [['k-embed'], 'moonshot', 'embedding', 10, undefined],
      [['k-hear'], 'moonshot', 'transcription', undefined, undefined],
      [['k-base'], 'moonshot', 'completion', undefined, undefined],
    ]); // prettier-ignore
    assert.deepEqual(feed[0]?.facts.prices, { input: 1.5, output: 2, cacheRead: 0.1, cacheWrite: undefined });
    assert.deepEqual(
      [feed[0]?.facts.released, feed[0]?.facts.lifecycle],
      [undefined, { status: 'deprecated' }],
    );
  });

  it('LiteLLM: prices per token become prices per million, a provider before the id is removed, the specimen is no model', () => {
    const feed = readLiteLlm(
      {
        sample_spec: { litellm_provider: 'one of …', max_tokens: 'a text', mode: 'chat' },
        'gemini/g-1': { litellm_provider: 'gemini', mode: 'chat', input_cost_per_token: 1.1e-7, output_cost_per_token: 4e-7, max_input_tokens: 100, max_output_tokens: '8', supports_reasoning: true, supports_vision: true, supports_pdf_input: false, deprecation_date: '2026-04-30' },
        'g-1': { litellm_provider: 'vertex_ai', mode: 'chat' },
        'e-1': { litellm_provider: 'openai', mode: 'embedding', output_vector_size: 3 },
        'pic-1': { litellm_provider: 'openai', mode: 'image_generation' },
      },
      origin,
    ); // prettier-ignore
    assert.deepEqual(feed.map(({ ids, vendor }) => [...ids, vendor]), [['g-1', 'google'], ['e-1', 'openai']]); // prettier-ignore
    const { prices, lifecycle, context, maxOutput, reasoning } = feed[0]?.facts ?? {};
    assert.deepEqual(
      [prices?.input, prices?.output, context, maxOutput, reasoning],
      [0.11, 0.4, 100, undefined, true],
    );
    assert.deepEqual(lifecycle, { status: 'retired', shutdown: '2026-04-30' });
    assert.deepEqual(feed[0]?.facts.alsoInput, ['image']);
  });

  it('model-eol: a shutdown before the feed’s date is retired, an announced one deprecated; without dates there is no status', () => {
    const entry = (id: string, more: object): object => ({ id, source: 'https://example.org/eol', ...more });
    const feed = readModelEol(
      {
        spec: 'model-eol/0.1', publisher: 'acme', generated: '2026-05-05T10:00:00Z',
        models: [
          entry('a', { aliases: ['a-0'], announced: '2026-01-01', shutdown: '2026-05-05', replacement: 'b' }),
          entry('b', { shutdown: '2026-05-06', distributions: [{ via: 'cloud', shutdown: '2026-07-01' }, { via: 'shop' }] }),
          entry('c', { announced: null, shutdown: '2026-05' }),
        ],
      },
      origin,
    ); // prettier-ignore
    assert.deepEqual(feed.map(({ ids, facts }) => [ids.join(), facts.lifecycle?.status, facts.lifecycle?.shutdown]), [
      ['a,a-0', 'retired', '2026-05-05'],
      ['b', 'deprecated', '2026-05-06'],
      ['c', undefined, undefined],
    ]); // prettier-ignore
    assert.deepEqual([feed[0]?.checked, feed[0]?.source], ['2026-05-05', 'https://example.org/eol']);
    const cloud = { via: 'cloud', shutdown: '2026-07-01', source: 'https://example.org/eol' };
    assert.deepEqual(feed.map(({ facts }) => facts.lifecycle?.distributors), [undefined, [cloud], undefined]); // prettier-ignore
  });

  it('model-eol: the earliest day is no day of shutdown, at the vendor or a distributor, and ends nothing', () => {
    const [feed] = readModelEol(
      {
        spec: 'model-eol/0.1', publisher: 'acme', generated: '2026-05-05',
        models: [{
          id: 'acme-1', shutdown: '2026-05-01', date_precision: 'earliest', source: 'https://example.org/eol',
          distributions: [{ via: 'cloud', shutdown: '2026-07-01', date_precision: 'earliest' }],
        }],
      },
      origin,
    ); // prettier-ignore
    assert.ok(feed !== undefined);
    const { status, shutdown, notBefore, distributors } = feed.facts.lifecycle ?? {};
    assert.deepEqual([status, shutdown, notBefore], [undefined, undefined, '2026-05-01']);
    assert.deepEqual(distributors, [
      { via: 'cloud', notBefore: '2026-07-01', source: 'https://example.org/eol' },
    ]);
    const { registry } = applied(texts(), planImport(small.registry, [feed]));
    const after = registry.models.find(({ id }) => id === 'acme-1');
    assert.ok(after !== undefined);
    assert.deepEqual([after.lifecycle.status, after.lifecycle.shutdown], ['active', undefined]);
    assert.equal(lifecycleWith(after, otherServers(registry), 'cloud').shutdown, undefined);
    const days = listRetirements(registry).filter((each) => each.model === 'acme-1');
    assert.deepEqual(
      days.map((each) => [each.shutdown, each.earliest, each.distributor]),
      [
        ['2026-05-01', true, undefined],
        ['2026-07-01', true, 'cloud'],
      ],
    );
  });

  it('anything else is FEED_INVALID, with what was expected', () => {
    for (const read of [readModelsDev, readLiteLlm, readModelEol]) {
      for (const value of [null, [], 5, { a: 1 }, { spec: 'model-eol/0.2', publisher: 'x', models: [] }])
        assert.throws(() => read(value, origin), { code: 'FEED_INVALID' });
    }
  });
});

describe('an audit', () => {
  const differing = (lifecycle: NonNullable<FeedModel['facts']['lifecycle']>, id = 'acme-2'): string[] =>
    auditEnds(small.registry, [said(id, { lifecycle }), said('acme-9', { lifecycle: { shutdown: '2026-01-01' } })])
      .differences.map(({ model: of, field, here, there }) => `${of} ${field}: ${here} / ${there}`); // prettier-ignore

  it('finds every end that a feed tells otherwise, and none where both agree', () => {
    const same = { announced: '2026-01-01', shutdown: '2027-01-01', replacement: 'acme-3' };
    assert.deepEqual(differing(same), []);
    for (const [field, here] of Object.entries(same))
      for (const there of ['2026-02-02', undefined])
        assert.deepEqual(differing({ ...same, [field]: there }), [
          `acme-2 ${field}: ${here} / ${there ?? null}`,
        ]);
    const earliest = { ...same, shutdown: undefined, notBefore: '2027-01-01' };
    assert.deepEqual(differing(earliest), ['acme-2 shutdown: 2027-01-01 / not before 2027-01-01']);
    assert.deepEqual(differing({ shutdown: '2027-01-01' }, 'acme-1'), ['acme-1 shutdown: null / 2027-01-01']);
    const distributors = [{ via: 'cloud', shutdown: '2027-02-01', source: 'https://example.org' }];
    assert.deepEqual(differing({ ...same, distributors }), ['acme-2 cloud: null / 2027-02-01']);
  });

  it('takes an earliest day for the day of what is over, and other names for the same model', () => {
    const gone = { notBefore: '2025-01-01', replacement: 'acme-left' };
    assert.deepEqual(differing(gone, 'acme-gone-0'), []);
  });

  it('names the ends that the feed does not list, and dates without a quotation; of vendors that it tells ends of', () => {
    const about = (feed: FeedModel[]): unknown => {
      const { compared, unlisted, unquoted } = auditEnds(small.registry, feed);
      return [compared, unlisted, unquoted];
    };
    const dated = ['acme-2', 'acme-gone'];
    assert.deepEqual(about([said('acme-1', { lifecycle: { shutdown: '2027-01-01' } })]), [1, dated, dated]);
    assert.deepEqual(about([said('acme-1', { context: 5 })]), [0, [], []]);
  });
});

test('no feed makes a pair routable', () => {
  const gone = model('acme-x', 'lifecycle: { status: withdrawn }');
  const before = texts({ 'more.yaml': `schema: 1\nmodels:\n${gone}\n` });
  const registry = loaded({ 'more.yaml': `schema: 1\nmodels:\n${gone}\n` });
  const feed = registry.registry.models.map(({ id, vendor }) =>
    said(id, { context: 1, tools: true, lifecycle: { status: 'active', shutdown: '2099-01-01' } }, vendor),
  );
  const plan = planImport(registry.registry, feed, { add: true });
  assertNothingRevived(registry, applied(before, plan));
});

/** A folder with public feeds, where somebody names one. They are tried in addition to the specimens above. */
const dataFolder = process.env['DROVER_TEST_FEEDS'];

test('public feeds, where a folder has some, give a well-formed registry and revive nothing', () => {
  const before = readRegistryFolder(builtInFolder);
  const builtIn = loadRegistry(before);
  assert.ok(builtIn.kind === 'ok');
  for (const [read, path] of publicFeeds()) {
    const feed = read(JSON.parse(readFileSync(path, 'utf8')), origin);
    for (const add of [false, true]) {
      const plan = planImport(builtIn.registry, feed, { add });
      assertNothingRevived(builtIn, applied(before, plan));
      assert.ok(describeImport(plan).length > 0);
    }
  }
});

function publicFeeds(): [typeof readModelsDev, string][] {
  if (dataFolder === undefined) return [];
  const eol = join(dataFolder, 'model-eol');
  const found = existsSync(eol) ? readdirSync(eol).filter((name) => name.endsWith('.json')) : [];
  const api = join(dataFolder, 'models-dev', 'api.json');
  return [
    ...found.map((name): [typeof readModelsDev, string] => [readModelEol, join(eol, name)]),
    ...(existsSync(api) ? [[readModelsDev, api] as [typeof readModelsDev, string]] : []),
  ];
}
