/**
 * Where each tenant has a schema of its own, a plan for the shared rows reads no tenant's. Who still names the source in those is asked
 * schema by schema before, so that the plan says no more than is true of all.
 */
import { isShared } from '../../engine/plan/completion.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import type { NotLookedAt, Uncovered } from '../../engine/plan/snapshot.ts';
import { namedIn } from '../../engine/operations/operations.ts';
import { keyText } from '../../engine/models/model.ts';
import { tenancyOf } from '../../engine/rules/tenancy.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Site } from '../scope/site.ts';
import { listTenants } from '../scope/tenants.ts';
import type { Move } from './plan.ts';

type PlanTenants = (intents: readonly Intent[]) => Promise<(Plan | DroverError)[]>;

/** Is it a move of the shared rows, where each tenant has a schema of its own? */
export function leavesSchemasOut({ config }: Pick<Site, 'config'>, intents: readonly Intent[]): boolean {
  return isSharedRows(intents[0]?.tenant) && tenancyOf(config) === 'schemas';
}

/** The move with what tenants name, and with the tenants of whom nobody knows it. */
export async function withTenantsUses(site: Site, move: Move, plan: PlanTenants): Promise<Move> {
  const { intent, pair } = move.member;
  const { entityTypes: _all, ...asked } = intent;
  const from = keyText(pair.source) ?? intent.from;
  const to = keyText(pair.target) ?? intent.to;
  const uncovered: Uncovered[] = [];
  const unread: NotLookedAt[] = [];
  for (const { key: tenant } of await listTenants(site)) {
    const [found] = await plan([{ ...asked, from, to, tenant, answers: {} }]);
    if (found === undefined || isUnnamed(found)) continue;
    if (found instanceof DroverError) unread.push({ what: 'tenant', name: tenant, tables: 0 });
    else uncovered.push(...usesIn(tenant, found));
  }
  const scanned = { ...move.scanned, uncovered: [...move.scanned.uncovered, ...uncovered] };
  return { ...move, scanned, ground: { ...move.ground, unread: [...move.ground.unread, ...unread] } };
}

/** Who has no such model names none. */
function isUnnamed(found: Plan | DroverError): boolean {
  return found instanceof DroverError && found.code === 'MODEL_NOT_FOUND';
}

/** What of the tenant's own is live, as one occurrence: a tenant's rows and places are no business of a plan for the shared ones. */
function usesIn(tenant: string, plan: Plan): Uncovered[] {
  const rows = namedIn(plan, (entry) => entry.live && !isShared(entry));
  if (rows === 0) return [];
  const written = { spelling: plan.source.components['name'] ?? '', written: [], model: '', snapshot: false };
  const where = { table: tenant, column: '*', kind: 'other', path: null, form: 'exact', by: 'name' } as const;
  const nothing = { samples: [], places: [], prose: false, dead: false, past: false };
  return [{ ...where, ...written, ...nothing, owner: 'other', rows }];
}
