/** What holds for any facts and any graph: a short form for each change, the long one in test/soak. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { given } from '../../../src/engine/given.ts';
import { recommend } from '../../../src/engine/assess/recommend.ts';
import { strategies } from '../../../src/engine/assess/strategy.ts';
import { brokenOrder, planWaves } from '../../../src/engine/assess/waves.ts';
import type { AssetEdge, AssetWave, WaveAsset } from '../../../src/engine/assess/waves.ts';
import { anyAsset, settings } from './asset.ts';

/** Every asset gets one of the six, by one of the nine rules, and each rule is met: of few facts the rarest only with dice that are known. */
export function rulesAreTotal(numRuns: number, seed?: number): void {
  const used = new Set<number>();
  fc.assert(
    fc.property(anyAsset, (facts) => {
      const found = recommend(facts, settings);
      used.add(found.rule);
      assert.ok(strategies.includes(found.strategy));
      assert.ok(Number.isInteger(found.confidence) && found.confidence >= 10 && found.confidence <= 95);
      assert.ok(found.reasons.length > 0);
      assert.deepEqual(recommend({ ...facts }, settings), found);
      assert.equal(found.target === null, !['rehost', 'replatform'].includes(found.strategy));
    }),
    { numRuns, ...given({ seed }) },
  );
  assert.deepEqual(
    [...used].toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
}

export const nameOf = (at: number): string => `a${String(at).padStart(4, '0')}`;
export const assets = (count: number, uses: number | null = 5): WaveAsset[] =>
  Array.from({ length: count }, (_, at) => ({ id: nameOf(at), uses }));
export const edge = (dependent: number, dependency: number): AssetEdge => ({
  dependent: nameOf(dependent),
  dependency: nameOf(dependency),
});
const waveOf = (waves: readonly AssetWave[]): Map<string, number> =>
  new Map(waves.flatMap((wave, at) => wave.assets.map((id) => [id, at] as const)));

/** What each asset needs, at any distance: by following edges one by one, without components. */
function reach(from: string, next: ReadonlyMap<string, readonly AssetEdge[]>): Set<string> {
  const found = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const { dependency } of next.get(id) ?? [])
      if (!found.has(dependency)) {
        found.add(dependency);
        open.push(dependency);
      }
  return found;
}

const anyGraph = (most: number) =>
  fc.integer({ min: 1, max: most }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      edges: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: count * 2, size: 'max' }),
      uses: fc.array(fc.option(fc.nat(1000), { nil: null }), { minLength: count, maxLength: count }),
    }),
  );

/** No dependency is later than what needs it, no circle is split, each asset is in one wave, and the order of the input says nothing. */
export function wavesHold({
  graphs,
  assets: most,
}: {
  readonly graphs: number;
  readonly assets: number;
}): void {
  fc.assert(
    fc.property(anyGraph(most), ({ count, edges: pairs, uses }) => {
      const all = assets(count).map((one, at) => ({ ...one, uses: uses[at] ?? null }));
      const edges = pairs.map(([from, to]) => edge(from, to));
      const waves = planWaves(all, edges);
      const at = waveOf(waves);
      assert.equal(at.size, count);
      assert.equal(
        waves.reduce((sum, wave) => sum + wave.assets.length, 0),
        count,
        'each asset is in one wave',
      );
      assert.ok(waves.length <= 10 && waves.every((wave) => wave.assets.length > 0));
      const next = Map.groupBy(edges, ({ dependent }) => dependent);
      const needs = new Map(all.map(({ id }) => [id, reach(id, next)]));
      for (const [id, needed] of needs)
        for (const dependency of needed) {
          assert.ok((at.get(dependency) ?? 0) <= (at.get(id) ?? 0), `${id} moves before ${dependency}`);
          if (needs.get(dependency)?.has(id) === true)
            assert.equal(at.get(dependency), at.get(id), 'a circle is whole');
        }
      assert.deepEqual(brokenOrder(waves, edges), []);
      assert.deepEqual(planWaves(all.toReversed(), edges.toReversed()), waves);
      const canary = waves.filter((wave) => wave.canary);
      assert.ok(canary.length <= (count >= 20 ? 1 : 0));
      for (const wave of canary) assert.ok(wave.assets.length <= Math.ceil(count / 20) && wave === waves[0]);
    }),
    { numRuns: graphs },
  );
}
