/** Small questions about the entries of a registry. */
import type { Matcher } from './matchers.ts';
import type { Arm, Model, Provider, Registry } from './shape.ts';

/** An id as a runtime spells it, and the model that it means. */
export interface ArmEntry {
  readonly id: string;
  readonly model: string;
}

/** The exact ids of an arm; empty where it goes by name only. */
export function armEntries({ models = [] }: Arm): ArmEntry[] {
  return models.map((each) => (typeof each === 'string' ? { id: each, model: each } : each));
}

/** Do the matchers of its provider make ids routable here, beside those that it lists? */
export function goesByName({ models, byName }: Arm): boolean {
  return models === undefined || byName === true;
}

/** The matchers by which an arm goes: those of its provider, as far as the runtime spells ids that way. */
export function armMatchers(
  { separators }: Pick<Arm, 'separators'>,
  { matchers }: Pick<Provider, 'matchers'>,
): readonly Matcher[] {
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

/** What a model goes by: its id, and its aliases. */
export function namesOf({ id, aliases = [] }: Model): string[] {
  return [id, ...aliases];
}

/** Every id and alias of a model → the model. */
export function modelsByName({ models }: Pick<Registry, 'models'>): ReadonlyMap<string, Model> {
  return new Map(models.flatMap((model) => namesOf(model).map((name) => [name, model])));
}
