/** A door's transaction: in the tenant of the caller, run again where it may succeed the next time. */
import { insertAuditRecord } from '../queries/audit-log.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import type { OfTenant } from '../queries/model-choice.ts';
import { findRow } from '../queries/resource-rows.ts';
import { relyOnRegistry } from '../queries/registry-in-force.ts';
import { type Holder, lockSecretNames } from '../queries/secrets.ts';
import type { Values } from '../resources/declaration.ts';
import { notFound } from '../rows/read.ts';
import { represent, requireMatch, tableOf } from '../rows/representation.ts';
import { reading, writing } from '../rows/unit.ts';
import type { AtDoor } from './routing.ts';
import { workspaces } from './workspace-rows.ts';

/** A door with its transaction open. */
export interface InTenant extends AtDoor {
  readonly tx: Tx;
}

export function writingAt<T>(door: AtDoor, work: (at: InTenant) => Promise<T>): Promise<T> {
  return writing({ ...door, resource: workspaces }, (tx) => work({ ...door, tx }));
}

/** The same where a pair may be stored: no other registry comes in force until the transaction ends. */
export function routingAt<T>(door: AtDoor, work: (at: InTenant) => Promise<T>): Promise<T> {
  return writingAt(door, async (at) => {
    const [, done] = await Promise.all([relyOnRegistry(at.tx, at.platform.schema), work(at)]);
    return done;
  });
}

export function readingAt<T>(door: AtDoor, work: (at: InTenant) => Promise<T>): Promise<T> {
  return reading({ ...door, resource: workspaces }, (tx) => work({ ...door, tx }));
}

export function tenantOf({ platform, caller }: AtDoor): OfTenant {
  return { schema: platform.schema, tenantId: caller.tenantId };
}

/** Nobody else changes it until the transaction ends. @throws NOT_FOUND, PRECONDITION_FAILED */
export async function lockWorkspace(
  at: InTenant,
  { id, ifMatch }: { readonly id: string; readonly ifMatch?: string | undefined },
): Promise<Values> {
  const asked = { ...at, resource: workspaces };
  const row = await findRow(at.tx, tableOf(asked), { id: id.toLowerCase(), lock: true });
  if (row === undefined) throw notFound(workspaces);
  const workspace = represent(workspaces.columns, row);
  requireMatch(ifMatch, workspace, workspaces.noun);
  return workspace;
}

export async function findWorkspace(at: InTenant, id: string): Promise<Values> {
  const row = await findRow(at.tx, tableOf({ ...at, resource: workspaces }), { id: id.toLowerCase() });
  if (row === undefined) throw notFound(workspaces);
  return represent(workspaces.columns, row);
}

/** Names of the secrets of the tenant and of the workspace; nobody takes one away until the transaction ends. */
export async function relyOnSecrets(at: InTenant, workspaceId: string | undefined): Promise<string[]> {
  const tenant = tenantOf(at);
  const holders: Holder[] = workspaceId === undefined ? ['tenant'] : ['tenant', { workspace: workspaceId }];
  const names = await Promise.all(
    holders.map((holder) => lockSecretNames(at.tx, tenant, { holder, to: 'rely' })),
  );
  return [...new Set(names.flat())];
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
