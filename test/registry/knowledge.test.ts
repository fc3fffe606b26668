/** Knowledge of the registry: a database without columns for limits and dates gets the findings of one that has them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareModels } from '../../src/engine/models/compatibility.ts';
import { namedModel } from '../../src/engine/models/model.ts';
import type { ModelFacts } from '../../src/engine/models/model.ts';
import { modelOfKnowledge, withKnowledge } from '../../src/engine/models/knowledge.ts';
import type { KnownFactNames } from '../../src/engine/models/knowledge.ts';
import { rankTargets } from '../../src/engine/models/suggest.ts';
import { finish } from '../../src/registry/load/load.ts';
import { isEnding } from '../../src/engine/models/lifecycle.ts';
import { modelFromText } from '../../src/engine/models/select.ts';
import { knowledgeOf } from '../../src/registry/known/knowledge.ts';
import { entry } from './model-entry.ts';

const loaded = finish({
  version: 'test',
  levels: {},
  providers: [
    { id: 'reseller', label: 'R', protocol: 'openai-chat', payer: 'tenant', secrets: [], matchers: [] },
  ],
  runtimes: [],
  models: [
    entry('owl-1', {
      aliases: ['owl-one'],
      context: 200_000,
      input: ['text', 'image'],
      prices: { input: 1, output: 2 },
      lifecycle: {
        status: 'deprecated',
        announced: '2026-06-01',
        shutdown: '2026-12-01',
        replacement: 'owl-2',
        distributors: [{ via: 'cloud', shutdown: '2027-03-01', source: 'https://example.org/cloud' }],
      },
    }),
    entry('owl-2', { context: 100_000, input: ['text'], prices: { input: 5, output: 9 } }),
    entry('owl-3', { context: 300_000 }),
    entry('owl-retired', { lifecycle: { status: 'retired' } }),
    entry('owl-withdrawn', { lifecycle: { status: 'withdrawn' } }),
  ],
});
const knowledge = knowledgeOf(loaded);

function row(name: string, more: Partial<ModelFacts> = {}): ModelFacts {
  return { ...namedModel({ kind: 'completion', key: name, components: { name } }), ...more };
}

function known(model: ModelFacts, said: KnownFactNames = new Set()): ModelFacts {
  return withKnowledge(model, { knowledge, said });
}

describe('what the registry knows of a model', () => {
  it('fills in what the database has no column for', () => {
    const model = known(row('owl-1'));
    assert.deepEqual(
      [model.context, model.capabilities, model.shutdown, model.priceIn, model.deprecated],
      [200_000, { vision: true, audio: false }, '2026-12-01', 1, true],
    );
  });

  it('keeps what the row says, and fills in what the row leaves empty', () => {
    const said = new Set(['context', 'vision', 'audio']);
    const model = known(row('owl-1', { context: 8_000, capabilities: { vision: false } }), said);
    assert.deepEqual([model.context, model.capabilities], [8_000, { vision: false, audio: false }]);
    assert.equal(known(row('owl-1'), said).context, 200_000);
  });

  it('counts for the end of a model beside the row: the earlier day holds, and both are told', () => {
    const said = new Set(['shutdown', 'announced']);
    const end = ({ shutdown, announced, deprecated, retired, lifecycle }: ModelFacts): unknown[] => [
      shutdown,
      announced,
      deprecated,
      retired,
      (lifecycle ?? []).map(({ by, shutdown: day }) => `${by} ${day ?? '-'}`),
    ];
    const alone = ['registry 2026-12-01'];
    assert.deepEqual(end(known(row('owl-1'), said)), ['2026-12-01', '2026-06-01', true, false, alone]);
    const later = known(row('owl-1', { shutdown: '2027-01-01' }), said);
    const both = ['database 2027-01-01', 'registry 2026-12-01'];
    assert.deepEqual(end(later), ['2026-12-01', '2026-06-01', true, false, both]);
    const earlier = known(row('owl-1', { shutdown: '2026-09-09', retired: true }), said);
    const first = ['database 2026-09-09', 'registry 2026-12-01'];
    assert.deepEqual(end(earlier), ['2026-09-09', '2026-06-01', true, true, first]);
    assert.deepEqual(end(known(row('owl-2'), said)), [undefined, undefined, false, false, []]);
  });

  it('makes a model retired that it calls retired or withdrawn, whatever the row says, and is named as the reason', () => {
    for (const name of ['owl-retired', 'owl-withdrawn']) {
      const gone = known(row(name));
      assert.equal(gone.retired, true, name);
      const [finding] = compareModels(row('owl-1'), gone, { today: '2026-11-21' });
      assert.equal(finding?.code, 'TARGET_RETIRED');
      assert.match(finding?.message ?? '', /is retired, says the registry\.$/);
    }
    const [own] = compareModels(row('owl-1'), known(row('owl-2', { retired: true })), {});
    assert.match(own?.message ?? '', /is retired\.$/);
  });

  it('has the dates of a distributor, none for another known provider, and the vendor’s for any other name', () => {
    const via = (provider: string): unknown[] => {
      const { shutdown, deprecated } = known(row('owl-1', { components: { name: 'owl-1', provider } }));
      return [shutdown, deprecated];
    };
    assert.deepEqual(via('Cloud'), ['2027-03-01', true]);
    assert.deepEqual(via('reseller'), [undefined, false]);
    for (const vendor of ['acme', 'Our Acme', ''])
      assert.deepEqual(via(vendor), ['2026-12-01', true], vendor);
    const whose = (provider: string): unknown => {
      const { lifecycle = [] } = known(row('owl-1', { components: { name: 'owl-1', provider } }));
      return lifecycle.map(({ by, vendor = '' }) => `${by} ${vendor}`);
    };
    assert.deepEqual(
      ['Our Acme', 'azure', 'Acme', 'Cloud', ''].map((provider) => [provider, whose(provider)]),
      [
        ['Our Acme', ['registry acme']],
        ['azure', ['registry acme']],
        ['Acme', ['registry ']],
        ['Cloud', ['registry ']],
        ['', ['registry ']],
      ],
      'a name that nobody knows may be another provider: whose days they are is said',
    );
  });

  it('lists the models, also for configurations without a table of models', () => {
    const ending = knowledge.models('completion').map((one) => modelOfKnowledge('completion', one));
    assert.deepEqual(
      ending.filter(isEnding).map(({ components }) => components['name']),
      ['owl-1', 'owl-retired', 'owl-withdrawn'],
    );
    assert.deepEqual(knowledge.models('embedding'), []);
  });

  it('gives no price where the database has prices: they may be in another currency', () => {
    assert.equal(known(row('owl-1'), new Set(['price_in'])).priceOut, undefined);
  });

  it('finds a model by id, alias and vendor/id, and not by another vendor or kind', () => {
    assert.equal(known(row('owl-one')).context, 200_000);
    assert.equal(known(row('acme/owl-1')).context, 200_000);
    assert.equal(known(row('other/owl-1')).context, undefined);
    assert.equal(known(row('owl-1', { kind: 'embedding' })).context, undefined);
    assert.equal(known(row('owl-11')).context, undefined);
  });

  it('makes the findings that the columns would make', () => {
    const codes = compareModels(known(row('owl-1')), known(row('owl-2')), { today: '2026-11-21' }).map(
      ({ code }) => code,
    );
    assert.ok(codes.includes('CONTEXT_LOWER'), codes.join());
    assert.deepEqual(compareModels(row('owl-1'), row('owl-2'), { today: '2026-11-21' }), []);
  });

  it('makes suggestions put the vendor’s replacement first', () => {
    const names = (models: ModelFacts[]): (string | undefined)[] =>
      rankTargets(models[0] ?? row('?'), models, { today: '2026-11-21' }).map(
        ({ model }) => model.components['name'],
      );
    const rows = ['owl-1', 'owl-3', 'owl-2'].map((name) => row(name));
    assert.deepEqual(names(rows.map((one) => known(one, new Set(['context', 'vision'])))), [
      'owl-2',
      'owl-3',
    ]);
    assert.deepEqual(names(rows), ['owl-2', 'owl-3'].toSorted());
  });

  it('names a provider where one was left out', () => {
    const config = { model: { identity: ['provider', 'name'] } };
    const said = (text: string): string => {
      const selection = modelFromText(config, { kind: 'completion', text, knowledge });
      return 'refused' in selection ? selection.message : '';
    };
    assert.match(said('owl-1'), /write provider\/name, such as \w+\/owl-1, because/);
    assert.match(said('wren'), /write provider\/name, because/);
  });
});
