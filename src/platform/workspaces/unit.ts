/** The transaction of a call: in the tenant of the caller, run again where it may succeed the next time. */
import { insertAuditRecord } from '../queries/audit-log.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { type Answers, inOrder, type Question, readAs } from '../../postgres/driver/question.ts';
import type { OfTenant } from '../queries/model-choice.ts';
import { findRow } from '../queries/resource-rows.ts';
import { relyOnRegistry } from '../queries/registry-in-force.ts';
import { type Holder, lockSecretNames } from '../queries/secrets.ts';
import type { Values } from '../resources/declaration.ts';
import { notFound } from '../rows/read.ts';
import { represent, requireMatch, tableOf } from '../rows/representation.ts';
import { reading, writing } from '../rows/unit.ts';
import type { RoutingCall } from './routing.ts';
import { workspaces } from './workspace-rows.ts';

/** A call with its transaction open. */
export interface InTenant extends RoutingCall {
  readonly tx: Tx;
}

export function writingAt<T>(call: RoutingCall, work: (at: InTenant) => Promise<T>): Promise<T> {
  return writing({ ...call, resource: workspaces }, (tx) => work({ ...call, tx }));
}

type Locks = readonly Question<unknown>[];

/** The same where the first message takes locks: in the order of `locks`, and with what they find. */
export function lockingAt<const Q extends Locks, T>(
  call: RoutingCall,
  locks: () => Q,
  work: (at: InTenant, found: Answers<Q>) => Promise<T>,
): Promise<T> {
  return writingAt(call, async (at) => work(at, await at.tx.together(locks())));
}

/** The same where a pair may be stored: no other registry comes in force until the transaction ends. Its lock is the first. */
export function routingAt<const Q extends Locks, T>(
  call: RoutingCall,
  locks: () => Q,
  work: (at: InTenant, found: Answers<Q>) => Promise<T>,
): Promise<T> {
  const inTheirOrder = () => [relyOnRegistry(call.platform.schema), inOrder(locks())] as const;
  return lockingAt(call, inTheirOrder, (at, [, found]) => work(at, found));
}

export function readingAt<T>(call: RoutingCall, work: (at: InTenant) => Promise<T>): Promise<T> {
  return reading({ ...call, resource: workspaces }, (tx) => work({ ...call, tx }));
}

export function tenantOf({ platform, caller }: RoutingCall): OfTenant {
  return { schema: platform.schema, tenantId: caller.tenantId };
}

/** Nobody else changes it until the transaction ends. @throws NOT_FOUND, PRECONDITION_FAILED */
export function lockWorkspace(
  call: RoutingCall,
  { id, ifMatch }: { readonly id: string; readonly ifMatch?: string | undefined },
): Question<Values> {
  const asked = { ...call, resource: workspaces };
  return readAs(findRow(tableOf(asked), { id: id.toLowerCase(), lock: true }), (row) => {
    if (row === undefined) throw notFound(workspaces);
    const workspace = represent(workspaces.columns, row);
    requireMatch(ifMatch, workspace, workspaces.noun);
    return workspace;
  });
}

export async function findWorkspace(at: InTenant, id: string): Promise<Values> {
  const row = await at.tx.ask(findRow(tableOf({ ...at, resource: workspaces }), { id: id.toLowerCase() }));
  if (row === undefined) throw notFound(workspaces);
  return represent(workspaces.columns, row);
}

/** Names of the secrets of the tenant and of the workspace; nobody takes one away until the transaction ends. */
export function relyOnSecrets(call: RoutingCall, workspaceId: string | undefined): Question<string[]> {
  const tenant = tenantOf(call);
  const holders: Holder[] = workspaceId === undefined ? ['tenant'] : ['tenant', { workspace: workspaceId }];
  const names = inOrder(holders.map((holder) => lockSecretNames(tenant, { holder, to: 'rely' })));
  return readAs(names, (all) => [...new Set(all.flat())]);
}

/** Names of fields and secrets, never values. */
export function recordAt(
  at: InTenant,
  record: { readonly action: string; readonly object: string; readonly detail: Values },
): Promise<void> {
  const { tx, platform, caller } = at;
  return insertAuditRecord(tx, platform.schema, {
    tenantId: caller.tenantId,
    actor: caller.actor,
    ...record,
  });
}
