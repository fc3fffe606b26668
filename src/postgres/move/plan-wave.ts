/** Plans of several tenants, read in one transaction with one statement for all of them (wave-tx.ts) where that is possible. */
import type { Intent } from '../../engine/plan/intent.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import type { DroverError } from '../../errors.ts';
import { planMove, planWithin } from './move.ts';
import { withTenants } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { sharesTransactions } from '../scope/tenant.ts';
import { inWave, ownError } from './wave-tx.ts';

/** A tenant's plan, or why none can be made. */
export type PlanOutcome = { readonly plan: Plan } | { readonly error: DroverError };

/**
 * Plans each intent, every tenant once; outcomes in their order. Nothing is written.
 * @throws what concerns no single tenant: the database is gone
 */
export async function planWave(site: Site, intents: readonly Intent[]): Promise<PlanOutcome[]> {
  const together =
    intents.length > 1 && sharesTransactions(site.scope) ? await tryTogether(site, intents) : undefined;
  if (together !== undefined) return together;
  const outcomes: PlanOutcome[] = [];
  for (const intent of intents) outcomes.push(await planAlone(site, intent));
  return outcomes;
}

/** Undefined where the database refused a statement: it names no tenant, so each is planned by itself. */
async function tryTogether(site: Site, intents: readonly Intent[]): Promise<PlanOutcome[] | undefined> {
  const tenants = intents.map(({ tenant = '' }) => tenant);
  try {
    const ends = await withTenants(site, { tenants, readOnly: true }, (tx) =>
      inWave(tx, intents, (own, intent) => planWithin(own, site, intent)),
    );
    return ends.map((end) => ('value' in end ? { plan: end.value } : { error: ownError(end.error) }));
  } catch (error) {
    ownError(error);
    return undefined;
  }
}

async function planAlone(site: Site, intent: Intent): Promise<PlanOutcome> {
  try {
    return { plan: await planMove(site, intent) };
  } catch (error) {
    return { error: ownError(error) };
  }
}
