/** How models are written where they run, as far as the registry itself says so. */
import type { Spelling } from '../../engine/models/model.ts';
import type { LoadedRegistry } from '../load/load.ts';
import { namesOf } from '../load/registry.ts';
import type { Routes } from '../load/routes.ts';
import type { Model } from '../load/shape.ts';

/**
 * How every model is written where it runs. First comes what a runtime lists, then id and aliases, plain and behind each prefix.
 * An id of a runtime's own making comes last.
 */
export function spellingsOf({ registry, routes }: LoadedRegistry): ReadonlyMap<Model, readonly Spelling[]> {
  const listed = listedIds(routes);
  const prefixes = prefixesByVendor(routes);
  return new Map(
    registry.models.map((model) => {
      const names = namesOf(model);
      const before = ['', `${model.vendor}/`, ...(prefixes.get(model.vendor) ?? [])];
      const written = before.flatMap((prefix) => names.map((name) => ({ text: prefix + name, prefix })));
      const ids = [...(listed.get(model) ?? [])].map((text) => ({ text, prefix: prefixOf(text, names) }));
      const like = ids.flatMap(({ text, prefix }) => (prefix === undefined ? [] : [{ text, prefix }]));
      const unlike = ids.flatMap(({ text, prefix }) => (prefix === undefined ? [{ text, prefix: '' }] : []));
      return [model, unique([...like, ...written, ...unlike])];
    }),
  );
}

function listedIds({ runtimes }: Routes): ReadonlyMap<Model, ReadonlySet<string>> {
  const found = new Map<Model, Set<string>>();
  for (const { listed } of runtimes.values())
    for (const { id, arms } of listed.values())
      for (const { model } of arms)
        if (model !== undefined) found.set(model, (found.get(model) ?? new Set()).add(id));
  return found;
}

function prefixesByVendor({ runtimes }: Routes): ReadonlyMap<string, readonly string[]> {
  const named = [...runtimes.values()].flatMap((runtime) => runtime.named);
  const byVendor = Map.groupBy(named, ({ route }) => route.vendor);
  return new Map([...byVendor].map(([vendor, arms]) => [vendor, arms.flatMap((arm) => arm.prefixes)]));
}

/** Undefined for an id of a runtime's own making. */
function prefixOf(text: string, names: readonly string[]): string | undefined {
  const name = names.find((each) => text.endsWith(each));
  return name === undefined ? undefined : text.slice(0, text.length - name.length);
}

/** The first of each text. */
function unique(spellings: readonly Spelling[]): Spelling[] {
  return [...new Map(spellings.toReversed().map((each) => [each.text, each])).values()].toReversed();
}
