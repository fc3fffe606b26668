/** The facts that a plan rests on, as digests by name. A stale plan can say which of them changed. */
import { canonicalText } from '../canonical.ts';
import type { Plan } from '../plan/plan-types.ts';
import type { Snapshot } from '../plan/snapshot.ts';

type Digest = (text: string) => string;

/** Digests by fact: `source`, `target`, `tenant`, `definition of …`, `rows of …`, `occurrences that no place covers`. */
export function factsOf(snapshot: Snapshot, digest: Digest): Record<string, string> {
  const short = (value: unknown): string => shortDigest(value, digest);
  const facts: Record<string, string> = {
    tenant: short(snapshot.tenant),
    source: short(snapshot.source),
    target: short(snapshot.target),
    'occurrences that no place covers': short(
      snapshot.uncovered.map(({ samples: _samples, written: _written, ...found }) => found),
    ),
    'texts of the schema': short(snapshot.schema.map(({ object, text }) => ({ object, text }))),
    'row-level security of the login': short(snapshot.hidden),
    'what is not looked at': short(snapshot.unread),
    'parameters in use': short(snapshot.parameters),
    'demands of the surroundings': short(snapshot.demands),
    'settings beside the references': short(snapshot.companions),
    'settings of rows that a merge removes': short(snapshot.merged),
    'space grants needed': short(snapshot.grants),
  };
  if (snapshot.refusals.length > 0) facts['rows that constraints refuse'] = short(snapshot.refusals);
  for (const [name, definition] of Object.entries(snapshot.definitions))
    facts[`definition of ${name}`] = definition;
  for (const group of snapshot.places) {
    const rows = group.groups
      .filter(({ owner }) => owner !== 'other' || typeof snapshot.source.tenant === 'string')
      .map((counted) => ({ ...counted, sample: [] }));
    facts[`rows of ${group.places.join(', ')}`] = short(rows);
  }
  return facts;
}

/**
 * The definitions of a snapshot from their texts. They are by far the longest of the facts and the same for every tenant, so whoever
 * reads the rules digests them once.
 */
export function digestDefinitions(
  texts: Readonly<Record<string, string>>,
  digest: Digest,
): Snapshot['definitions'] {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, shortDigest(text, digest)]));
}

function shortDigest(value: unknown, digest: Digest): string {
  return digest(canonicalText(value)).slice(0, 16);
}

/** What differs between the facts of two plans, in words. Empty where both rest on the same facts. */
export function changedFacts(before: Pick<Plan, 'facts'>, after: Pick<Plan, 'facts'>): string[] {
  const names = new Set([...Object.keys(before.facts), ...Object.keys(after.facts)]);
  return [...names].toSorted().flatMap((name) => describe(name, before.facts[name], after.facts[name]));
}

function describe(name: string, before: string | undefined, after: string | undefined): string[] {
  if (before === after) return [];
  if (before === undefined) return [`${name}: new`];
  return [after === undefined ? `${name}: gone` : `${name}: changed`];
}
