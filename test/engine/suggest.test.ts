/** The best target comes first, with its reasons. A model that cannot be chosen never does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ModelFacts } from '../../src/engine/models/model.ts';
import { rankTargets } from '../../src/engine/models/suggest.ts';

const source: ModelFacts = {
  kind: 'completion',
  key: 'source',
  components: { name: 'old', family: 'sonnet', provider: 'anthropic' },
  enabled: false,
  deprecated: true,
  retired: false,
  capabilities: { vision: true, tools: true, audio: false },
  context: 200_000,
  output: 64_000,
  priceIn: 3,
  priceOut: 15,
  region: 'eu',
  security: 1,
  shutdown: '2026-02-19',
};

function model(key: string, change: Partial<ModelFacts> = {}): ModelFacts {
  const { shutdown: _, ...rest } = source;
  return {
    ...rest,
    key,
    components: { ...source.components, name: key },
    enabled: true,
    deprecated: false,
    ...change,
  };
}

const today = { today: '2026-11-21' };
const order = (...candidates: ModelFacts[]): string[] =>
  rankTargets(source, candidates, today).map((one) => one.model.key ?? '');
const otherFamily = { name: 'x', family: 'gpt', provider: 'anthropic' };
const otherProvider = { name: 'x', family: 'gpt', provider: 'openai' };

describe('the ranking of targets', () => {
  const worse: Readonly<Record<string, Partial<ModelFacts>>> = {
    'another family': { components: otherFamily },
    'a lost capability': { capabilities: { vision: true } },
    'a smaller context': { context: 100_000 },
    'a smaller output': { output: 1000 },
    'a higher price': { priceOut: 60 },
    'another region': { region: 'us' },
    'a deprecated one': { deprecated: true },
    'one that is shut down within a year': { shutdown: '2027-03-01' },
    'a disabled one': { enabled: false },
    'a retired one': { retired: true },
    'one without credentials': { providerUsable: false },
    'a lower security class': { security: 0 },
  };
  for (const [what, change] of Object.entries(worse))
    it(`puts ${what} behind`, () => assert.deepEqual(order(model('a', change), model('b')), ['b', 'a']));

  it('puts another provider behind another family of the same provider', () => {
    const two = [model('a', { components: otherProvider }), model('b', { components: otherFamily })];
    assert.deepEqual(order(...two), ['b', 'a']);
  });

  it('puts the successor of its row or vendor before all points, unless the successor ends itself', () => {
    const advised = { ...source, successors: [['far'], ['next']] };
    const far = (change: Partial<ModelFacts> = {}): ModelFacts =>
      model('far', { components: { ...otherProvider, name: 'far' }, priceIn: 30, context: 1000, ...change });
    const keys = (from: ModelFacts, ...all: ModelFacts[]): string[] =>
      rankTargets(from, all, today).map((one) => one.model.key ?? '');
    assert.deepEqual(keys(advised, model('a'), far()), ['far', 'a']);
    assert.deepEqual(keys(advised, model('a'), far({ shutdown: '2027-06-01' })), ['a', 'far']);
    assert.deepEqual(keys({ ...source, successor: 'far' }, model('a'), far()), ['far', 'a']);
    const [first] = rankTargets(
      { ...advised, lifecycle: [{ by: 'registry', status: 'retired', page: 'https://example.org/ends' }] },
      [far()],
      today,
    );
    const [advice] = first?.reasons ?? [];
    assert.equal(advice?.message, 'Its vendor recommends it, says the registry (https://example.org/ends).');
  });

  it('puts a model that ends within a quarter last, and says who says so', () => {
    const told = {
      shutdown: '2026-11-30',
      lifecycle: [{ by: 'registry' as const, status: 'active' as const, shutdown: '2026-11-30' }],
    };
    const plain = model('b', { components: otherFamily, capabilities: { vision: true } });
    assert.deepEqual(order(model('a', told), plain), ['b', 'a']);
    const [only] = rankTargets(source, [model('a', told)], today);
    assert.match(only?.reasons.at(-1)?.message ?? '', /down on 2026-11-30, says the registry\.$/);
  });

  it('leaves out the source itself and other kinds', () => {
    assert.deepEqual(order(source, model('a'), model('b', { kind: 'embedding' })), ['a']);
  });

  it('breaks a tie by the newest row, then by name', () => {
    const at = (updated: string): Partial<ModelFacts> => ({ updated });
    assert.deepEqual(order(model('a', at('2026-01-01')), model('b', at('2026-02-01'))), ['b', 'a']);
    assert.deepEqual(order(model('b'), model('a')), ['a', 'b']);
  });

  it('says why, and the points add up to the score', () => {
    const [best] = rankTargets(source, [model('a', { priceOut: 30 })], today);
    const codes = best?.reasons.map(({ code }) => code);
    assert.deepEqual(codes, [
      'SAME_FAMILY',
      'SAME_PROVIDER',
      'CAPABILITIES_KEPT',
      'CONTEXT_KEPT',
      'OUTPUT_KEPT',
      'PRICE_HIGHER',
      'SAME_REGION',
      'STAYS',
    ]);
    assert.equal(
      best?.score,
      best?.reasons.reduce((sum, { points }) => sum + points, 0),
    );
  });

  const flag = fc.boolean();
  const size = fc.option(fc.integer({ min: 1, max: 400_000 }), { nil: undefined });
  const price = fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined });
  const candidate = fc.record(
    { enabled: flag, retired: flag, deprecated: flag, context: size, priceIn: price, priceOut: price },
    { requiredKeys: ['enabled', 'retired', 'deprecated'] },
  );

  it('never depends on the order of the candidates, and never puts a forbidden one before an allowed one', () => {
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 8 }), (changes) => {
        const defined = changes.map(
          (change) =>
            Object.fromEntries(
              Object.entries(change).filter(([, value]) => value !== undefined),
            ) as Partial<ModelFacts>,
        );
        const models = defined.map((change, at) => model(`m${at}`, change));
        const ranked = rankTargets(source, models, today);
        assert.deepEqual(
          order(...models.toReversed()),
          ranked.map((one) => one.model.key),
        );
        const forbidden = ranked.map(({ findings }) => findings.some(({ severity }) => severity === 'error'));
        const first = forbidden.indexOf(true);
        assert.ok(first < 0 || forbidden.slice(first).every(Boolean));
      }),
    );
  });
});
