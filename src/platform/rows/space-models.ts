/** Which models a space may use. A link cannot be taken away while something in the space uses the model. */
import { DroverError } from '../../errors.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { insertAuditRecord } from '../queries/audit-log.ts';
import { listModelStates } from '../queries/model-choice.ts';
import type { OfTenant } from '../queries/model-choice.ts';
import { findRow } from '../queries/resource-rows.ts';
import {
  countNaming,
  deleteSpaceModel,
  insertSpaceModel,
  listSpaceModels as listLinks,
  lockSpaceModel,
} from '../queries/space-models.ts';
import type { SpaceModel, NamingColumn } from '../queries/space-models.ts';
import type { Caller } from '../access/caller.ts';
import type { Platform } from '../open.ts';
import type { ModelKind } from '../resources/declaration.ts';
import { spaces } from '../resources/spaces.ts';
import { chooseModels } from './model-choice.ts';
import { notFound } from './read.ts';
import { tableOf } from './representation.ts';
import { reading, writing } from './unit.ts';
import type { ResourceRequest } from './unit.ts';
import { catalogue } from '../resources/catalogue.ts';

export interface SpaceLink {
  readonly kind: ModelKind;
  readonly spaceId: string;
  readonly modelId: string;
}

/** @throws NOT_FOUND */
export function listSpaceModels(
  platform: Platform,
  caller: Caller,
  { kind, spaceId }: Omit<SpaceLink, 'modelId'>,
): Promise<SpaceModel[]> {
  const asked: ResourceRequest = { platform, caller, resource: spaces };
  return reading(asked, async (tx) => {
    if ((await tx.ask(findRow(tableOf(asked), { id: spaceId }))) === undefined) throw notFound(spaces);
    return listLinks(tx, tenantOf(asked), { kind, spaceId });
  });
}

/** Lets a space use a model; twice is no error. @throws NOT_FOUND, ROW_DELETED, MODEL_RETIRED, MODEL_DISABLED, SECURITY_BELOW_DEMAND */
export function linkModel(platform: Platform, caller: Caller, link: SpaceLink): Promise<void> {
  const asked: ResourceRequest = { platform, caller, resource: spaces };
  return writing(asked, async (tx) => {
    await refuseSpace(tx, asked, link.spaceId);
    const ids = [link.modelId.toLowerCase()];
    const [model] = await listModelStates(tx, tenantOf(asked), { kind: link.kind, ids });
    if (model === undefined) throw notFound({ noun: `${link.kind} model` });
    const choice = { field: 'model_id', kind: link.kind, id: model.id, fresh: true, named: undefined };
    await chooseModels({ tx, platform, caller }, { choices: [choice], spaceId: undefined });
    const isNew = await insertSpaceModel(tx, tenantOf(asked), link);
    if (!isNew) return;
    await record(tx, asked, { link, action: 'space.model_linked' });
  });
}

/** Takes a model from a space. @throws NOT_FOUND where it was not linked, MODEL_IN_USE */
export function unlinkModel(platform: Platform, caller: Caller, link: SpaceLink): Promise<void> {
  const asked: ResourceRequest = { platform, caller, resource: spaces };
  return writing(asked, async (tx) => {
    const linked = await lockSpaceModel(tx, tenantOf(asked), link);
    if (!linked) throw notFound({ noun: 'link between a space and a model' });
    await refuseUsed(tx, asked, link);
    await deleteSpaceModel(tx, tenantOf(asked), link);
    await record(tx, asked, { link, action: 'space.model_unlinked' });
  });
}

async function refuseSpace(tx: Tx, asked: ResourceRequest, id: string): Promise<void> {
  const space = await tx.ask(findRow(tableOf(asked), { id }));
  if (space === undefined) throw notFound(spaces);
  if (space['archived_at'] !== null)
    throw new DroverError('ROW_DELETED', 'This space is archived; restore it first.');
}

async function refuseUsed(tx: Tx, asked: ResourceRequest, link: SpaceLink): Promise<void> {
  const used: { type: string; field: string; rows: number }[] = [];
  for (const naming of namingOf(link.kind)) {
    const rows = await countNaming(tx, tenantOf(asked), { naming, link });
    if (rows > 0) used.push({ type: naming.table, field: naming.column, rows });
  }
  if (used.length === 0) return;
  const where = used.map(({ type, field, rows }) => `${rows} in ${type} (${field})`).join(', ');
  throw new DroverError(
    'MODEL_IN_USE',
    `This space still uses the model: ${where}. Choose another one there, or migrate the model.`,
    { used },
  );
}

function tenantOf({ platform, caller }: ResourceRequest): OfTenant {
  return { schema: platform.schema, tenantId: caller.tenantId };
}

function record(
  tx: Tx,
  { platform, caller }: ResourceRequest,
  { link, action }: { readonly link: SpaceLink; readonly action: string },
): Promise<void> {
  return insertAuditRecord(tx, platform.schema, {
    tenantId: caller.tenantId,
    actor: caller.actor,
    action,
    object: link.spaceId,
    detail: { kind: link.kind, model_id: link.modelId },
  });
}

/* Where rows name models: taken from the declarations, so that no rule has a list of its own. */

/** Every column of what is in a space that may name a model of that kind. */
function namingOf(kind: ModelKind): NamingColumn[] {
  return catalogue.flatMap(({ table, space, columns }) =>
    Object.entries(columns).flatMap(([column, { names, type }]) => {
      const pipeline = kind === 'completion' && type.kind === 'object' && type.form === 'pipeline';
      const namesOne = pipeline || (names?.to === 'model' && names.kind === kind);
      return space === undefined || !namesOne ? [] : [{ table, column, space, pipeline }];
    }),
  );
}
