/**
 * A feed and our registry → a list of changes for a person to review. A feed may correct facts and bring the end of a model
 * nearer. It never makes a pair routable: no runtime, provider or arm is touched, no model comes back, no shutdown is put off.
 * Such statements of a feed are listed for a person to decide.
 */
import type { FeedModel } from './feed.ts';
import { modelsByName, namesOf, vendorOf } from '../load/registry.ts';
import { modelShape } from '../load/shape.ts';
import type { Lifecycle, Model, Registry } from '../load/shape.ts';
import { judgeFact } from './judge-fact.ts';
import type { FactChange } from './judge-fact.ts';

export interface ModelChange {
  readonly model: string;
  readonly changes: readonly FactChange[];
  readonly source: string;
  readonly checked: string;
}

/** A statement of a feed that is not taken over. */
interface Unheeded {
  readonly model: string;
  readonly message: string;
}

export interface ImportPlan {
  readonly changes: readonly ModelChange[];
  /** Models that are not in the registry, where new ones were asked for. */
  readonly additions: readonly Model[];
  readonly unheeded: readonly Unheeded[];
  /** How many models of the feed are not in the registry and were not added. */
  readonly unknown: number;
}

interface ChangeOptions {
  /** Also propose models that are not in the registry. */
  readonly add?: boolean;
}

/** What a feed would change. The registry with these changes is well-formed: what would break it is unheeded. */
export function planImport(
  registry: Registry,
  feed: readonly FeedModel[],
  options: ChangeOptions = {},
): ImportPlan {
  const byName = new Map(modelsByName(registry));
  const { found, unknown } = groupByModel(byName, feed);
  const compared = [...found].map(([model, said]) => compareModel(byName, model, closestFirst(model, said)));
  const additions = options.add === true ? newModels(registry, byName, unknown) : [];
  return {
    changes: compared.map(({ change }) => change).filter(({ changes }) => changes.length > 0),
    additions,
    unheeded: compared.flatMap(({ unheeded }) => unheeded),
    unknown: unknown.length - additions.length,
  };
}

/** The statements of a feed by the model of ours that they are about. */
export function groupByModel(
  byName: ReadonlyMap<string, Model>,
  feed: readonly FeedModel[],
): { readonly found: ReadonlyMap<Model, readonly FeedModel[]>; readonly unknown: readonly FeedModel[] } {
  const found = new Map<Model, FeedModel[]>();
  const unknown: FeedModel[] = [];
  for (const each of feed) {
    const model = findModel(byName, each);
    if (model === undefined) unknown.push(each);
    else found.set(model, [...(found.get(model) ?? []), each]);
  }
  return { found, unknown };
}

function findModel(byName: ReadonlyMap<string, Model>, { ids, vendor }: FeedModel): Model | undefined {
  const id = ids.find((each) => byName.get(each)?.vendor === vendor);
  return id === undefined ? undefined : byName.get(id);
}

/** Statements under the model's own id go before those under another name. */
export function closestFirst({ id }: Model, said: readonly FeedModel[]): FeedModel[] {
  return said.toSorted((a, b) => Number(b.ids[0] === id) - Number(a.ids[0] === id));
}

/** Each change is judged after those before it, also of other models: two replacements may be a circle only together. */
function compareModel(
  byName: Map<string, Model>,
  model: Model,
  said: readonly FeedModel[],
): { readonly change: ModelChange; readonly unheeded: readonly Unheeded[] } {
  const { source = model.source, checked = model.checked } = said[0] ?? {};
  const changes: FactChange[] = [];
  const unheeded: Unheeded[] = [];
  const done = new Set<string>();
  let changed: Model = { ...model, source, checked };
  for (const { path, after } of said.flatMap(saidFacts)) {
    const key = path.join('.');
    if (done.has(key)) continue;
    done.add(key);
    const judged = judgeFact({ byName, model: changed, path, after });
    if (judged === undefined) continue;
    const next = typeof judged === 'string' ? judged : tryChange(changed, judged);
    if (typeof next === 'string') unheeded.push({ model: model.id, message: next });
    else {
      changes.push(judged as FactChange);
      changed = next;
    }
  }
  for (const name of namesOf(model)) byName.set(name, changed);
  return { change: { model: model.id, changes, source, checked }, unheeded };
}

/** The model with a change, or why that is no model. */
function tryChange(model: Model, { path, after }: FactChange): Model | string {
  const [name = '', inner] = path;
  const group = model[name as keyof Model] as object | undefined;
  const changed = { ...model, [name]: inner === undefined ? after : { ...group, [inner]: after } };
  const parsed = modelShape.safeParse(changed);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `says ${path.join('.')} is ${JSON.stringify(after).slice(0, 100)}: ${issue?.message ?? 'of another shape'}`;
}

/** The model after all of its changes. */
export function withChanges(model: Model, change: ModelChange): Model {
  const { changes, source, checked } = change;
  const whole = changes.some(({ path: [group] }) => group !== 'lifecycle') ? { source, checked } : {};
  const changed = changes.reduce<Model>(
    (at, each) => {
      const next = tryChange(at, each);
      return typeof next === 'string' ? at : next;
    },
    { ...model, ...whole },
  );
  return { ...changed, lifecycle: { ...changed.lifecycle, ...evidenceOfEnd(change) } };
}

/** What an entry says beside a changed end: who said it, when, and in which words. Nothing where the end stays as it is. */
export function evidenceOfEnd({
  changes,
  source,
  checked,
}: Pick<ModelChange, 'changes' | 'source' | 'checked'>): Pick<Lifecycle, 'source' | 'checked' | 'quote'> {
  const said = changes.filter(
    ({ path: [group, field] }) => group === 'lifecycle' && field !== 'distributors',
  );
  if (said.length === 0) return {};
  const quote = said.map(({ path, after }) => `${path.at(-1)}: ${String(after)}`).join(', ');
  return { source, checked, quote };
}

/** The statements of a feed, value by value. Groups such as prices are opened. */
function saidFacts({ facts }: FeedModel): { path: string[]; after: unknown }[] {
  return Object.entries(facts).flatMap(([name, value]: [string, unknown]) => {
    // A person named the model and put it into a family of ours.
    if (value === undefined || name === 'name' || name === 'family' || name === 'kind') return [];
    if (name !== 'prices' && name !== 'lifecycle') return [{ path: [name], after: value }];
    return Object.entries(value as Readonly<Record<string, unknown>>)
      .filter(([, inner]) => inner !== undefined)
      .map(([inner, after]) => ({ path: [name, inner], after }));
  });
}

function newModels(registry: Registry, byName: Map<string, Model>, unknown: readonly FeedModel[]): Model[] {
  const vendors = new Set(registry.providers.map(vendorOf));
  return unknown.flatMap((each) => {
    const model = vendors.has(each.vendor) ? newModel(each) : undefined;
    // A model of another vendor may have that id.
    if (model === undefined || byName.has(model.id)) return [];
    byName.set(model.id, model);
    return [model];
  });
}

/** Undefined where the feed does not say enough. A replacement waits for the next import, when all models are there. */
function newModel({ ids, vendor, facts, source, checked }: FeedModel): Model | undefined {
  const { lifecycle = {}, prices = {}, alsoInput: _, ...known } = facts;
  const { status = 'active', announced, shutdown } = lifecycle;
  const { name, family, kind, ...limits } = known;
  const parsed = modelShape.safeParse({
    id: ids[0],
    name,
    vendor,
    family,
    kind,
    ...withoutUndefined({ ...limits, prices: withoutUndefined(prices) }),
    lifecycle: { status, ...withoutUndefined({ announced, shutdown }) },
    source,
    checked,
  });
  return parsed.success ? parsed.data : undefined;
}

function withoutUndefined<Value extends object>(value: Value): Partial<Value> {
  const isEmpty = (member: unknown): boolean =>
    member === undefined ||
    (typeof member === 'object' && member !== null && Object.keys(member).length === 0);
  return Object.fromEntries(Object.entries(value).filter(([, member]) => !isEmpty(member))) as Partial<Value>;
}
