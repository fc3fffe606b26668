/** The transaction of a call: in the tenant of the caller, run again where it may succeed the next time. */
import { insertAuditRecord } from '../queries/audit-log.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { type Answers, inOrder, type Question, readAs } from '../../postgres/driver/question.ts';
import type { OfTenant } from '../queries/model-choice.ts';
import { findRow } from '../queries/resource-rows.ts';
import { DroverError } from '../../errors.ts';
import { findInForce, relyOnRegistry } from '../queries/registry-in-force.ts';
import { type SecretHolder, lockSecretNames } from '../queries/secrets.ts';
import type { Values } from '../resources/declaration.ts';
import { notFound } from '../rows/read.ts';
import { represent, requireMatch, tableOf } from '../rows/representation.ts';
import { reading, writing } from '../rows/unit.ts';
import { dayOf } from './day.ts';
import { fixedRegistry, requireRegistry } from './live-registry.ts';
import type { RoutingCall } from './routing.ts';
import { workspaces } from './workspace-rows.ts';

/** A call with its transaction open. */
export interface InTenant extends RoutingCall {
  readonly tx: Tx;
}

function writingAt<T>(call: RoutingCall, work: (at: InTenant) => Promise<T>): Promise<T> {
  return writing({ ...call, resource: workspaces }, (tx) => work({ ...call, tx }));
}

type Locks = readonly Question<unknown>[];

/** A writing transaction whose first message takes the locks, in the order of the list. The work is given what they find. */
export function lockingAt<const Q extends Locks, T>(
  call: RoutingCall,
  locks: (call: RoutingCall) => Q,
  work: (at: InTenant, found: Answers<Q>) => Promise<T>,
): Promise<T> {
  return writingAt(call, async (at) => work(at, await at.tx.together(locks(at))));
}

/**
 * The same where the registry decides. No other one comes in force until the transaction ends: its lock is the first. The request is
 * decided by one registry, which is the one in force.
 * @throws REGISTRY_UNAVAILABLE
 */
export function routingAt<const Q extends Locks, T>(
  call: RoutingCall,
  locks: (call: RoutingCall) => Q,
  work: (at: InTenant, found: Answers<Q>) => Promise<T>,
): Promise<T> {
  return writingAt(call, async (given) => {
    const at = decidingOnce(given);
    const [, , found] = await at.tx.together([
      relyOnRegistry(at.platform.schema),
      requireInForce(at),
      inOrder(locks(at)),
    ]);
    return work(at, found);
  });
}

/** Reads what this server's own registry offers, by one registry, in force or not. @throws REGISTRY_UNAVAILABLE */
export function offeringAt<T>(call: RoutingCall, work: (at: InTenant) => Promise<T>): Promise<T> {
  return readingAt(call, async (given) => work(decidingOnce(given)));
}

/** Reads what the registry decides. @throws REGISTRY_UNAVAILABLE */
export function judgingAt<T>(call: RoutingCall, work: (at: InTenant) => Promise<T>): Promise<T> {
  return offeringAt(call, async (at) => {
    await at.tx.ask(requireInForce(at));
    return work(at);
  });
}

/** A server may read another registry at any moment. */
function decidingOnce(at: InTenant): InTenant {
  return { ...at, routing: { ...at.routing, registry: fixedRegistry(requireRegistry(at.routing.registry)) } };
}

/**
 * What another server has brought in, or what a later day refuses, this one cannot know: it stores nothing, and answers nothing, that
 * depends on it.
 */
function requireInForce({ platform, routing }: RoutingCall): Question<void> {
  const { hash, routes } = requireRegistry(routing.registry);
  return readAs(findInForce(platform.schema), (inForce) => {
    if (inForce?.hash === hash && inForce.day <= dayOf(routing.now())) return;
    const held = inForce === undefined ? 'none' : `${inForce.version} as of ${inForce.day}`;
    const message =
      `This server decides by the registry ${routes.version} as of ${dayOf(routing.now())}, and the database holds to ${held}: ` +
      'let this server read the registry again (POST /api/v1/sysadmin/registry/reload), or bring its own one in there.';
    throw new DroverError('REGISTRY_UNAVAILABLE', message, { registry_version: routes.version });
  });
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
  const holders: SecretHolder[] =
    workspaceId === undefined ? ['tenant'] : ['tenant', { workspace: workspaceId }];
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
