/** What a tenant uses where nothing else is chosen. */
import { z } from 'zod';
import { defaults } from '../../../platform/resources/defaults.ts';
import { etagOf } from '../../../platform/rows/representation.ts';
import { getDefaults, updateDefaultsOf } from '../../../platform/rows/tenant-defaults.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { rowSchema, updateSchema } from './schemas.ts';

const row = rowSchema(defaults);

export function defaultRoutes(app: App, deps: AppDeps): void {
  addGet(app, deps);
  addUpdate(app, deps);
}

function addGet(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/defaults',
    config: { access: { role: 'viewer', scope: 'models:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['models'],
      operationId: 'getDefaults',
      summary: 'The models that are used where nothing else is chosen',
      response: { 200: row },
    },
    handler: async (request, reply) => {
      const found = await getDefaults(platform, callerOf(request));
      reply.header('etag', etagOf(found));
      return found;
    },
  });
}

function addUpdate(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'PATCH',
    url: '/api/v1/defaults',
    config: { access: { role: 'admin', scope: 'models:write' }, exposure: 'authenticated' },
    schema: {
      tags: ['models'],
      operationId: 'updateDefaults',
      summary: 'Changes the defaults: what is not given stays, null is none',
      headers: z.object({ 'if-match': z.string().max(1000).optional() }),
      body: updateSchema(defaults),
      response: { 200: row },
    },
    handler: async (request, reply) => {
      const change = { ifMatch: request.headers['if-match'], values: request.body };
      const changed = await updateDefaultsOf(platform, callerOf(request), change);
      reply.header('etag', etagOf(changed));
      return changed;
    },
  });
}
