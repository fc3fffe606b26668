/** May these models be chosen? */
import { type ModelFacts } from '../../engine/models/model.ts';
import { refusalOfRetired } from '../../engine/models/successor.ts';
import { DroverError } from '../../errors.ts';
import { listModelStates, lockSpaceModels, type ModelState } from '../queries/model-choice.ts';
import type { ModelKind, WriteContext } from '../resources/declaration.ts';

export interface Choice {
  /** Where it was given. */
  readonly field: string;
  readonly kind: ModelKind;
  readonly id: string;
  /** Newly chosen, and not merely taken along. */
  readonly fresh: boolean;
  /** What the document beside it calls the model. */
  readonly named: string | undefined;
}

interface Choices {
  readonly choices: readonly Choice[];
  /** The space in which the models must be available. */
  readonly spaceId: string | undefined;
}

/**
 * Holds models until the transaction ends. A migration takes its models first, then links, then rows; whoever writes a row
 * that names a model does the same, so that one waits for the other and neither for both.
 */
export async function holdModels(
  { tx, platform, caller }: WriteContext,
  named: readonly Pick<Choice, 'kind' | 'id'>[],
): Promise<void> {
  const tenant = { schema: platform.schema, tenantId: caller.tenantId };
  for (const kind of new Set(named.map((model) => model.kind))) {
    const ids = new Set(named.filter((model) => model.kind === kind).map(({ id }) => id));
    await listModelStates(tx, tenant, { kind, ids: [...ids] });
  }
}

/** @throws REFERENCE_INVALID, MODEL_RETIRED, MODEL_DISABLED, MODEL_NOT_IN_SPACE */
export async function chooseModels(place: WriteContext, { choices, spaceId }: Choices): Promise<void> {
  for (const kind of new Set(choices.map((choice) => choice.kind))) {
    const asked = choices.filter((choice) => choice.kind === kind);
    await chooseOfKind(place, { kind, choices: asked, spaceId });
  }
}

async function chooseOfKind(
  { tx, platform, caller }: WriteContext,
  { kind, choices, spaceId }: Choices & { readonly kind: ModelKind },
): Promise<void> {
  const tenant = { schema: platform.schema, tenantId: caller.tenantId };
  const ids = [...new Set(choices.map(({ id }) => id))];
  const states = new Map(
    (await listModelStates(tx, tenant, { kind, ids })).map((state) => [state.id, state]),
  );
  for (const choice of choices) {
    const state = states.get(choice.id);
    if (state === undefined) throw unknownReference(choice.field, `${kind} model`);
    if (choice.named !== undefined && choice.named !== state.name) throw misnamed(choice, state);
    if (choice.fresh) await refuseUnusable({ tx, platform, caller }, choice, state);
  }
  if (spaceId === undefined) return;
  const available = await lockSpaceModels(tx, tenant, { kind, spaceId, ids });
  const missing = choices.find(({ id }) => !available.includes(id));
  if (missing !== undefined) throw notInSpace(missing, states.get(missing.id));
}

export function isUsable(state: ModelState): boolean {
  return state.is_enabled && !isGone(state);
}

function isGone({ lifecycle }: ModelState): boolean {
  return lifecycle === 'retired' || lifecycle === 'withdrawn';
}

/** @throws MODEL_RETIRED with the successor, MODEL_DISABLED */
export async function refuseUnusable(
  place: WriteContext,
  { field, kind }: Pick<Choice, 'field' | 'kind'>,
  state: ModelState,
): Promise<void> {
  const about = { field, model: { id: state.id, name: state.name } };
  if (isGone(state)) {
    const next = await findSuccessor(place, { kind, model: state });
    const { message, successor } = refusalOfRetired(`${field}: ${state.name}`, next, state.lifecycle);
    throw new DroverError('MODEL_RETIRED', message, { ...about, successor });
  }
  if (!state.is_enabled)
    throw new DroverError(
      'MODEL_DISABLED',
      `${field}: ${state.name} is disabled in your organisation.`,
      about,
    );
}

const maxSuccessions = 20;

/** The first model after it that can still be chosen. */
async function findSuccessor(
  { tx, platform, caller }: WriteContext,
  { kind, model }: { readonly kind: ModelKind; readonly model: ModelState },
): Promise<Pick<ModelFacts, 'key' | 'components'> | undefined> {
  const tenant = { schema: platform.schema, tenantId: caller.tenantId };
  for (let at = model, n = 0; at.successor_id !== null && n < maxSuccessions; n += 1) {
    const [next] = await listModelStates(tx, tenant, { kind, ids: [at.successor_id] });
    if (next === undefined) return undefined;
    if (!isGone(next)) return { key: next.id, components: { name: next.name } };
    at = next;
  }
  return undefined;
}

/** An id of another tenant and an id of nobody are refused in the same words. */
export function unknownReference(field: string, noun: string): DroverError {
  return new DroverError('REFERENCE_INVALID', `${field}: there is no such ${noun}.`, { field });
}

function misnamed({ field }: Choice, { name }: ModelState): DroverError {
  const message = `${field}: id and name are of two models; the one with this id is called ${name}.`;
  return new DroverError('REFERENCE_INVALID', message, { field });
}

function notInSpace({ field, kind }: Choice, state: ModelState | undefined): DroverError {
  const message =
    `${field}: ${state?.name ?? 'this model'} is not available in this space; ` +
    `link it by PUT /spaces/{space_id}/${kind}-models/{model_id} first.`;
  return new DroverError('MODEL_NOT_IN_SPACE', message, { field });
}
