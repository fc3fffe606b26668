/**
 * How a tenant is referred to, and what stands where a database has a single tenant, so that there is none to name:
 *
 * - between functions, and in an intent: `undefined`, or nothing (`TenantKey`);
 * - in snapshots, plans and whatever else is JSON: `null` (`TenantRef`, or its key);
 * - where it is part of a key, as in Drover's records: the empty text (`recordedTenant`).
 *
 * Only this file turns one of them into another.
 *
 * The rows that are nobody's alone (of everybody, of nobody, of several tenants) are a unit beside the tenants. It is referred to like
 * a tenant, by a key that no tenant can have, so whoever does not know of it finds no row of it, and never all rows.
 */
export type TenantKey = string | undefined;

/** The key of the unit of shared rows: a uuid that no generator gives out. A database with a tenant of that key has no such unit. */
export const sharedRows = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Is it the unit of shared rows? */
export function isSharedRows(tenant: TenantKey | null): boolean {
  return tenant === sharedRows;
}

/** A tenant with what people call it. */
export interface TenantRef {
  /** The key of its row, as text. */
  readonly key: string;
  readonly name: string;
}

/** The keys of the members of a batch, one each; undefined where the database has a single tenant. */
export function keysOfTenants(tenants: readonly TenantKey[]): readonly string[] | undefined {
  const keys = tenants.filter((tenant) => tenant !== undefined);
  if (keys.length === 0) return undefined;
  if (keys.length < tenants.length) throw new Error('a batch has members with and without a tenant');
  return keys;
}

/** As part of a key: the tenant column of Drover's records, or whatever tells members apart. */
export function recordedTenant(tenant: TenantKey | null): string {
  return tenant ?? '';
}

export function tenantOfRecord(recorded: string): TenantKey {
  return recorded === '' ? undefined : recorded;
}
