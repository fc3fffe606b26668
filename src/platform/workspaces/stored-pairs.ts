/** Every pair that workspaces have, by tenant, with the names of the secrets that each could use: what a new registry is compared by. */
import { listTenants } from '../../postgres/scope/tenants.ts';
import { listSecrets } from '../queries/secrets.ts';
import { listPairs } from '../queries/workspaces.ts';
import { asTenant } from '../../postgres/scope/tenant.ts';
import type { StoredPair } from '../../registry/import/diff.ts';
import type { Platform } from '../open.ts';

/** Workspaces without a model have none. Alike ones are counted together. */
export async function listStoredPairs({ database, schema, site }: Platform): Promise<StoredPair[]> {
  const pairs: StoredPair[] = [];
  for (const { key: tenantId, name } of await listTenants(site)) {
    const scope = { ...site.scope, readOnly: true };
    const found = await asTenant(database, scope, tenantId, async (tx) => {
      const shared = await listSecrets(tx, { schema, tenantId }, 'tenant');
      const workspaces = await listPairs(tx, { schema, tenantId });
      return workspaces.flatMap(({ runtime, model, secrets }) => {
        const names = [...new Set([...shared.map((secret) => secret.name), ...secrets])].toSorted();
        return model === null ? [] : [{ tenant: name, runtime, model, secrets: names }];
      });
    });
    pairs.push(...counted(found));
  }
  return pairs;
}

function counted(pairs: readonly StoredPair[]): StoredPair[] {
  const groups = Map.groupBy(pairs, ({ runtime, model, secrets }) =>
    JSON.stringify([runtime, model, secrets]),
  );
  return [...groups.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [{ ...first, count: rest.length + 1 }],
  );
}
