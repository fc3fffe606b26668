/** What runtimes offer to a tenant, by the same functions as enforcement. */
import { listSecrets } from '../queries/secrets.ts';
import { findMenu, listMenus, type MenuRequest, type RuntimeMenu } from '../../registry/verdict/menu.ts';
import { notFound } from '../rows/read.ts';
import { requireRegistry } from './live-registry.ts';
import { usableNames } from './named-models.ts';
import { dayOf } from './day.ts';
import type { RoutingCall } from './routing.ts';
import { readingAt, tenantOf } from './unit.ts';

/** @throws REGISTRY_UNAVAILABLE */
export async function listRuntimes(call: RoutingCall): Promise<RuntimeMenu[]> {
  const loaded = requireRegistry(call.routing.registry);
  return listMenus(loaded, await menuRequest(call));
}

/** @throws REGISTRY_UNAVAILABLE, NOT_FOUND */
export async function getRuntime(call: RoutingCall, id: string): Promise<RuntimeMenu> {
  const loaded = requireRegistry(call.routing.registry);
  const menu = findMenu(loaded, id, await menuRequest(call));
  if (menu === undefined) throw notFound({ noun: 'runtime' });
  return menu;
}

/** With the keys that the tenant has, without the models that it has retired or disabled. */
function menuRequest(call: RoutingCall): Promise<MenuRequest> {
  return readingAt(call, async (at) => {
    const rows = await listSecrets(at.tx, tenantOf(at), 'tenant');
    const secrets = new Set(rows.map(({ name }) => name));
    return { secrets, today: dayOf(at.routing.now()), offers: await usableNames(at) };
  });
}
