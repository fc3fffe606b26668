/**
 * In a space of a security class nothing uses a model of a lower one. Each door writes, and then asks in its transaction what it made
 * so: rows that name a model, links, defaults, the class of a space and that of a model. What was so before and is not touched by the
 * change refuses nothing.
 */
import { meetsClass } from '../../engine/models/security.ts';
import { DroverError } from '../../errors.ts';
import {
  type ClassedUse,
  holdListedModels,
  listClassedUses,
  type UsesAbout,
} from '../queries/model-classes.ts';
import type { ModelKind, Proposed, Resource, WriteContext } from '../resources/declaration.ts';
import { namingOf } from './naming.ts';
import type { Asked } from './unit.ts';

interface Touched {
  readonly about: UsesAbout;
  readonly kinds: readonly ModelKind[];
  readonly counts: (use: ClassedUse) => boolean;
}

const kinds: readonly ModelKind[] = ['completion', 'transcription', 'embedding'];

const all = (): boolean => true;

/** Before the row of a space is locked: a migration takes models first, too. */
export async function holdForClass(place: WriteContext, { classed }: Resource, id: string): Promise<void> {
  if (classed !== 'space') return;
  for (const kind of kinds) await holdListedModels(place.tx, tenantOf(place), { kind, spaceId: id });
}

/** After the row was written. @throws SECURITY_BELOW_DEMAND */
export async function refuseBelowClass(
  proposed: Proposed,
  { resource }: Asked,
  changed: readonly string[],
): Promise<void> {
  const touched = touchedBy(proposed, resource, changed);
  if (touched !== undefined) await refuse(proposed, touched);
}

/** @throws SECURITY_BELOW_DEMAND */
export function refuseLinkBelowClass(
  place: WriteContext,
  {
    kind,
    spaceId,
    modelId,
  }: { readonly kind: ModelKind; readonly spaceId: string; readonly modelId: string },
): Promise<void> {
  const counts = ({ model_id: model }: ClassedUse): boolean => model === modelId;
  return refuse(place, { about: { spaceId }, kinds: [kind], counts });
}

/** Of rows that name no model and whose space has no default. @throws SECURITY_BELOW_DEMAND */
export function refuseDefaultBelowClass(place: WriteContext, modelId: string): Promise<void> {
  return refuse(place, { about: { modelId }, kinds: ['completion'], counts: ({ falls }) => falls });
}

function touchedBy(
  { id, before, after }: Proposed,
  { table, classed, space, columns }: Resource,
  changed: readonly string[],
): Touched | undefined {
  const [was, is] = [before, after].map((row) => Number(row?.['security_classification'] ?? 0));
  const reclassed = changed.includes('security_classification') && was !== undefined && is !== undefined;
  if (classed === 'space') {
    if (before === undefined) return undefined;
    if (reclassed && is > was) return { about: { spaceId: id }, kinds, counts: all };
    const byDefault = ({ type, falls }: ClassedUse): boolean => falls || type === table;
    const chosen = changed.includes('default_completion_model_id');
    return chosen ? { about: { spaceId: id }, kinds: ['completion'], counts: byDefault } : undefined;
  }
  if (classed !== undefined) {
    const lowered = reclassed && before !== undefined && is < was;
    return lowered ? { about: { modelId: id }, kinds: [classed], counts: all } : undefined;
  }
  const names = (name: string): boolean =>
    name === space || columns[name]?.names?.to === 'model' || columns[name]?.type.kind === 'object';
  const chooses = space !== undefined && (before === undefined || changed.some(names));
  return chooses ? { about: { rowId: id, table }, kinds, counts: all } : undefined;
}

async function refuse(place: WriteContext, { about, kinds: asked, counts }: Touched): Promise<void> {
  const below: (ClassedUse & { readonly kind: ModelKind })[] = [];
  for (const kind of asked) {
    const namings = namingOf(kind);
    if ('rowId' in about && namings.every(({ table }) => table !== about.table)) continue;
    const uses = await listClassedUses(place.tx, tenantOf(place), { kind, namings, about });
    for (const use of uses)
      if (counts(use) && !meetsClass(use.has, use.demanded)) below.push({ kind, ...use });
  }
  if (below.length > 0) throw tooLow(below);
}

const maxShown = 20;
const maxTold = 3;

function tooLow(below: readonly (ClassedUse & { readonly kind: ModelKind })[]): DroverError {
  const pairs = [...new Set(below.map(pair))];
  const more = pairs.length > maxTold ? `; and ${pairs.length - maxTold} more` : '';
  const [first] = below;
  const message =
    `${pairs.slice(0, maxTold).join('; ')}${more}. Choose a model of that class, or change a class: ` +
    `PATCH /api/v1/${first?.kind}-models/${first?.model_id} or /api/v1/spaces/${first?.space_id} with security_classification.`;
  return new DroverError('SECURITY_BELOW_DEMAND', message, { below: below.slice(0, maxShown).map(shown) });
}

function pair({ space, demanded, model, has, falls }: ClassedUse): string {
  const how = falls ? ' (the default of the organisation, which rows without a model use there)' : '';
  return `“${space}” demands security class ${demanded}, and ${model}${how} has ${has}`;
}

function shown({ kind, type, field, falls, rows, ...use }: ClassedUse & { readonly kind: ModelKind }) {
  return {
    type,
    field,
    by_default: falls,
    rows,
    space: { id: use.space_id, name: use.space, security_classification: use.demanded },
    model: { kind, id: use.model_id, name: use.model, security_classification: use.has },
  };
}

function tenantOf({ platform, caller }: WriteContext): { schema: string; tenantId: string } {
  return { schema: platform.schema, tenantId: caller.tenantId };
}
