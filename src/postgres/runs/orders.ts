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

interface RunOrder {
  readonly action: (typeof actions)[keyof typeof actions];
  readonly actor: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Why, where somebody said so. */
  readonly reason: string | null;
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

/** What a run was ordered to do, as far as it is listed. */
export interface RunOrders {
  /** The newest ones, in their order. */
  readonly orders: readonly RunOrder[];
  /** How many there are. */
  readonly totalOrders: number;
}

/** How many orders are listed. */
const listed = 100;

/** The newest hundred orders to a run, and how many there are. */
export async function listOrders(site: Site, runId: string): Promise<RunOrders> {
  const newest = await withState(site, undefined, (tx) =>
    tx.many<RunOrder & { readonly total: number }>(
      `SELECT a.action, a.actor, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, a.detail ->> 'reason' AS reason,
         (count(*) OVER ())::int AS total
       FROM ${stateTable(site, 'audit_log')} a
       WHERE a.tenant_id = $1::text::${site.state.tenantType} AND a.object = $2 AND starts_with(a.action, 'run.')
       ORDER BY a.at DESC LIMIT ${listed}`,
      [sharedRows, runId],
    ),
  );
  const orders = newest.toReversed().map(({ total: _total, ...order }) => order);
  return { orders, totalOrders: newest[0]?.total ?? 0 };
}
