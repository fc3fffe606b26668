/**
 * Keys that rows have, each with the one that its row gets. One row is the map of one: whatever follows a re-key works on a list of pairs.
 */
export interface KeyPair {
  readonly from: string;
  readonly to: string;
}

/** Why one pair of a map cannot be followed. */
interface PairProblem {
  /** The number of the pair, from 0. */
  readonly at: number;
  readonly message: string;
}

/** One text for all of them: the first, and how many more there are. */
export function keysText(keys: readonly string[]): string {
  const [first = '', ...more] = keys;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}

/** What can be said of pairs without a look at the rows. */
export function pairProblems(pairs: readonly KeyPair[], merge: boolean): PairProblem[] {
  const froms = new Map<string, number>();
  const tos = new Map<string, number>();
  const problems = pairs.flatMap(({ from, to }, at): PairProblem[] => {
    const said = (message: string): PairProblem[] => [{ at, message }];
    if (from === '' || to === '') return said(`${from === '' ? 'from' : 'to'} is empty`);
    if (from === to) return said(`the row ${from} has that key already`);
    const twice = froms.has(from);
    const taken = !merge && tos.has(to);
    froms.set(from, at);
    tos.set(to, at);
    if (twice) return said(`from ${from} is there a second time, and a row gets one key`);
    return taken ? said(`to ${to} is there a second time: two rows become one only with --merge`) : [];
  });
  if (!merge || problems.length > 0) return problems;
  const ends = endsOf(pairs);
  return pairs.flatMap(({ from }, at) =>
    ends.has(from) ? [] : [{ at, message: `${from} is part of a ring, of which no row would stay` }],
  );
}

/** Of a merge the row that stays: where a becomes one with b, and b with c, all are one with c. */
export function mergedPairs(pairs: readonly KeyPair[]): KeyPair[] {
  const ends = endsOf(pairs);
  return pairs.map(({ from, to }) => ({ from, to: ends.get(from) ?? to }));
}

/** By key where its chain ends; a key of a ring has no end. */
function endsOf(pairs: readonly KeyPair[]): ReadonlyMap<string, string> {
  const next = new Map(pairs.map(({ from, to }) => [from, to]));
  const ends = new Map<string, string>();
  for (const { from } of pairs) {
    const way: string[] = [];
    const seen = new Set<string>();
    let key: string | undefined = from;
    for (; key !== undefined && next.has(key) && !ends.has(key) && !seen.has(key); key = next.get(key)) {
      seen.add(key);
      way.push(key);
    }
    const end = key === undefined || seen.has(key) ? undefined : (ends.get(key) ?? key);
    if (end !== undefined) for (const one of way) ends.set(one, end);
  }
  return ends;
}

/** Keys that another row gets and whose own row gets one that another row has: they go through a free key. */
export function keysBetween(pairs: readonly KeyPair[]): string[] {
  const froms = new Set(pairs.map(({ from }) => from));
  const tos = new Set(pairs.map(({ to }) => to));
  return pairs.filter(({ from, to }) => froms.has(to) && tos.has(from)).map(({ from }) => from);
}

/**
 * The pairs in rounds, each of which is one statement that gives no key which a row still has: unique keys are checked row by row. In the
 * first round go the ends of chains, and what lies between two others, or in a ring, goes to a free key; in the second all the rest.
 * There are never more than two, however many pairs or however long the chains. @param free by key
 */
export function roundsOf(pairs: readonly KeyPair[], free: ReadonlyMap<string, string>): KeyPair[][] {
  const froms = new Set(pairs.map(({ from }) => from));
  const first = pairs.flatMap(({ from, to }): KeyPair[] => {
    const between = free.get(from);
    if (between !== undefined) return [{ from, to: between }];
    return froms.has(to) ? [] : [{ from, to }];
  });
  const second = pairs
    .filter(({ to }) => froms.has(to))
    .map(({ from, to }) => ({ from: free.get(from) ?? from, to }));
  return [first, second].filter((round) => round.length > 0);
}

/** Keys that a row gives up and another row gets: whoever holds one finds another row from then on. */
export function keysReused(pairs: readonly KeyPair[]): string[] {
  const froms = new Set(pairs.map(({ from }) => from));
  return pairs.map(({ to }) => to).filter((to) => froms.has(to));
}
