/**
 * Waves: assets that move together, in an order in which nothing moves before what it depends on. What depends on each other in a
 * circle is one component and is never split. From twenty assets on a few go first, those that are used least.
 */
import { compareText } from '../order.ts';

/** `dependent` needs `dependency`: it moves with it or after it. Ids of assets. */
export interface AssetEdge {
  readonly dependent: string;
  readonly dependency: string;
}

export interface WaveAsset {
  readonly id: string;
  readonly uses: number | null;
}

export interface AssetWave {
  readonly canary: boolean;
  /** Sorted. */
  readonly assets: readonly string[];
}

const mostWaves = 10;
const canaryFrom = 20;
const canaryShare = 0.05;

/** The same waves in whatever order assets and edges come. */
export function planWaves(assets: readonly WaveAsset[], edges: readonly AssetEdge[]): AssetWave[] {
  const ids = new Set(assets.map(({ id }) => id));
  const inside = edges.filter(({ dependent, dependency }) => ids.has(dependent) && ids.has(dependency));
  const levels = levelsOf(components([...ids].toSorted(compareText), inside), inside);
  const uses = new Map(assets.map((asset) => [asset.id, asset.uses ?? Infinity]));
  const first = assets.length < canaryFrom ? [] : chooseCanary(levels[0] ?? [], uses, assets.length);
  const chosen = new Set(first);
  const rest = levels.map((level) => level.flat().filter((id) => !chosen.has(id)));
  const joined = joinSmall(
    rest.filter((level) => level.length > 0),
    first.length > 0 ? mostWaves - 1 : mostWaves,
  );
  return [
    ...(first.length === 0 ? [] : [{ canary: true, assets: first.toSorted(compareText) }]),
    ...joined.map((level) => ({ canary: false, assets: level.toSorted(compareText) })),
  ];
}

/** Edges whose dependency is in a later wave than its dependent. By the waves alone, whoever made them. */
export function brokenOrder(waves: readonly AssetWave[], edges: readonly AssetEdge[]): AssetEdge[] {
  const at = new Map(waves.flatMap(({ assets }, number) => assets.map((id) => [id, number] as const)));
  return edges.filter(({ dependent, dependency }) => {
    const [later, earlier] = [at.get(dependent), at.get(dependency)];
    return later !== undefined && earlier !== undefined && earlier > later;
  });
}

type Graph = ReadonlyMap<string, readonly string[]>;

function graphOf(edges: readonly AssetEdge[]): Graph {
  const graph = new Map<string, string[]>();
  for (const { dependent, dependency } of edges) {
    const known = graph.get(dependent) ?? [];
    known.push(dependency);
    graph.set(dependent, known);
  }
  for (const known of graph.values()) known.sort(compareText);
  return graph;
}

interface Visit {
  readonly id: string;
  next: number;
}

/** The strongly connected components (Tarjan), dependencies before dependents. With a stack of its own: a chain may be long. */
function components(ids: readonly string[], edges: readonly AssetEdge[]): string[][] {
  const graph = graphOf(edges);
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];
  const lower = (id: string, to: number): void =>
    void lowest.set(id, Math.min(lowest.get(id) ?? Infinity, to));
  const enter = (id: string, path: Visit[]): void => {
    numbers.set(id, numbers.size);
    lower(id, numbers.size - 1);
    open.push(id);
    isOpen.add(id);
    path.push({ id, next: 0 });
  };
  const leave = ({ id }: Visit, path: readonly Visit[]): void => {
    const low = lowest.get(id) ?? 0;
    const parent = path.at(-1);
    if (parent !== undefined) lower(parent.id, low);
    if (low !== numbers.get(id)) return;
    const members = open.splice(open.lastIndexOf(id));
    for (const member of members) isOpen.delete(member);
    found.push(members);
  };
  for (const root of ids) {
    const path: Visit[] = [];
    if (!numbers.has(root)) enter(root, path);
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const to = graph.get(visit.id)?.[visit.next];
      visit.next += 1;
      if (to === undefined) {
        path.pop();
        leave(visit, path);
      } else if (!numbers.has(to)) enter(to, path);
      else if (isOpen.has(to)) lower(visit.id, numbers.get(to) ?? 0);
    }
  }
  return found;
}

/** Components by level: those that depend on nothing, then those that depend on these only, and so on. */
function levelsOf(
  found: readonly (readonly string[])[],
  edges: readonly AssetEdge[],
): (readonly string[])[][] {
  const component = new Map(found.flatMap((ids, number) => ids.map((id) => [id, number] as const)));
  const graph = graphOf(edges);
  const levels: (readonly string[])[][] = [];
  const levelOf: number[] = [];
  for (const [number, ids] of found.entries()) {
    let level = 0;
    for (const id of ids)
      for (const dependency of graph.get(id) ?? []) {
        const other = component.get(dependency) ?? number;
        if (other !== number) level = Math.max(level, (levelOf[other] ?? 0) + 1);
      }
    levelOf[number] = level;
    const known = levels[level] ?? [];
    known.push(ids);
    levels[level] = known;
  }
  return levels;
}

/** Whole components of the first level, as far as they fit. Unknown use counts as much use. */
function chooseCanary(
  level: readonly (readonly string[])[],
  uses: ReadonlyMap<string, number>,
  total: number,
): string[] {
  const room = Math.ceil(total * canaryShare);
  const usesOf = (ids: readonly string[]): number =>
    ids.reduce((sum, id) => sum + (uses.get(id) ?? Infinity), 0);
  const smallest = (ids: readonly string[]): string => [...ids].toSorted(compareText)[0] ?? '';
  const sorted = level.toSorted(
    (a, b) => compareNumbers(usesOf(a), usesOf(b)) || compareText(smallest(a), smallest(b)),
  );
  const chosen: string[] = [];
  for (const ids of sorted) if (chosen.length + ids.length <= room) chosen.push(...ids);
  return chosen;
}

/** Without a difference, which is no number where both are infinite. */
function compareNumbers(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Neighbours that are smallest together become one, until there are few enough. */
function joinSmall(levels: readonly (readonly string[])[], most: number): (readonly string[])[] {
  const joined = [...levels];
  while (joined.length > most) {
    const sizes = joined.slice(1).map((level, at) => level.length + (joined[at]?.length ?? 0));
    const at = sizes.indexOf(Math.min(...sizes));
    joined.splice(at, 2, [...(joined[at] ?? []), ...(joined[at + 1] ?? [])]);
  }
  return joined;
}
