/** The models in use that their providers take away: of one tenant, or of all for an operator. */
import type { Retirement } from '../../engine/models/retirements.ts';
import { readRetirements, sharedUnit } from '../../postgres/usage/retirements.ts';
import { listTenants } from '../../postgres/scope/tenants.ts';
import type { Platform } from '../open.ts';

export type { Retirement };

/** By day, over all tenants and the rows that are nobody's alone; for an operator. */
export async function listAllRetirements({ site }: Platform): Promise<Retirement[]> {
  return readRetirements(site, [...(await listTenants(site)), sharedUnit]);
}

/** By day, of one tenant; it is the only one among `tenants`, by its key. */
export function listOwnRetirements({ site }: Platform, tenantId: string): Promise<Retirement[]> {
  return readRetirements(site, [{ key: tenantId, name: tenantId }]);
}
