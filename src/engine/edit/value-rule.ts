/** The contract of all editors: how a place inside a value is written, and what was changed there. */

/** Old → new values, one for each component. A place has several where a component has several spellings. */
export interface Mapping {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export interface ValueRule {
  readonly place: string;
  readonly shape: 'scalar' | 'list' | 'comma';
  /**
   * JSON pointer pattern: `*` = one step (member or element), `**` = any depth including none, `~0 ~1` as in RFC 6901,
   * `~2` = a literal `*`. Absent for comma lists and arrays; in JSON absent means the whole document.
   */
  readonly pointer?: string;
  /** The pointer leads to an object whose members hold the components: component → member name. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The order of the components in the tuples of `mappings`; one element unless `fields`. */
  readonly components: readonly string[];
  readonly mappings: readonly Mapping[];
}

/** One changed value, enough to take it back. */
export interface Edit {
  readonly place: string;
  /** Concrete RFC 6901 pointer; empty for a comma list or an array, which are edited as a whole. */
  readonly pointer: string;
  /** The raw text of the value at that pointer: JSON text; of a comma list the list itself. */
  readonly before: string;
  readonly after: string;
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
