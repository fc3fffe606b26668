/**
 * Do two patterns take the same id? Decided, not guessed: both become automata, and a breadth-first search through the
 * pairs of their states finds a shortest id that both take, or that there is none.
 */
import { automatonOf } from './automaton.ts';
import type { Automaton } from './automaton.ts';
import type { Pattern } from './pattern.ts';

/** A shortest id that both patterns take. Undefined where no id is taken by both. */
export function findWitness(a: Pattern, b: Pattern): string | undefined {
  return search(automatonOf(a), automatonOf(b));
}

interface Visit {
  readonly a: number;
  readonly b: number;
  readonly read: string;
}

function search(a: Automaton, b: Automaton): string | undefined {
  const seen = new Set<string>();
  let level: Visit[] = [{ a: a.start, b: b.start, read: '' }];
  while (level.length > 0) {
    const reached = withFreeMoves(level, a, b, seen);
    const found = reached.find((visit) => visit.a === a.end && visit.b === b.end && visit.read !== '');
    if (found !== undefined) return found.read;
    level = reached.flatMap((visit) => step(visit, a, b));
  }
  return undefined;
}

/** All pairs that are reached without reading, each only once in the whole search. */
function withFreeMoves(level: readonly Visit[], a: Automaton, b: Automaton, seen: Set<string>): Visit[] {
  const reached: Visit[] = [];
  const open = [...level];
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    // The empty id is none, so a pair counts as seen only with something read.
    const key = `${visit.a} ${visit.b} ${visit.read === '' ? 'empty' : ''}`;
    if (seen.has(key)) continue;
    seen.add(key);
    reached.push(visit);
    for (const to of a.free[visit.a] ?? []) open.push({ ...visit, a: to });
    for (const to of b.free[visit.b] ?? []) open.push({ ...visit, b: to });
  }
  return reached;
}

function step({ a: stateA, b: stateB, read }: Visit, a: Automaton, b: Automaton): Visit[] {
  return (a.moves[stateA] ?? []).flatMap((moveA) =>
    (b.moves[stateB] ?? []).flatMap((moveB) => {
      const char = readable(moveA.of, moveB.of);
      return char === undefined ? [] : [{ a: moveA.to, b: moveB.to, read: read + char }];
    }),
  );
}

/** A character of both sets; a letter or a digit where there is one, because a person will read it. */
function readable(a: ReadonlySet<string>, b: ReadonlySet<string>): string | undefined {
  if (a.has('x') && b.has('x')) return 'x';
  let first: string | undefined;
  for (const char of a) {
    if (!b.has(char)) continue;
    if (/[a-z0-9]/.test(char)) return char;
    first ??= char;
  }
  return first;
}
