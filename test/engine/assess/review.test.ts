/** What a decision needs, and how ready what is decided is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { draftDecision, hasLeftGroup, lacksOf } from '../../../src/engine/assess/review.ts';
import type { Assessed, Decision, DecisionAsked } from '../../../src/engine/assess/review.ts';
import type { AssetFacts } from '../../../src/engine/assess/facts.ts';
import { assetReadiness, readinessOf } from '../../../src/engine/assess/readiness.ts';
import { recommend } from '../../../src/engine/assess/recommend.ts';
import { asset, settings } from './asset.ts';

const { today, horizon } = settings;

const about = (change: Partial<AssetFacts> = {}): Pick<Assessed, 'facts' | 'recommendation'> => ({
  facts: asset(change),
  recommendation: recommend(asset(change), settings),
});

const lacks = (asked: DecisionAsked, change: Partial<AssetFacts> = {}): string[] => {
  const one = about(change);
  return lacksOf(draftDecision(one, asked, horizon), one.recommendation, today);
};

describe('a decision', () => {
  it('as recommended needs nothing more, but for work of a person', () => {
    assert.deepEqual(lacks({}), []);
    assert.deepEqual(lacks({}, { dead: true }), []);
    assert.deepEqual(lacks({}, { ends: null }), []);
    assert.deepEqual(lacks({}, { dataBound: true }), ['owner', 'due']);
    assert.deepEqual(lacks({ owner: 'Ada', due: '2026-12-02' }, { dataBound: true }), []);
  });

  it('that is another one needs a reason, a day, somebody, a model', () => {
    assert.deepEqual(lacks({ strategy: 'retire' }), ['reason']);
    assert.deepEqual(lacks({ strategy: 'retire', reason: ' ' }), ['reason']);
    assert.deepEqual(lacks({ strategy: 'retain' }), ['reason', 'until']);
    assert.deepEqual(lacks({ strategy: 'retain', reason: 'x', until: '2026-12-02' }), []);
    assert.deepEqual(lacks({ strategy: 'retain', reason: 'x', until: today }), ['past']);
    assert.deepEqual(lacks({ strategy: 'repurchase', reason: 'x' }), ['owner', 'due']);
    assert.deepEqual(lacks({ strategy: 'refactor', reason: 'x', owner: 'Ada', due: today }), ['past']);
    assert.deepEqual(lacks({ strategy: 'rehost', reason: 'x' }), ['target']);
    assert.deepEqual(lacks({ strategy: 'replatform', reason: 'x' }, { target: null }), ['target']);
  });
});

const decided = (decision: Partial<Decision> = {}, change: Partial<AssetFacts> = {}): Assessed => {
  const { facts, recommendation } = about(change);
  const { strategy, confidence, rule, target } = recommendation;
  const said = {
    strategy,
    target,
    reason: null,
    until: null,
    owner: 'Ada',
    due: null,
    group: null,
    singly: false,
  };
  const then = { recommended: strategy, recommendedTarget: target, confidence, rule };
  const by = { actor: 'ada', at: '2026-12-01T00:00:00.000Z' };
  return {
    asset: 'a',
    facts,
    recommendation,
    group: 'g',
    decision: { ...said, ...then, ...by, ...decision },
  };
};

describe('readiness', () => {
  const points = (one: Assessed, broken: string[] = []): number =>
    assetReadiness(one, new Set(broken)).points;

  it('loses what somebody should still look at', () => {
    assert.equal(points(decided()), 100);
    assert.equal(points(decided({ owner: null })), 95);
    assert.equal(points(decided({}, { parameters: 'dropped' })), 75);
    assert.equal(points(decided({ singly: true }, { parameters: 'dropped' })), 90);
    assert.equal(points(decided({ confidence: 80 })), 100);
    assert.equal(points(decided({ confidence: 79 })), 85);
    assert.equal(
      points(decided({ owner: null, singly: true }, { parameters: 'dropped', priceOver: true })),
      75,
    );
  });

  it('is nothing where something is in the way', () => {
    assert.deepEqual(assetReadiness({ ...decided(), decision: null }, new Set()), {
      blockers: ['undecided'],
      points: 0,
    });
    assert.deepEqual(assetReadiness(decided({}, { asked: true }), new Set()).blockers, ['asked']);
    assert.deepEqual(assetReadiness(decided({ target: 'gone' }), new Set()).blockers, ['target-gone']);
    assert.deepEqual(assetReadiness(decided(), new Set(['a'])).blockers, ['order-broken']);
  });

  it('of a tenant is the floor of the mean, with a hash of all that it comes from', () => {
    const text = (value: string): string => value;
    const all = [decided(), decided({ owner: null }), { ...decided(), decision: null }];
    assert.equal(readinessOf(all, new Set(), text).points, 65);
    assert.equal(readinessOf(all, new Set(), text).blocked.undecided, 1);
    assert.equal(readinessOf([], new Set(), text).points, 100);
    assert.notEqual(readinessOf(all, new Set(), text).hash, readinessOf(all.slice(1), new Set(), text).hash);
  });
});

it('an asset whose facts changed has left the group that it was decided with', () => {
  assert.equal(hasLeftGroup(decided({ group: 'g' })), false);
  assert.equal(hasLeftGroup(decided({ group: 'other' })), true);
  assert.equal(hasLeftGroup(decided({ group: null })), false);
});
