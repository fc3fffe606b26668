/** What verdicts are looked up in. It is made once, with the registry. */
import { compileMatchers } from './matchers.ts';
import type { CompiledMatchers } from './matchers.ts';
import { armEntries, armMatchers, goesByName, modelsByName, namesOf, vendorOf } from './registry.ts';
import type { Arm, Model, Provider, Registry, Runtime } from './shape.ts';

export type Payer = 'platform' | 'tenant';

/** One arm of a runtime, as an answer describes it. */
export interface Route {
  readonly provider: string;
  /** Whose model ids it takes. */
  readonly vendor: string;
  readonly payer: Payer;
  /** Any one of these secrets is enough; empty where the platform pays. */
  readonly needs: readonly string[];
  readonly protocol: Provider['protocol'];
  /** The variable into which the secret is projected. */
  readonly variable: string | null;
  /** Where the protocol is spoken; null where the tenant or the operator says. */
  readonly baseUrl: string | null;
}

/** An exact id, with the arms that list it in their order. */
export interface ListedId {
  readonly id: string;
  readonly arms: readonly {
    readonly route: Route;
    readonly model: Model | undefined;
    /** As the provider takes it. */
    readonly wireId: string;
    /** ISO date: from then on the arm takes nobody anew. */
    readonly withdrawn: string | undefined;
  }[];
}

/** An id as the runtime spells it, and the model behind it. */
export interface KnownId {
  readonly id: string;
  readonly model: Model;
}

/** An arm that goes by name. */
export interface NamedArm extends Pick<CompiledMatchers, 'takes' | 'behindWord' | 'inAnyCase'> {
  readonly route: Route;
  /** Every id and alias of its vendor's models, by lower case. Empty: it serves the models of others. */
  readonly names: ReadonlyMap<string, readonly KnownId[]>;
  /** Which of `/`, `:` and `@` stand in these names. */
  readonly signs: ReadonlySet<string>;
  /** What may stand before a vendor's own id: `anthropic/`. */
  readonly prefixes: readonly string[];
  /** The ids of known completion models that it takes. */
  readonly known: readonly KnownId[];
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
  /** Models by their names in lower case. Two vendors may have the same name. */
  readonly modelsInAnyCase: ReadonlyMap<string, readonly Model[]>;
}

interface KnownEntries {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly models: ReadonlyMap<string, Model>;
  readonly byVendor: ReadonlyMap<string, readonly Model[]>;
}

export function buildRoutes(registry: Registry, version: string): Routes {
  const models = modelsByName(registry);
  const known: KnownEntries = {
    models,
    providers: new Map(registry.providers.map((provider) => [provider.id, provider])),
    byVendor: Map.groupBy(registry.models, ({ vendor }) => vendor),
  };
  const runtimes = registry.runtimes.map((runtime) => [runtime.id, runtimeRoutes(runtime, known)] as const);
  const byLowerCase = Map.groupBy(models, ([name]) => name.toLowerCase());
  const modelsInAnyCase = [...byLowerCase].map(
    ([name, all]) => [name, all.map(([, model]) => model)] as const,
  );
  return { version, models, modelsInAnyCase: new Map(modelsInAnyCase), runtimes: new Map(runtimes) };
}

function runtimeRoutes(runtime: Runtime, known: KnownEntries): RuntimeRoutes {
  const listed = new Map<string, ListedId>();
  const named: NamedArm[] = [];
  for (const arm of runtime.arms ?? []) {
    const provider = known.providers.get(arm.provider);
    if (provider === undefined) continue;
    const route = routeOf(arm, provider);
    for (const { id, model, withdrawn } of armEntries(arm)) {
      const listing = { route, model: known.models.get(model), wireId: model, withdrawn };
      listed.set(id, { id, arms: [...(listed.get(id)?.arms ?? []), listing] });
    }
    if (provider.payer === 'tenant' && goesByName(arm))
      named.push(...namedArm({ arm, provider, route }, known));
  }
  return { runtime, listed, named };
}

/** What an arm says itself goes before what its provider says. */
function routeOf(arm: Arm, provider: Provider): Route {
  return Object.freeze({
    provider: provider.id,
    vendor: vendorOf(provider),
    payer: provider.payer,
    needs: provider.secrets,
    protocol: arm.protocol ?? provider.protocol,
    variable: arm.variable ?? provider.variable ?? null,
    baseUrl: arm.baseUrl ?? provider.baseUrl ?? null,
  });
}

/** None where no matcher is left. */
function namedArm(
  { arm, provider, route }: { readonly arm: Arm; readonly provider: Provider; readonly route: Route },
  { byVendor }: KnownEntries,
): NamedArm[] {
  const matchers = armMatchers(arm, provider);
  if (matchers.length === 0) return [];
  const { prefixes, ...tests } = compileMatchers(matchers);
  const own = byVendor.get(route.vendor) ?? [];
  const known = own
    .filter(({ kind }) => kind === 'completion')
    .flatMap((model) =>
      [model.id, ...prefixes.map((prefix) => prefix + model.id)]
        .filter(tests.takes)
        .map((id) => ({ id, model })),
    );
  const names = own.flatMap((model) => namesOf(model).map((id) => ({ id, model })));
  const signs = new Set(names.flatMap(({ id }) => id.match(/[/:@]/g) ?? []));
  return [
    { route, ...tests, prefixes, known, signs, names: Map.groupBy(names, ({ id }) => id.toLowerCase()) },
  ];
}

/**
 * The models that an id may mean, with or without the word of a provider before it, the likeliest first. Other cases come
 * last: some matchers ignore case.
 */
export function modelsMeant({ models, modelsInAnyCase }: Routes, id: string): Model[] {
  const texts = [id, behindWord(id)];
  const exact = texts.flatMap((text) => models.get(text) ?? []);
  const inAnyCase = texts.flatMap((text) => modelsInAnyCase.get(text.toLowerCase()) ?? []);
  return [...exact, ...inAnyCase];
}

/** `claude-opus-5` of `anthropic/claude-opus-5`. */
function behindWord(id: string): string {
  return id.replace(/^[^/:]*[/:]/, '');
}

/** The likeliest of them. */
export function findMeant(routes: Routes, id: string): Model | undefined {
  return modelsMeant(routes, id)[0];
}
