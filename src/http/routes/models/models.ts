/** The three kinds of models. The list counts where each model is used. The headers of an answer say that a model ends. */
import { z } from 'zod';
import { readModelEnd } from '../../../platform/rows/model-ends.ts';
import type { ModelEnd } from '../../../platform/rows/model-ends.ts';
import { listModelsAlone, listModelsInUse } from '../../../platform/rows/model-list.ts';
import type { Values } from '../../../platform/resources/declaration.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../contract.ts';
import { endJson, endShape, ownSuccessorSchema, sourceName, toldTo } from './lifecycle-schemas.ts';
import type { Told } from './lifecycle-schemas.ts';
import { pageAnswer, pageRequest, resourceRoutes } from '../resources/resource-routes.ts';
import { listSchema, rowSchema } from '../resources/schemas.ts';
import { pageOf } from '../../api/paging.ts';
import { modelKinds, type ModelsOfKind } from '../../schemas.ts';

export function modelRoutes(app: App, deps: AppDeps): void {
  for (const { kind, resource } of modelKinds) {
    resourceRoutes(app, deps, {
      resource,
      param: 'model_id',
      ownList: true,
      more: {
        shape: { retirement },
        headers: ['Deprecation', 'Sunset', 'Link'],
        of: async (asked, row) => {
          const end = await readModelEnd(asked, kind, row);
          const headers = modelHeaders(resource.path, row, end);
          return { values: { retirement: retirementJson(end, toldTo(asked.platform)) }, headers };
        },
      },
    });
    addList(app, deps, { kind, resource });
  }
}

const retirement = z
  .object({ ...endShape, successor: ownSuccessorSchema.nullable() })
  .meta({ id: 'ModelRetirement' })
  .nullable()
  .describe('The end of the model by its row and the registry; null if neither names one');

function retirementJson(end: ModelEnd | undefined, told: Told) {
  if (end === undefined) return null;
  const { successor } = end;
  if (successor === undefined) return { ...endJson(end, told), successor: null };
  const { name, key, by } = successor;
  return { ...endJson(end, told), successor: { name, source: sourceName(by, told.registry), model_id: key } };
}

const count = z.object({ live: z.int(), dead: z.int(), history: z.int() }).meta({ id: 'UsageCount' });

const usage = z
  .record(z.string(), count)
  .optional()
  .describe('Rows that name the model by type: live, deleted or archived, and records of what happened');

/** Counting reads every row that may name a model, so a caller can do without the counts. */
function addList(app: App, { platform }: AppDeps, { kind, resource }: ModelsOfKind): void {
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
            .extend({ usage, retirement })
            .meta({ id: `${resource.title}InUse` }),
        ),
      },
    },
    handler: async (request) => {
      const asked = { platform, caller: callerOf(request), resource };
      const page = pageRequest(request.query);
      const list = page.filters['usage'] === 'false' ? listModelsAlone : listModelsInUse;
      const { items, next, usage: counts, ends } = await list(asked, kind, page);
      const told = toldTo(platform);
      const whole = items.map((item, at) => ({
        ...item,
        retirement: retirementJson(ends.get(String(item['id'])), told),
        ...(counts === undefined ? {} : { usage: counts[at] }),
      }));
      return pageAnswer({ items: whole, next });
    },
  });
}

/** Deprecation (RFC 9745), Sunset (RFC 8594), and a link to the successor, from the row and the registry. */
function modelHeaders(path: string, row: Values, end: ModelEnd | undefined): Record<string, string> {
  if (end === undefined) return {};
  const { day, successor } = end;
  const since = deprecatedSince(row, end);
  return {
    ...(since === undefined ? {} : { deprecation: `@${Math.floor(Date.parse(since) / 1000)}` }),
    ...(day === null ? {} : { sunset: new Date(`${day}T00:00:00Z`).toUTCString() }),
    ...(successor?.key ? { link: `</api/v1/${path}/${successor.key}>; rel="successor-version"` } : {}),
  };
}

/** The earliest day that a source tells. A row marked by SQL may hold no day; then its last change is the latest possible. */
function deprecatedSince(row: Values, { announced, says }: ModelEnd): string | undefined {
  const marked = row['deprecated_at'] ?? row['retired_at'];
  const since = typeof marked === 'string' ? marked : undefined;
  if (announced !== null && (since === undefined || announced < since.slice(0, 10))) return announced;
  const byRow = says.some(({ by, status }) => by === 'database' && status !== 'active');
  return since ?? (byRow ? String(row['updated_at']) : undefined);
}
