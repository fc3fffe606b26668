/** Workspaces: list, get, create, import, change, give a model, delete. What the registry refuses is never stored. */
import { z } from 'zod';
import {
  deleteWorkspace,
  patchWorkspace,
  type Patched,
  putModel,
} from '../../../platform/workspaces/change.ts';
import { createWorkspace, importWorkspaces, type WorkspaceInput } from '../../../platform/workspaces/make.ts';
import { modelName, workspaces } from '../../../platform/workspaces/workspace-rows.ts';
import { etagOf } from '../../../platform/rows/representation.ts';
import type { Values } from '../../../platform/resources/declaration.ts';
import type { App, AppDeps } from '../../contract.ts';
import { resourceRoutes } from '../resources/resource-routes.ts';
import { createSchema, inputSchema, rowSchema, updateSchema } from '../resources/schemas.ts';
import { matchHeaders, rowId } from '../../schemas.ts';
import { callOf, secretValue } from './call.ts';

const access = { role: 'member', scope: 'workspaces:write' } as const;
const tags = ['workspaces'];
const row = rowSchema(workspaces);
const params = z.object({ workspace_id: rowId });
const accept = z.boolean().optional().describe('Accept that somebody else pays after the change');

const maxSecrets = 100;
const secrets = z
  .record(z.string().max(128), secretValue)
  .refine((given) => Object.keys(given).length <= maxSecrets, `has more than ${maxSecrets} entries`)
  .meta({ maxProperties: maxSecrets, description: 'Name → value; never given back' });

const newWorkspace = createSchema(workspaces)
  .extend({ secrets: secrets.optional() })
  .meta({ id: 'WorkspaceNew' });

const patched = row
  .extend({
    needs_restart: z.boolean(),
    restart_reasons: z.array(z.string()),
  })
  .meta({ id: 'WorkspaceChanged' });

export function workspaceRoutes(app: App, deps: AppDeps): void {
  resourceRoutes(app, deps, { resource: workspaces });
  addCreate(app, deps);
  addImport(app, deps);
  addPatch(app, deps);
  addModel(app, deps);
  addDelete(app, deps);
}

function addCreate(app: App, deps: AppDeps): void {
  app.route({
    method: 'POST',
    url: '/api/v1/workspaces',
    config: { access, exposure: 'authenticated', headers: ['ETag', 'Location'] },
    schema: {
      tags,
      operationId: 'createWorkspace',
      summary: 'Makes a workspace with its model and secrets, if its runtime can reach the model',
      body: newWorkspace,
      response: { 201: row },
    },
    handler: async (request, reply) => {
      const made = await createWorkspace(callOf(request, deps), inputOf(request.body));
      reply.header('location', `/api/v1/workspaces/${String(made['id'])}`).header('etag', etagOf(made));
      return reply.code(201).send(made);
    },
  });
}

function addImport(app: App, deps: AppDeps): void {
  app.route({
    method: 'POST',
    url: '/api/v1/workspaces/import',
    config: { access, exposure: 'authenticated' },
    schema: {
      tags,
      operationId: 'importWorkspaces',
      summary:
        'Makes many workspaces, all or none: the whole document is judged first, and every bad node named',
      body: z.strictObject({ workspaces: z.array(newWorkspace).min(1).max(500) }),
      response: { 201: z.object({ items: z.array(row) }) },
    },
    handler: async (request, reply) => {
      const inputs = request.body.workspaces.map((each) => inputOf(each));
      const items = await importWorkspaces(callOf(request, deps), inputs);
      return reply.code(201).send({ items });
    },
  });
}

function addPatch(app: App, deps: AppDeps): void {
  app.route({
    method: 'PATCH',
    url: '/api/v1/workspaces/:workspace_id',
    config: { access, exposure: 'authenticated', headers: ['ETag'] },
    schema: {
      tags,
      operationId: 'updateWorkspace',
      summary:
        'Changes a workspace: its runtime is judged with its model; a model alone has its own endpoint',
      params,
      headers: matchHeaders,
      // Not strict: an unknown field is refused with its own code.
      body: z.looseObject({ ...updateSchema(workspaces).shape, accept_payer_change: accept }),
      response: { 200: patched },
    },
    handler: async (request, reply) => {
      const { workspace_id: id } = request.params;
      const change = { id, ifMatch: request.headers['if-match'], body: request.body };
      return answer(reply, await patchWorkspace(callOf(request, deps), change));
    },
  });
}

function addModel(app: App, deps: AppDeps): void {
  app.route({
    method: 'PUT',
    url: '/api/v1/workspaces/:workspace_id/model',
    config: { access, exposure: 'authenticated', headers: ['ETag'] },
    schema: {
      tags,
      operationId: 'putWorkspaceModel',
      summary: 'Gives the workspace another model, if its runtime can reach it; an empty text takes it away',
      params,
      headers: matchHeaders,
      body: z.strictObject({ model: inputSchema(modelName), accept_payer_change: accept }),
      response: { 200: patched },
    },
    handler: async (request, reply) => {
      const { workspace_id: id } = request.params;
      const { model, accept_payer_change: acceptPayerChange = false } = request.body;
      const change = { id, ifMatch: request.headers['if-match'], model: String(model), acceptPayerChange };
      return answer(reply, await putModel(callOf(request, deps), change));
    },
  });
}

function addDelete(app: App, deps: AppDeps): void {
  app.route({
    method: 'DELETE',
    url: '/api/v1/workspaces/:workspace_id',
    config: { access, exposure: 'authenticated' },
    schema: {
      tags,
      operationId: 'deleteWorkspace',
      summary: 'Takes a workspace away for good, with its secrets',
      params,
      headers: matchHeaders,
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      const { workspace_id: id } = request.params;
      await deleteWorkspace(callOf(request, deps), { id, ifMatch: request.headers['if-match'] });
      return reply.code(204).send(null);
    },
  });
}

function inputOf(body: Readonly<Record<string, unknown>>): WorkspaceInput {
  const { name, runtime, model, secrets, ...beside } = body;
  return {
    name: String(name),
    runtime: String(runtime),
    model: model as string | null | undefined,
    secrets: secrets as Record<string, string> | undefined,
    beside,
  };
}

function answer(
  reply: { header(name: string, value: string): unknown },
  { workspace, restart }: Patched,
): Values & { needs_restart: boolean; restart_reasons: string[] } {
  reply.header('etag', etagOf(workspace));
  return { ...workspace, needs_restart: restart.length > 0, restart_reasons: [...restart] };
}
