/** The audit record of a change, written in its transaction. It names the fields that changed, not what they hold. */
import { insertAuditRecord } from '../queries/audit-log.ts';
import { enterTenant } from '../../postgres/scope/tenant.ts';
import type { Proposed, Resource } from '../resources/declaration.ts';
import type { ResourceRequest } from './unit.ts';

/**
 * The last statement of a change. What a sysadmin does to a tenant stands in that tenant's log, what belongs to everybody
 * in the log of the sysadmin's tenant; both were written by the operator, so the transaction becomes the tenant's here.
 */
export async function recordChange(
  proposed: Proposed,
  { platform, caller, resource }: ResourceRequest,
  fields: readonly string[],
): Promise<void> {
  const tenantId = resource.owner === 'system' ? proposed.id : caller.tenantId;
  if (resource.owner !== 'tenant') await enterTenant(proposed.tx, platform.site.scope, tenantId);
  await insertAuditRecord(proposed.tx, platform.schema, {
    tenantId,
    actor: caller.actor,
    action: actionOf(proposed, resource),
    object: proposed.id,
    detail: { fields: fields.toSorted() },
  });
}

/** `assistant.created`, `completion_model.retired`. */
function actionOf({ action }: Proposed, { noun, created = 'created', retirement }: Resource): string {
  const words = {
    create: created,
    update: 'updated',
    retire: retirement?.word ?? 'removed',
    restore: 'restored',
  };
  return `${noun.replaceAll(' ', '_')}.${words[action]}`;
}
