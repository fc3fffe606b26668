/** Each fact about two models makes one finding of one severity, and nothing else makes one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CompareLimits, compareModels } from '../../src/engine/models/compatibility.ts';
import { type ModelFacts, namedModel } from '../../src/engine/models/model.ts';

const plain = namedModel({
  kind: 'completion',
  components: { name: 'old', family: 'f', provider: 'p' },
});

interface Case {
  readonly source?: Partial<ModelFacts>;
  readonly target?: Partial<ModelFacts>;
  readonly limits?: CompareLimits;
  /** `severity CODE`, with `!` where force passes it. */
  readonly found: readonly string[];
}

const today = { today: '2026-11-21' };
const cases: Readonly<Record<string, Case>> = {
  'nothing about equal models': { found: [] },
  'target disabled': { target: { enabled: false }, found: ['error TARGET_DISABLED'] },
  'target retired': { target: { retired: true }, found: ['error TARGET_RETIRED'] },
  'target shut down yesterday': {
    target: { shutdown: '2026-11-20' },
    limits: today,
    found: ['error TARGET_PAST_SHUTDOWN'],
  },
  'target shut down today, with a time': {
    target: { shutdown: '2026-11-21T23:00:00Z' },
    limits: today,
    found: ['error TARGET_PAST_SHUTDOWN'],
  },
  'target to be shut down tomorrow': { target: { shutdown: '2026-11-22' }, limits: today, found: [] },
  'a shutdown date without a day to compare with': { target: { shutdown: '2000-01-01' }, found: [] },
  'provider without credentials': { target: { providerUsable: false }, found: ['error PROVIDER_UNUSABLE'] },
  'nobody knows about the provider': { source: { providerUsable: true }, found: [] },
  'security class lower': {
    source: { security: 2 },
    target: { security: 1 },
    found: ['error SECURITY_LOWER!'],
  },
  'security class unknown': { source: { security: 0 }, found: ['error SECURITY_LOWER!'] },
  'security class higher, or not asked for': { source: { security: 1 }, target: { security: 2 }, found: [] },
  'security class of the target only': { target: { security: 2 }, found: [] },
  'embedding model': {
    source: { kind: 'embedding' },
    target: { kind: 'embedding' },
    found: ['error EMBEDDING_MODEL'],
  },
  'target deprecated': {
    target: { deprecated: true, shutdown: '2027-01-01' },
    limits: today,
    found: ['warning TARGET_DEPRECATED'],
  },
  'limits lower': {
    source: { context: 200_000, output: 8192 },
    target: { context: 199_999, output: 4096 },
    found: ['warning CONTEXT_LOWER', 'warning OUTPUT_LOWER'],
  },
  'limits equal, higher or unknown': { source: { context: 1, output: 1 }, target: { context: 1 }, found: [] },
  'other family': { target: { components: { name: 'new', family: 'g' } }, found: ['warning FAMILY_DIFFERS'] },
  'no family': { target: { components: { name: 'new' } }, found: [] },
  'capabilities lost': {
    source: { capabilities: { vision: true, tools: true, audio: false, reasoning: true } },
    target: { capabilities: { vision: false, reasoning: true, structured: true } },
    found: ['warning CAPABILITY_LOST', 'warning CAPABILITY_LOST'],
  },
  'price above the limit': {
    source: { priceIn: 1, priceOut: 5 },
    target: { priceIn: 2.5, priceOut: 10 },
    limits: { priceLimit: 2 },
    found: ['warning PRICE_HIGHER'],
  },
  'price of what was free': {
    source: { priceIn: 0 },
    target: { priceIn: 1 },
    limits: { priceLimit: 10 },
    found: ['warning PRICE_HIGHER'],
  },
  'price without a limit': { source: { priceIn: 1 }, target: { priceIn: 100 }, found: [] },
  'other region': { source: { region: 'eu' }, target: { region: 'us' }, found: ['warning REGION_CHANGES'] },
  'region unknown': { source: { region: 'eu' }, found: ['warning REGION_CHANGES'] },
  'region of the target only': { target: { region: 'us' }, found: [] },
  'a source that is on its way out': {
    source: {
      enabled: false,
      deprecated: true,
      retired: true,
      shutdown: '2020-01-01',
      providerUsable: false,
    },
    limits: today,
    found: ['info SOURCE_DISABLED', 'info SOURCE_DEPRECATED', 'info SOURCE_RETIRED'],
  },
};

describe('comparing models', () => {
  for (const [name, { source, target, limits, found }] of Object.entries(cases)) {
    it(name, () => {
      const findings = compareModels({ ...plain, ...source }, { ...plain, ...target }, limits ?? {});
      assert.deepEqual(
        findings.map(
          ({ severity, code, forceable }) => `${severity} ${code}${forceable === true ? '!' : ''}`,
        ),
        found,
      );
    });
  }

  it('never refuses because of the lifecycle of the source', () => {
    const lifecycle = fc.record({
      enabled: fc.boolean(),
      deprecated: fc.boolean(),
      retired: fc.boolean(),
      shutdown: fc.constantFrom('2000-01-01', '2030-01-01'),
      providerUsable: fc.boolean(),
    });
    fc.assert(
      fc.property(lifecycle, (source) => {
        const findings = compareModels({ ...plain, ...source }, plain, today);
        assert.ok(findings.every(({ severity }) => severity === 'info'));
      }),
    );
  });

  it('names the way out for an embedding model, and force does not pass it', () => {
    const [finding] = compareModels({ ...plain, kind: 'embedding' }, plain, {});
    assert.match(finding?.message ?? '', /embed every document again/);
    assert.equal(finding?.forceable, undefined);
  });
});
