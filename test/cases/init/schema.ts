/** A small database with what a person would say about it: the answer key of `drover init`. */

/** What a person would decide about a place. */
export type Verdict = 'move' | 'stay' | 'ask';

export interface SmallSchema {
  readonly name: string;
  /** Tables and rows. */
  readonly script: string;
  /** Default: public. */
  readonly schemas?: string;
  /** Tables of models, by what `init` calls them, with the columns that it must name; none where models are text. */
  readonly models?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly root: string;
  /** By place, `table.column` with its pointer behind it. Whatever moves and is not listed is wrong. */
  readonly places: Readonly<Record<string, Verdict>>;
  /** Other parts of the configuration that must be there, by path: `tenant.suspended`. */
  readonly also?: Readonly<Record<string, unknown>>;
  /** The words of a plan that runs with the proposal. */
  readonly plan: readonly string[];
}
