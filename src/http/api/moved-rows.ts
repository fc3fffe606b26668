/**
 * Rows whose ids were changed by a re-key are found by their old ones: a path with an old id is answered with 308 to every method. It is
 * looked for only where no row was found, so a request that finds its row pays nothing.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DroverError } from '../../errors.ts';
import { currentKey } from '../../platform/migrations/rekey-rows.ts';
import type { Platform } from '../../platform/open.ts';

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
