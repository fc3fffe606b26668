/** Models: what they are called, and what is known about them. */

import type { Finding } from '../finding.ts';
import { given } from '../given.ts';
import type { KeyPair } from '../key-pairs.ts';

/** Which model: its kind, and what it is called. */
export interface ModelName {
  readonly kind: string;
  /** The key as text; undefined where no table holds the models. */
  readonly key?: string;
  /** The table that holds its row, by its id; only where several tables hold models of its kind. */
  readonly table?: string;
  /** Values by component: name, family, provider. */
  readonly components: Readonly<Record<string, string>>;
}

/** What is known about one model row (or, without a table, about a name), as far as a plan needs it. */
export interface ModelFacts extends ModelName {
  /** Its kind by what is known of its name, whatever the database calls it. Undefined where nobody knows the name. */
  readonly knownKind?: string;
  /** The tenant that owns the row; null for a global row; undefined where no table holds the models. */
  readonly tenant?: string | null;
  readonly enabled: boolean;
  readonly deprecated: boolean;
  readonly retired: boolean;
  /** The row carries the mark of a complete migration already (`retire` of the configuration). */
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
  /** The first day on which the provider no longer serves it, and since when that is known. ISO dates. */
  readonly shutdown?: string;
  readonly announced?: string;
  /** Who says what of its end. `deprecated`, `retired`, `shutdown` and `announced` follow from all notes. */
  readonly lifecycle?: readonly LifecycleNote[];
  /** The key of the row that its own row calls its successor. */
  readonly successor?: string;
  /** The successors that its vendor recommends, nearest first, each by all its names. */
  readonly successors?: readonly (readonly string[])[];
  /** How it is written where it runs. */
  readonly spellings?: readonly Spelling[];
}

/** A model of which nothing is known but what it is called. */
export function namedModel({ kind, components, key }: ModelName): ModelFacts {
  const nothing = { enabled: true, deprecated: false, retired: false, capabilities: {} };
  return { kind, components, ...nothing, ...given({ key }) };
}

/** All of a model by which a value may name it. */
export type ModelNames = Pick<ModelFacts, 'kind' | 'key' | 'table' | 'tenant' | 'components' | 'spellings'>;

/** What alone means that row: its key, led by its table where a key means nothing without it. */
export function keyText({ key, table }: Pick<ModelName, 'key' | 'table'>): string | undefined {
  return key === undefined || table === undefined ? key : `${table}/${key}`;
}

/** The keys of a pair: those of rows, or of the two models where rows hold them. */
export function keysOf({ source, target, keys }: ModelPair): readonly KeyPair[] {
  if (keys !== undefined) return keys;
  return source.key === undefined || target.key === undefined ? [] : [{ from: source.key, to: target.key }];
}

/** What a model accepts for one parameter. */
export interface ParameterSupport {
  readonly min?: number;
  readonly max?: number;
  /** Accepted words, from weakest to strongest. */
  readonly levels?: readonly string[];
  /** What a level means: its share of the model's most, 0 to 1. Words are translated by this meaning. */
  readonly meaning?: Readonly<Record<string, number>>;
  /** Other names of the same parameter. */
  readonly aliases?: readonly string[];
}

/** Who says something about a model. */
/** The two models of a move. */
export interface ModelPair {
  readonly source: ModelFacts;
  readonly target: ModelFacts;
  /** All pairs of rows that get other keys, those of which only references are repaired among them. */
  readonly keys?: readonly KeyPair[];
  /** The pairs of which the row is there, and gets the other key or becomes one with the row that has it. */
  readonly moving?: readonly KeyPair[];
  /** What somebody should know about how the two were found. */
  readonly found?: readonly Finding[];
  /** Other models in use that have the name of the source: whoever names it by name alone may mean one of them. */
  readonly namesakes?: readonly ModelFacts[];
}

export type Teller = 'database' | 'registry';

export type LifecycleStatus = 'active' | 'deprecated' | 'withdrawn' | 'retired';

/** What one teller says of a model's end. Days are ISO dates. */
export interface LifecycleNote {
  readonly by: Teller;
  readonly status: LifecycleStatus;
  /** Since when it is known that it ends. */
  readonly announced?: string;
  /** The first day on which its provider no longer serves it. */
  readonly shutdown?: string;
  /** Where that can be read. */
  readonly page?: string;
  /** Of whom it is known, where the model's provider is called otherwise: it may be another one, with other days. */
  readonly vendor?: string;
}

/** One way to write a model. */
export interface Spelling {
  readonly text: string;
  /** What stands before the model's own id: empty, `anthropic/`, `anthropic:`. */
  readonly prefix: string;
}

/** `claude-haiku-4-5 (claude, anthropic)`; the key where the model has no name. */
export function modelLabel(model: Omit<ModelName, 'kind'>): string {
  const { name, ...others } = model.components;
  const details = Object.values(others).filter((value) => value !== '' && value !== name);
  const label = name ?? model.key ?? 'unnamed model';
  return details.length === 0 ? label : `${label} (${details.join(', ')})`;
}
