/** Records that a killed process left open, and what became of its work. */
import type { Tx } from '../driver/database.ts';
import { prepared } from '../driver/question.ts';
import { writeAlias } from './aliases.ts';
import { writeSetAside } from './set-aside.ts';
import type { DoneBy } from './aliases.ts';
import { lockPairs } from './pair-lock.ts';
import type { LockedPair } from './pair-lock.ts';
import { stateTable, withState, withStates, withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { hasRecords } from './history.ts';

interface OpenMigration {
  readonly id: string;
  readonly status: 'running' | 'prepared';
  readonly xid: string | null;
}

/**
 * Settles records of this source that a killed process left open: if nobody holds the lock of the pair, nobody works on it.
 * Where work and record are committed apart, the fate of the work is asked of the database that did it.
 */
export async function settleInterrupted(site: Site, about: LockedPair): Promise<void> {
  const { kind, key, components } = about.source;
  const open = await withState(site, about.tenant, (tx) =>
    tx.many<OpenMigration>(
      `SELECT id::text, status, xid FROM ${stateTable(site, 'migrations')}
       WHERE tenant_id = $1::text::${site.state.tenantType} AND status IN ('running', 'prepared')
       AND from_kind = $5 AND (from_key = $2 OR (from_key IS NULL AND from_name = $3 AND from_provider IS NOT DISTINCT FROM $4))`,
      [
        recordedTenant(about.tenant),
        key ?? null,
        components['name'] ?? null,
        components['provider'] ?? null,
        kind,
      ],
    ),
  );
  if (open.length === 0) return;
  const fates = await withTenant(site, { tenant: about.tenant }, async (tx) => {
    const result: Fate[] = [];
    const [running] = await lockPairs(tx, [about]);
    if (running !== undefined) return result;
    for (const record of open)
      result.push({ ...record, committed: record.xid !== null && (await wasCommitted(tx, record.xid)) });
    return result;
  });
  if (fates.length === 0) return;
  await withState(site, about.tenant, async (tx) => {
    for (const fate of fates) await settleRecord(tx, site, { tenant: about.tenant, fate });
  });
}

/** Which of these tenants have records that a killed process may have left open; by the tenant's name in the records. */
export function listInterrupted(site: Site, tenants: readonly TenantKey[]): Promise<ReadonlySet<string>> {
  return withStates(site, tenants, async (tx) => {
    if (!(await hasRecords(tx, site))) return new Set<string>();
    const rows = await tx.many<{ tenant: string }>(
      prepared(`SELECT DISTINCT tenant_id::text AS tenant FROM ${stateTable(site, 'migrations')}
       WHERE tenant_id = ANY ($1::text[]::${site.state.tenantType}[]) AND status IN ('running', 'prepared')`),
      [tenants.map(recordedTenant)],
    );
    return new Set(rows.map(({ tenant }) => tenant));
  });
}

interface Fate extends OpenMigration {
  readonly committed: boolean;
}

/** An id that is still to be given out was lost in a crash of the database, and its work with it. */
async function wasCommitted(tx: Tx, xid: string): Promise<boolean> {
  const { status } = await tx.one<{ status: string | null }>(
    `SELECT CASE WHEN $1::text::xid8 < pg_snapshot_xmax(pg_current_snapshot()) THEN pg_xact_status($1::text::xid8) END AS status`,
    [xid],
  );
  return status === 'committed';
}

/** Only as it was found: a process that began its work since goes on with its record. */
async function settleRecord(
  tx: Tx,
  site: Site,
  { tenant, fate }: { tenant: TenantKey; fate: Fate },
): Promise<void> {
  const set = fate.committed
    ? `status = 'succeeded'`
    : `status = 'failed', error_code = 'INTERRUPTED',
        error_message = 'The process ended before the migration did; nothing was changed.', finished_at = now()`;
  const settled = await tx.many<Pick<DoneBy, 'kind' | 'plan'>>(
    `UPDATE ${stateTable(site, 'migrations')} SET ${set}
     WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid AND status = $3 AND xid IS NOT DISTINCT FROM $4
     RETURNING kind, plan`,
    [recordedTenant(tenant), fate.id, fate.status, fate.xid],
  );
  if (!fate.committed) return;
  for (const one of settled) {
    await writeAlias(tx, site, { tenant, id: fate.id, ...one });
    await writeSetAside(tx, site, { tenant, id: fate.id, ...one });
  }
}
