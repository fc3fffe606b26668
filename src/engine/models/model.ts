import type { LifecycleNote } from './lifecycle.ts';
import type { Spelling } from './spelling.ts';

/** What is known about one model row (or, without a table, about a name), as far as a plan needs it. */
export interface ModelFacts {
  readonly kind: string;
  /** The key as text; undefined where no table holds the models. */
  readonly key?: string;
  /** Values by component: name, family, provider. */
  readonly components: Readonly<Record<string, string>>;
  /** The tenant that owns the row; null for a global row; undefined where no table holds the models. */
  readonly tenant?: string | null;
  readonly enabled: boolean;
  readonly deprecated: boolean;
  readonly retired: boolean;
  /** It carries the mark of a complete migration already (`retire` of the configuration). */
  readonly marked?: boolean;
  /** Is its provider active, with usable credentials? Undefined where nobody says. */
  readonly providerUsable?: boolean;
  /** Its family where its row names none. */
  readonly family?: string;
  /** Context window and output limit in tokens. */
  readonly context?: number;
  readonly output?: number;
  /** vision, tools, reasoning, audio, structured. */
  readonly capabilities: Readonly<Record<string, boolean>>;
  /** Prices per million tokens, in the unit of the database. */
  readonly priceIn?: number;
  readonly priceOut?: number;
  readonly region?: string;
  /** Security class: a higher number demands more. */
  readonly security?: number;
  /** Supported parameters by name. Undefined where nobody says. */
  readonly parameters?: Readonly<Record<string, ParameterSupport>>;
  /** When the row was last changed, ISO 8601 in UTC. */
  readonly updated?: string;
  /** The day from which the provider no longer serves it, and since when that is known: ISO dates. */
  readonly shutdown?: string;
  readonly announced?: string;
  /** Who says what of its end; `deprecated`, `retired`, `shutdown` and `announced` follow from all of it. */
  readonly lifecycle?: readonly LifecycleNote[];
  /** The key of the row that its own row calls its successor. */
  readonly successor?: string;
  /** What its vendor says takes its place, nearest first; each by all its names. */
  readonly successors?: readonly (readonly string[])[];
  /** How it is written where it runs. */
  readonly spellings?: readonly Spelling[];
}

/** All of a model by which a value may name it. */
export type ModelNames = Pick<ModelFacts, 'kind' | 'key' | 'tenant' | 'components' | 'spellings'>;

/** What a model accepts for one parameter. */
export interface ParameterSupport {
  readonly min?: number;
  readonly max?: number;
  /** Accepted words, from weakest to strongest. */
  readonly levels?: readonly string[];
  /** What a level means (its share of the model's most, 0 to 1), so that a word that changed its meaning is translated by meaning. */
  readonly meaning?: Readonly<Record<string, number>>;
  /** Other names of the same parameter. */
  readonly aliases?: readonly string[];
}
