/** What verdicts are looked up in: made once for a registry, so that a verdict is a few look-ups and, at most, a match. */
import { allow } from './answer.ts';
import type { Allowed } from './answer.ts';
import { compileMatchers } from '../load/matchers.ts';
import { armEntries, armMatchers, goesByName, modelsByName, namesOf } from '../load/registry.ts';
import { routeOf } from './route.ts';
import type { Route } from './route.ts';
import type { Model, Provider, Registry, Runtime } from '../load/shape.ts';

/** An exact id: the arms that list it, in their order, and the model that each of them means. */
export interface ListedId {
  readonly id: string;
  readonly arms: readonly { readonly route: Route; readonly model: Model | undefined }[];
  /** Where one arm lists it, the answer is always this one. */
  readonly answer?: Allowed;
}

/** An arm whose provider's matchers make ids routable. */
interface NamedArm {
  readonly route: Route;
  readonly takes: (id: string) => boolean;
  /** What may stand before a vendor's own id: `anthropic/`. */
  readonly prefixes: readonly string[];
}

export interface RuntimeRoutes {
  readonly runtime: Runtime;
  /** In the order of the arms, which is the order of menus. */
  readonly listed: ReadonlyMap<string, ListedId>;
  readonly named: readonly NamedArm[];
}

export interface Routes {
  /** How answers name the registry. */
  readonly version: string;
  readonly runtimes: ReadonlyMap<string, RuntimeRoutes>;
  /** By id and by alias. */
  readonly models: ReadonlyMap<string, Model>;
  /** The same by their names in lower case; two vendors may have one. */
  readonly modelsInAnyCase: ReadonlyMap<string, readonly Model[]>;
}

export function buildRoutes(registry: Registry, version: string): Routes {
  const known = {
    version,
    models: modelsByName(registry),
    providers: new Map(registry.providers.map((provider) => [provider.id, provider])),
  };
  const runtimes = new Map(registry.runtimes.map((runtime) => [runtime.id, runtimeRoutes(runtime, known)]));
  const byLowerCase = Map.groupBy(known.models, ([name]) => name.toLowerCase());
  const modelsInAnyCase = new Map(
    [...byLowerCase].map(([name, all]) => [name, all.map(([, model]) => model)]),
  );
  return { version, models: known.models, modelsInAnyCase, runtimes };
}

interface Known {
  readonly version: string;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly models: ReadonlyMap<string, Model>;
}

function runtimeRoutes(runtime: Runtime, known: Known): RuntimeRoutes {
  const named = (runtime.arms ?? []).flatMap((arm) => {
    const provider = known.providers.get(arm.provider);
    if (provider?.payer !== 'tenant' || !goesByName(arm)) return [];
    const matchers = armMatchers(arm, provider);
    return matchers.length === 0 ? [] : [{ route: routeOf(arm, provider), ...compileMatchers(matchers) }];
  });
  return { runtime, listed: listedIds(runtime, known), named };
}

function listedIds(runtime: Runtime, known: Known): ReadonlyMap<string, ListedId> {
  const arms = new Map<string, ListedId['arms']>();
  for (const arm of runtime.arms ?? []) {
    const provider = known.providers.get(arm.provider);
    if (provider === undefined) continue;
    const route = routeOf(arm, provider);
    for (const { id, model } of armEntries(arm))
      arms.set(id, [...(arms.get(id) ?? []), { route, model: known.models.get(model) }]);
  }
  return new Map(
    [...arms].map(([id, all]) => [id, listedId({ runtime: runtime.id, id, version: known.version }, all)]),
  );
}

function listedId(
  { runtime, id, version }: { runtime: string; id: string; version: string },
  arms: ListedId['arms'],
): ListedId {
  const [only, another] = arms;
  if (only === undefined || another !== undefined) return { id, arms };
  const answer = allow({ runtime, model: id, version }, { by: 'listed', ...only });
  return { id, arms, answer: Object.freeze(answer) };
}

/** The models of an id, with or without the word of a provider before it, the likeliest first. Other cases come last: some matchers ignore case. */
export function modelsMeant({ models, modelsInAnyCase }: Routes, id: string): Model[] {
  const texts = [id, behindWord(id)];
  const exact = texts.flatMap((text) => models.get(text) ?? []);
  const inAnyCase = texts.flatMap((text) => modelsInAnyCase.get(text.toLowerCase()) ?? []);
  return [...exact, ...inAnyCase];
}

function behindWord(id: string): string {
  return id.replace(/^[^/:]*[/:]/, '');
}

/** Every name of every model that a text could mean on some runtime, the text itself included. */
export function namesMeant(routes: Routes, text: string): string[] {
  const arms = [...routes.runtimes.values()].flatMap(({ listed }) => listed.get(text)?.arms ?? []);
  const models = [...modelsMeant(routes, text), ...arms.flatMap(({ model }) => model ?? [])];
  return [...new Set([text, behindWord(text), ...models.flatMap(rowNames)])];
}

/** What a tenant's row of the model may be called. */
function rowNames(model: Model): string[] {
  return namesOf(model).flatMap((name) => [name, `${model.vendor}/${name}`]);
}
