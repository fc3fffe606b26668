/**
 * Makes, changes, takes away and brings back rows of any resource. In one transaction, in this order: the models that are
 * named, the row, the caller's version, what the row names, what speaks against it, the change, the audit record. Whether security
 * classes allow a change is judged by the database (isolation/class-fence.ts). What is refused has written nothing.
 */
import { ownMember } from '../../engine/own.ts';
import { randomUUID } from 'node:crypto';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { deleteRow, findRow, insertRow, updateRow } from '../queries/resource-rows.ts';
import type {
  RowAction,
  Resource,
  Values,
  Proposed,
  Reference,
  WriteContext,
} from '../resources/declaration.ts';
import { recordChange } from './audit.ts';
import { notFound } from './read.ts';
import { changesOf, normalise, represent, requireMatch, tableOf } from './representation.ts';
import { writing } from './unit.ts';
import type { ResourceRequest } from './unit.ts';
import { findColumn } from '../queries/model-choice.ts';
import { chooseModels, holdModels, unknownReference } from './model-choice.ts';
import type { Choice } from './model-choice.ts';
import { modelsInPipeline } from './pipeline.ts';

/** @throws what speaks against it; see docs/guides/http.md */
export function createResource(asked: ResourceRequest, given: Values): Promise<Values> {
  const { resource, caller } = asked;
  const filled = Object.entries(resource.columns).flatMap(([name, column]) =>
    column.filled === 'caller' ? [[name, caller.userId]] : [],
  );
  const id = randomUUID();
  const values: Values = { ...normalise(resource.columns, given), ...Object.fromEntries(filled), id };
  return writing(asked, async (tx) => {
    const all = { ...values, ...resource.derive?.(values, undefined) };
    const proposed = { tx, ...asked, action: 'create', id, before: undefined, after: all } as const;
    await checkReferences(proposed, asked, Object.keys(given));
    await resource.check?.(proposed);
    const row = represent(resource.columns, await insertRow(tx, tableOf(asked), all));
    await recordChange(proposed, asked, Object.keys(given));
    return row;
  });
}

interface RowUpdate {
  readonly id: string;
  /** The versions that the caller expects, as the header If-Match has them. */
  readonly ifMatch: string | undefined;
  readonly values: Values;
}

/** Changes what differs; where nothing does, nothing is written. @throws NOT_FOUND, PRECONDITION_FAILED, DELETED … */
export function updateResource(asked: ResourceRequest, change: RowUpdate): Promise<Values> {
  const values = normalise(asked.resource.columns, change.values);
  return changeRow(asked, { ...change, action: 'update', named: values, values: () => values, stamped: [] });
}

/** Takes a row away in the way of its resource; twice is no error. */
export function retireResource(asked: ResourceRequest, change: RowUpdate): Promise<Values> {
  const { retirement, columns } = asked.resource;
  if (retirement === undefined)
    throw new DroverError('INTERNAL', `Nothing takes a ${asked.resource.noun} away.`);
  const { column, how } = retirement;
  const extra = normalise(columns, change.values);
  const off: Values =
    how === 'off' ? { [column]: false } : how === 'lifecycle' ? { lifecycle: 'retired', is_live: false } : {};
  const stamped = how === 'stamp' ? [column] : how === 'lifecycle' ? ['retired_at'] : [];
  const values = (before: Values): Values | undefined =>
    isGone(asked.resource, before) ? undefined : { ...extra, ...off };
  return changeRow(asked, { ...change, action: 'retire', named: {}, values, stamped });
}

/** Brings back what was deleted softly or archived; what is there already stays as it is. */
export function restoreResource(asked: ResourceRequest, change: Omit<RowUpdate, 'values'>): Promise<Values> {
  const column = asked.resource.retirement?.column ?? 'deleted_at';
  const values = (before: Values): Values | undefined =>
    isGone(asked.resource, before) ? { [column]: null } : undefined;
  return changeRow(asked, { ...change, action: 'restore', named: {}, values, stamped: [] });
}

function isGone({ retirement }: Resource, row: Values): boolean {
  if (retirement === undefined || retirement.how === 'removal') return false;
  const value = ownMember(row, retirement.column);
  if (retirement.how === 'stamp') return value !== null;
  return retirement.how === 'off' ? value === false : value === 'retired';
}

interface ProposedChange {
  readonly id: string;
  readonly ifMatch: string | undefined;
  readonly action: Exclude<RowAction, 'create'>;
  /** Values that may name models. */
  readonly named: Values;
  /** undefined: the row is as it shall be. */
  readonly values: (before: Values) => Values | undefined;
  readonly stamped: readonly string[];
}

function changeRow(asked: ResourceRequest, change: ProposedChange): Promise<Values> {
  const { resource } = asked;
  const id = change.id.toLowerCase();
  return writing(asked, async (tx) => {
    await resource.lock?.({ tx, ...asked, action: change.action, id });
    await holdNamed({ tx, ...asked }, asked, change.named);
    const found = await tx.ask(findRow(tableOf(asked), { id, lock: true }));
    if (found === undefined) throw notFound(resource);
    const before = represent(resource.columns, found);
    requireMatch(change.ifMatch, before, resource.noun);
    refuseDeleted(resource, before, change.action);
    const wanted = change.values(before);
    return wanted === undefined ? before : applyChange(tx, asked, { ...change, id, before, wanted });
  });
}

async function applyChange(
  tx: Tx,
  asked: ResourceRequest,
  change: Omit<ProposedChange, 'values'> & { readonly before: Values; readonly wanted: Values },
): Promise<Values> {
  const { resource } = asked;
  const { id, action, before, stamped } = change;
  const changed = changesOf(before, change.wanted);
  const removes = action === 'retire' && resource.retirement?.how === 'removal';
  if (Object.keys(changed).length === 0 && stamped.length === 0 && !removes) return before;
  const values = { ...changed, ...resource.derive?.(changed, before) };
  const proposed = { tx, ...asked, action, id, before, after: { ...before, ...values } };
  await checkReferences(proposed, asked, Object.keys(changed));
  await resource.check?.(proposed);
  if (removes) await deleteRow(tx, tableOf(asked), id);
  const stamps = 'updated_at' in resource.columns ? [...stamped, 'updated_at'] : stamped;
  const row = removes ? before : await updateRow(tx, tableOf(asked), { id, values, stamped: stamps });
  await recordChange(
    proposed,
    asked,
    [...Object.keys(changed), ...stamped].filter((name) => name !== 'is_live'),
  );
  return represent(resource.columns, row);
}

/** A row that was deleted is a record until it is restored. */
function refuseDeleted({ retirement, noun }: Resource, row: Values, action: RowAction): void {
  if (action !== 'update' || retirement?.how !== 'stamp' || ownMember(row, retirement.column) === null)
    return;
  throw new DroverError('ROW_DELETED', `This ${noun} is ${retirement.word}; restore it first.`);
}

/*
 * What a row may name. A model that is chosen must be one of the tenant's, not retired or withdrawn, enabled, and
 * available in the row's space. What the row named before is no new choice: a model that was disabled since stays.
 * Another tenant's id and one that is nobody's get the same answer.
 */

/** @throws REFERENCE_INVALID, MODEL_RETIRED, MODEL_DISABLED, MODEL_NOT_IN_SPACE */
async function checkReferences(
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
function holdNamed(place: WriteContext, asked: ResourceRequest, values: Values): Promise<void> {
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
