/** Where a model is used, and what could follow it. */
import { z } from 'zod';
import { suggestModels } from '../../../platform/suggestions.ts';
import { getUsage } from '../../../platform/usage.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { callerOf } from '../../api/access.ts';
import { decodeCursor, encodeCursor } from '../../cursor.ts';
import { entityTypes, parameterPolicy } from '../migrations/migration-schemas.ts';
import { modelKinds } from './kinds.ts';
import type { ModelKind } from './kinds.ts';
import { pageOf, pageQuery, rowId } from '../../schemas.ts';
import { suggestionJson, suggestionSchema } from './suggestion-schemas.ts';
import { usageCounts, usageCountsJson, useJson, useSchema } from './usage-schemas.ts';

export function usageRoutes(app: App, deps: AppDeps): void {
  for (const model of modelKinds) {
    usageRoute(app, deps, model);
    suggestRoute(app, deps, model);
  }
}

function usageRoute(app: App, { platform }: AppDeps, { kind, path, title }: ModelKind): void {
  app.route({
    method: 'GET',
    url: `/api/v1/${path}/:model_id/usage`,
    config: { access: { role: 'viewer', scope: 'models:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['models'],
      operationId: `get${title}Usage`,
      summary: `Where a ${kind} model is used`,
      params: z.object({ model_id: rowId }),
      querystring: pageQuery.extend({
        type: z.string().max(100).optional().describe('Only rows of this entity type'),
        state: z.enum(['live', 'dead', 'history']).optional(),
      }),
      response: { 200: pageOf(useSchema).extend({ model_id: rowId, counts: usageCounts }) },
    },
    handler: async (request) => {
      const { limit, cursor, type, state } = request.query;
      const { tenantId } = callerOf(request);
      const modelId = request.params.model_id.toLowerCase();
      const { counts, uses } = await getUsage(platform, {
        tenantId,
        kind,
        modelId,
        limit: limit + 1,
        ...(cursor === undefined ? {} : { after: rowOfCursor(cursor) }),
        ...(type === undefined ? {} : { types: [type] }),
        ...(state === undefined ? {} : { state }),
      });
      const page = uses.slice(0, limit);
      const last = page.at(-1);
      const more = uses.length > limit && last !== undefined;
      return {
        model_id: modelId,
        counts: usageCountsJson(counts),
        items: page.map(useJson),
        next_cursor: more ? encodeCursor([last.table, last.key]) : null,
      };
    },
  });
}

function rowOfCursor(cursor: string): { table: string; key: string } {
  const [table = '', key = ''] = decodeCursor(cursor, 2);
  return { table, key };
}

const suggestBody = z
  .strictObject({
    entity_types: entityTypes,
    parameters: parameterPolicy,
    limit: z.int().min(1).max(10).default(5).describe('How many targets; each is planned'),
  })
  .meta({ id: 'SuggestRequest' });

function suggestRoute(app: App, { platform }: AppDeps, { kind, path, title }: ModelKind): void {
  app.route({
    method: 'POST',
    url: `/api/v1/${path}/:model_id/suggest-targets`,
    config: { access: { role: 'viewer', scope: 'models:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['models'],
      operationId: `suggest${title}Targets`,
      summary: `What could follow a ${kind} model, best first, with what a migration to it would find`,
      params: z.object({ model_id: rowId }),
      body: suggestBody.nullish(),
      response: { 200: z.object({ model_id: rowId, suggestions: z.array(suggestionSchema) }) },
    },
    handler: async (request) => {
      const { limit, parameters, entity_types: types } = suggestBody.parse(request.body ?? {});
      const modelId = request.params.model_id.toLowerCase();
      const { tenantId } = callerOf(request);
      const asked = { tenantId, kind, modelId, parameters, limit };
      const suggestions = await suggestModels(
        platform,
        types === undefined ? asked : { ...asked, entityTypes: types },
      );
      return { model_id: modelId, suggestions: suggestions.map(suggestionJson) };
    },
  });
}
