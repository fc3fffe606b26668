/**
 * The state of a place in a row that names the source there. The statements of `postgres/sql/row.ts` give it as a short text, and
 * plans keep that text. What its letters mean is decided here.
 */
const states = {
  /** Moves. */
  L: { standing: 'live', collides: false },
  /** Would move, and collide. */
  C: { standing: 'live', collides: true },
  /** Its condition `live` does not hold: a record of what happened. */
  H: { standing: 'history', collides: false },
  /** Its condition `ask` holds. */
  A: { standing: 'asked', collides: false },
  AC: { standing: 'asked', collides: true },
  /** Its condition `guard` holds. */
  G: { standing: 'guarded', collides: false },
  GC: { standing: 'guarded', collides: true },
  /** A copy in the same row should name the same model and does not, or does not move. */
  K: { standing: 'copies-disagree', collides: false },
  KC: { standing: 'copies-disagree', collides: true },
  /** The row is the target itself. */
  S: { standing: 'itself', collides: false },
  SC: { standing: 'itself', collides: true },
  /** A place that is the fallback of this one, or of which this one is, names the target. */
  F: { standing: 'meets-itself', collides: false },
  FC: { standing: 'meets-itself', collides: true },
  /** The document cannot be read. */
  B: { standing: 'unreadable', collides: false },
  /** The document, or what would be changed in it, is larger than what is edited. */
  Z: { standing: 'too-large', collides: false },
  /** The target may not stand there. */
  N: { standing: 'not-allowed', collides: false },
} as const;

/** A state as the database says it and plans keep it. */
export type StateCode = keyof typeof states;

export interface PlaceState {
  readonly standing: (typeof states)[StateCode]['standing'];
  /**
   * Moving the row would break a unique key, or give a member a name that its object has already. Beside a question: once the
   * question is answered with a move.
   */
  readonly collides: boolean;
}

export const stateCodes = Object.keys(states) as readonly StateCode[];

/** A text that is no code throws: a row in an unknown state must not move. */
export function stateFromCode(code: StateCode): PlaceState {
  if (!Object.hasOwn(states, code)) throw new Error(`no place is in the state ${code}`);
  return states[code];
}

/** The state of a row that would collide at the place. What stays anyhow cannot collide. */
export function withCollision(code: StateCode): StateCode {
  const { standing } = stateFromCode(code);
  return stateCodes.find((each) => states[each].standing === standing && states[each].collides) ?? code;
}

export function codeOf({ standing, collides }: PlaceState): StateCode {
  const code = stateCodes.find(
    (each) => states[each].standing === standing && states[each].collides === collides,
  );
  if (code === undefined) throw new Error(`a place that is ${standing} cannot collide`);
  return code;
}
