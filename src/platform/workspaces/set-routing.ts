/**
 * The only writer of a workspace's runtime and model. The row is locked, the pair that would be stored is judged, and one
 * statement writes it with a new version; whatever is refused was refused before anything was written.
 *
 * Locks: the registry in force, the tenant's models that are named, the workspace (in one message); the tenant's secrets, its own
 * secrets (in the next). Then the database's own rule: the pair stands in registry_pairs, or a verdict for this workspace is
 * recorded by the operator's role, to which the row's key refers.
 */
import { DroverError } from '../../errors.ts';
import { deleteVerdicts, findStanding, type PairHolder, insertVerdicts } from '../queries/registry-pairs.ts';
import { insertWorkspace, updateWorkspace } from '../queries/workspaces.ts';
import { asOperatorWithin } from '../../postgres/scope/tenant.ts';
import type { Allowed } from '../../registry/verdict/answer.ts';
import { namesMeant } from '../../registry/known/any-spelling.ts';
import { needsModel } from '../../registry/verdict/routability.ts';
import type { NotAsked } from '../../registry/verdict/routability.ts';
import type { Values } from '../resources/declaration.ts';
import { changesOf, represent } from '../rows/representation.ts';
import { modelRequired, requireRoutable, verdictOf } from './judgement.ts';
import { requireRegistry } from './live-registry.ts';
import { dayOf } from './day.ts';
import { type NamedModels, refuseUnusableName } from './named-models.ts';
import { type InTenant, recordAt, relyOnSecrets, tenantOf } from './unit.ts';
import { workspaces } from './workspace-rows.ts';

interface RoutingChange {
  /** What is not given stays. */
  readonly runtime?: string | undefined;
  /** As given; null or blank clears it. */
  readonly model?: string | null | undefined;
  readonly acceptPayerChange?: boolean | undefined;
  /** The models that it names, held before the workspace was locked: a migration takes both in that order. */
  readonly held: NamedModels;
  /** May the model be taken away where the runtime is closed? One that is not there yet may be chosen later. */
  readonly mayClear: boolean;
  /** Written in the same statement. */
  readonly beside?: Values;
}

/**
 * @param workspace locked by this transaction
 * @throws the registry's refusal, MODEL_RETIRED, MODEL_DISABLED, PAYER_CHANGE_NOT_ACCEPTED …
 */
export async function setRouting(at: InTenant, workspace: Values, change: RoutingChange): Promise<Values> {
  const id = String(workspace['id']);
  const before = pairOf(workspace);
  const { runtime = before.runtime, model = before.model } = change;
  const [secrets, { listed, judged }] = await at.tx.together([
    relyOnSecrets(at, id),
    // Good until the end, since the registry and the workspace are held.
    findStanding(at.platform.schema, holderOf(at, id, { runtime, model })),
  ]);
  const verdict = await judgeChange(at, before, { ...change, secrets });
  const changed = changesOf(workspace, { ...routingValues(verdict), ...change.beside });
  if (Object.keys(changed).length === 0) return workspace;
  const route = await routeFor(at, { id, verdict, listed });
  const columns = Object.keys(workspaces.columns);
  const row = await updateWorkspace(at.tx, tenantOf(at), { id, values: { ...changed, route }, columns });
  if (judged || route === 'verdict') await forgetVerdicts(at, id, { verdict, route });
  await recordAt(at, {
    action: 'workspace.updated',
    object: id,
    detail: { fields: Object.keys(changed).toSorted(), registry_version: verdict.registryVersion },
  });
  return represent(workspaces.columns, row);
}

type WorkspacePair = ReturnType<typeof pairOf>;

/** The pair that would be stored, judged; whatever can refuse it does so here. */
async function judgeChange(
  at: InTenant,
  before: WorkspacePair,
  {
    secrets,
    runtime = before.runtime,
    model = before.model,
    ...change
  }: RoutingChange & { readonly secrets: readonly string[] },
): Promise<Allowed | NotAsked> {
  const loaded = requireRegistry(at.routing.registry);
  const today = dayOf(at.routing.now());
  const existing = runtime === before.runtime && (model?.trim() ?? '') === (before.model ?? '');
  const verdict = requireRoutable(loaded, { runtime, model, secrets, existing, today });
  const named = routingValues(verdict).model;
  if (named === null && before.model !== null && !change.mayClear && needsModel(loaded, runtime))
    throw modelRequired(loaded, runtime);
  if (named !== null && named !== before.model) await refuseUnusableName(at, change.held, named);
  if (change.acceptPayerChange !== true)
    requireSamePayer(verdictOf(loaded, { ...before, secrets, existing: true, today }), verdict);
  return verdict;
}

/** Stores the routing of a workspace that is made. The caller has judged its pair in this transaction, with its models held. */
export async function insertRouted(
  at: InTenant,
  made: { readonly id: string; readonly verdict: Allowed | NotAsked; readonly beside: Values },
): Promise<Values> {
  const { id, verdict, beside } = made;
  const holder = holderOf(at, id, routingValues(verdict));
  const { listed } = await at.tx.ask(findStanding(at.platform.schema, holder));
  const route = await routeFor(at, { id, verdict, listed });
  const row = await insertWorkspace(at.tx, tenantOf(at), {
    id,
    values: { ...beside, ...routingValues(verdict), route },
    columns: Object.keys(workspaces.columns),
  });
  return represent(workspaces.columns, row);
}

/** @throws INTERNAL where what is stored cannot be judged */
export function pairOf(workspace: Values): { readonly runtime: string; readonly model: string | null } {
  const { runtime, model } = workspace;
  if (typeof runtime === 'string' && (typeof model === 'string' || model === null)) return { runtime, model };
  throw new DroverError(
    'INTERNAL',
    'The stored routing of the workspace cannot be read, so nothing can be verified.',
  );
}

function routingValues(verdict: Allowed | NotAsked): WorkspacePair {
  return { runtime: verdict.runtime, model: verdict.verdict === 'allow' ? verdict.model : null };
}

type DecidedBy = 'registry' | 'verdict';

/** As the tables of pairs and verdicts spell it: trimmed, and no model is an empty one. */
function holderOf(
  { caller }: InTenant,
  id: string,
  { runtime, model }: { readonly runtime: string; readonly model: string | null },
): PairHolder {
  return { tenant_id: caller.tenantId, id, runtime, model: model?.trim() ?? '' };
}

interface JudgedRouting {
  readonly id: string;
  readonly verdict: Allowed | NotAsked;
  /** Does its pair stand among those of the registry? */
  readonly listed: boolean;
}

/** How the database will know that the pair may be stored. The registry that gave the verdict is in force. */
async function routeFor(at: InTenant, { id, verdict, listed }: JudgedRouting): Promise<DecidedBy> {
  const { tx, platform } = at;
  const bySecrets = verdict.verdict === 'allow' && verdict.by === 'name-by-secrets';
  if (!bySecrets && listed) return 'registry';
  const payers = verdict.verdict === 'allow' ? verdict.payer : '';
  const holder = holderOf(at, id, routingValues(verdict));
  const names = namesMeant(requireRegistry(at.routing.registry), holder.model);
  const holders = [{ ...holder, payers, names }];
  const version = verdict.registryVersion ?? '';
  await asOperatorWithin(tx, platform.site.scope, () =>
    insertVerdicts(tx, platform.schema, { holders, reason: 'allowed', version }),
  );
  return 'verdict';
}

/** A verdict is for the pair that a workspace has: none is left by which it could be given an earlier one again. */
async function forgetVerdicts(
  at: InTenant,
  id: string,
  { verdict, route }: { readonly verdict: Allowed | NotAsked; readonly route: DecidedBy },
): Promise<void> {
  const { tx, platform, caller } = at;
  const about = { tenantId: caller.tenantId, id };
  const except = route === 'verdict' ? holderOf(at, id, routingValues(verdict)) : undefined;
  await asOperatorWithin(tx, platform.site.scope, () =>
    deleteVerdicts(tx, platform.schema, { ...about, except }),
  );
}

/** @throws PAYER_CHANGE_NOT_ACCEPTED */
export function requireSamePayer(was: ReturnType<typeof verdictOf>, is: Allowed | NotAsked): void {
  if (was.verdict !== 'allow' || is.verdict !== 'allow' || was.payer === is.payer) return;
  const message =
    `${is.model} on ${is.runtime} is paid by the ${is.payer}, and the ${was.payer} has paid so far. ` +
    'Say accept_payer_change: true where that is meant.';
  throw new DroverError('PAYER_CHANGE_NOT_ACCEPTED', message, {
    field: 'accept_payer_change',
    payer_before: was.payer,
    payer_after: is.payer,
    runtime: is.runtime,
    model: is.model,
    registry_version: is.registryVersion,
  });
}
