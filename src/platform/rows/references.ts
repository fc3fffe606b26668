/**
 * What a row may name. A model that is chosen must be one of the tenant's, not retired or withdrawn, enabled, and
 * available in the row's space. What the row named before is no new choice: a model that was disabled since stays.
 * Another tenant's id and one that is nobody's get the same answer.
 */
import { DroverError } from '../../errors.ts';
import { findColumn } from '../queries/model-choice.ts';
import type { Proposed, Reference, Values, WriteContext } from '../resources/declaration.ts';
import { chooseModels, type Choice, holdModels, unknownReference } from './model-choice.ts';
import { modelsInPipeline } from './pipeline.ts';
import type { ResourceRequest } from './unit.ts';

/** @throws REFERENCE_INVALID, MODEL_RETIRED, MODEL_DISABLED, MODEL_NOT_IN_SPACE */
export async function checkReferences(
  proposed: Proposed,
  asked: ResourceRequest,
  changed: readonly string[],
): Promise<void> {
  const { columns, space } = asked.resource;
  for (const name of changed) {
    const { names } = columns[name] ?? {};
    const id = proposed.after[name];
    if (names === undefined || typeof id !== 'string') continue;
    if (names.to === 'row') await checkRow(proposed, { name, id, names });
    if (names.to === 'successor') await checkSuccessor(proposed, { name, id, names });
  }
  const moved = space === 'space_id' && changed.includes('space_id');
  const choices = Object.keys(columns).flatMap((name) =>
    choicesIn(asked, proposed, { name, fresh: changed.includes(name), moved }),
  );
  const spaceId = space === undefined ? undefined : String(proposed.after[space]);
  await chooseModels(proposed, { choices, spaceId });
}

/** Holds the models that a change names, before its row is locked; whether they may be chosen is asked later. */
export function holdNamed(place: WriteContext, asked: ResourceRequest, values: Values): Promise<void> {
  const named = Object.entries(asked.resource.columns).flatMap(([name, { names, type }]) => {
    const value = values[name];
    if (names?.to === 'model') return typeof value === 'string' ? [{ kind: names.kind, id: value }] : [];
    if (type.kind !== 'object' || type.form !== 'pipeline') return [];
    return modelsInPipeline(value).map(({ id }) => ({ kind: 'completion' as const, id }));
  });
  return holdModels(place, named);
}

/** The models that a column names anew, or that its row takes along into another space. */
function choicesIn(
  { resource }: ResourceRequest,
  { before, after }: Proposed,
  looked: { readonly name: string; readonly fresh: boolean; readonly moved: boolean },
): Choice[] {
  const { name, fresh, moved } = looked;
  if (!fresh && !moved) return [];
  const { names, type } = resource.columns[name] ?? {};
  if (names?.to === 'model') {
    const id = after[name];
    return typeof id === 'string' ? [{ field: name, kind: names.kind, id, fresh, named: undefined }] : [];
  }
  if (type?.kind !== 'object' || type.form !== 'pipeline') return [];
  const known = new Set(modelsInPipeline(before?.[name]).map(({ id }) => id));
  return modelsInPipeline(after[name]).map(({ at, id, name: named }) => ({
    field: `${name}/${at}`,
    kind: 'completion',
    id,
    fresh: !known.has(id),
    named,
  }));
}

interface ReferencedRow<To extends Reference['to']> {
  readonly name: string;
  readonly id: string;
  readonly names: Reference & { readonly to: To };
}

async function checkRow(
  { tx, platform, caller }: Proposed,
  { name, id, names }: ReferencedRow<'row'>,
): Promise<void> {
  const { table, noun, gone } = names;
  const tenant = { schema: platform.schema, tenantId: caller.tenantId };
  const found = await findColumn(tx, tenant, { table, column: gone?.column ?? 'id', id });
  if (found === undefined) throw unknownReference(name, noun);
  const isGone =
    gone?.when === 'set' ? found.value !== null : gone?.when === 'false' && found.value === false;
  if (!isGone) return;
  const message = `${name}: this ${noun} is ${gone?.word ?? 'gone'} and cannot be chosen.`;
  throw new DroverError('REFERENCE_INVALID', message, { field: name });
}

async function checkSuccessor(
  proposed: Proposed,
  { name, id, names }: ReferencedRow<'successor'>,
): Promise<void> {
  const { tx, platform, caller } = proposed;
  const noun = `${names.kind} model`;
  const tenant = { schema: platform.schema, tenantId: caller.tenantId };
  const found = await findColumn(tx, tenant, { table: `${names.kind}_models`, column: 'lifecycle', id });
  if (found === undefined) throw unknownReference(name, noun);
  const problem =
    id === proposed.id
      ? 'a model cannot succeed itself'
      : found.value === 'retired' && 'this model is retired itself';
  if (problem === false) return;
  throw new DroverError('REFERENCE_INVALID', `${name}: ${problem}.`, { field: name });
}
