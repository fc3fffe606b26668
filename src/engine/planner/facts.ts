/** The facts a plan rests on, each with a digest, so that a plan that has grown stale can say what changed. */
import { canonicalText } from '../canonical.ts';
import type { Plan } from '../plan/plan-types.ts';
import type { Snapshot } from '../plan/snapshot.ts';

/** Digests by fact: `source`, `target`, `tenant`, `definition of …`, `rows of …`, `unclassified values`. */
export function factsOf(snapshot: Snapshot, digest: (text: string) => string): Record<string, string> {
  const short = (value: unknown): string => digest(canonicalText(value)).slice(0, 16);
  const facts: Record<string, string> = {
    tenant: short(snapshot.tenant),
    source: short(snapshot.source),
    target: short(snapshot.target),
    'unclassified values': short(
      snapshot.unclassified.map(({ table, column, count, pointer }) => ({ table, column, count, pointer })),
    ),
    'row-level security of the login': short(snapshot.hidden),
    'parameters in use': short(snapshot.parameters),
    'demands of the surroundings': short(snapshot.demands),
    'space grants needed': short(snapshot.grants),
  };
  Object.assign(facts, definitionFacts(snapshot.definitions, short));
  for (const group of snapshot.places) {
    const rows = group.groups.map((counted) => ({ ...counted, sample: [] }));
    facts[`rows of ${group.places.join(', ')}`] = short(rows);
  }
  return facts;
}

/** The tenants of a wave share their definitions, which are by far the longest of the facts. */
const digested = new WeakMap<Snapshot['definitions'], Readonly<Record<string, string>>>();

function definitionFacts(
  definitions: Snapshot['definitions'],
  short: (value: unknown) => string,
): Readonly<Record<string, string>> {
  const known =
    digested.get(definitions) ??
    Object.fromEntries(
      Object.entries(definitions).map(([name, text]) => [`definition of ${name}`, short(text)]),
    );
  digested.set(definitions, known);
  return known;
}

/** What is different between the facts of two plans, in words; empty where they rest on the same facts. */
export function changedFacts(before: Pick<Plan, 'facts'>, after: Pick<Plan, 'facts'>): string[] {
  const names = new Set([...Object.keys(before.facts), ...Object.keys(after.facts)]);
  return [...names].toSorted().flatMap((name) => describe(name, before.facts[name], after.facts[name]));
}

function describe(name: string, before: string | undefined, after: string | undefined): string[] {
  if (before === after) return [];
  if (before === undefined) return [`${name}: new`];
  return [after === undefined ? `${name}: gone` : `${name}: changed`];
}
