/** Questions about single entries of a registry. */
import type { IdMatcher } from './matchers.ts';
import type { Arm, Model, Provider, Registry } from './shape.ts';

/** An id as a runtime spells it, and the model that it means. */
interface ArmEntry {
  readonly id: string;
  readonly model: string;
  /** ISO date: from then on nobody chooses it on this arm. */
  readonly withdrawn?: string | undefined;
}

/** The ids that an arm lists; empty where it goes by name only. */
export function armEntries({ models = [] }: Arm): ArmEntry[] {
  return models.map((each) =>
    typeof each === 'string' ? { id: each, model: each } : { model: each.id, ...each },
  );
}

/** Does the arm also take ids that it does not list, by its provider's matchers? */
export function goesByName({ models, byName }: Arm): boolean {
  return models === undefined || byName === true;
}

/** The matchers of the provider, as far as this runtime spells ids that way. */
export function armMatchers(
  { separators }: Pick<Arm, 'separators'>,
  { matchers }: Pick<Provider, 'matchers'>,
): readonly IdMatcher[] {
  if (separators === undefined) return matchers;
  return matchers.flatMap((matcher) => {
    const after = matcher.after?.filter((separator) => separators.includes(separator)) ?? [];
    return after.length === 0 ? [] : [{ ...matcher, after }];
  });
}

/** Whose model ids a provider serves. */
export function vendorOf({ vendor, id }: Provider): string {
  return vendor ?? id;
}

/** Id and aliases. */
export function namesOf({ id, aliases = [] }: Model): string[] {
  return [id, ...aliases];
}

/** Every id and alias of a model → the model. */
export function modelsByName({ models }: Pick<Registry, 'models'>): ReadonlyMap<string, Model> {
  return new Map(models.flatMap((model) => namesOf(model).map((name) => [name, model])));
}
