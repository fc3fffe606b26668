/** The pairs of runtime and model that a registry can name itself. */
import { namesMeant } from '../known/any-spelling.ts';
import type { LoadedRegistry } from '../load/load.ts';
import { openArms } from './choose-arm.ts';
import { judge } from './routability.ts';

export interface NamedPair {
  readonly runtime: string;
  readonly model: string;
}

/** Every listed id, and every known model that goes by its name. */
export function allPairs({ routes }: LoadedRegistry): NamedPair[] {
  return [...routes.runtimes.values()].flatMap(({ runtime, listed, named }) => {
    const names = named.flatMap(({ known }) => known.map(({ id }) => id));
    return [...new Set([...listed.keys(), ...names])].map((model) => ({ runtime: runtime.id, model }));
  });
}

/** A pair as the database is told of it. */
interface RoutablePair {
  readonly runtime: string;
  /** Empty: the runtime may be had, and has no model yet. */
  readonly model: string;
  /** `platform` or `tenant`; the providers in their order where the available secrets decide; empty without a model. */
  readonly payers: string;
  /** All names that a tenant's row of what the model means may have. */
  readonly names: readonly string[];
}

/** The pairs that anybody may choose on that day, whatever secrets there are, and every runtime without a model. */
export function routablePairs(loaded: LoadedRegistry, today: string): RoutablePair[] {
  const runtimes = loaded.registry.runtimes.filter(({ kind }) => kind !== 'retired');
  const allowed = allPairs(loaded).filter(
    ({ runtime, model }) => judge(loaded, { runtime, model, today }).verdict === 'allow',
  );
  return [
    ...runtimes.map(({ id }) => ({ runtime: id, model: '', payers: '', names: [] })),
    ...allowed.map(({ runtime, model }) => ({
      runtime,
      model,
      payers: payersOf(loaded, { runtime, model, today }),
      names: namesMeant(loaded, model),
    })),
  ];
}

function payersOf(
  { routes }: LoadedRegistry,
  { runtime: id, model, today }: NamedPair & { readonly today: string },
): string {
  const runtime = routes.runtimes.get(id);
  const listed = runtime?.listed.get(model);
  const arms =
    listed === undefined
      ? (runtime?.named.filter(({ takes }) => takes(model)) ?? [])
      : openArms(listed, { today });
  const [payer, another] = new Set(arms.map(({ route }) => route.payer));
  return another === undefined ? (payer ?? '') : arms.map(({ route }) => route.provider).join(',');
}
