/** Facts of assets for tests: one that a successor fits, changed where a test needs it, and random ones. */
import fc from 'fast-check';
import type { AssetFacts } from '../../../src/engine/assess/facts.ts';
import type { SurveySettings } from '../../../src/engine/assess/recommend.ts';

export const settings: SurveySettings = { today: '2026-12-01', horizon: '2027-05-30', useDays: 90 };

/** Ninety days before today. */
export const useBegins = '2026-09-02';

export function asset(change: Partial<AssetFacts> = {}): AssetFacts {
  return {
    table: 'public.agents',
    key: '1',
    kind: 'agents',
    name: 'Desk',
    source: 'old',
    dead: false,
    dependents: 0,
    uses: 12,
    lastUse: '2026-11-30',
    created: '2026-01-05',
    dataBound: false,
    ends: '2026-12-31',
    elsewhere: null,
    target: 'new',
    errors: [],
    asked: false,
    capabilitiesLost: [],
    contextLower: false,
    parameters: 'kept',
    priceOver: false,
    otherVendor: null,
    ...change,
  };
}

const day = fc.constantFrom('2026-01-05', '2026-09-01', useBegins, '2026-12-01', '2027-05-30', '2027-05-31');
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const names = fc.subarray(['audio', 'tools', 'vision']);

export const anyAsset: fc.Arbitrary<AssetFacts> = fc.record({
  table: fc.constantFrom('public.agents', 'public.flows'),
  key: fc.integer({ min: 1, max: 999 }).map(String),
  kind: fc.constantFrom('agents', 'flows'),
  name: orNull(fc.string()),
  source: fc.constantFrom('old', 'older'),
  dead: fc.boolean(),
  dependents: fc.nat(3),
  uses: orNull(fc.constantFrom(0, 1, 9, 10, 99, 100, 5000)),
  lastUse: orNull(day),
  created: orNull(day),
  dataBound: fc.boolean(),
  ends: orNull(day),
  elsewhere: orNull(fc.constant('azure/old')),
  target: orNull(fc.constantFrom('new', 'newer')),
  errors: fc.subarray(['MODEL_RETIRED', 'TARGET_DENIED']),
  asked: fc.boolean(),
  capabilitiesLost: orNull(names),
  contextLower: orNull(fc.boolean()),
  parameters: orNull(fc.constantFrom('kept', 'changed', 'dropped')),
  priceOver: orNull(fc.boolean()),
  otherVendor: orNull(fc.constant('other/new')),
});
