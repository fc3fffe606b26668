/** Looks at a workspace with today's registry and secrets: who pays, and would it start. Nothing is stored. */
import { DroverError } from '../../errors.ts';
import { listSealed, type SealedSecret } from '../queries/secrets.ts';
import { type Billing, billingOf } from '../../registry/verdict/billing.ts';
import { variableWords } from '../../registry/known/variable-words.ts';
import { needsModel } from '../../registry/verdict/routability.ts';
import type { Verdict } from '../../registry/verdict/routability.ts';
import { lacksKey, missingKey, modelRequired, refusedAs, verdictOf } from './judgement.ts';
import { requireRegistry } from './live-registry.ts';
import { dayOf } from './day.ts';
import type { RoutingCall } from './routing.ts';
import { refuseCompute, refuseSecretName } from '../secrets/names.ts';
import { unseal } from '../secrets/seal.ts';
import { pairOf } from './set-routing.ts';
import type { Values } from '../resources/declaration.ts';
import { findWorkspace, type InTenant, judgingAt, tenantOf } from './unit.ts';

interface Examined {
  readonly runtime: string;
  readonly model: string | null;
  readonly verdict: Verdict;
  readonly billing: Billing;
}

/** @throws NOT_FOUND, REGISTRY_UNAVAILABLE */
export function readBilling(call: RoutingCall, id: string): Promise<Examined> {
  return judgingAt(call, async (at) => {
    const held = await readSealed(at, id);
    return examine(at, await findWorkspace(at, id), held);
  });
}

interface Preflight extends Examined {
  /** Empty: it would start. */
  readonly problems: readonly DroverError[];
}

/** @throws NOT_FOUND, REGISTRY_UNAVAILABLE */
export function preflight(call: RoutingCall, id: string): Promise<Preflight> {
  return judgingAt(call, async (at) => {
    const loaded = requireRegistry(at.routing.registry);
    const held = await readSealed(at, id);
    const workspace = await findWorkspace(at, id);
    const examined = examine(at, workspace, held);
    const { verdict, runtime } = examined;
    // Names that were taken before they were reserved.
    const words = variableWords(loaded.registry);
    const problems = [
      ...held.flatMap(({ sealed }) => refuseSecretName(sealed.name, words) ?? []),
      ...refuseCompute(workspace['compute'], words),
    ];
    if (verdict.verdict === 'refuse') problems.push(refusedAs(verdict));
    if (verdict.verdict === 'not-asked' && needsModel(loaded, runtime))
      problems.push(modelRequired(loaded, runtime));
    if (verdict.verdict === 'allow') {
      const names = held.map(({ sealed }) => sealed.name);
      if (lacksKey(verdict, names)) problems.push(missingKey(verdict));
      problems.push(
        ...unreadable(
          at,
          held.filter(({ sealed }) => verdict.needs.includes(sealed.name)),
        ),
      );
    }
    return { ...examined, problems };
  });
}

interface HeldSecret {
  readonly sealed: SealedSecret;
  readonly workspaceId: string | undefined;
}

async function readSealed(at: InTenant, id: string): Promise<HeldSecret[]> {
  const workspaceId = id.toLowerCase();
  const shared = await listSealed(at.tx, tenantOf(at), 'tenant');
  const own = await listSealed(at.tx, tenantOf(at), { workspace: workspaceId });
  const names = new Set(own.map(({ name }) => name));
  return [
    ...own.map((sealed) => ({ sealed, workspaceId })),
    // A workspace's own goes before the tenant's of the same name.
    ...shared.filter(({ name }) => !names.has(name)).map((sealed) => ({ sealed, workspaceId: undefined })),
  ];
}

function examine(at: InTenant, workspace: Values, held: readonly HeldSecret[]): Examined {
  const pair = pairOf(workspace);
  const loaded = requireRegistry(at.routing.registry);
  const secrets = held.map(({ sealed }) => sealed.name);
  const today = dayOf(at.routing.now());
  const verdict = verdictOf(loaded, { ...pair, secrets, existing: true, today });
  return { ...pair, verdict, billing: billingOf(verdict, new Set(secrets)) };
}

/** Can the keys be opened? Without a key of this server nobody can say. */
function unreadable({ routing, caller }: InTenant, held: readonly HeldSecret[]): DroverError[] {
  const { keys } = routing;
  if (keys === undefined) return [];
  return held.flatMap(({ sealed, workspaceId }) => {
    try {
      unseal(keys, { tenantId: caller.tenantId, workspaceId, name: sealed.name }, sealed);
      return [];
    } catch (error) {
      if (error instanceof DroverError) return [error];
      throw error;
    }
  });
}
