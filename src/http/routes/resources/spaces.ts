/** Spaces, and which models each may use. */
import { z } from 'zod';
import {
  type SpaceLink,
  linkModel,
  listSpaceModels,
  unlinkModel,
} from '../../../platform/rows/space-models.ts';
import { spaces } from '../../../platform/resources/spaces.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../contract.ts';
import { resourceRoutes } from './resource-routes.ts';
import { modelKinds, type ModelsOfKind, rowId, timestamp } from '../../schemas.ts';

const spaceModel = z
  .object({
    model_id: rowId,
    name: z.string(),
    family: z.string(),
    is_enabled: z.boolean(),
    lifecycle: z.string(),
    linked_at: timestamp,
  })
  .meta({ id: 'SpaceModel' });

const inSpace = z.object({ space_id: rowId });
const oneLink = inSpace.extend({ model_id: rowId });

export function spaceRoutes(app: App, deps: AppDeps): void {
  resourceRoutes(app, deps, { resource: spaces });
  for (const kind of modelKinds) {
    addLinks(app, deps, kind);
    addLink(app, deps, kind);
    addUnlink(app, deps, kind);
  }
}

function addLinks(app: App, { platform }: AppDeps, { kind, resource }: ModelsOfKind): void {
  app.route({
    method: 'GET',
    url: `/api/v1/spaces/:space_id/${resource.path}`,
    config: { access: spaces.access.read, exposure: 'authenticated' },
    schema: {
      tags: ['spaces'],
      operationId: `listSpace${resource.title}s`,
      summary: `The ${kind} models that the space may use, all of them`,
      params: inSpace,
      response: { 200: z.object({ items: z.array(spaceModel) }) },
    },
    handler: async (request) => {
      const link = { kind, spaceId: request.params.space_id };
      const rows = await listSpaceModels(platform, callerOf(request), link);
      return { items: rows.map((row) => ({ ...row, linked_at: row.linked_at.toISOString() })) };
    },
  });
}

function addLink(app: App, { platform }: AppDeps, { kind, resource }: ModelsOfKind): void {
  app.route({
    method: 'PUT',
    url: `/api/v1/spaces/:space_id/${resource.path}/:model_id`,
    config: { access: { role: 'admin', scope: 'spaces:write' }, exposure: 'authenticated' },
    schema: {
      tags: ['spaces'],
      operationId: `linkSpace${resource.title}`,
      summary: `Lets the space use the ${kind} model; twice is no error`,
      params: oneLink,
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      await linkModel(platform, callerOf(request), linkOf(kind, request.params));
      return reply.code(204).send(null);
    },
  });
}

function addUnlink(app: App, { platform }: AppDeps, { kind, resource }: ModelsOfKind): void {
  app.route({
    method: 'DELETE',
    url: `/api/v1/spaces/:space_id/${resource.path}/:model_id`,
    config: { access: { role: 'admin', scope: 'spaces:write' }, exposure: 'authenticated' },
    schema: {
      tags: ['spaces'],
      operationId: `unlinkSpace${resource.title}`,
      summary: `Takes the ${kind} model from the space; refused while something in it uses the model`,
      params: oneLink,
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      await unlinkModel(platform, callerOf(request), linkOf(kind, request.params));
      return reply.code(204).send(null);
    },
  });
}

function linkOf(
  kind: SpaceLink['kind'],
  { space_id, model_id }: { readonly space_id: string; readonly model_id: string },
): SpaceLink {
  return { kind, spaceId: space_id, modelId: model_id.toLowerCase() };
}
