/**
 * Who ordered what of a run. An order stands in the audit log, in the transaction that obeys it. A run is about many tenants, so its
 * entries are under the key of the shared rows, where operators alone read and add.
 */
import { randomUUID } from 'node:crypto';
import { sharedRows } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

const actions = {
  created: 'run.created',
  paused: 'run.paused',
  resumed: 'run.resumed',
  continued: 'run.continued',
  cancelled: 'run.cancelled',
} as const;

export interface RunOrder {
  readonly action: (typeof actions)[keyof typeof actions];
  readonly actor: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Adds an order to the audit log. Within the transaction that obeys it. */
export async function recordOrder(
  tx: Tx,
  site: Site,
  order: {
    readonly runId: string;
    readonly what: keyof typeof actions;
    readonly actor: string;
    readonly detail: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  await tx.run(
    `INSERT INTO ${stateTable(site, 'audit_log')} (tenant_id, id, actor, action, object, detail)
     VALUES ($1::text::${site.state.tenantType}, $2::text::uuid, $3, $4, $5, $6::text::jsonb)`,
    [sharedRows, randomUUID(), order.actor, actions[order.what], order.runId, JSON.stringify(order.detail)],
  );
}

/** The orders to a run, in their order. */
export function listOrders(site: Site, runId: string): Promise<RunOrder[]> {
  return withState(site, undefined, (tx) =>
    tx.many<RunOrder>(
      `SELECT a.action, a.actor, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
       FROM ${stateTable(site, 'audit_log')} a
       WHERE a.tenant_id = $1::text::${site.state.tenantType} AND a.object = $2 AND starts_with(a.action, 'run.') ORDER BY a.at`,
      [sharedRows, runId],
    ),
  );
}
