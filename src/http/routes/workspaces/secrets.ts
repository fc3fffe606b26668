/** Secrets of workspaces and of the tenant. No answer ever holds their values. */
import { type SecretRow } from '../../../platform/queries/secrets.ts';
import { z } from 'zod';
import { deleteSecret, listSecrets, putSecret } from '../../../platform/workspaces/change-secrets.ts';
import { secretNameForm } from '../../../platform/secrets/names.ts';
import type { App, AppDeps } from '../../contract.ts';
import { rowId, timestamp } from '../../schemas.ts';
import { callOf, secretValue } from './call.ts';

const secretName = z.string().regex(secretNameForm, 'must look like the name of a variable');

const oneOfTenant = z.object({ secret_name: secretName });
const oneOfWorkspace = z.object({ workspace_id: rowId, secret_name: secretName });

const secret = z
  .object({ name: z.string(), key_id: z.string(), created_at: timestamp, updated_at: timestamp })
  .meta({ id: 'Secret', description: 'What is known of a secret; its value is never given back' });

interface SecretsEndpoint {
  readonly url: string;
  readonly title: string;
  readonly of: string;
  readonly role: 'member' | 'admin';
}

const ofTenant: SecretsEndpoint = {
  url: '/api/v1/secrets',
  title: 'Tenant',
  of: 'the organisation',
  role: 'admin',
};
const ofWorkspace: SecretsEndpoint = {
  url: '/api/v1/workspaces/:workspace_id/secrets',
  title: 'Workspace',
  of: 'the workspace',
  role: 'member',
};

export function secretRoutes(app: App, deps: AppDeps): void {
  for (const kind of [ofTenant, ofWorkspace]) {
    addList(app, deps, kind);
    addPut(app, deps, kind);
    addDelete(app, deps, kind);
  }
}

function addList(app: App, deps: AppDeps, { url, title, of }: SecretsEndpoint): void {
  app.route({
    method: 'GET',
    url,
    config: { access: { role: 'viewer', scope: 'secrets:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['secrets'],
      operationId: `list${title}Secrets`,
      summary: `The names of the secrets of ${of}, never their values`,
      params: z.object(url === ofTenant.url ? {} : { workspace_id: rowId }),
      response: { 200: z.object({ items: z.array(secret) }) },
    },
    handler: async (request) => {
      const rows = await listSecrets(callOf(request, deps), workspaceOf(request.params));
      return { items: rows.map(shown) };
    },
  });
}

function addPut(app: App, deps: AppDeps, { url, title, of, role }: SecretsEndpoint): void {
  app.route({
    method: 'PUT',
    url: `${url}/:secret_name`,
    config: { access: { role, scope: 'secrets:write' }, exposure: 'authenticated' },
    schema: {
      tags: ['secrets'],
      operationId: `put${title}Secret`,
      summary: `Gives ${of} a secret, or another value for it`,
      params: url === ofTenant.url ? oneOfTenant : oneOfWorkspace,
      body: z.strictObject({
        value: secretValue,
        accept_payer_change: z.boolean().optional().describe('Accept that the tenant pays after the change'),
      }),
      response: { 200: secret },
    },
    handler: async (request) => {
      const { value, accept_payer_change: acceptPayerChange = false } = request.body;
      const { secret_name: name } = request.params;
      const given = { workspaceId: workspaceOf(request.params), name, value, acceptPayerChange };
      return shown(await putSecret(callOf(request, deps), given));
    },
  });
}

function addDelete(app: App, deps: AppDeps, { url, title, of, role }: SecretsEndpoint): void {
  app.route({
    method: 'DELETE',
    url: `${url}/:secret_name`,
    config: { access: { role, scope: 'secrets:write' }, exposure: 'authenticated' },
    schema: {
      tags: ['secrets'],
      operationId: `delete${title}Secret`,
      summary: `Takes a secret from ${of}; refused if it is the last key of a model that the tenant pays`,
      params: url === ofTenant.url ? oneOfTenant : oneOfWorkspace,
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      const { secret_name: name } = request.params;
      await deleteSecret(callOf(request, deps), { workspaceId: workspaceOf(request.params), name });
      return reply.code(204).send(null);
    },
  });
}

function workspaceOf(params: object): string | undefined {
  return 'workspace_id' in params ? String(params.workspace_id) : undefined;
}

function shown({ name, key_id, created_at, updated_at }: SecretRow): z.infer<typeof secret> {
  return { name, key_id, created_at: created_at.toISOString(), updated_at: updated_at.toISOString() };
}
