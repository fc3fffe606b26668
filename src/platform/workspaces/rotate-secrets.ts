/** Seals every secret anew that an older key sealed. One transaction for each tenant; it may be stopped and run again. */
import {
  listSealed,
  listSecretHolders,
  lockSecretNames,
  writeSecret,
  type Holder,
} from '../../postgres/queries/secrets.ts';
import { listTenantIds } from '../../postgres/queries/registry-pairs.ts';
import type { Tx } from '../../postgres/database.ts';
import type { OfTenant } from '../../postgres/queries/model-choice.ts';
import { asOperator, asTenant } from '../../postgres/tenant.ts';
import type { Platform } from '../open.ts';
import { seal, unseal } from './seal.ts';
import type { SecretKeys } from './secret-keys.ts';

/** Returns how many were sealed anew. @throws SECRET_UNREADABLE */
export async function rotateSecrets(
  { database, schema, site }: Platform,
  keys: SecretKeys,
): Promise<{ sealed: number; tenants: number }> {
  const tenants = await asOperator(database, site.scope, (tx) => listTenantIds(tx, schema));
  let sealed = 0;
  for (const tenantId of tenants)
    sealed += await asTenant(database, site.scope, tenantId, (tx) =>
      rotateTenant(tx, { schema, tenantId }, keys),
    );
  return { sealed, tenants: tenants.length };
}

async function rotateTenant(tx: Tx, tenant: OfTenant, keys: SecretKeys): Promise<number> {
  const workspaces = await listSecretHolders(tx, tenant);
  let sealed = 0;
  for (const holder of ['tenant' as const, ...workspaces.map((workspace) => ({ workspace }))])
    sealed += await rotateHolder(tx, tenant, { holder, keys });
  return sealed;
}

async function rotateHolder(
  tx: Tx,
  tenant: OfTenant,
  { holder, keys }: { readonly holder: Holder; readonly keys: SecretKeys },
): Promise<number> {
  await lockSecretNames(tx, tenant, { holder, to: 'change' });
  const old = (await listSealed(tx, tenant, holder)).filter(({ key_id }) => key_id !== keys.current.id);
  const workspaceId = holder === 'tenant' ? undefined : holder.workspace;
  for (const stored of old) {
    const place = { tenantId: tenant.tenantId, workspaceId, name: stored.name };
    await writeSecret(tx, tenant, { holder, sealed: seal(keys, place, unseal(keys, place, stored)) });
  }
  return old.length;
}
