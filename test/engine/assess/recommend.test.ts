/** Every asset gets a recommendation, the first that fits, and what nobody knows makes it less sure and never another one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { groupName, groupsOf } from '../../../src/engine/assess/review.ts';
import type { Assessed } from '../../../src/engine/assess/review.ts';
import type { AssetFacts, FactName } from '../../../src/engine/assess/facts.ts';
import { changedFacts } from '../../../src/engine/assess/facts.ts';
import { recommend, rulesTable } from '../../../src/engine/assess/recommend.ts';
import { sha256 } from '../../../src/postgres/catalogue/digest.ts';
import { anyAsset, asset, settings, useBegins } from './asset.ts';
import { rulesAreTotal } from './properties.ts';

const short = (facts: AssetFacts): string => {
  const { strategy, confidence, rule } = recommend(facts, settings);
  return `${strategy} ${confidence} ${rule}`;
};

const noTarget = {
  target: null,
  capabilitiesLost: null,
  contextLower: null,
  priceOver: null,
  parameters: null,
};

/** Decided by hand, by the table of the specification. */
const byHand: readonly (readonly [Partial<AssetFacts>, string])[] = [
  [{ dead: true }, 'retire 90 1'],
  [{ dead: true, uses: null }, 'retire 90 1'],
  [{ dead: true, dataBound: true }, 'retire 90 1'],
  [{ dead: true, ends: null }, 'retire 90 1'],
  [{ dead: true, ...noTarget }, 'retire 90 1'],
  [{ dead: true, dependents: 1 }, 'replatform 95 6'],
  [{ dead: true, dependents: 1, uses: 0 }, 'replatform 95 6'],
  [{ uses: 0 }, 'retire 70 2'],
  [{ uses: 0, lastUse: null }, 'retire 70 2'],
  [{ uses: 0, lastUse: '2026-01-07' }, 'retire 70 2'],
  [{ uses: 0, dataBound: true }, 'retire 70 2'],
  [{ uses: 0, ends: null }, 'retire 70 2'],
  [{ uses: 0, elsewhere: 'azure/old' }, 'retire 70 2'],
  [{ uses: 0, dependents: 1 }, 'replatform 95 6'],
  [{ uses: 0, created: '2026-09-01' }, 'retire 70 2'],
  [{ uses: 0, created: useBegins }, 'replatform 95 6'],
  [{ uses: 0, created: '2026-11-30' }, 'replatform 95 6'],
  [{ uses: 0, created: null }, 'replatform 95 6'],
  [{ uses: null }, 'replatform 95 6'],
  [{ uses: 1 }, 'replatform 95 6'],
  [{ dataBound: true }, 'refactor 90 3'],
  [{ dataBound: true, ends: null }, 'refactor 90 3'],
  [{ dataBound: true, elsewhere: 'azure/old' }, 'refactor 90 3'],
  [{ dataBound: true, ...noTarget }, 'refactor 90 3'],
  [{ ends: null }, 'retain 70 4'],
  [{ ends: '2027-05-30' }, 'replatform 95 6'],
  [{ ends: '2027-05-31' }, 'retain 80 4'],
  [{ ends: '2030-01-01', elsewhere: 'azure/old' }, 'retain 80 4'],
  [{ ends: '2030-01-01', ...noTarget }, 'retain 80 4'],
  [{ ends: '2026-01-01' }, 'replatform 95 6'],
  [{ elsewhere: 'azure/old' }, 'rehost 95 5'],
  [{ elsewhere: 'azure/old', ...noTarget }, 'rehost 95 5'],
  [{ elsewhere: 'azure/old', errors: ['TARGET_DENIED'] }, 'rehost 95 5'],
  [{ elsewhere: 'azure/old', parameters: 'dropped' }, 'rehost 95 5'],
  [{ parameters: 'changed' }, 'replatform 85 6'],
  [{ parameters: 'dropped' }, 'replatform 75 6'],
  [{ parameters: null }, 'replatform 85 6'],
  [{ priceOver: true }, 'replatform 65 6'],
  [{ priceOver: true, parameters: 'changed' }, 'replatform 65 6'],
  [{ priceOver: true, parameters: 'dropped' }, 'replatform 65 6'],
  [{ priceOver: null }, 'replatform 85 6'],
  [{ priceOver: null, parameters: 'dropped' }, 'replatform 65 6'],
  [{ capabilitiesLost: null }, 'replatform 85 6'],
  [{ contextLower: null }, 'replatform 85 6'],
  [{ capabilitiesLost: null, contextLower: null }, 'replatform 75 6'],
  [{ capabilitiesLost: null, contextLower: null, parameters: null, priceOver: null }, 'replatform 55 6'],
  [{ asked: true }, 'replatform 95 6'],
  [{ capabilitiesLost: ['vision'] }, 'refactor 70 7'],
  [{ capabilitiesLost: ['tools', 'vision'], contextLower: null }, 'refactor 60 7'],
  [{ contextLower: true }, 'refactor 70 7'],
  [{ contextLower: true, capabilitiesLost: null }, 'refactor 60 7'],
  [{ errors: ['TARGET_DENIED'] }, 'refactor 70 7'],
  [{ errors: ['TARGET_DENIED'], capabilitiesLost: null, contextLower: null }, 'refactor 50 7'],
  [{ errors: ['TARGET_DENIED'], otherVendor: 'other/new' }, 'refactor 70 7'],
  [{ capabilitiesLost: ['vision'], priceOver: true, parameters: 'dropped' }, 'refactor 70 7'],
  [{ ...noTarget, otherVendor: 'other/new' }, 'repurchase 50 8'],
  [{ ...noTarget, otherVendor: 'other/new', uses: null }, 'repurchase 50 8'],
  [{ ...noTarget }, 'refactor 30 9'],
  [{ ...noTarget, uses: null, created: null }, 'refactor 30 9'],
  [{ ...noTarget, dependents: 5 }, 'refactor 30 9'],
];

const canBeNull: readonly FactName[] = [
  'uses', 'lastUse', 'created', 'ends', 'elsewhere', 'target', 'capabilitiesLost', 'contextLower', 'parameters', 'priceOver',
  'otherVendor', 'name',
]; // prettier-ignore

describe('what is recommended', () => {
  it('is what somebody would say by hand, for sixty assets', () => {
    assert.equal(byHand.length, 60);
    const wrong = byHand.flatMap(([change, expected]) => {
      const got = short(asset(change));
      return got === expected ? [] : [`${JSON.stringify(change)}: ${got}, not ${expected}`];
    });
    assert.deepEqual(wrong, []);
  });

  it('is one of the six for any facts, at least a tenth sure, with what was read, and for the same facts the same', () =>
    rulesAreTotal(2000, 20_261_201));

  it('is never more sure for knowing less', () => {
    const sure = recommend(asset(), settings);
    for (const fact of canBeNull) {
      const less = recommend(asset({ [fact]: null }), settings);
      assert.ok(less.confidence <= sure.confidence, fact);
      if (less.rule === sure.rule && sure.reasons.some((reason) => reason.fact === fact))
        assert.equal(less.confidence, sure.confidence - 10, fact);
    }
  });
});

const assessed = (facts: AssetFacts): Assessed => {
  const recommendation = recommend(facts, settings);
  return {
    asset: `${facts.table} ${facts.key}`,
    facts,
    recommendation,
    group: groupName(facts, recommendation, sha256),
    decision: null,
  };
};

describe('groups', () => {
  it('are the same whatever order the rows come in', () => {
    fc.assert(
      fc.property(fc.array(anyAsset, { maxLength: 40 }), (rows) => {
        const text = (all: readonly AssetFacts[]): string =>
          JSON.stringify(groupsOf(all.map(assessed)).map(({ name, members }) => [name, members.length]));
        assert.equal(text(rows), text(rows.toReversed()));
      }),
      { numRuns: 200 },
    );
  });

  it('hold what a reviewer would not tell apart, and no more', () => {
    const group = (change: Partial<AssetFacts>): string => assessed(asset(change)).group;
    for (const same of [
      { key: '2' },
      { name: 'other' },
      { uses: 99 },
      { created: '2026-02-01' },
      { dependents: 2 },
    ])
      assert.equal(group(same), group({}), JSON.stringify(same));
    const others: Partial<AssetFacts>[] = [
      { source: 'older' },
      { target: 'newer' },
      { kind: 'flows' },
      { uses: 100 },
      { uses: 9 },
      { uses: null },
      { parameters: 'changed' },
      { errors: ['TARGET_DENIED'] },
      { asked: true },
      { capabilitiesLost: null },
      { contextLower: null },
      { priceOver: true },
    ];
    const names = others.map(group);
    assert.equal(new Set([...names, group({})]).size, others.length + 1);
  });
});

it('a survey that finds other facts names each with its value before and after', () => {
  assert.deepEqual(changedFacts(asset(), asset({ uses: 40 })), []);
  assert.deepEqual(changedFacts(asset(), asset({ uses: 400, ends: null, errors: ['TARGET_DENIED'] })), [
    { fact: 'uses', before: '12', after: '400' },
    { fact: 'ends', before: '2026-12-31', after: 'unknown' },
    { fact: 'errors', before: 'none', after: 'TARGET_DENIED' },
  ]);
});

it('the guide has the table of the rules as the code has it', () => {
  const guide = readFileSync(new URL('../../../docs/guides/assessments.md', import.meta.url), 'utf8');
  assert.ok(guide.includes(rulesTable()), rulesTable());
});
