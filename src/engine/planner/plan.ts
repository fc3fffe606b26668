/**
 * Planning: facts and an intent in, an immutable plan out. The same snapshot and intent give the same plan, hash included.
 *
 * Every group of rows is decided place by place (plan/decide.ts). What moves becomes steps (operations/), what stays is listed with
 * its reason, and what a person must know becomes findings (findings.ts). check.ts verifies the result by other means.
 */
import { ownMember } from '../own.ts';
import { findTable } from '../catalogue/catalog.ts';
import { tablePath } from '../catalogue/names.ts';
import type { Occurrence } from '../inventory/occurrence.ts';
import { isDefault } from '../inventory/occurrence.ts';
import { accountOf, type Accounts, occurrencesOf, sumAccounts } from '../plan/accounts.ts';
import { decideAll, type Decided, joinSamples } from '../plan/decide.ts';
import { decideUncovered, uncoveredId } from '../plan/outside-places.ts';
import { completionOf, keepsInUse } from '../plan/completion.ts';
import { planFindings } from './findings.ts';
import { factsOf } from './facts.ts';
import { canonicalText } from '../canonical.ts';
import { given } from '../given.ts';
import type { Intent } from '../plan/intent.ts';
import { compareText } from '../order.ts';
import type { ModelFacts, ModelName } from '../models/model.ts';
import type { LeftBehind, Plan, Step } from '../plan/plan-types.ts';
import type { Snapshot } from '../plan/snapshot.ts';
import { countChanges, planSteps } from '../operations/operations.ts';

interface PlanInput {
  readonly snapshot: Snapshot;
  readonly intent: Intent;
  /** Hex digest of a text (sha-256): handed in, because the engine itself does no cryptography. */
  readonly digest: (text: string) => string;
}

/** The plan for one tenant. What forbids the move is a finding of severity `error`, not an exception. */
export function planMigration({ snapshot: facts, intent, digest }: PlanInput): Plan {
  const snapshot = inOrder(facts);
  const decided = decideAll(snapshot, intent);
  const leftBehind = listLeftBehind([
    ...stayingPlaces(decided),
    ...stayingOccurrences(snapshot, intent),
    ...stayingDefaults(snapshot),
  ]);
  const retires = !leftBehind.some((entry) => keepsInUse(snapshot, entry));
  const steps = planSteps({ snapshot, intent, decided, retires });
  const findings = planFindings({ snapshot, intent, decided, leftBehind, steps });
  const plan = {
    version: 1 as const,
    tenant: snapshot.tenant,
    intent,
    source: modelName(snapshot.source),
    target: modelName(snapshot.target),
    steps,
    findings,
    leftBehind,
    completion: completionOf(leftBehind, snapshot.tenant),
    accounts: accountsOf(decided, steps, leftBehind),
    counts: countChanges(steps),
    facts: factsOf(snapshot, digest),
  };
  return { ...plan, hash: hashOf(plan, digest) };
}

/** The facts in one order. The collation of a database must not decide a hash. */
function inOrder(snapshot: Snapshot): Snapshot {
  const { grants, uncovered, related, demands, refusals, denied, merged, companions, hidden, parameters } =
    snapshot;
  const places = snapshot.places.map((source) => ({
    ...source,
    groups: ordered(source.groups, ({ states, owner, dead }) => [states, owner, dead]),
  }));
  return {
    ...snapshot,
    places: ordered(places, ({ table, column }) => [table, column]),
    grants: ordered(grants.map((need) => ({ ...need, scopes: ordered(need.scopes) }))),
    uncovered: ordered(uncovered, (found) => [tellsApart(found), found.owner, found.dead, found.past]),
    related: ordered(related, tellsApart),
    demands: ordered(demands),
    merged: ordered(merged),
    companions: ordered(companions.map((entry) => ({ ...entry, values: ordered(entry.values) }))),
    refusals: ordered(refusals),
    denied: ordered(denied),
    hidden: ordered(hidden),
    parameters: ordered(parameters.map((entry) => ({ ...entry, documents: ordered(entry.documents) }))),
    dependents: Object.fromEntries(ordered(Object.entries(snapshot.dependents))),
  };
}

function tellsApart({ table, column, path, form, by, spelling }: Occurrence): unknown {
  return [table, column, path, form, by, spelling];
}

/** By the code units of what tells two of them apart. */
function ordered<Each>(all: readonly Each[], tellsApart: (each: Each) => unknown = (each) => each): Each[] {
  if (all.length < 2) return [...all];
  const keyed = all.map((each) => ({ each, key: canonicalText(tellsApart(each)) }));
  return keyed.toSorted((a, b) => compareText(a.key, b.key)).map(({ each }) => each);
}

/** The content hash, over everything but itself, the sample rows, which only illustrate, and what other tenants do meanwhile. */
export function hashOf(plan: Omit<Plan, 'hash'>, digest: (text: string) => string): string {
  const steps = plan.steps.map((step) => ({ ...step, rows: [] }));
  const leftBehind = plan.leftBehind
    .filter((entry) => !isOthersAffair(entry))
    .map((entry) => ({ ...entry, rows: [] }));
  const accounts = { ...plan.accounts, 'other tenant': undefined };
  return digest(canonicalText({ ...plan, hash: undefined, steps, leftBehind, accounts }));
}

function modelName({ kind, components, key, table }: ModelFacts): ModelName {
  return { kind, components, ...given({ key, table }) };
}

/** Rows of other tenants on a model of everybody are counted. Which they are is no business of this tenant. */
function isOthersAffair({ reason, live }: Pick<LeftBehind, 'reason' | 'live'>): boolean {
  return reason === 'other-tenant' && !live;
}

function stayingPlaces(decided: readonly Decided[]): LeftBehind[] {
  return decided.flatMap(({ group, outcomes }) =>
    [...outcomes].flatMap(([{ id, entity }, outcome]) => {
      if (outcome.kind !== 'stay') return [];
      const { kind: _kind, ...why } = outcome;
      const rows = isOthersAffair(why) ? [] : group.sample;
      const occurrences = ownMember(group.occurrences, id);
      return [{ place: id, entity, ...why, count: group.rows, ...given({ occurrences }), rows }];
    }),
  );
}

/** What no place writes. */
function stayingOccurrences(snapshot: Snapshot, intent: Intent): LeftBehind[] {
  return snapshot.uncovered.map((found) => {
    const { kind: _kind, ...why } = decideUncovered(snapshot, intent, found);
    const isShown = why.reason !== 'other-tenant';
    return {
      place: uncoveredId(snapshot, found),
      entity: entityOf(snapshot, found.table),
      ...why,
      count: found.rows,
      rows: isShown
        ? found.samples.map((key) => ({ key, ...given({ owners: found.owners?.get(key) }) }))
        : [],
      written: found.spelling,
      ...(found.path === null ? {} : { json: found.path }),
    };
  });
}

/** A default writes the source into new rows, whoever's they are. */
function stayingDefaults({ schema }: Snapshot): LeftBehind[] {
  return schema.filter(isDefault).map(({ object, written }) => ({
    place: object,
    entity: 'defaults',
    reason: 'global',
    live: true,
    message: 'the default of the column names the source',
    count: 1,
    rows: [],
    written,
  }));
}

/** What people call the rows of a table: as its places do. */
function entityOf({ rules }: Snapshot, table: string): string {
  const found = findTable(rules.catalog, table);
  return (
    rules.places.find((place) => place.table === table)?.entity ??
    (found === undefined ? table : tablePath(rules.scope, found))
  );
}

/** Of a re-key the row itself names nothing; what follows it does. */
function accountsOf(
  decided: readonly Decided[],
  steps: readonly Step[],
  leftBehind: readonly LeftBehind[],
): Accounts {
  const moving = decided.flatMap(({ group, outcomes }) =>
    [...outcomes].flatMap(([{ id }, { kind }]) =>
      kind === 'move' || kind === 'merge'
        ? [{ account: 'move' as const, count: ownMember(group.occurrences, id) ?? group.rows }]
        : [],
    ),
  );
  const staying = leftBehind.map((entry) => ({
    account: accountOf(entry.reason),
    count: occurrencesOf(entry),
  }));
  const following = steps.flatMap((step) => {
    const count = step.operation === 'rekey' || step.operation === 'merge-rows' ? step.referring : 0;
    return count > 0 ? [{ account: 'move' as const, count }] : [];
  });
  return sumAccounts([...moving, ...following, ...staying]);
}

/** One entry for all that stays in one place for one reason. */
function listLeftBehind(all: readonly LeftBehind[]): LeftBehind[] {
  const entries = new Map<string, LeftBehind & { readonly occurrences: number }>();
  for (const one of all) {
    const id = JSON.stringify([one.place, one.reason, one.message, one.written, one.json]);
    const before = entries.get(id);
    entries.set(id, {
      ...one,
      count: (before?.count ?? 0) + one.count,
      occurrences: (before?.occurrences ?? 0) + occurrencesOf(one),
      rows: joinSamples(before?.rows ?? [], one.rows),
    });
  }
  return [...entries.values()]
    .toSorted(
      (a, b) =>
        compareText(a.place, b.place) ||
        compareText(a.reason, b.reason) ||
        compareText(a.written ?? '', b.written ?? ''),
    )
    .map(({ occurrences, ...one }) => (occurrences === one.count ? one : { ...one, occurrences }));
}
