/** Nothing moves before what it depends on, nothing that depends on itself is split, and there are at most ten waves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokenOrder, planWaves } from '../../../src/engine/assess/waves.ts';
import type { WaveAsset } from '../../../src/engine/assess/waves.ts';
import { assets, edge, nameOf, wavesHold } from './properties.ts';

describe('waves', () => {
  it('hold for random graphs, whatever order assets and edges come in', () =>
    wavesHold({ graphs: 150, assets: 60 }));

  it('of five that depend on each other in a circle are one', () => {
    const circle = [0, 1, 2, 3, 4].map((at) => edge(at, (at + 1) % 5));
    assert.deepEqual(
      planWaves(assets(6), [...circle, edge(5, 0)]).map((wave) => wave.assets.length),
      [5, 1],
    );
  });

  it('of twelve levels are ten, the smallest neighbours joined', () => {
    const chain = Array.from({ length: 11 }, (_, at) => edge(at + 1, at));
    const waves = planWaves(assets(12), chain);
    assert.equal(waves.length, 10);
    assert.deepEqual(brokenOrder(waves, chain), []);
  });

  it('of a chain of ten thousand need no deep stack', () => {
    const chain = Array.from({ length: 9999 }, (_, at) => edge(at + 1, at));
    assert.equal(planWaves(assets(10_000), chain).length, 10);
  });

  it('begin with a twentieth, those that are used least, from twenty assets on', () => {
    const used = (count: number): WaveAsset[] =>
      assets(count).map((one, at) => ({ ...one, uses: 1000 - at }));
    assert.deepEqual(
      planWaves(used(19), []).map((wave) => [wave.canary, wave.assets.length]),
      [[false, 19]],
    );
    const [first, second] = planWaves(used(20), []);
    assert.deepEqual(first, { canary: true, assets: [nameOf(19)] });
    assert.equal(second?.assets.length, 19);
    const unknown = planWaves(
      used(20).map((one, at) => (at === 19 ? { ...one, uses: null } : one)),
      [],
    );
    assert.deepEqual(unknown[0]?.assets, [nameOf(18)], 'unknown use is not little use');
  });

  it('whose order is wrong are told', () => {
    const wrong = [
      { canary: false, assets: ['b'] },
      { canary: false, assets: ['a'] },
    ];
    const needs = { dependent: 'b', dependency: 'a' };
    assert.deepEqual(brokenOrder(wrong, [needs]), [needs]);
    assert.deepEqual(brokenOrder(wrong.toReversed(), [needs]), []);
  });
});
