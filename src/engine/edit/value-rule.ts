/** The contract of all editors: how a place inside a value is written, and what was changed there. */

/** Old → new values, one for each component. A place has several where a component has several spellings. */
export interface Mapping {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * How a text names models: a list parted by commas or by bars, or somewhere inside it. The name then stands between the boundaries of
 * `boundaries.ts`, and everything beside it stays.
 */
export type TextShape = 'comma' | 'bars' | 'inside';

export type ValueShape = 'scalar' | 'list' | TextShape;

export interface ValueRule {
  readonly place: string;
  readonly shape: ValueShape;
  /**
   * JSON pointer pattern: `*` = one step (member or element), `**` = any depth including none, `~0 ~1` as in RFC 6901,
   * `~2` = a literal `*`, `~json` = the document in a string, `~key` at the end = the names of members; empty for the whole document.
   * Absent where the value is a text and no document. An array is a list of strings.
   */
  readonly pointer?: string;
  /** The pointer leads to an object whose members hold the components: component → member name. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The order of the components in the tuples of `mappings`; one element unless `fields`. */
  readonly components: readonly string[];
  readonly mappings: readonly Mapping[];
  /** Names of members: where the object has a member of the target's name, the source's member goes. Otherwise nothing is done. */
  readonly dropRedundant?: boolean;
}

/** One changed value, enough to take it back. */
export interface Edit {
  readonly place: string;
  /**
   * RFC 6901 pointer, with the step `~json` into a string; `…/~key/NAME` for the name of a member, as it is after the edit. Empty for
   * a text, which is edited as a whole.
   */
  readonly pointer: string;
  /** How the value is written there: JSON text, escaped once more for each string around it; of a text the text itself. */
  readonly before: string;
  readonly after: string;
  /** Only of a text that is no document. */
  readonly shape?: TextShape;
  /**
   * Only with `fields`: the other components of the same object, pointer → raw text after the edit. Together they name one
   * model. Where one of them was changed since, none is taken back.
   */
  readonly beside?: Readonly<Record<string, string>>;
}

/** An edit that was not taken back, and why, for a person. */
export interface SkippedEdit {
  readonly edit: Edit;
  readonly reason: string;
}
