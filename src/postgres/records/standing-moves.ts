/** The moves that stand: each went through, was not taken back, and left nothing live of its tenant on the source. */
import { given } from '../../engine/given.ts';
import { keyText } from '../../engine/models/model.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import { tenantOfRecord } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable, withState, withStates } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { hasRecords } from './history.ts';
import { stoodSinceSql, undoneSql } from './undone.ts';

export interface StandingMove {
  readonly migrationId: string;
  readonly tenant: TenantKey;
  /** What was asked for then, with the two models by their keys where they have some. */
  readonly intent: Intent;
  /** What was asked for then, as it was asked for. */
  readonly asked: Intent;
  readonly forced: boolean;
  readonly reason: string | null;
}

interface StandingRow {
  readonly id: string;
  readonly tenant: string;
  readonly intent: Intent;
  readonly forced: boolean;
  readonly reason: string | null;
  readonly source: { readonly key?: string; readonly table?: string };
  readonly target: { readonly key?: string; readonly table?: string };
}

/** How many tenants are asked about in one transaction. */
const batchSize = 200;

/**
 * The moves that stand, of each tenant and source the latest. One that a later move, which stands, brought back to the source is none.
 * @param tenants whose; in a foreign database `undefined` alone means all of them
 */
export async function listStanding(site: Site, tenants: readonly TenantKey[]): Promise<StandingMove[]> {
  const found: StandingMove[] = [];
  for (let from = 0; from < tenants.length; from += batchSize) {
    const some = tenants.slice(from, from + batchSize);
    const read = (tx: Tx): Promise<StandingMove[]> => readStanding(tx, site, some);
    found.push(
      ...(await (some.length === 1 ? withState(site, some[0], read) : withStates(site, some, read))),
    );
  }
  return found;
}

const identity = (side: 'from' | 'to', of: string): string =>
  `ROW(${['key', 'name', 'provider'].map((part) => `${of}.${side}_${part}`).join(', ')})`;

async function readStanding(tx: Tx, site: Site, tenants: readonly TenantKey[]): Promise<StandingMove[]> {
  if (!(await hasRecords(tx, site))) return [];
  const table = stateTable(site, 'migrations');
  const named = tenants.filter((tenant) => tenant !== undefined);
  const rows = await tx.many<StandingRow>(
    `SELECT DISTINCT ON (m.tenant_id, m.from_key, m.from_name, m.from_provider) m.id::text AS id, m.tenant_id::text AS tenant,
       m.forced, m.reason, m.plan -> 'intent' AS intent, m.plan -> 'source' AS source, m.plan -> 'target' AS target
     FROM ${table} m WHERE m.kind = 'model' AND m.status = 'succeeded' AND m.completion <> 'partial' AND m.plan IS NOT NULL
       AND ($1::text[] IS NULL OR m.tenant_id::text = ANY ($1::text[])) AND NOT ${undoneSql(site)}
       AND NOT EXISTS (SELECT FROM ${table} l WHERE l.tenant_id = m.tenant_id AND l.kind = 'model' AND l.status = 'succeeded'
         AND ${stoodSinceSql(site, 'l')} > ${stoodSinceSql(site)} AND ${identity('to', 'l')} IS NOT DISTINCT FROM ${identity('from', 'm')}
         AND NOT ${undoneSql(site, 'l')})
     ORDER BY m.tenant_id, m.from_key, m.from_name, m.from_provider, ${stoodSinceSql(site)} DESC`,
    [named.length === 0 ? null : named],
  );
  return rows.map(({ id, tenant, intent, forced, reason, source, target }) => ({
    migrationId: id,
    tenant: tenantOfRecord(tenant),
    asked: intent,
    forced,
    reason,
    intent: { ...intent, from: nameOf(source) ?? intent.from, to: nameOf(target) ?? intent.to },
  }));
}

function nameOf({ key, table }: StandingRow['source']): string | undefined {
  return keyText(given({ key, table }));
}
