/**
 * The words for what a plan or a migration leaves on the source. They are the same in plans, results, runs, JSON, HTTP and calendars:
 *
 * - `complete`: nothing live names the source, rows of everybody included;
 * - `complete for the tenant`: nothing live of the tenant does, but rows that belong to everybody, to nobody or to several tenants do.
 *   In a plan for those rows: none of them does, but rows of tenants do;
 * - `partial`: something live of the tenant is left.
 */
import { isSharedRows } from '../tenant.ts';
import type { TenantRef } from '../tenant.ts';
import type { Rules } from '../rules/references.ts';

export const completions = ['complete', 'complete for the tenant', 'partial'] as const;

export type Completion = (typeof completions)[number];

/** What stays, as far as the words go. */
interface Staying {
  readonly reason: string;
  readonly live: boolean;
}

/** Rows that are no tenant's own: a plan for one tenant never changes them. */
const sharedReasons: ReadonlySet<string> = new Set(['global', 'no-owner', 'shared']);

export function isShared({ reason }: Pick<Staying, 'reason'>): boolean {
  return sharedReasons.has(reason);
}

/** What is said of a tenant of which this stays. Of the shared rows the same, where rows of tenants stay instead. */
export function completionOf(leftBehind: readonly Staying[], tenant: TenantRef | null): Completion {
  const live = leftBehind.filter((entry) => entry.live);
  if (live.some((entry) => !isShared(entry))) return 'partial';
  const others = isSharedRows(tenant?.key ?? null) && leftBehind.some(isOfTenants);
  return live.length > 0 || others ? 'complete for the tenant' : 'complete';
}

/** Does what stays keep the source's row in use? A name in a row of everybody is no reference to a row of one tenant. */
export function keepsInUse(
  { rules, tenant }: { readonly rules: Rules; readonly tenant: TenantRef | null },
  entry: Staying & { readonly place: string },
): boolean {
  if (isSharedRows(tenant?.key ?? null) && isOfTenants(entry)) return true;
  if (!entry.live || !isShared(entry)) return entry.live;
  return rules.places.some(({ id, byKey }) => id === entry.place && byKey);
}

/** Live rows of tenants, beside the rows that a plan is for. */
export function isOfTenants({ reason }: Pick<Staying, 'reason'>): boolean {
  return reason === 'other-tenant';
}
