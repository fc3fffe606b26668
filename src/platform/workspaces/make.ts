/** Makes workspaces, one or a whole document: everything is judged first, and then stored together or not at all. */
import { randomUUID } from 'node:crypto';
import { DroverError } from '../../errors.ts';
import { writeSecret } from '../queries/secrets.ts';
import { takenNames } from '../queries/workspaces.ts';
import { inOrder, type Question, readAs } from '../../postgres/driver/question.ts';
import type { Allowed } from '../../registry/verdict/answer.ts';
import { variableWords } from '../../registry/known/variable-words.ts';
import type { LoadedRegistry } from '../../registry/load/load.ts';
import { needsModel } from '../../registry/verdict/routability.ts';
import type { NotAsked } from '../../registry/verdict/routability.ts';
import type { Values } from '../resources/declaration.ts';
import { modelRequired, requireRoutable } from './judgement.ts';
import { requireRegistry } from './live-registry.ts';
import { dayOf } from './day.ts';
import { holdNamedModels, type NamedModels, refuseUnusableName } from './named-models.ts';
import type { RoutingCall } from './routing.ts';
import { seal } from '../secrets/seal.ts';
import { requireKeys } from '../secrets/keys.ts';
import { checkCompute, checkSecretName } from '../secrets/names.ts';
import { insertRouted } from './set-routing.ts';
import { type InTenant, recordAt, relyOnSecrets, routingAt, tenantOf } from './unit.ts';

export interface WorkspaceInput {
  readonly name: string;
  readonly runtime: string;
  readonly model?: string | null | undefined;
  /** Name → value. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** The other columns. */
  readonly beside: Values;
}

/** A node of a document that was refused. */
interface BadNode {
  readonly at: number;
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly data: Values;
}

/**
 * @throws MODEL_REQUIRED, MISSING_BYOK_CREDENTIAL, MODEL_RETIRED, MODEL_DISABLED, SECRET_NAME_RESERVED, ALREADY_EXISTS, and
 * what the registry refuses
 */
export function createWorkspace(call: RoutingCall, input: WorkspaceInput): Promise<Values> {
  return routingAt(call, locksFor([input]), async (at, [ground]) => {
    const [made] = await judgeAll(at, ground, [input]);
    if (made instanceof DroverError) throw made;
    if (made === undefined) throw new DroverError('INTERNAL', 'A workspace was not judged.');
    return store(at, made);
  });
}

/** @throws IMPORT_REFUSED with every bad node */
export function importWorkspaces(call: RoutingCall, inputs: readonly WorkspaceInput[]): Promise<Values[]> {
  return routingAt(call, locksFor(inputs), async (at, [ground]) => {
    const judged = await judgeAll(at, ground, inputs);
    const bad = judged.flatMap((result, n) =>
      result instanceof DroverError ? [badNode(n, inputs, result)] : [],
    );
    if (bad.length > 0) throw refused(bad, inputs.length);
    const made: Values[] = [];
    for (const each of judged) if (!(each instanceof DroverError)) made.push(await store(at, each));
    return made;
  });
}

interface JudgedInput {
  readonly input: WorkspaceInput;
  readonly verdict: Allowed | NotAsked;
}

/** The models that are named, the tenant's secrets; and the names that are taken. @throws REGISTRY_UNAVAILABLE, SECRET_KEY_MISSING */
function locksFor(
  inputs: readonly WorkspaceInput[],
): (call: RoutingCall) => readonly [Question<WorkspaceGround>] {
  return (call) => {
    const loaded = requireRegistry(call.routing.registry);
    if (inputs.some(({ secrets = {} }) => Object.keys(secrets).length > 0)) requireKeys(call.routing.keys);
    const models = inputs.map(({ model }) => model);
    const names = inputs.map(({ name }) => name);
    const locks = inOrder([
      holdNamedModels(call, models),
      relyOnSecrets(call, undefined),
      takenNames(tenantOf(call), names),
    ]);
    const today = dayOf(call.routing.now());
    return [
      readAs(locks, ([held, shared, taken]) => ({ loaded, held, shared, taken: new Set(taken), today })),
    ];
  };
}

/** Nothing is written here. */
async function judgeAll(
  at: InTenant,
  ground: WorkspaceGround,
  inputs: readonly WorkspaceInput[],
): Promise<(JudgedInput | DroverError)[]> {
  const names = inputs.map(({ name }) => name);
  const judged: (JudgedInput | DroverError)[] = [];
  for (const [n, input] of inputs.entries()) {
    const again = ground.taken.has(input.name) || names.indexOf(input.name) < n;
    judged.push(again ? nameTaken(input.name) : await judgeOne(at, ground, input));
  }
  return judged;
}

interface WorkspaceGround {
  readonly loaded: LoadedRegistry;
  readonly held: NamedModels;
  readonly shared: readonly string[];
  readonly taken: ReadonlySet<string>;
  readonly today: string;
}

async function judgeOne(
  at: InTenant,
  { loaded, held, shared, today }: WorkspaceGround,
  input: WorkspaceInput,
): Promise<JudgedInput | DroverError> {
  try {
    const own = Object.keys(input.secrets ?? {});
    const words = variableWords(loaded.registry);
    for (const name of own) checkSecretName(name, words);
    checkCompute(input.beside['compute'], words);
    const { runtime, model = null } = input;
    const secrets = [...shared, ...own];
    const verdict = requireRoutable(loaded, { runtime, model, secrets, today });
    if (verdict.verdict === 'not-asked' && needsModel(loaded, runtime)) throw modelRequired(loaded, runtime);
    if (verdict.verdict === 'allow') await refuseUnusableName(at, held, verdict.model);
    return { input, verdict };
  } catch (error) {
    if (error instanceof DroverError) return error;
    throw error;
  }
}

async function store(at: InTenant, { input, verdict }: JudgedInput): Promise<Values> {
  const id = randomUUID();
  const { tenantId, userId } = at.caller;
  const beside = { ...input.beside, name: input.name, user_id: userId };
  const made = await insertRouted(at, { id, verdict, beside });
  const secrets = Object.entries(input.secrets ?? {});
  for (const [name, value] of secrets) {
    const sealed = seal(requireKeys(at.routing.keys), { tenantId, workspaceId: id, name }, value);
    await writeSecret(at.tx, tenantOf(at), { holder: { workspace: id }, sealed });
  }
  const detail = {
    fields: Object.keys(beside).toSorted(),
    secrets: secrets.map(([name]) => name),
    registry_version: verdict.registryVersion,
  };
  await recordAt(at, { action: 'workspace.created', object: id, detail });
  return made;
}

function nameTaken(name: string): DroverError {
  const message = `This workspace cannot be saved. Its name is taken: ${name}.`;
  return new DroverError('ALREADY_EXISTS', message, { field: 'name' });
}

function badNode(
  at: number,
  inputs: readonly WorkspaceInput[],
  { code, message, data }: DroverError,
): BadNode {
  return { at, name: inputs[at]?.name ?? '', code, message, data };
}

function refused(nodes: readonly BadNode[], all: number): DroverError {
  const message =
    `${nodes.length} of ${all} workspaces cannot be had as they are written, so none was stored. ` +
    'Each is listed with its reason.';
  return new DroverError('IMPORT_REFUSED', message, { nodes });
}
