/** Makes an API key for a caller. Its row is a resource like any other; its text is shown once. */
import { DroverError } from '../../errors.ts';
import { withTenant } from '../../postgres/scope/site.ts';
import { insertAuditRecord } from '../queries/audit-log.ts';
import { findPerson } from '../queries/people.ts';
import { type ApiKeyRequest, type CreatedApiKey, insertKey } from '../access/keys.ts';
import { type Caller, highestRole } from '../access/caller.ts';
import type { Platform } from '../open.ts';
import { apiKeys } from '../resources/api-keys.ts';
import type { Values } from '../resources/declaration.ts';
import { keyNoBetter, newKeyWithinOwn } from '../resources/key-rules.ts';
import { recordChange } from './audit.ts';
import { notFound } from './read.ts';
import { represent } from './representation.ts';
import { writing } from './unit.ts';

/** For a caller, in the caller's tenant. @throws FORBIDDEN, REFERENCE_INVALID, REQUEST_INVALID */
export function makeKey(
  { platform, caller }: { readonly platform: Platform; readonly caller: Caller },
  request: Omit<ApiKeyRequest, 'tenantId'>,
): Promise<CreatedApiKey<Values>> {
  refusePast(request.expiresAt ?? null);
  const asked = { platform, caller, resource: apiKeys };
  return writing(asked, async (tx) => {
    await newKeyWithinOwn({ tx, platform, caller }, request);
    const made = await insertKey(tx, platform.schema, { ...request, tenantId: caller.tenantId });
    const row = represent(apiKeys.columns, { ...made.row });
    const proposed = {
      tx,
      ...asked,
      action: 'create',
      id: made.row.id,
      before: undefined,
      after: row,
    } as const;
    await recordChange(proposed, asked, ['name', 'scopes', 'user_id', 'expires_at']);
    return { row, text: made.text };
  });
}

/**
 * For an admin of a tenant, by a sysadmin of any: the first key of a new one. It is told in that tenant's log, under the sysadmin's name.
 * @throws NOT_FOUND where the tenant has no such admin, FORBIDDEN, REQUEST_INVALID
 */
export function makeAdminKey(
  platform: Platform,
  caller: Caller,
  asked: Omit<ApiKeyRequest, 'tenantId'> & { readonly tenantId: string },
): Promise<CreatedApiKey<Values>> {
  refusePast(asked.expiresAt ?? null);
  keyNoBetter(caller, asked);
  const { schema, site } = platform;
  const [tenantId, userId] = [asked.tenantId.toLowerCase(), asked.userId.toLowerCase()];
  return withTenant(site, { tenant: tenantId }, async (tx) => {
    const person = await findPerson(tx, schema, { tenantId, user: userId });
    if (person?.is_active !== true || highestRole(person.roles.map(({ role }) => role)) !== 'admin')
      throw notFound({ noun: 'admin of this tenant' });
    const made = await insertKey(tx, schema, { ...asked, tenantId, userId });
    const row = represent(apiKeys.columns, { ...made.row });
    const detail = { fields: ['expires_at', 'name', 'scopes', 'user_id'] };
    const record = { tenantId, actor: caller.actor, action: 'key.created', object: made.row.id, detail };
    await insertAuditRecord(tx, schema, record);
    return { row, text: made.text };
  });
}

function refusePast(expiresAt: string | null): void {
  if (expiresAt === null || Date.parse(expiresAt) > Date.now()) return;
  const errors = [{ in: 'body', pointer: '/expires_at', message: 'is in the past' }];
  throw new DroverError('REQUEST_INVALID', 'The key would have expired already: expires_at is in the past.', {
    errors,
  });
}
