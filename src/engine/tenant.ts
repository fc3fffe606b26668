/**
 * How a tenant is referred to, and what stands where a database has a single tenant, so that there is none to name:
 *
 * - between functions, and in an intent: `undefined`, or nothing (`TenantKey`);
 * - in snapshots, plans and whatever else is JSON: `null` (`TenantRef`, or its key);
 * - in Drover's records, whose column is part of a key: the empty text.
 */
export type TenantKey = string | undefined;

/** A tenant with what people call it. */
export interface TenantRef {
  /** The key of its row, as text. */
  readonly key: string;
  readonly name: string;
}

/** The value of the tenant column in Drover's records. */
export function recordedTenant(tenant: TenantKey | null): string {
  return tenant ?? '';
}

export function tenantOfRecord(recorded: string): TenantKey {
  return recorded === '' ? undefined : recorded;
}
