/** What runtimes offer to a tenant, by the same functions as enforcement. */
import { listSecrets } from '../queries/secrets.ts';
import { findMenu, listMenus, type MenuRequest, type RuntimeMenu } from '../../registry/verdict/menu.ts';
import { notFound } from '../rows/read.ts';
import { requireRegistry } from './live-registry.ts';
import { usableNames } from './named-models.ts';
import { dayOf } from './day.ts';
import type { RoutingCall } from './routing.ts';
import { type InTenant, offeringAt, tenantOf } from './unit.ts';

/** @throws REGISTRY_UNAVAILABLE */
export function listRuntimes(call: RoutingCall): Promise<RuntimeMenu[]> {
  return offeringAt(call, async (at) =>
    listMenus(requireRegistry(at.routing.registry), await menuRequest(at)),
  );
}

/** @throws REGISTRY_UNAVAILABLE, NOT_FOUND */
export async function getRuntime(call: RoutingCall, id: string): Promise<RuntimeMenu> {
  const menu = await offeringAt(call, async (at) =>
    findMenu(requireRegistry(at.routing.registry), id, await menuRequest(at)),
  );
  if (menu === undefined) throw notFound({ noun: 'runtime' });
  return menu;
}

/** With the keys that the tenant has, without the models that it has retired or disabled. */
async function menuRequest(at: InTenant): Promise<MenuRequest> {
  const rows = await listSecrets(at.tx, tenantOf(at), 'tenant');
  const secrets = new Set(rows.map(({ name }) => name));
  return { secrets, today: dayOf(at.routing.now()), offers: await usableNames(at) };
}
