/**
 * Rows whose ids were changed by a re-key are found by their old ones. A path with an old id is answered with 308 to every method; it is
 * looked for only where no row was found, so a request that finds its row pays nothing. An old id in a query or in a member of a body
 * stands for the current one; it is looked for where there is such a member, by one statement.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUuid } from '../../engine/uuid.ts';
import type { DroverError } from '../../errors.ts';
import { currentKey, currentKeys } from '../../platform/migrations/rekey-rows.ts';
import type { Platform } from '../../platform/open.ts';
import type { App, AppDeps } from '../contract.ts';

/** What stands in a path before the id of a row that may get another one; a test compares it with the configuration of the schema. */
export const movableSegments: ReadonlySet<string> = new Set([
  'assistants',
  'apps',
  'services',
  'spaces',
  'assistant-templates',
  'app-templates',
  'model-providers',
  'completion-models',
  'transcription-models',
  'embedding-models',
]);

/** Where in a path an id stands that may be an old one. */
function* movableAt(template: string): Generator<{ readonly at: number; readonly table: string }> {
  const segments = template.split('/');
  for (const [at, segment] of segments.entries()) {
    const before = segments[at - 1] ?? '';
    if (segment.startsWith(':') && movableSegments.has(before))
      yield { at, table: before.replaceAll('-', '_') };
  }
}

/** May a path of this form be answered with the address of a row that has another id now? */
export function mayHaveMoved(template: string): boolean {
  return !movableAt(template).next().done;
}

/** Answers a path in which a row is named by an id that it had; undefined where none is. */
export async function answerMoved(
  platform: Platform,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  error: DroverError,
): Promise<boolean> {
  const { caller, routeOptions, params } = request;
  if (error.code !== 'NOT_FOUND' || caller === null) return false;
  const { tenant_id: named } = params as { readonly tenant_id?: string };
  const tenantId = named?.toLowerCase() ?? caller.tenantId;
  const [path = '', ...query] = request.url.split('?');
  const segments = path.split('/');
  let moved = false;
  for (const { at, table } of movableAt(routeOptions.url ?? '')) {
    const key = (segments[at] ?? '').toLowerCase();
    const now = await currentKey(platform, { tenantId, table, key });
    if (now === undefined) continue;
    segments[at] = now;
    moved = true;
  }
  if (!moved) return false;
  const canonical = segments.join('/');
  void reply
    .code(308)
    .headers({ location: [canonical, ...query].join('?'), link: `<${canonical}>; rel="canonical"` })
    .serializer(() => '')
    .send('');
  return true;
}

/** Members by which a request names rows: `space_id`, `completion_model_id`. */
const namesRow = /_id$/;

/** Reads old ids of queries and bodies as those that the rows have now, in every route that is registered after this. */
export function resolveOldIds(app: App, { platform }: AppDeps): void {
  app.addHook('preHandler', async ({ caller, params, query, body }) => {
    if (caller === null) return;
    const members = [query, body].flatMap(membersOf);
    if (members.length === 0) return;
    const { tenant_id: named } = (params ?? {}) as { readonly tenant_id?: string };
    const asked = { tenantId: named?.toLowerCase() ?? caller.tenantId, keys: members.map(({ id }) => id) };
    const now = await currentKeys(platform, asked);
    for (const { of, name, id } of members) of[name] = now.get(id) ?? of[name];
  });
}

interface NamingMember {
  readonly of: Record<string, unknown>;
  readonly name: string;
  readonly id: string;
}

function membersOf(value: unknown): NamingMember[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const of = value as Record<string, unknown>;
  return Object.entries(of).flatMap(([name, text]) =>
    namesRow.test(name) && typeof text === 'string' && isUuid(text)
      ? [{ of, name, id: text.toLowerCase() }]
      : [],
  );
}
