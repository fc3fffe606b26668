/** The three kinds of models. The list shows how much each is used; one that goes away says so in its headers. */
import { z } from 'zod';
import { listModelsInUse } from '../../platform/model-list.ts';
import type { ModelKind, Resource } from '../../platform/resources/declaration.ts';
import { completionModels, embeddingModels, transcriptionModels } from '../../platform/resources/models.ts';
import { listResource } from '../../platform/rows/read.ts';
import { callerOf } from '../access.ts';
import type { App, AppDeps } from '../app.ts';
import { modelHeaders } from '../model-headers.ts';
import { pageAnswer, pageRequest, resourceRoutes } from '../resource-routes.ts';
import { listSchema, rowSchema } from '../resource-schemas.ts';
import { pageOf } from '../schemas.ts';

const kinds = [
  { kind: 'completion', resource: completionModels },
  { kind: 'transcription', resource: transcriptionModels },
  { kind: 'embedding', resource: embeddingModels },
] as const;

export function modelRoutes(app: App, deps: AppDeps): void {
  for (const { kind, resource } of kinds) {
    const headersOf = (row: Parameters<typeof modelHeaders>[1]): Record<string, string> =>
      modelHeaders(resource.path, row);
    resourceRoutes(app, deps, { resource, param: 'model_id', headersOf, ownList: true });
    addList(app, deps, { kind, resource });
  }
}

const count = z.object({ live: z.int(), dead: z.int(), history: z.int() }).meta({ id: 'UsageCount' });

const usage = z
  .record(z.string(), count)
  .optional()
  .describe('Rows that name the model by type: live, deleted or archived, and records of what happened');

/** Counting looks at every row that may name a model, so whoever only wants the models can leave it out. */
function addList(
  app: App,
  { platform }: AppDeps,
  { kind, resource }: { readonly kind: ModelKind; readonly resource: Resource },
): void {
  app.route({
    method: 'GET',
    url: `/api/v1/${resource.path}`,
    config: { access: resource.access.read, exposure: 'authenticated' },
    schema: {
      tags: [resource.tag],
      operationId: `list${resource.title}s`,
      summary: `The ${resource.noun}s with their lifecycle, successor and usage, a page at a time`,
      querystring: listSchema(resource).extend({
        usage: z.enum(['true', 'false']).default('true').describe('Count where each model is used'),
      }),
      response: {
        200: pageOf(
          rowSchema(resource)
            .extend({ usage })
            .meta({ id: `${resource.title}InUse` }),
        ),
      },
    },
    handler: async (request) => {
      const asked = { platform, caller: callerOf(request), resource };
      const page = pageRequest(request.query);
      if (page.filters['usage'] === 'false') return pageAnswer(await listResource(asked, page));
      const { items, next, usage: counts } = await listModelsInUse(asked, kind, page);
      return pageAnswer({ items: items.map((item, at) => ({ ...item, usage: counts[at] })), next });
    },
  });
}
