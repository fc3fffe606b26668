/** Who the caller is, and the keys of programs. The answer that makes a key is the only one that shows it. */
import { z } from 'zod';
import { grantableScopes } from '../../../platform/access/caller.ts';
import { makeAdminKey, makeKey } from '../../../platform/rows/api-keys.ts';
import { apiKeys } from '../../../platform/resources/api-keys.ts';
import { etagOf } from '../../../platform/rows/representation.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../contract.ts';
import { resourceRoutes } from './resource-routes.ts';
import { inputSchema, rowSchema } from './schemas.ts';
import { moment, rowId } from '../../schemas.ts';

const ofKey = {
  name: inputSchema({ kind: 'text', min: 1, max: 200, form: 'line' }) as z.ZodString,
  scopes: z.array(z.enum(grantableScopes)).min(1).max(grantableScopes.length).default(['*']),
  expires_at: moment
    .nullable()
    .default(null)
    .describe(
      'null: it does not end; a key that ends makes none that lasts longer; nor does a role that ends, of somebody else',
    ),
};

const newKey = z
  .strictObject({
    ...ofKey,
    user_id: rowId.optional().describe('The owner of the key; by default the caller'),
  })
  .meta({ id: 'NewApiKey' });

const newAdminKey = z.strictObject(ofKey).meta({ id: 'NewAdminKey' });

const createdKey = z.object({ api_key: rowSchema(apiKeys), key: z.string() }).meta({ id: 'CreatedApiKey' });

export function apiKeyRoutes(app: App, deps: AppDeps): void {
  resourceRoutes(app, deps, { resource: apiKeys, param: 'api_key_id' });
  app.route({
    method: 'POST',
    url: '/api/v1/api-keys',
    config: {
      access: { role: 'admin', scope: 'keys:write' },
      exposure: 'authenticated',
      shownOnce: true,
      headers: ['ETag', 'Location'],
    },
    schema: {
      tags: ['api-keys'],
      operationId: 'createApiKey',
      summary: 'Makes a key; this answer is the only place where it is shown',
      body: newKey,
      response: {
        201: createdKey,
      },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { name, user_id: userId = caller.userId, scopes, expires_at: expiresAt } = request.body;
      const made = await makeKey({ platform: deps.platform, caller }, { name, userId, scopes, expiresAt });
      reply.code(201).headers({
        etag: etagOf(made.row),
        location: `/api/v1/api-keys/${String(made.row['id'])}`,
        'cache-control': 'no-store',
      });
      return { api_key: made.row, key: made.text };
    },
  });
  addAdminKey(app, deps);
}

function addAdminKey(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'POST',
    url: '/api/v1/sysadmin/tenants/:tenant_id/admins/:user_id/api-keys',
    config: {
      access: { role: 'sysadmin', scope: 'keys:write' },
      exposure: 'authenticated',
      shownOnce: true,
      headers: ['ETag'],
    },
    schema: {
      tags: ['tenants'],
      operationId: 'createAdminApiKey',
      summary: 'Makes a key for an admin of a tenant, the first of a new one; this answer alone shows it',
      params: z.object({ tenant_id: rowId, user_id: rowId }),
      body: newAdminKey,
      response: { 201: createdKey },
    },
    handler: async (request, reply) => {
      const { tenant_id: tenantId, user_id: userId } = request.params;
      const { name, scopes, expires_at: expiresAt } = request.body;
      const asked = { tenantId, userId, name, scopes, expiresAt };
      const made = await makeAdminKey(platform, callerOf(request), asked);
      reply.code(201).headers({ etag: etagOf(made.row), 'cache-control': 'no-store' });
      return { api_key: made.row, key: made.text };
    },
  });
}

const me = z
  .object({
    tenant_id: rowId,
    user_id: rowId,
    role: z.enum(['sysadmin', 'admin', 'member', 'viewer']),
    scopes: z.array(z.string()),
    actor: z.string().describe('How records name the caller'),
  })
  .meta({ id: 'Me' });

export function meRoutes(app: App): void {
  app.route({
    method: 'GET',
    url: '/api/v1/me',
    config: { access: { role: 'viewer', scope: null }, exposure: 'authenticated' },
    schema: { tags: ['me'], operationId: 'getMe', summary: 'Who the caller is', response: { 200: me } },
    handler: (request) => {
      const { tenantId, userId, role, scopes, actor } = callerOf(request);
      return { tenant_id: tenantId, user_id: userId, role, scopes: [...scopes], actor };
    },
  });
}
