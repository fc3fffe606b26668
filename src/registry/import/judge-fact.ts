/** Is a fact of a feed news, and may it be taken over? */
import { canonicalText } from '../../engine/canonical.ts';
import type { Model } from '../load/shape.ts';

/** One value of one model. */
export interface FactChange {
  /** In the entry of the model: `['prices', 'input']`. */
  readonly path: readonly string[];
  /** Undefined where nothing was said. */
  readonly before: unknown;
  readonly after: unknown;
}

interface Fact {
  readonly byName: ReadonlyMap<string, Model>;
  readonly model: Model;
  readonly path: readonly string[];
  readonly after: unknown;
}

/** The change that a fact makes, or why it makes none. Undefined where the fact is known. */
export function judgeFact(fact: Fact): FactChange | string | undefined {
  const { model, path, after } = fact;
  const before = valueAt(model, path);
  if (before !== undefined && canonicalText(before) === canonicalText(after)) return undefined;
  const change = { path, before, after };
  switch (path.join('.')) {
    case 'lifecycle.status':
      return judgeStatus(model, change);
    case 'lifecycle.shutdown':
      return judgeShutdown(model, change);
    case 'lifecycle.notBefore':
      // Who knows the day needs no earliest one.
      return model.lifecycle.shutdown === undefined ? change : undefined;
    case 'lifecycle.replacement':
      return judgeReplacement(fact, change);
    case 'lifecycle.distributors':
      return judgeDistributors(model, change);
    case 'alsoInput':
      return judgeAlsoInput(model, change);
    default:
      return change;
  }
}

const order = ['active', 'deprecated', 'withdrawn', 'retired'];

function judgeStatus({ lifecycle }: Model, change: FactChange): FactChange | string {
  const nearer = order.indexOf(String(change.after)) > order.indexOf(lifecycle.status);
  return nearer
    ? change
    : `says it is ${String(change.after)}; here it is ${lifecycle.status}, and a feed revives nothing`;
}

function judgeShutdown({ lifecycle: { shutdown } }: Model, change: FactChange): FactChange | string {
  const said = String(change.after);
  if (shutdown === undefined || said < shutdown) return change;
  return `says it is shut down on ${said}; here it is ${shutdown}, and a feed puts nothing off`;
}

type Distributors = NonNullable<Model['lifecycle']['distributors']>;

/** Their dates come nearer only, too. A distributor that the feed does not name stays. */
function judgeDistributors({ lifecycle }: Model, change: FactChange): FactChange | undefined {
  const ours = lifecycle.distributors ?? [];
  const nearest = new Map(ours.map((our) => [our.via, our]));
  for (const said of change.after as Distributors) {
    const known = nearest.get(said.via);
    if (known === undefined || isNearer(said, known)) nearest.set(said.via, said);
  }
  const after = [...nearest.values()];
  return canonicalText(after) === canonicalText(ours) ? undefined : { ...change, after };
}

/** A day of shutdown is nearer than an earliest one. */
function isNearer(said: Distributors[number], known: Distributors[number]): boolean {
  if (said.shutdown === undefined) return known.shutdown === undefined && said.notBefore !== known.notBefore;
  return known.shutdown === undefined || said.shutdown < known.shutdown;
}

function judgeAlsoInput({ input = ['text'] }: Model, { after }: FactChange): FactChange | undefined {
  const more = (after as NonNullable<Model['input']>).filter((kind) => !input.includes(kind));
  return more.length === 0 ? undefined : { path: ['input'], before: input, after: [...input, ...more] };
}

function judgeReplacement({ byName, model }: Fact, change: FactChange): FactChange | string | undefined {
  const next = byName.get(String(change.after));
  if (next === undefined) return `is replaced by ${String(change.after)}, which is not in the registry`;
  if (next.id === change.before || next.id === model.id) return undefined;
  if (next.kind !== model.kind) return `is replaced by ${next.id}, which is of the kind ${next.kind}`;
  if (leadsTo(byName, next, model)) return `is replaced by ${next.id}, which is replaced by ${model.id}`;
  return { ...change, after: next.id };
}

function leadsTo(byName: ReadonlyMap<string, Model>, from: Model, { id }: Model): boolean {
  const seen = new Set<string>();
  for (let at: Model | undefined = from; at !== undefined && !seen.has(at.id);) {
    if (at.id === id) return true;
    seen.add(at.id);
    at = at.lifecycle.replacement === undefined ? undefined : byName.get(at.lifecycle.replacement);
  }
  return false;
}

function valueAt(model: Model, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (at as Readonly<Record<string, unknown>> | undefined)?.[step],
    model,
  );
}
