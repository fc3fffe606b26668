/**
 * The facts of plans that a platform showed lately, so that a stale plan can be told what changed. A plan is refused by its hash
 * alone. A plan that is forgotten here, or that another process made, is refused just the same, without naming the facts.
 */
import { recordedTenant, type TenantKey } from '../engine/tenant.ts';
import type { Plan } from '../engine/plan/plan-types.ts';
import type { KnownPlan } from '../postgres/move/admission.ts';

/** About four kilobytes each. */
const remembered = 1000;

export class KnownPlans {
  readonly #facts = new Map<string, Plan['facts']>();

  /** Keeps the facts of a plan that is shown to somebody; the oldest is forgotten. */
  remember(plan: Plan): void {
    const id = idOf(plan.tenant?.key, plan.hash);
    this.#facts.delete(id);
    this.#facts.set(id, plan.facts);
    const [oldest] = this.#facts.keys();
    if (oldest !== undefined && this.#facts.size > remembered) this.#facts.delete(oldest);
  }

  /** The plan of that hash, with its facts where they are known. */
  recall(tenant: string, hash: string): KnownPlan {
    const facts = this.#facts.get(idOf(tenant, hash));
    return facts === undefined ? { hash } : { hash, facts };
  }
}

function idOf(tenant: TenantKey, hash: string): string {
  return `${recordedTenant(tenant)} ${hash}`;
}
