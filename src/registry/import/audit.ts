/** What a feed says otherwise of the ends of models, in both directions, and which ends it says nothing of. */
import type { Lifecycle, Model, Registry } from '../load/shape.ts';
import { modelsByName } from '../load/registry.ts';
import { closestFirst, groupByModel } from './changes.ts';
import type { FeedLifecycle, FeedModel } from './feed.ts';

/** One value of one model that the registry and the feed do not agree on. */
interface Difference {
  readonly model: string;
  /** `announced`, `shutdown`, `replacement`, or the distributor whose day it is. */
  readonly field: string;
  /** Null where the registry says nothing. */
  readonly here: string | null;
  /** Null where the feed says nothing, although it tells the ends of other models of the vendor. */
  readonly there: string | null;
  readonly source: string;
  /** When the feed said so. */
  readonly checked: string;
}

export interface Audit {
  readonly differences: readonly Difference[];
  /** How many models both know. */
  readonly compared: number;
  /** Models with an end here that the feed does not list: nothing is confirmed of them. */
  readonly unlisted: readonly string[];
  /** Models with a date here that quotes no words of its source. */
  readonly unquoted: readonly string[];
}

/** Compares all ends; changes nothing. A feed that tells no end of a vendor's models is not asked about that vendor. */
export function auditEnds(registry: Registry, feed: readonly FeedModel[]): Audit {
  const byName = modelsByName(registry);
  const { found } = groupByModel(byName, feed);
  const telling = new Set(feed.filter(({ facts }) => tellsEnd(facts.lifecycle)).map(({ vendor }) => vendor));
  const compared = [...found].filter(([{ vendor }]) => telling.has(vendor));
  const ended = registry.models.filter(({ lifecycle }) => hasDay(lifecycle));
  return {
    differences: compared.flatMap(([model, said]) =>
      differencesOf(model, closestFirst(model, said), (name) => byName.get(name)?.id ?? name),
    ),
    compared: compared.length,
    unlisted: ended.filter((each) => telling.has(each.vendor) && !found.has(each)).map(({ id }) => id),
    unquoted: registry.models
      .filter(({ vendor, lifecycle }) => telling.has(vendor) && !isQuoted(lifecycle))
      .map(({ id }) => id),
  };
}

function tellsEnd(said: FeedLifecycle = {}): boolean {
  return said.announced !== undefined || said.shutdown !== undefined || said.notBefore !== undefined;
}

function hasDay({ announced, shutdown, notBefore }: Lifecycle): boolean {
  return announced !== undefined || shutdown !== undefined || notBefore !== undefined;
}

function isQuoted(lifecycle: Lifecycle): boolean {
  const own = !hasDay(lifecycle) || lifecycle.quote !== undefined;
  return own && (lifecycle.distributors ?? []).every(({ quote }) => quote !== undefined);
}

/** What the feed says of the model itself goes before what it says of another name of it. */
function differencesOf(
  { id, lifecycle }: Model,
  said: readonly FeedModel[],
  idOf: (name: string) => string,
): Difference[] {
  const [closest] = said;
  if (closest === undefined) return [];
  const { source, checked } = closest;
  const there = closest.facts.lifecycle ?? {};
  return [...fieldsOf(lifecycle, there, idOf), ...distributorsOf(lifecycle, there)]
    .filter((each) => each.here !== each.there)
    .map((each) => ({ model: id, ...each, source, checked }));
}

type ComparedField = Pick<Difference, 'field' | 'here' | 'there'>;

function fieldsOf(here: Lifecycle, there: FeedLifecycle, idOf: (name: string) => string): ComparedField[] {
  const replacement = there.replacement === undefined ? null : idOf(there.replacement);
  return [
    { field: 'announced', here: here.announced ?? null, there: there.announced ?? null },
    { field: 'shutdown', here: dayText(here), there: isOver(here, there) ? dayText(here) : dayText(there) },
    { field: 'replacement', here: here.replacement ?? null, there: replacement },
  ];
}

/** What is over is over, also where the feed names only the earliest day. */
function isOver({ status, shutdown }: Lifecycle, { notBefore }: FeedLifecycle): boolean {
  return status === 'retired' && shutdown !== undefined && shutdown === notBefore;
}

function distributorsOf(here: Lifecycle, there: FeedLifecycle): ComparedField[] {
  const ours = new Map(here.distributors?.map((each) => [each.via, each]));
  const theirs = new Map(there.distributors?.map((each) => [each.via, each]));
  return [...new Set([...ours.keys(), ...theirs.keys()])].map((via) => ({
    field: via,
    here: dayText(ours.get(via)),
    there: dayText(theirs.get(via)),
  }));
}

/** `2027-01-14`, `not before 2027-01-14`, or null. */
function dayText({ shutdown, notBefore }: Pick<FeedLifecycle, 'shutdown' | 'notBefore'> = {}): string | null {
  return shutdown ?? (notBefore === undefined ? null : `not before ${notBefore}`);
}
