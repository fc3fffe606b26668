/**
 * Texts → a registry, or everything that is wrong with them. One bad document refuses the whole: half a registry would route
 * to what the other half forbids. A registry that could not be read is kept apart from one that says no.
 */
import { createHash } from 'node:crypto';
import { canonicalText } from '../../engine/canonical.ts';
import { compareText } from '../../engine/order.ts';
import { readEntries } from './documents.ts';
import type { Entries, PlacedEntry } from './documents.ts';
import type { RegistryProblem, RegistryText } from './positions.ts';
import { buildRoutes } from './routes.ts';
import type { Routes } from './routes.ts';
import { checkRules } from './rules.ts';
import type { Model, Registry } from './shape.ts';

export interface LoadedRegistry {
  readonly kind: 'ok';
  readonly registry: Registry;
  /** The version that the registry gives itself. */
  readonly version: string;
  /** Hash of the content, in hex. Names and layout of the files do not matter. */
  readonly hash: string;
  /** What verdicts are looked up in, made once. */
  readonly routes: Routes;
  /** Made when somebody first asks: most questions are about ids that are listed. See known/any-spelling.ts. */
  readonly onDemand: { byLetters?: ReadonlyMap<string, readonly Model[]> };
}

export type Loaded =
  | LoadedRegistry
  | { readonly kind: 'invalid'; readonly problems: readonly RegistryProblem[] };

/**
 * The registry of some documents.
 * @param builtIn what a document with `extends: built-in` extends. An entry of the documents replaces one with the same id.
 */
export function loadRegistry(texts: readonly RegistryText[], builtIn: readonly RegistryText[] = []): Loaded {
  const own = readEntries(texts);
  const entries = own.extendsBuiltIn ? extend(readEntries(builtIn), own) : own;
  const problems = [...entries.problems, ...(entries.whole ? checkRules(entries) : [])];
  if (problems.length > 0) return { kind: 'invalid', problems: sortProblems(problems) };
  return finish({
    version: entries.versions[0]?.entry ?? '',
    levels: entries.levels[0]?.entry ?? {},
    providers: entries.providers.map(({ entry }) => entry),
    runtimes: entries.runtimes.map(({ entry }) => entry),
    models: entries.models.map(({ entry }) => entry),
  });
}

/** A registry from data. Its rules are not checked. */
export function finish(registry: Registry): LoadedRegistry {
  const hash = hashOf(registry);
  const routes = buildRoutes(registry, versionText(registry.version, hash));
  return { kind: 'ok', registry, version: registry.version, hash, routes, onDemand: {} };
}

/** How answers name a registry: the version that it gives itself, and the beginning of the hash. */
function versionText(version: string, hash: string): string {
  return `${version}+${hash.slice(0, 12)}`;
}

/** The order of providers, runtimes and models means nothing. The order of arms and of their ids does. */
function hashOf({ version, levels, providers, runtimes, models }: Registry): string {
  const content = {
    version,
    levels,
    providers: byId(providers),
    runtimes: byId(runtimes),
    models: byId(models),
  };
  return createHash('sha256').update(canonicalText(content)).digest('hex');
}

function byId<Entry extends { readonly id: string }>(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => compareText(a.id, b.id));
}

function extend(base: Entries, own: Entries): Entries {
  return {
    versions: own.versions.length > 0 ? own.versions : base.versions,
    levels: own.levels.length > 0 ? own.levels : base.levels,
    providers: overlay(base.providers, own.providers),
    runtimes: overlay(base.runtimes, own.runtimes),
    models: overlay(base.models, own.models),
    broken: own.broken,
    problems: [...base.problems, ...own.problems],
    whole: base.whole && own.whole,
    extendsBuiltIn: false,
  };
}

function overlay<Entry extends { readonly id: string }>(
  base: readonly PlacedEntry<Entry>[],
  own: readonly PlacedEntry<Entry>[],
): PlacedEntry<Entry>[] {
  const replaced = new Set(own.map(({ entry }) => entry.id));
  return [...base.filter(({ entry }) => !replaced.has(entry.id)), ...own];
}

function sortProblems(problems: readonly RegistryProblem[]): RegistryProblem[] {
  return problems.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column);
}
