/** Organisations and their defaults. Sysadmins keep the list; everybody sees their own. */
import { z } from 'zod';
import { defaults } from '../../../platform/resources/defaults.ts';
import { tenants } from '../../../platform/resources/tenants.ts';
import { users } from '../../../platform/resources/users.ts';
import { etagOf } from '../../../platform/rows/representation.ts';
import { getDefaults, updateDefaultsOf } from '../../../platform/rows/tenants.ts';
import { appointAdmin, getOwnTenant } from '../../../platform/rows/tenants.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../contract.ts';
import { resourceRoutes } from './resource-routes.ts';
import { createSchema, rowSchema, updateSchema } from './schemas.ts';
import { matchHeaders, rowId } from '../../schemas.ts';

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
    config: {
      access: { role: 'viewer', scope: 'tenants:read' },
      exposure: 'authenticated',
      headers: ['ETag'],
    },
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

const defaultsRow = rowSchema(defaults);

export function defaultRoutes(app: App, deps: AppDeps): void {
  addDefaults(app, deps);
  addDefaultsUpdate(app, deps);
}

function addDefaults(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/defaults',
    config: {
      access: { role: 'viewer', scope: 'models:read' },
      exposure: 'authenticated',
      headers: ['ETag'],
    },
    schema: {
      tags: ['models'],
      operationId: 'getDefaults',
      summary: 'The models that are used if nothing else is chosen',
      response: { 200: defaultsRow },
    },
    handler: async (request, reply) => {
      const found = await getDefaults(platform, callerOf(request));
      reply.header('etag', etagOf(found));
      return found;
    },
  });
}

function addDefaultsUpdate(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'PATCH',
    url: '/api/v1/defaults',
    config: {
      access: { role: 'admin', scope: 'models:write' },
      exposure: 'authenticated',
      headers: ['ETag'],
    },
    schema: {
      tags: ['models'],
      operationId: 'updateDefaults',
      summary: 'Changes the defaults: what is not given stays, null is none',
      headers: matchHeaders,
      body: updateSchema(defaults),
      response: { 200: defaultsRow },
    },
    handler: async (request, reply) => {
      const change = { ifMatch: request.headers['if-match'], values: request.body };
      const changed = await updateDefaultsOf(platform, callerOf(request), change);
      reply.header('etag', etagOf(changed));
      return changed;
    },
  });
}
