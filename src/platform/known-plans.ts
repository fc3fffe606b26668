/**
 * The facts of plans that this process showed lately, so that a stale one can be told what changed. A plan is refused by its hash
 * alone; what is forgotten here (or was planned by another process) is refused just the same, without naming the facts.
 */
import type { Plan } from '../engine/plan/plan-types.ts';
import { recordedTenant } from '../engine/tenant.ts';
import type { KnownPlan } from '../postgres/move/move.ts';
import type { Platform } from './open.ts';

/** About four kilobytes each. */
const remembered = 1000;

const plans = new WeakMap<Platform, Map<string, Plan['facts']>>();

/** Keeps the facts of a plan that is shown to somebody; the oldest is forgotten. */
export function rememberPlan(platform: Platform, plan: Plan): void {
  const known = plans.get(platform) ?? new Map<string, Plan['facts']>();
  plans.set(platform, known);
  const id = idOf(recordedTenant(plan.tenant?.key), plan.hash);
  known.delete(id);
  known.set(id, plan.facts);
  for (const oldest of known.keys()) {
    if (known.size <= remembered) break;
    known.delete(oldest);
  }
}

/** The plan of that hash, with its facts where they are known. */
export function recallPlan(platform: Platform, tenant: string, hash: string): KnownPlan {
  const facts = plans.get(platform)?.get(idOf(tenant, hash));
  return facts === undefined ? { hash } : { hash, facts };
}

function idOf(tenant: string, hash: string): string {
  return `${tenant} ${hash}`;
}
