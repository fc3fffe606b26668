/**
 * Patterns as automata. They are compared as such (overlap.ts), and they match as such: a match reads each character of an id
 * once, whatever the pattern, where a regular expression may try for ages. The states of a match are made when they are
 * first needed, and are kept.
 */
import { PatternError } from './pattern.ts';
import type { Pattern } from './pattern.ts';

interface Move {
  readonly of: ReadonlySet<string>;
  readonly to: number;
}

export interface Automaton {
  /** Moves that read a character, by state. */
  readonly moves: readonly (readonly Move[])[];
  /** Moves that read nothing, by state. */
  readonly free: readonly (readonly number[])[];
  readonly start: number;
  readonly end: number;
}

const mostStates = 5_000;

/** @throws PatternError where its counts multiply into something huge. */
export function automatonOf(pattern: Pattern): Automaton {
  const moves: Move[][] = [];
  const free: number[][] = [];
  const add = (): number => {
    if (moves.length === mostStates) throw new PatternError('its counts multiply into too many states');
    free.push([]);
    return moves.push([]) - 1;
  };
  /** Adds the states of a pattern behind a state and returns the state in which it has been read. */
  const build = (part: Pattern, from: number): number => {
    switch (part.kind) {
      case 'one': {
        const to = add();
        moves[from]?.push({ of: part.of, to });
        return to;
      }
      case 'sequence':
        return part.parts.reduce((at, each) => build(each, at), from);
      case 'choice': {
        const to = add();
        for (const option of part.options) free[build(option, from)]?.push(to);
        return to;
      }
      case 'repeat':
        return buildRepeat(part, from);
      default:
        return part satisfies never;
    }
  };
  const buildRepeat = (part: Pattern & { kind: 'repeat' }, from: number): number => {
    let at = from;
    for (let count = 0; count < part.min; count += 1) at = build(part.part, at);
    const to = add();
    free[at]?.push(to);
    if (part.max === Infinity) {
      free[build(part.part, to)]?.push(to);
      return to;
    }
    for (let count = part.min; count < part.max; count += 1) {
      at = build(part.part, at);
      free[at]?.push(to);
    }
    return to;
  };
  const start = add();
  return { moves, free, start, end: build(pattern, start) };
}

/** States of the automaton in which a match can be at once, as one state. */
interface Step {
  readonly states: readonly number[];
  readonly accepts: boolean;
  /** By the code of the next character; undefined where that was not asked yet, null where nothing fits. */
  readonly next: (Step | null | undefined)[];
}

/** Ids that were made up to fill the memory start over; no registry has so many states. */
const mostSteps = 20_000;

/** Says whether a pattern takes an id, in one pass over it. @throws PatternError */
export function compileAutomaton(pattern: Pattern): (id: string) => boolean {
  const automaton = automatonOf(pattern);
  let known = new Map<string, Step>();
  const stepOf = (states: readonly number[]): Step | null => {
    const closed = closure(automaton, states);
    if (closed.length === 0) return null;
    const key = closed.join(' ');
    const step = known.get(key) ?? { states: closed, accepts: closed.includes(automaton.end), next: [] };
    known.set(key, step);
    return step;
  };
  let start = stepOf([automaton.start]);
  return (id) => {
    if (known.size > mostSteps) {
      known = new Map();
      start = stepOf([automaton.start]);
    }
    let step = start;
    for (let at = 0; at < id.length && step !== null; at += 1) {
      const code = id.charCodeAt(at);
      let next: Step | null | undefined = step.next[code];
      if (next === undefined) {
        next = code < 128 ? stepOf(reached(automaton, step.states, id.charAt(at))) : null;
        if (code < 128) step.next[code] = next;
      }
      step = next;
    }
    return step !== null && step.accepts;
  };
}

function reached({ moves }: Automaton, states: readonly number[], char: string): number[] {
  return states.flatMap((state) => (moves[state] ?? []).filter(({ of }) => of.has(char)).map(({ to }) => to));
}

/** The states and all that are reached from them without reading, in order. */
function closure({ free }: Automaton, states: readonly number[]): number[] {
  const all = new Set(states);
  for (const state of all) for (const to of free[state] ?? []) all.add(to);
  return [...all].sort((a, b) => a - b);
}
