/** May a plan run? Staleness first: a person must not be asked about a plan they have not seen. */
import { refusing, toConfirm } from '../../engine/finding.ts';
import { changedFacts } from '../../engine/planner/facts.ts';
import { whatIsWorse } from '../../engine/planner/worse.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';

/** A plan by its hash. Without its facts a stale plan is refused all the same, but what changed cannot be named. */
export type KnownPlan = Pick<Plan, 'hash'> & Partial<Plan>;

/** What whoever asks has accepted beforehand. */
export interface Accepted {
  readonly confirm: boolean;
  readonly force?: boolean;
  /** Other rows than the known plan had are fine, as long as nothing is worse (`whatIsWorse`). */
  readonly unlessWorse?: boolean;
}

/** Why the plan may not run: PLAN_STALE, PLAN_REFUSED, CONFIRMATION_REQUIRED. Undefined where it may. */
export function admit(accepted: Accepted, known: KnownPlan | undefined, plan: Plan): DroverError | undefined {
  const stale = known === undefined ? undefined : staleness(known, plan);
  const isFine = accepted.unlessWorse === true && isWhole(known) && whatIsWorse(known, plan).length === 0;
  if (stale !== undefined && !isFine) return stale;
  const errors = refusing(plan.findings, accepted.force);
  if (errors.length > 0)
    return new DroverError(
      'PLAN_REFUSED',
      `The plan is refused: ${errors.map(({ code, message }) => `${code}: ${message}`).join(' ')}`,
      { plan, findings: errors },
    );
  const warnings = toConfirm(plan.findings);
  if (warnings.length === 0 || accepted.confirm) return undefined;
  return new DroverError(
    'CONFIRMATION_REQUIRED',
    `The plan has ${warnings.length} warning(s): ${warnings.map(({ message }) => message).join(' ')}`,
    { plan, findings: warnings },
  );
}

/** Refuses where the plan that was shown is not the one of now. @throws PLAN_STALE */
export function refuseStale(known: KnownPlan, plan: Plan): void {
  const stale = staleness(known, plan);
  if (stale !== undefined) throw stale;
}

function isWhole(known: KnownPlan | undefined): known is Plan {
  return known?.facts !== undefined && known.findings !== undefined && known.leftBehind !== undefined;
}

function staleness({ hash, facts }: KnownPlan, plan: Plan): DroverError | undefined {
  if (hash === plan.hash) return undefined;
  const changes = facts === undefined ? [] : changedFacts({ facts }, plan);
  return new DroverError(
    'PLAN_STALE',
    `The facts have changed since the plan was made: ${changes.join('; ') || 'the plan differs'}. Plan again.`,
    { changes, plan },
  );
}

/**
 * Whoever forces says why, because it is recorded with their name.
 * @param words what the sentence calls each; a command names its options
 * @throws FORCE_NEEDS_REASON
 */
export function refuseUnreasoned(
  { force, allowUnknown, reason = '' }: { force?: boolean; allowUnknown?: boolean; reason?: string },
  words = { force: 'Forcing', allowUnknown: 'A model that nobody knows', reason: 'a reason' },
): void {
  if (reason.trim() !== '' || (force !== true && allowUnknown !== true)) return;
  const asked = force === true ? words.force : words.allowUnknown;
  throw new DroverError(
    'FORCE_NEEDS_REASON',
    `${asked} needs ${words.reason}: it is recorded with your name.`,
  );
}
