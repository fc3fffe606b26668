/**
 * Server-sent events of a run. The id of an event is its number in the run: a client that comes back with `Last-Event-ID`
 * gets what it missed, and nothing twice. A comment every fifteen seconds keeps proxies from closing the connection. After
 * the event `end` the stream ends; a client that comes back then is told to stay away (204).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { followEvents } from '../../../fleet/follow.ts';
import { isFinal } from '../../../fleet/status.ts';
import type { RunEvent } from '../../../postgres/runs/events.ts';
import { getRun } from '../../../postgres/runs/runs.ts';
import type { Site } from '../../../postgres/scope/site.ts';
import { goneSignal } from '../../api/connection-end.ts';
import type { App, AppDeps } from '../../contract.ts';
import { invalidRequest } from '../../api/validation.ts';
import { readsRuns, runIdOf, runParams, whyJson } from './schemas.ts';

export function eventRoutes(app: App, { platform, stopping }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runs/:run_id/events',
    // HEAD would follow the run to its end, and answer nothing.
    exposeHeadRoute: false,
    config: readsRuns,
    schema: {
      tags: ['runs'],
      operationId: 'followRun',
      summary: 'What happens in a run, as server-sent events',
      params: runParams,
      headers: z.object({
        'last-event-id': z
          .string()
          .optional()
          .describe('The id of the last event that the client has seen; the stream begins after it'),
      }),
      response: {
        200: {
          description:
            'Events `run` (status and counts), `tenant` (a tenant has finished) and, last, `end`; ' +
            'ids are numbers from 1 on, without a gap',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        204: z.null().describe('The client has seen the last event; there will be no other'),
      },
    },
    handler: async (request, reply) => {
      const after = lastSeen(request);
      const run = await getRun(platform.site, runIdOf(request));
      if (isFinal(run) && after >= run.lastEvent) return reply.code(204).send(null);
      const signal = AbortSignal.any([stopping, goneSignal(reply)]);
      return sendStream(reply, streamEvents(platform.site, { runId: run.id, after, signal }));
    },
  });
}

function sendStream(reply: FastifyReply, stream: ReturnType<typeof streamEvents>): FastifyReply {
  return reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store, no-transform')
    .header('x-accel-buffering', 'no')
    .send(stream);
}

/** @throws REQUEST_INVALID */
function lastSeen({ headers }: FastifyRequest): number {
  const text = headers['last-event-id'];
  if (text === undefined || text === '') return 0;
  if (typeof text === 'string' && /^\d{1,9}$/.test(text)) return Number(text);
  const message = 'is no id of an event of this run';
  throw invalidRequest([{ in: 'headers', pointer: '/last-event-id', message }]);
}

interface Streamed {
  readonly runId: string;
  /** The last event that the client has seen; 0 for none. */
  readonly after: number;
  /** The server is stopping, or the client has gone. */
  readonly signal: AbortSignal;
  /** The stream ends after this time, so that a client that comes back shows its credential again; ten minutes by default. */
  readonly lifeMs?: number;
}

/** The stream. Destroying it frees all that it holds. */
export function streamEvents(site: Site, about: Streamed): Readable {
  const gone = new AbortController();
  const { lifeMs = 600_000 } = about;
  const signal = AbortSignal.any([about.signal, gone.signal, AbortSignal.timeout(lifeMs)]);
  const stream = Readable.from(textOf(site, { ...about, signal }), { objectMode: false });
  stream.once('close', () => gone.abort());
  return stream;
}

/** A stream that says nothing for long is taken for dead by what lies between. */
const heartbeatMs = 15_000;

async function* textOf(site: Site, about: Streamed): AsyncGenerator<string> {
  yield 'retry: 2000\n\n';
  let silentSince = Date.now();
  for await (const events of followEvents(site, { ...about, pollMs: 250 })) {
    if (events.length > 0) yield events.map(eventText).join('');
    else if (Date.now() - silentSince >= heartbeatMs) yield ': alive\n\n';
    else continue;
    silentSince = Date.now();
  }
}

/** JSON has no line break of its own, so the data is one line. */
function eventText(event: RunEvent): string {
  return `id: ${event.number}\nevent: ${event.kind}\ndata: ${JSON.stringify({ at: event.at, ...dataOf(event) })}\n\n`;
}

function dataOf({ kind, data }: RunEvent): Record<string, unknown> {
  if (kind === 'tenant') {
    const {
      tenant,
      tenantName,
      status,
      code = null,
      message = null,
      migrationId,
      migratedCount,
      durationMs,
    } = data;
    return {
      tenant_id: tenant,
      tenant_name: tenantName,
      status,
      ...whyJson({ status: String(status), code: code as string | null, message: message as string | null }),
      migration_id: migrationId ?? null,
      migrated_count: migratedCount,
      duration_seconds: typeof durationMs === 'number' ? durationMs / 1000 : null,
    };
  }
  const { status, statusReason, throttleReason, total, pending, succeeded, failed, skipped, migratedCount } =
    data;
  return {
    status,
    status_reason: statusReason,
    throttle_reason: throttleReason,
    total_tenants: total,
    pending,
    succeeded,
    failed,
    skipped,
    migrated_count: migratedCount,
  };
}
