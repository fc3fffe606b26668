/** Reads and changes a tenant's defaults. */
import { withTenant } from '../../postgres/scope/site.ts';
import { insertAuditRecord } from '../queries/audit-log.ts';
import { findDefaults, lockDefaults, updateDefaults } from '../queries/tenant-defaults.ts';
import type { Caller } from '../access/caller.ts';
import type { Platform } from '../open.ts';
import type { Values } from '../resources/declaration.ts';
import { defaults } from '../resources/defaults.ts';
import { chooseModels, type Choice, holdModels } from './model-choice.ts';
import { changesOf, normalise, represent, requireMatch } from './representation.ts';
import { repeated } from './unit.ts';

/** All null where the tenant never chose any. */
export async function getDefaults(platform: Platform, caller: Caller): Promise<Values> {
  const { schema, site } = platform;
  const { tenantId } = caller;
  const row = await withTenant(site, { tenant: tenantId, readOnly: true }, (tx) =>
    findDefaults(tx, { schema, tenantId }),
  );
  return represent(defaults.columns, row ?? {});
}

/** @throws PRECONDITION_FAILED, REFERENCE_INVALID, MODEL_RETIRED, MODEL_DISABLED, SECURITY_BELOW_DEMAND */
export function updateDefaultsOf(
  platform: Platform,
  caller: Caller,
  { ifMatch, values }: { readonly ifMatch: string | undefined; readonly values: Values },
): Promise<Values> {
  const tenant = { schema: platform.schema, tenantId: caller.tenantId };
  const wanted = normalise(defaults.columns, values);
  const attempt = (): Promise<Values> =>
    withTenant(platform.site, { tenant: caller.tenantId }, async (tx) => {
      await holdModels({ tx, platform, caller }, choicesOf(wanted));
      const { row: found, made } = await lockDefaults(tx, tenant);
      const before = represent(defaults.columns, found);
      // A row that was made just now was seen as nothing at all.
      requireMatch(ifMatch, made ? represent(defaults.columns, {}) : before, defaults.noun);
      const changed = changesOf(before, wanted);
      if (Object.keys(changed).length === 0) return before;
      await chooseModels({ tx, platform, caller }, { choices: choicesOf(changed), spaceId: undefined });
      const row = await updateDefaults(tx, tenant, changed);
      const { actor, tenantId } = caller;
      const detail = { fields: Object.keys(changed).toSorted() };
      const record = { tenantId, actor, action: 'defaults.updated', object: tenantId, detail };
      await insertAuditRecord(tx, platform.schema, record);
      return represent(defaults.columns, row);
    });
  return repeated(defaults, attempt);
}

function choicesOf(changed: Values): Choice[] {
  return Object.entries(defaults.columns).flatMap(([field, { names }]) => {
    const id = changed[field];
    if (names?.to !== 'model' || typeof id !== 'string') return [];
    return [{ field, kind: names.kind, id, fresh: true, named: undefined }];
  });
}
