/** Moves one tenant off a model: planned or applied, for the tenant's own admin or for an operator. */
import { findSuccessor } from '../../postgres/facts/find-models.ts';
import { applyMove } from '../../postgres/move/move.ts';
import type { Accounts } from '../../engine/plan/accounts.ts';
import type { Completion } from '../../engine/plan/completion.ts';
import type { Intent, ParameterPolicy } from '../../engine/plan/intent.ts';
import { rowRefused } from '../../postgres/driver/errors.ts';
import { movedRows } from '../../engine/operations/operations.ts';
import { refusalOfRetired } from '../../engine/models/successor.ts';
import { refusing, toConfirm } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { LeftBehind, Plan } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { findModelByKey } from '../../postgres/facts/find-models.ts';
import { refuseStale, refuseUnreasoned } from '../../postgres/move/admission.ts';
import { planMove } from '../../postgres/move/plan.ts';
import { rehearseMove } from '../../postgres/move/rehearse.ts';
import type { Rehearsal } from '../../postgres/move/rehearse.ts';
import type { MoveResult } from '../../postgres/records/move-result.ts';
import { withTenant } from '../../postgres/scope/site.ts';
import { readRules } from '../../postgres/catalogue/rules.ts';
import type { Platform } from '../open.ts';

/** In which tenant, and who is doing it: an operator acts in a tenant that is not their own, under their own name. */
export interface Acting {
  readonly tenantId: string;
  readonly actor: string;
}

interface MigrateRequest extends HowMoved {
  readonly kind: string;
  readonly fromId: string;
  readonly toId: string;
  readonly entityTypes?: readonly string[];
  /** To what a plan asks, by place. */
  readonly answers?: Intent['answers'];
  readonly parameters: ParameterPolicy;
}

/** How a move is done, whatever moves. */
export interface HowMoved {
  readonly confirm: boolean;
  readonly force: boolean;
  readonly reason?: string;
  /** Only this plan, which the caller was shown. */
  readonly planHash?: string;
  /** Plan and write nothing, not even a record. */
  readonly dryRun: boolean;
  /** A dry run that also tries all of it, and takes it back; a plan that would be refused is not tried. */
  readonly rehearse?: boolean;
  readonly beforeCommit?: BeforeCommit;
}

/** Called in the transaction of the work, before its commit, with what will be the answer. Throwing rolls it back. */
type BeforeCommit = (tx: Tx, answer: MigrateAnswer) => Promise<void>;

/** What a migration did, or in a dry run what it would do. */
export interface MigrateAnswer {
  readonly migrationId: string | null;
  readonly dryRun: boolean;
  readonly replayed: boolean;
  readonly completion: Completion;
  readonly movedRows: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly accounts: Accounts;
  readonly leftBehind: readonly LeftBehind[];
  readonly findings: readonly Finding[];
  readonly durationMs: number;
  readonly planHash: string;
  /** What the database refused where it was tried; null where it was not. */
  readonly rehearsal: Rehearsal | null;
}

/**
 * @throws NOT_FOUND for a model (or tenant) that is not there or another tenant's, KINDS_DIFFER, SAME_MODEL, ENTITY_TYPE_UNKNOWN,
 *   ENTITY_TYPES_INCOMPLETE,
 *   FORCE_NEEDS_REASON; MODEL_RETIRED with the successor where a retired target is chosen; PLAN_STALE, PLAN_REFUSED and
 *   CONFIRMATION_REQUIRED with findings and hash of the plan; ROW_REFUSED, MIGRATION_RUNNING
 */
export async function migrateModel(
  platform: Platform,
  acting: Acting,
  asked: MigrateRequest,
): Promise<MigrateAnswer> {
  const request = { ...asked, fromId: asked.fromId.toLowerCase(), toId: asked.toId.toLowerCase() };
  refuseUnreasoned(request);
  await requirePair(platform, acting.tenantId, request);
  try {
    return await planOrApply(platform, acting, { intent: intentOf(acting, request), how: request });
  } catch (error) {
    throw await explained(platform, acting.tenantId, { request, error });
  }
}

function intentOf({ tenantId }: Acting, request: MigrateRequest): Intent {
  const { kind, fromId, toId, entityTypes, parameters, answers = {} } = request;
  const intent = {
    tenant: tenantId,
    kind,
    from: fromId,
    to: toId,
    parameters,
    answers,
    leaveAsks: false,
  };
  return entityTypes === undefined ? intent : { ...intent, entityTypes };
}

interface MoveOfCaller {
  readonly intent: Intent;
  readonly how: HowMoved;
}

export function planOrApply(platform: Platform, acting: Acting, asked: MoveOfCaller): Promise<MigrateAnswer> {
  return asked.how.dryRun || asked.how.rehearse === true
    ? planOnly(platform, acting, asked)
    : applyNow(platform, acting, asked);
}

async function planOnly(
  platform: Platform,
  acting: Acting,
  { intent, how }: MoveOfCaller,
): Promise<MigrateAnswer> {
  const startedAt = performance.now();
  const plan = await planMove(platform.site, intent);
  refuseStale(platform.plans.recall(acting.tenantId, how.planHash ?? plan.hash), plan);
  platform.plans.remember(plan);
  if (isTargetRetired(plan.findings))
    throw planned({ code: 'PLAN_REFUSED', message: 'The target is retired.' }, plan);
  const { rehearse = false, force } = how;
  const tries = rehearse && refusing(plan.findings, force).length === 0;
  const rehearsal = tries ? await rehearseMove(platform.site, plan.intent, { force }) : null;
  return {
    migrationId: null,
    dryRun: true,
    replayed: false,
    completion: plan.completion,
    movedRows: movedRows(plan.steps.map(({ operation, expected }) => ({ operation, actual: expected }))),
    counts: plan.counts,
    accounts: plan.accounts,
    leftBehind: plan.leftBehind,
    findings: plan.findings,
    durationMs: Math.round(performance.now() - startedAt),
    planHash: plan.hash,
    rehearsal,
  };
}

async function applyNow(
  platform: Platform,
  acting: Acting,
  { intent, how }: MoveOfCaller,
): Promise<MigrateAnswer> {
  const { reason, planHash, confirm, force, beforeCommit } = how;
  const result = await applyMove(platform.site, {
    intent,
    actor: acting.actor,
    confirm,
    force,
    ...(reason === undefined ? {} : { reason }),
    ...(planHash === undefined ? {} : { plan: platform.plans.recall(acting.tenantId, planHash) }),
    ...(beforeCommit === undefined
      ? {}
      : {
          beforeCommit: (tx, [done]) =>
            done === undefined ? Promise.resolve() : beforeCommit(tx, answerOf(done)),
        }),
  });
  return answerOf(result);
}

function answerOf(result: MoveResult): MigrateAnswer {
  return { ...result, dryRun: false, movedRows: movedRows(result.steps), rehearsal: null };
}

/** A model that is not there and a model of another tenant are refused in the same words. */
async function requirePair(
  { site }: Platform,
  tenant: string,
  { kind, fromId, toId }: MigrateRequest,
): Promise<void> {
  await withTenant(site, { tenant, readOnly: true }, async (tx) => {
    const where = { rules: await readRules(tx, site, tenant), tenant };
    const source = await findModelByKey(tx, where, { kind, key: fromId });
    if (source?.kind !== kind) throw noModel(kind);
    const target = await findModelByKey(tx, where, { kind, key: toId });
    if (target === undefined)
      throw new DroverError('NOT_FOUND', `There is no such ${kind} model to move to.`);
    if (target.kind !== kind)
      throw new DroverError(
        'KINDS_DIFFER',
        `The target is a ${target.kind} model; this is about ${kind} models.`,
        {
          kinds: [kind, target.kind],
        },
      );
  });
}

/** There is no such model of this tenant. */
export function noModel(kind: string): DroverError {
  return new DroverError('NOT_FOUND', `There is no such ${kind} model.`);
}

function isTargetRetired(findings: readonly Finding[]): boolean {
  return findings.some(({ code }) => code === 'TARGET_RETIRED');
}

/** What the caller needs to confirm or to choose again: findings and hash instead of the whole plan, and a way on. */
async function explained(
  platform: Platform,
  tenant: string,
  { request, error }: { request: MigrateRequest; error: unknown },
): Promise<unknown> {
  const told = toldWithPlan(platform, error);
  const plan = told instanceof DroverError ? (told.data['plan'] as Plan | undefined) : undefined;
  return told instanceof DroverError &&
    told.code === 'PLAN_REFUSED' &&
    plan !== undefined &&
    isTargetRetired(plan.findings)
    ? retired(platform, tenant, { request, plan })
    : told;
}

/** The error of a move as its caller reads it; a plan that comes with it is kept, so that its hash can be confirmed. */
export function toldWithPlan(platform: Platform, error: unknown): unknown {
  if (!(error instanceof DroverError)) return error;
  const refused = rowRefused(error);
  if (refused !== undefined) return refused;
  const plan = error.data['plan'] as Plan | undefined;
  if (plan === undefined) return error;
  platform.plans.remember(plan);
  return planned(error, plan, error.data['changes']);
}

function planned(
  { code, message }: Pick<DroverError, 'code' | 'message'>,
  plan: Plan,
  changes?: unknown,
): DroverError {
  return new DroverError(code, message, {
    plan,
    plan_hash: plan.hash,
    findings: plan.findings,
    requires_confirmation: toConfirm(plan.findings).length > 0,
    ...(changes === undefined ? {} : { changes }),
  });
}

async function retired(
  { site }: Platform,
  tenant: string,
  { request, plan }: { request: MigrateRequest; plan: Plan },
): Promise<DroverError> {
  const successor = await withTenant(site, { tenant, readOnly: true }, async (tx) => {
    const where = { rules: await readRules(tx, site, tenant), tenant };
    const target = await findModelByKey(tx, where, { kind: request.kind, key: request.toId });
    return target === undefined ? undefined : findSuccessor(tx, where, target);
  });
  const refusal = refusalOfRetired(`This ${request.kind} model`, successor);
  return new DroverError('MODEL_RETIRED', refusal.message, {
    plan_hash: plan.hash,
    findings: plan.findings,
    successor: refusal.successor,
  });
}
