/** Seals every secret anew that an older key sealed. One transaction for each tenant: a rotation may be stopped and run again. */
import { DroverError } from '../../errors.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import type { OfTenant } from '../queries/model-choice.ts';
import { listTenantIds } from '../queries/registry-pairs.ts';
import {
  type SecretHolder,
  listSealed,
  listSecretHolders,
  lockSecretNames,
  type SealedSecret,
  writeSecret,
} from '../queries/secrets.ts';
import { asOperator, asTenant } from '../../postgres/scope/tenant.ts';
import type { Platform } from '../open.ts';
import { type SecretPlace, seal, unseal } from './seal.ts';
import type { SecretKeys } from './keys.ts';

interface Rotation {
  readonly tenants: number;
  readonly sealed: number;
  /** What no key opens stays as it is. */
  readonly unreadable: readonly SecretPlace[];
}

export async function rotateSecrets(
  { database, schema, site }: Platform,
  keys: SecretKeys,
): Promise<Rotation> {
  const tenants = await asOperator(database, site.scope, (tx) => listTenantIds(tx, schema));
  const unreadable: SecretPlace[] = [];
  let sealed = 0;
  for (const tenantId of tenants) {
    const part = await asTenant(database, site.scope, tenantId, (tx) =>
      rotateTenant(tx, { schema, tenantId }, keys),
    );
    sealed += part.sealed;
    unreadable.push(...part.unreadable);
  }
  return { tenants: tenants.length, sealed, unreadable };
}

async function rotateTenant(tx: Tx, tenant: OfTenant, keys: SecretKeys): Promise<Omit<Rotation, 'tenants'>> {
  const workspaces = await listSecretHolders(tx, tenant);
  const holders: SecretHolder[] = ['tenant', ...workspaces.map((workspace) => ({ workspace }))];
  const unreadable: SecretPlace[] = [];
  let sealed = 0;
  for (const holder of holders) {
    await tx.ask(lockSecretNames(tenant, { holder, to: 'change' }));
    for (const stored of await listSealed(tx, tenant, holder)) {
      if (stored.key_id === keys.current.id) continue;
      const workspaceId = holder === 'tenant' ? undefined : holder.workspace;
      const place = { tenantId: tenant.tenantId, workspaceId, name: stored.name };
      const value = open(keys, place, stored);
      if (value === undefined) unreadable.push(place);
      else await writeSecret(tx, tenant, { holder, sealed: seal(keys, place, value) });
      sealed += value === undefined ? 0 : 1;
    }
  }
  return { sealed, unreadable };
}

function open(keys: SecretKeys, place: SecretPlace, stored: SealedSecret): string | undefined {
  try {
    return unseal(keys, place, stored);
  } catch (error) {
    if (error instanceof DroverError && error.code === 'SECRET_UNREADABLE') return undefined;
    throw error;
  }
}
