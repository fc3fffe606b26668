/**
 * Rows set aside: those that a merge removed because they could not stay beside another one. The journal has them whole, and the plan
 * says beside which; both are in the same database as the records, so they are written here from there, once the work is committed.
 */
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { leadAgain } from './aliases.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

/** A migration that is done: a merge, or a rollback, which may be of one. */
interface DoneMerge {
  readonly tenant: TenantKey;
  readonly id: string;
  readonly kind: string;
  readonly plan?: { readonly steps: readonly { readonly operation: string }[] } | null | undefined;
  /** What its steps did, where that is known. */
  readonly results?: readonly { readonly step: { readonly operation: string } }[];
}

/** Writes what a merge set aside; of a rollback, notes what came back, or takes that note away. */
export async function writeSetAside(
  state: Tx,
  site: Site,
  { tenant, id, kind, plan, results }: DoneMerge,
): Promise<void> {
  const about = [recordedTenant(tenant), id];
  const merges = (steps: readonly { readonly operation: string }[]): boolean =>
    steps.some(({ operation }) => operation.endsWith('merge-rows'));
  const mayReturn = kind === 'rollback' && (results === undefined || merges(results.map(({ step }) => step)));
  if (mayReturn) {
    await state.run(noteSql(site), about);
    await leadAgain(state, site, { tenant, id });
  } else if (kind !== 'rollback' && merges(plan?.steps ?? [])) await state.run(insertSql(site), about);
}

const keysSql = 'coalesce(j.uuid_keys::text[], j.int_keys::text[], j.text_keys)';

function ofMigration({ state }: Site, alias: string, id = 'migration_id'): string {
  return `${alias}.tenant_id = $1::text::${state.tenantType} AND ${alias}.${id} = $2::text::uuid`;
}

function insertSql(site: Site): string {
  return `INSERT INTO ${stateTable(site, 'set_aside')} (tenant_id, migration_id, table_name, row_key, survivor_key, constraint_name, row)
    SELECT j.tenant_id, j.migration_id, j.table_name, r.k, p.survivor, p.name, r.image
    FROM ${stateTable(site, 'journal')} j
    CROSS JOIN LATERAL unnest(${keysSql}, j.befores) r (k, image)
    LEFT JOIN (SELECT l ->> 'table' AS "table", x ->> 'row' AS row, x ->> 'survivor' AS survivor, l ->> 'constraint' AS name
      FROM ${stateTable(site, 'migrations')} m, jsonb_array_elements(m.plan -> 'steps') s, jsonb_array_elements(s -> 'lost') l,
        jsonb_array_elements(l -> 'pairs') x
      WHERE ${ofMigration(site, 'm', 'id')} AND s ->> 'operation' = 'merge-rows') p ON p."table" = j.table_name AND p.row = r.k
    WHERE ${ofMigration(site, 'j')} AND j.action = 'delete'
    ON CONFLICT DO NOTHING`;
}

/** Rows that the rollback inserted are back; those that a rollback of it removed are aside again. */
function noteSql(site: Site): string {
  const migrations = stateTable(site, 'migrations');
  return `WITH RECURSIVE up AS (
      SELECT m.tenant_id, m.id, m.parent_id FROM ${migrations} m WHERE ${ofMigration(site, 'm', 'id')}
      UNION ALL SELECT m.tenant_id, m.id, m.parent_id FROM up JOIN ${migrations} m ON m.tenant_id = up.tenant_id AND m.id = up.parent_id),
    done AS (SELECT j.table_name, k.row_key, j.action FROM ${stateTable(site, 'journal')} j
        CROSS JOIN LATERAL unnest(${keysSql}) k (row_key)
      WHERE ${ofMigration(site, 'j')} AND j.action IN ('insert', 'delete')
        AND EXISTS (SELECT FROM ${stateTable(site, 'set_aside')} a JOIN up ON up.tenant_id = a.tenant_id AND up.id = a.migration_id))
    UPDATE ${stateTable(site, 'set_aside')} a SET returned_by = CASE WHEN done.action = 'insert' THEN $2::text::uuid END
    FROM up, done WHERE up.tenant_id = a.tenant_id AND up.id = a.migration_id
      AND a.table_name = done.table_name AND a.row_key = done.row_key`;
}
