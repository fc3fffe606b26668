/** The facts that a plan rests on, as digests by name. A stale plan can say which of them changed. */
import { canonicalText } from '../canonical.ts';
import type { Plan } from '../plan/plan-types.ts';
import type { Snapshot } from '../plan/snapshot.ts';

type Digest = (text: string) => string;

/** What a fact is read from; undefined where there is none of it. */
type Facts = Readonly<Record<string, (snapshot: Snapshot) => unknown>>;

/** What people and programs change while they work. The rows of the places are facts of this kind, too. */
const ofRows: Facts = {
  'occurrences that no place covers': ({ uncovered }) =>
    uncovered.map(({ samples: _samples, written: _written, owners: _owners, ...found }) => found),
  'rows that follow by foreign key': ({ subject }) => subject && [subject.followers, subject.rounds],
  'rows that become one': ({ subject }) => subject?.merging,
  'columns that may hold the key': ({ subject }) => subject?.lookalikes,
  'parameters in use': ({ parameters }) => parameters,
  'demands of the surroundings': ({ demands }) => demands,
  'settings beside the references': ({ companions }) => companions,
  'settings of rows that a merge removes': ({ merged }) => merged,
  'words beside the names': ({ servers = [] }) => (servers.length === 0 ? undefined : servers),
  'space grants needed': ({ grants }) => grants,
  'rows that forbid the target': ({ denied }) =>
    denied.length === 0 ? undefined : denied.map(({ place, rows }) => ({ place, rows })),
  'rows that constraints refuse': ({ refusals }) => (refusals.length === 0 ? undefined : refusals),
};

const ofTheRest: Facts = {
  tenant: ({ tenant }) => tenant,
  source: ({ source }) => source,
  target: ({ target }) => target,
  'how the models were found': ({ found = [] }) => (found.length === 0 ? undefined : found),
  'what surrounds the rows that follow': ({ subject }) => {
    if (subject === undefined) return undefined;
    const { impossible, unjudged, triggers, derived, unindexed } = subject;
    return { impossible, unjudged, triggers, derived, unindexed };
  },
  'rows that get other keys': ({ moving }) => moving,
  'models of the same name': ({ namesakes }) =>
    namesakes?.map(({ components, key }) => ({ components, key })),
  'texts of the schema': ({ schema }) => schema.map(({ object, text }) => ({ object, text })),
  'row-level security of the login': ({ hidden }) => hidden,
  'what is not looked at': ({ unread }) => unread,
};

/** Digests by fact: `source`, `target`, `tenant`, `definition of …`, `rows of …`, `occurrences that no place covers`. */
export function factsOf(snapshot: Snapshot, digest: Digest): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const [name, read] of Object.entries({ ...ofTheRest, ...ofRows })) {
    const value = read(snapshot);
    if (value !== undefined) facts[name] = shortDigest(value, digest);
  }
  for (const [name, definition] of Object.entries(snapshot.definitions))
    facts[`definition of ${name}`] = definition;
  const none = shortDigest([], digest);
  for (const group of snapshot.places) {
    const rows = group.groups
      .filter(({ owner }) => owner !== 'other' || typeof snapshot.source.tenant === 'string')
      .map((counted) => ({ ...counted, sample: [] }));
    facts[`${rowsOf}${group.places.join(', ')}`] = rows.length === 0 ? none : shortDigest(rows, digest);
  }
  return facts;
}

const rowsOf = 'rows of ';

/** Is the fact one that changes while people and programs work, and not the models, the tenant, the schema or the configuration? */
export function isOfRows(fact: string): boolean {
  return fact in ofRows || fact.startsWith(rowsOf);
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
export function changedFacts(
  before: Pick<Plan, 'facts'>,
  after: Pick<Plan, 'facts'>,
  counts: (fact: string) => boolean = () => true,
): string[] {
  const names = new Set([...Object.keys(before.facts), ...Object.keys(after.facts)]);
  return [...names]
    .filter((name) => counts(name))
    .toSorted()
    .flatMap((name) => describe(name, before.facts[name], after.facts[name]));
}

function describe(name: string, before: string | undefined, after: string | undefined): string[] {
  if (before === after) return [];
  if (before === undefined) return [`${name}: new`];
  return [after === undefined ? `${name}: gone` : `${name}: changed`];
}
