/**
 * The life of a migration: read facts → plan → check → execute → record.
 *
 * `planMove` reads in one read-only transaction. `applyMove` first scans for unclassified values (long, without locks), opens the
 * record, and then does everything else in one transaction: lock, read the facts again, plan again, compare with the plan that
 * was shown, check, execute, close the record, commit. What was planned is therefore what runs, and a kill at any instant leaves
 * the tenant before or after. Transactions that collide are tried again from their start.
 */
import { isForcedWithoutReason, refusing, toConfirm } from '../../engine/finding.ts';
import { canonicalText } from '../../engine/canonical.ts';
import { catalogFingerprint } from '../../engine/catalogue/catalog-text.ts';
import { movedRows } from '../../engine/operations/operations.ts';
import { checkPlan } from '../../engine/planner/check.ts';
import { changedFacts } from '../../engine/planner/facts.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import { planMigration } from '../../engine/planner/plan.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Snapshot, Unclassified } from '../../engine/plan/snapshot.ts';
import { DroverError } from '../../errors.ts';
import { sha256 } from '../catalogue/digest.ts';
import type { Tx } from '../driver/database.ts';
import { executePlan } from './execute.ts';
import type { Progress, StepResult } from './execute.ts';
import { checkIntent, readPair, scanUnclassified } from '../facts/pair.ts';
import { raiseFences } from './fence.ts';
import { findReplay, settleInterrupted } from '../records/history.ts';
import { identityOf, lockModels, lockPair, lockTables } from './locks.ts';
import type { MoveResult } from './move-result.ts';
import { openRecord } from '../records/records.ts';
import type { NewRecord } from '../records/records.ts';
import { finishWork, journalFor, recorded } from './work.ts';
import type { Finished } from './work.ts';
import { readSnapshot, readTenant } from '../facts/snapshot.ts';
import { prepareState, readRules, withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

/** A plan by its hash. Without its facts a stale plan is refused all the same, but what changed cannot be named. */
export type KnownPlan = Pick<Plan, 'hash'> & { readonly facts?: Plan['facts'] };

export interface MoveRequest {
  readonly intent: Intent;
  /** The plan that was shown, or what is left of it: refused as stale where the facts are others now. */
  readonly plan?: KnownPlan;
  /** Warnings were read and accepted. */
  readonly confirm: boolean;
  /** Errors that may be forced are passed; needs a reason. */
  readonly force?: boolean;
  readonly reason?: string;
  /** Who is doing this. */
  readonly actor: string;
  /** Called in the work's transaction, after its work and before its commit. Throwing rolls it back. */
  readonly beforeCommit?: (tx: Tx, result: MoveResult) => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Plans a move without writing anything.
 * @throws TENANT_REQUIRED, TENANT_NOT_FOUND, MODEL_NOT_FOUND, MODEL_AMBIGUOUS, SAME_MODEL, GLOBAL_SOURCE, KIND_UNKNOWN,
 *   ENTITY_TYPE_UNKNOWN, ANSWER_UNKNOWN, CONFIG_MISMATCH. What forbids the move itself is a finding of the plan.
 */
export function planMove(site: Site, intent: Intent): Promise<Plan> {
  return withTenant(site, { tenant: intent.tenant, readOnly: true }, (tx) => planWithin(tx, site, intent));
}

/** The same within a transaction. */
export async function planWithin(tx: Tx, site: Site, intent: Intent): Promise<Plan> {
  const prepared = await prepareMove(tx, site, intent);
  const snapshot = await readSnapshot(tx, prepared);
  return checked(snapshot, planMigration({ snapshot, intent: prepared.intent, digest: sha256 }));
}

export interface Prepared {
  readonly rules: Rules;
  readonly intent: Intent;
  readonly pair: ModelPair;
  readonly unclassified: readonly Unclassified[];
}

/** Everything about an intent that is read before any lock. @throws REGISTRY_UNAVAILABLE */
export async function prepareMove(tx: Tx, site: Site, asked: Intent): Promise<Prepared> {
  const rules = await readRules(tx, site);
  if (site.knows && rules.knowledge === undefined) throw spellingsUnknown();
  const intent = checkIntent(rules, asked);
  await readTenant(tx, rules, intent.tenant);
  const pair = await readPair(tx, rules, intent);
  return { rules, intent, pair, unclassified: await scanUnclassified(tx, rules, { intent, pair }) };
}

/** A model would be taken for gone from everywhere, while texts name it in a spelling that nobody could look for. */
function spellingsUnknown(): DroverError {
  const message =
    'The registry could not be loaded, so nobody can say how models are written, or when they end: `drover registry validate` says what is wrong.';
  return new DroverError('REGISTRY_UNAVAILABLE', message);
}

function checked(snapshot: Snapshot, plan: Plan): Plan {
  const problems = checkPlan(snapshot, plan);
  if (problems.length === 0) return plan;
  throw new DroverError(
    'PLAN_CONTRADICTED',
    `The checker refuses the plan: ${problems.map((problem) => problem.message).join('; ')}.`,
    { problems },
  );
}

/**
 * Carries a move out: atomically, journalled, recorded. Applying the plan of an earlier migration that still stands returns its result.
 * @throws what `planMove` throws; PLAN_STALE, PLAN_REFUSED, CONFIRMATION_REQUIRED, FORCE_NEEDS_REASON, MIGRATION_RUNNING,
 *   COUNT_MISMATCH, REFERENCES_LEFT, and what the database refuses. In every case nothing was changed.
 */
export async function applyMove(site: Site, request: MoveRequest): Promise<MoveResult> {
  refuseUnreasoned(request);
  const startedAt = performance.now();
  const read = (): Promise<Prepared> =>
    withTenant(site, { tenant: request.intent.tenant, readOnly: true }, (tx) =>
      prepareMove(tx, site, request.intent),
    );
  const prepared = await read();
  await prepareState(site);
  await settleInterrupted(site, { tenant: request.intent.tenant, source: prepared.pair.source });
  const replay =
    request.plan === undefined ? undefined : await findReplay(site, request.intent.tenant, request.plan.hash);
  if (replay !== undefined) return replay;
  const id = await openRecord(site, recordOf(request, prepared));
  const work = await recorded(site, { tenant: prepared.intent.tenant, id }, async (tries) =>
    attempt(site, request, { prepared: tries === 0 ? prepared : await read(), id, startedAt }),
  );
  return work.settle();
}

/** @throws FORCE_NEEDS_REASON */
export function refuseUnreasoned(request: Pick<MoveRequest, 'force' | 'reason'>): void {
  if (isForcedWithoutReason(request))
    throw new DroverError('FORCE_NEEDS_REASON', 'Forcing needs a reason: it is recorded with your name.');
}

/** What the record of a move says from its beginning. */
export function recordOf(
  { actor, force, reason }: Pick<MoveRequest, 'actor' | 'force' | 'reason'>,
  { intent, pair }: Prepared,
): NewRecord {
  const base = { kind: 'model' as const, tenant: intent.tenant, ...pair, actor, forced: force === true };
  return reason === undefined ? base : { ...base, reason };
}

export interface Attempt {
  readonly prepared: Prepared;
  /** The record's id. */
  readonly id: string;
  readonly startedAt: number;
}

function attempt(site: Site, request: MoveRequest, about: Attempt): Promise<Finished<MoveResult>> {
  return withTenant(site, { tenant: about.prepared.intent.tenant }, (tx) =>
    carryOut({ tx, site }, request, about),
  );
}

/** Everything that a move does in its one transaction: lock, read again, plan again, check, execute, close the record. */
export async function carryOut(
  { tx, site }: { tx: Tx; site: Site },
  request: Omit<MoveRequest, 'intent'>,
  { prepared, id, startedAt }: Attempt,
): Promise<Finished<MoveResult>> {
  const { tenant } = prepared.intent;
  await lockPair(tx, tenant, identityOf(prepared.pair.source));
  await lockTables(tx, prepared.rules, prepared.pair.source.kind);
  await lockModels(tx, prepared.rules, { pair: prepared.pair, tenant });
  const { snapshot, plan } = await planUnderLocks(tx, site, prepared);
  admit(request, plan);
  const journal = await journalFor(tx, site, { tenant, id });
  const onProgress = request.onProgress ?? (() => undefined);
  const results = await executePlan(tx, { snapshot, plan, journal, onProgress });
  if (plan.complete) await raiseFences(tx, site, { snapshot, tenant, id });
  const result = resultOf({ id, plan, results, durationMs: Math.round(performance.now() - startedAt) });
  await request.beforeCommit?.(tx, result);
  return finishWork(tx, site, {
    tenant,
    id,
    kind: 'model',
    plan,
    complete: plan.complete,
    result,
    results,
    actor: request.actor,
    rows: movedRows(result.steps),
    forced: request.force === true,
    reason: request.reason,
  });
}

/** The catalogue and the models may have changed since they were read without locks, so they are read again. */
async function planUnderLocks(
  tx: Tx,
  site: Site,
  prepared: Prepared,
): Promise<{ snapshot: Snapshot; plan: Plan }> {
  const rules = await readRules(tx, site);
  const pair = await readPair(tx, rules, prepared.intent);
  if (!samePair(pair, prepared.pair) || !sameTables(rules, prepared.rules))
    throw new DroverError('RETRYABLE', 'Models or tables changed while the migration began; try again.');
  const snapshot = await readSnapshot(tx, { ...prepared, rules, pair, samples: 'staying' });
  return {
    snapshot,
    plan: checked(snapshot, planMigration({ snapshot, intent: prepared.intent, digest: sha256 })),
  };
}

function samePair(a: ModelPair, b: ModelPair): boolean {
  return identityOf(a.source) === identityOf(b.source) && identityOf(a.target) === identityOf(b.target);
}

/** The tenants of a wave share their rules. */
const fingerprints = new WeakMap<Rules, string>();

/** A table or column that is new would be neither locked nor scanned. */
function sameTables(a: Rules, b: Rules): boolean {
  return a === b || fingerprintOf(a) === fingerprintOf(b);
}

function fingerprintOf(rules: Rules): string {
  const known = fingerprints.get(rules) ?? canonicalText(catalogFingerprint(rules.catalog));
  fingerprints.set(rules, known);
  return known;
}

/** Refuses where the plan that was shown is not the one of now. @throws PLAN_STALE */
export function refuseStale({ hash, facts }: KnownPlan, plan: Plan): void {
  if (hash === plan.hash) return;
  const changes = facts === undefined ? [] : changedFacts({ facts }, plan);
  throw new DroverError(
    'PLAN_STALE',
    `The facts have changed since the plan was made: ${changes.join('; ') || 'the plan differs'}. Plan again.`,
    { changes, plan },
  );
}

/** May this plan run? Staleness first: a person must not be asked about a plan they have not seen. */
function admit(request: Omit<MoveRequest, 'intent'>, plan: Plan): void {
  if (request.plan !== undefined) refuseStale(request.plan, plan);
  const errors = refusing(plan.findings, request.force);
  if (errors.length > 0)
    throw new DroverError(
      'PLAN_REFUSED',
      `The plan is refused: ${errors.map((finding) => `${finding.code}: ${finding.message}`).join(' ')}`,
      { plan, findings: errors },
    );
  const warnings = toConfirm(plan.findings);
  if (warnings.length > 0 && !request.confirm)
    throw new DroverError(
      'CONFIRMATION_REQUIRED',
      `The plan has ${warnings.length} warning(s): ${warnings.map((finding) => finding.message).join(' ')}`,
      { plan, findings: warnings },
    );
}

function resultOf({
  id,
  plan,
  results,
  durationMs,
}: {
  id: string;
  plan: Plan;
  results: readonly StepResult[];
  durationMs: number;
}): MoveResult {
  const { complete, counts, leftBehind, findings, hash, source, target } = plan;
  const steps = results.map(({ step, actual }) => ({
    step: step.id,
    operation: step.operation,
    table: step.table,
    entity: step.entity,
    expected: step.expected,
    actual,
  }));
  return {
    migrationId: id,
    tenant: plan.tenant?.key ?? null,
    status: 'succeeded',
    replayed: false,
    complete,
    counts,
    leftBehind,
    findings,
    steps,
    planHash: hash,
    source,
    target,
    durationMs,
  };
}
