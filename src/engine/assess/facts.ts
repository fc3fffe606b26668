/** What is known of an asset, a row that names a model which ends, as far as it decides what should become of it. Pure data. */

/** What a translation does to the parameters of a row. */
export type ParameterFate = 'kept' | 'changed' | 'dropped';

/**
 * Of one asset and one source. Days are ISO dates. What nobody knows is null, and is never taken for "no": unknown use is not
 * "unused".
 */
export interface AssetFacts {
  /** The table, as the catalogue calls it, and the key of the row as text. */
  readonly table: string;
  readonly key: string;
  /** The entity type of the row. */
  readonly kind: string;
  readonly name: string | null;
  /** The model, as `drover plan --from` takes it. */
  readonly source: string;
  /** Soft-deleted, archived or disabled, by the configuration. */
  readonly dead: boolean;
  /** How many rows that are not dead refer to it, records of what happened left out. */
  readonly dependents: number;
  /** How often it was used within the days of use, and the last day of all; null where no record of use names rows of its kind. */
  readonly uses: number | null;
  readonly lastUse: string | null;
  /** Null where its table says no day. */
  readonly created: string | null;
  /** What it holds belongs to the model that made it: vectors. */
  readonly dataBound: boolean;
  /** The first day on which the source is served no more. */
  readonly ends: string | null;
  /** The same model at another provider, usable, and staying beyond the horizon. Null where there is none. */
  readonly elsewhere: string | null;
  /** The model that would follow. Null where there is none of its vendor. */
  readonly target: string | null;
  /** Errors of the plan to the target that name this row, sorted. */
  readonly errors: readonly string[];
  /** The configuration asks what becomes of it, and nobody has answered. */
  readonly asked: boolean;
  /** What the source can and the target cannot, sorted. Null where nobody says what the source can. */
  readonly capabilitiesLost: readonly string[] | null;
  readonly contextLower: boolean | null;
  readonly parameters: ParameterFate | null;
  /** More than `priceLimit` of the configuration allows; false where it sets no limit. */
  readonly priceOver: boolean | null;
  /** A model of another vendor that can all that the source can. */
  readonly otherVendor: string | null;
}

export type FactName = keyof AssetFacts;

/** How the facts of two surveys differ. Which of many uses it was is no difference as long as their number is of the same size. */
export function changedFacts(
  before: AssetFacts,
  after: AssetFacts,
): { readonly fact: FactName; readonly before: string; readonly after: string }[] {
  return factNames.flatMap((fact) => {
    const [was, is] = [before, after].map((facts) => comparedText(facts, fact));
    if (was === undefined || is === undefined || was === is) return [];
    return [{ fact, before: factText(before, fact), after: factText(after, fact) }];
  });
}

/** Those that can change while it is the same row and the same model. */
const factNames: readonly FactName[] = [
  'dead',
  'dependents',
  'uses',
  'dataBound',
  'ends',
  'elsewhere',
  'target',
  'errors',
  'asked',
  'capabilitiesLost',
  'contextLower',
  'parameters',
  'priceOver',
  'otherVendor',
];

function comparedText(facts: AssetFacts, fact: FactName): string {
  return fact === 'uses' ? String(sizeOf(facts.uses)) : factText(facts, fact);
}

/** 0, or the power of ten: 1 for 1 to 9, 2 for 10 to 99. Null where it is unknown. */
export function sizeOf(uses: number | null): number | null {
  return uses === null ? null : uses === 0 ? 0 : String(Math.trunc(uses)).length;
}

/** A fact as people read it. */
export function factText(facts: AssetFacts, fact: FactName): string {
  const value = facts[fact];
  if (value === null) return 'unknown';
  if (typeof value === 'object') return value.length === 0 ? 'none' : value.join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}
