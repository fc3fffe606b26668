/** Organisations: sysadmins keep the list of them, and everybody sees their own. */
import { z } from 'zod';
import { tenants } from '../../../platform/resources/tenants.ts';
import { users } from '../../../platform/resources/users.ts';
import { etagOf } from '../../../platform/rows/representation.ts';
import { appointAdmin, getOwnTenant } from '../../../platform/access/tenant-admins.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { resourceRoutes } from './resource-routes.ts';
import { createSchema, rowSchema } from './schemas.ts';
import { rowId } from '../../schemas.ts';

export function tenantRoutes(app: App, deps: AppDeps): void {
  const prefix = '/api/v1/sysadmin';
  resourceRoutes(app, deps, { resource: tenants, readPrefix: prefix, writePrefix: prefix });
  addOwn(app, deps);
  addAdmin(app, deps);
}

function addOwn(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/tenant',
    config: { access: { role: 'viewer', scope: 'tenants:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['tenants'],
      operationId: 'getOwnTenant',
      summary: 'The organisation of the caller',
      response: { 200: rowSchema(tenants) },
    },
    handler: async (request, reply) => {
      const own = await getOwnTenant(platform, callerOf(request));
      reply.header('etag', etagOf(own));
      return own;
    },
  });
}

function addAdmin(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'POST',
    url: '/api/v1/sysadmin/tenants/:tenant_id/admins',
    config: { access: { role: 'sysadmin', scope: 'tenants:write' }, exposure: 'authenticated' },
    schema: {
      tags: ['tenants'],
      operationId: 'appointAdmin',
      summary: 'Makes a person admin of a tenant: the way into a new one',
      params: z.object({ tenant_id: rowId }),
      body: createSchema(users),
      response: { 201: rowSchema(users) },
    },
    handler: async (request, reply) => {
      const { email, display_name: displayName } = request.body as { email: string; display_name: string };
      const admin = { tenantId: request.params.tenant_id, email, displayName };
      return reply.code(201).send(await appointAdmin(platform, callerOf(request), admin));
    },
  });
}
