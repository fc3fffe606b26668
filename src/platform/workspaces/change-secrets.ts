/**
 * Gives a secret to a workspace or to a tenant, or takes it away. Which arm serves a pair, and so who pays, can depend on the
 * names of the secrets, so every workspace that the change concerns is judged before and after it.
 */
import { DroverError } from '../../errors.ts';
import {
  deleteSecret as deleteRow,
  type SecretHolder,
  listSecrets as listRows,
  lockSecretNames,
  type SecretRow,
  writeSecret,
} from '../queries/secrets.ts';
import { listPairs, type PairOfWorkspace } from '../queries/workspaces.ts';
import { variableWords } from '../../registry/known/variable-words.ts';
import type { Verdict } from '../../registry/verdict/routability.ts';
import { notFound } from '../rows/read.ts';
import { lacksKey, refusedAs, verdictOf } from './judgement.ts';
import { requireRegistry } from './live-registry.ts';
import { dayOf } from './day.ts';
import type { RoutingCall } from './routing.ts';
import { seal } from '../secrets/seal.ts';
import { requireKeys } from '../secrets/keys.ts';
import { checkSecretName } from '../secrets/names.ts';
import { settleVerdicts } from './settle-verdicts.ts';
import { requireSamePayer } from './set-routing.ts';
import {
  findWorkspace,
  type InTenant,
  lockWorkspace,
  readingAt,
  recordAt,
  tenantOf,
  routingAt,
} from './unit.ts';

interface SecretRequest {
  /** Undefined: the tenant's. */
  readonly workspaceId: string | undefined;
  readonly name: string;
}

/** @throws SECRET_NAME_RESERVED, PAYER_CHANGE_NOT_ACCEPTED, AMBIGUOUS_MODEL_FOR_RUNTIME */
export function putSecret(
  call: RoutingCall,
  given: SecretRequest & { readonly value: string; readonly acceptPayerChange: boolean },
): Promise<SecretRow> {
  const keys = requireKeys(call.routing.keys);
  const { name, value, workspaceId } = given;
  const place = { tenantId: call.caller.tenantId, workspaceId: workspaceId?.toLowerCase(), name };
  return routingAt(call, none, async (at) => {
    checkSecretName(name, variableWords(requireRegistry(at.routing.registry).registry));
    const names = await lockFor(at, given);
    for (const { workspace, before, after } of judgeChange(at, names, [...names.changed, name])) {
      if (after.verdict === 'refuse' && before.verdict === 'allow')
        throw inWorkspace(workspace, refusedAs(after));
      if (after.verdict === 'allow' && !given.acceptPayerChange) requireSamePayer(before, after);
    }
    const row = await writeSecret(at.tx, tenantOf(at), {
      holder: names.holder,
      sealed: seal(keys, place, value),
    });
    await settle(at, given);
    await record(at, given, 'secret.set');
    return row;
  });
}

/** @throws NOT_FOUND, SECRET_IN_USE */
export function deleteSecret(call: RoutingCall, given: SecretRequest): Promise<void> {
  return routingAt(call, none, async (at) => {
    const names = await lockFor(at, given);
    if (!names.changed.includes(given.name)) throw notFound({ noun: 'secret' });
    const left = names.changed.filter((name) => name !== given.name);
    const stranded = judgeChange(at, names, left).filter(
      ({ before, after, secrets }) => runsOnKey(before, secrets.before) && !runsOnKey(after, secrets.after),
    );
    if (stranded.length > 0)
      throw inUse(
        given.name,
        stranded.map(({ workspace }) => workspace),
      );
    await deleteRow(at.tx, tenantOf(at), { holder: names.holder, name: given.name });
    await settle(at, given);
    await record(at, given, 'secret.removed');
  });
}

/** Names and moments, never values. @throws NOT_FOUND */
export function listSecrets(call: RoutingCall, workspaceId: string | undefined): Promise<SecretRow[]> {
  return readingAt(call, async (at) => {
    if (workspaceId !== undefined) await findWorkspace(at, workspaceId);
    return listRows(at.tx, tenantOf(at), holderOf(workspaceId));
  });
}

interface SecretNames {
  readonly holder: SecretHolder;
  /** Of the secrets that this change is among. */
  readonly changed: readonly string[];
  /** Of the tenant's, where a workspace's are changed. */
  readonly shared: readonly string[];
  /** The workspaces that the change concerns. */
  readonly workspaces: readonly PairOfWorkspace[];
}

/** Which locks it takes depends on whose secret it is. */
const none = () => [] as const;

/** The workspace, the tenant's secrets, its own: in the order of everybody. */
async function lockFor(at: InTenant, { workspaceId }: SecretRequest): Promise<SecretNames> {
  const tenant = tenantOf(at);
  const id = workspaceId?.toLowerCase();
  const holder = holderOf(id);
  if (id === undefined) {
    const changed = await at.tx.ask(lockSecretNames(tenant, { holder, to: 'change' }));
    return { holder, changed, shared: [], workspaces: await listPairs(at.tx, tenant) };
  }
  const [, shared, changed] = await at.tx.together([
    lockWorkspace(at, { id }),
    lockSecretNames(tenant, { holder: 'tenant', to: 'rely' }),
    lockSecretNames(tenant, { holder, to: 'change' }),
  ]);
  return { holder, changed, shared, workspaces: await listPairs(at.tx, tenant, id) };
}

function holderOf(workspaceId: string | undefined): SecretHolder {
  return workspaceId === undefined ? 'tenant' : { workspace: workspaceId.toLowerCase() };
}

function judgeChange(
  { routing }: InTenant,
  names: SecretNames,
  next: readonly string[],
): {
  readonly workspace: PairOfWorkspace;
  readonly before: Verdict;
  readonly after: Verdict;
  readonly secrets: { readonly before: readonly string[]; readonly after: readonly string[] };
}[] {
  const loaded = requireRegistry(routing.registry);
  const today = dayOf(routing.now());
  return names.workspaces.map((workspace) => {
    const others = names.holder === 'tenant' ? workspace.secrets : names.shared;
    const secrets = { before: [...others, ...names.changed], after: [...others, ...next] };
    const judged = (available: readonly string[]): Verdict =>
      verdictOf(loaded, { ...workspace, secrets: available, existing: true, today });
    return { workspace, before: judged(secrets.before), after: judged(secrets.after), secrets };
  });
}

/** Is the pair served by an arm that the tenant pays, with a key? */
function runsOnKey(verdict: Verdict, secrets: readonly string[]): boolean {
  if (verdict.verdict !== 'allow' || verdict.payer !== 'tenant' || verdict.needs.length === 0) return false;
  return !lacksKey(verdict, secrets);
}

function inUse(name: string, used: readonly PairOfWorkspace[]): DroverError {
  const first = used.slice(0, 20);
  const where = first.map((workspace) => workspace.name).join(', ');
  const message =
    `${name} is the last key for the model of ${where}${used.length > first.length ? ' and others' : ''}. ` +
    'Give another one, or choose another model there first.';
  return new DroverError('SECRET_IN_USE', message, {
    workspaces: first.map(({ id, name: called, runtime, model }) => ({ id, name: called, runtime, model })),
  });
}

function inWorkspace({ id, name }: PairOfWorkspace, { code, message, data }: DroverError): DroverError {
  return new DroverError(code, `With this secret ${name} could not run any more. ${message}`, {
    ...data,
    workspace: { id, name },
  });
}

/** Verdicts of earlier pairs may have rested on other secrets. */
function settle({ tx, platform, caller, routing }: InTenant, { workspaceId }: SecretRequest): Promise<void> {
  return settleVerdicts(tx, {
    schema: platform.schema,
    scope: platform.site.scope,
    loaded: requireRegistry(routing.registry),
    today: dayOf(routing.now()),
    tenants: [caller.tenantId],
    workspaceId,
  });
}

function record(at: InTenant, { workspaceId, name }: SecretRequest, action: string): Promise<void> {
  const object = workspaceId?.toLowerCase() ?? at.caller.tenantId;
  return recordAt(at, {
    action,
    object,
    detail: { name, of: workspaceId === undefined ? 'tenant' : 'workspace' },
  });
}
