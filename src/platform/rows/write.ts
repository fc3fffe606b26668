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
import type { RowAction, Resource, Values } from '../resources/declaration.ts';
import { recordChange } from './audit.ts';
import { notFound } from './read.ts';
import { checkReferences, holdNamed } from './references.ts';
import { changesOf, normalise, represent, requireMatch, tableOf } from './representation.ts';
import { type ResourceRequest, writing } from './unit.ts';

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

export interface RowUpdate {
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
