/** Runs over many tenants: looking at them, following them, telling them what to do. For sysadmins. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { cancelRun, continueRun, pauseRun, resumeRun } from '../../../fleet/control.ts';
import { createRollback } from '../../../fleet/create.ts';
import { isFinal } from '../../../fleet/standing.ts';
import { DroverError } from '../../../errors.ts';
import { listRunTenants } from '../../../postgres/runs/tenants.ts';
import { listWorkers } from '../../../postgres/runs/workers.ts';
import { getRun, listRuns } from '../../../postgres/runs/runs.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { decodeCursor, encodeCursor, invalidCursor } from '../../cursor.ts';
import { streamEvents } from './event-stream.ts';
import { paceOf, runStarted, runStartedJson } from './migrate-all-schemas.ts';
import {
  rollbackRunBody,
  runDetail,
  runDetailJson,
  runFilter,
  runJson,
  runSchema,
  runTenantFilter,
  runTenantJson,
  runTenantSchema,
} from './schemas.ts';
import { pageOf, rowId } from '../../schemas.ts';

const params = z.object({ run_id: rowId });
const read = { access: { role: 'sysadmin', scope: 'runs:read' }, exposure: 'authenticated' } as const;
const write = { access: { role: 'sysadmin', scope: 'runs:write' }, exposure: 'authenticated' } as const;

export function runRoutes(app: App, deps: AppDeps): void {
  for (const register of [listRoute, detailRoute, tenantsRoute, eventsRoute, rollbackRoute])
    register(app, deps);
  for (const order of orders) orderRoute(app, deps, order);
}

function listRoute(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runs',
    config: read,
    schema: {
      tags: ['runs'],
      operationId: 'listRuns',
      summary: 'Runs, newest first',
      querystring: runFilter,
      response: { 200: pageOf(runSchema) },
    },
    handler: async ({ query: { limit, cursor, status, kind } }) => {
      const found = await listRuns(platform.site, {
        limit: limit + 1,
        ...(cursor === undefined ? {} : { after: positionOf(cursor) }),
        ...(status === undefined ? {} : { status: [status] }),
        ...(kind === undefined ? {} : { kind }),
      });
      const items = found.slice(0, limit);
      const last = found.length > limit ? items.at(-1) : undefined;
      return {
        items: items.map(runJson),
        next_cursor: last === undefined ? null : encodeCursor([last.createdAt, last.id]),
      };
    },
  });
}

function positionOf(cursor: string): { createdAt: string; id: string } {
  const [createdAt = '', id = ''] = decodeCursor(cursor, 2);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(createdAt) && rowId.safeParse(id).success)
    return { createdAt, id };
  throw invalidCursor();
}

function detailRoute(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runs/:run_id',
    config: read,
    schema: {
      tags: ['runs'],
      operationId: 'getRun',
      summary: 'One run: status, progress, who works on it',
      params,
      response: { 200: runDetail },
    },
    handler: async (request) => {
      const run = await getRun(platform.site, idOf(request));
      return runDetailJson(run, isFinal(run) ? [] : await listWorkers(platform.site, run.id));
    },
  });
}

function tenantsRoute(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runs/:run_id/tenants',
    config: read,
    schema: {
      tags: ['runs'],
      operationId: 'listRunTenants',
      summary: 'What became of each tenant, in the order of the run',
      params,
      querystring: runTenantFilter,
      response: { 200: pageOf(runTenantSchema) },
    },
    handler: async (request) => {
      const { limit, cursor, status } = request.query;
      const { id } = await getRun(platform.site, idOf(request));
      const found = await listRunTenants(platform.site, {
        runId: id,
        limit: limit + 1,
        ...(cursor === undefined ? {} : { after: placeOf(cursor) }),
        ...(status === undefined ? {} : { status: [status] }),
      });
      const items = found.slice(0, limit);
      const last = found.length > limit ? items.at(-1) : undefined;
      return {
        items: items.map(runTenantJson),
        next_cursor: last === undefined ? null : encodeCursor([String(last.position)]),
      };
    },
  });
}

function placeOf(cursor: string): number {
  const [text = ''] = decodeCursor(cursor, 1);
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalidCursor();
}

function eventsRoute(app: App, { platform, stopping }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runs/:run_id/events',
    // HEAD would follow the run to its end for nobody.
    exposeHeadRoute: false,
    config: read,
    schema: {
      tags: ['runs'],
      operationId: 'followRun',
      summary: 'What happens in a run, as server-sent events',
      params,
      headers: z.object({
        'last-event-id': z
          .string()
          .optional()
          .describe('The id of the last event that was seen: what came after it follows'),
      }),
      response: {
        200: {
          description:
            'Events `run` (status and counts), `tenant` (one has finished) and, as the last, `end`; ids are numbers from 1 on, without a gap',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        204: z.null().describe('The last event was seen; nothing comes any more'),
      },
    },
    handler: async (request, reply) => {
      const after = lastSeen(request);
      const run = await getRun(platform.site, idOf(request));
      if (isFinal(run) && after >= run.lastEvent) return reply.code(204).send(null);
      const signal = AbortSignal.any([stopping, goneSignal(reply)]);
      return sendStream(reply, streamEvents(platform.site, { runId: run.id, after, signal }));
    },
  });
}

/** Aborted when the connection ends. The stream itself learns of it only when it has something to say. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  return gone.signal;
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
  const errors = [{ in: 'headers', pointer: '/last-event-id', message: 'is no id of an event of this run' }];
  throw new DroverError('REQUEST_INVALID', 'Last-Event-ID is no id of an event of this run.', { errors });
}

const orders = [
  { name: 'pause', tell: pauseRun, summary: 'Begin no other wave' },
  { name: 'resume', tell: resumeRun, summary: 'Go on after a pause, or after too many failures' },
  { name: 'continue', tell: continueRun, summary: 'Go on after the canary' },
  { name: 'cancel', tell: cancelRun, summary: 'Finish what is under way and skip the rest' },
] as const;

function orderRoute(app: App, { platform }: AppDeps, { name, tell, summary }: (typeof orders)[number]): void {
  app.route({
    method: 'POST',
    url: `/api/v1/runs/:run_id/${name}`,
    config: write,
    schema: { tags: ['runs'], operationId: `${name}Run`, summary, params, response: { 200: runSchema } },
    handler: async (request) =>
      runJson(await tell(platform.site, { runId: idOf(request), actor: callerOf(request).actor })),
  });
}

function rollbackRoute(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'POST',
    url: '/api/v1/runs/:run_id/rollback',
    config: write,
    schema: {
      tags: ['runs'],
      operationId: 'rollbackRun',
      summary: 'Take back what a run did, by another run',
      params,
      body: rollbackRunBody.nullish(),
      response: { 202: runStarted },
    },
    handler: async (request, reply) => {
      const body = request.body ?? rollbackRunBody.parse({});
      const runId = await createRollback(platform.site, {
        runId: idOf(request),
        actor: callerOf(request).actor,
        ...(body.reason === undefined ? {} : { reason: body.reason }),
        ...paceOf(body),
      });
      void reply.header('location', `/api/v1/runs/${runId}`);
      return reply.code(202).send(runStartedJson(await getRun(platform.site, runId)));
    },
  });
}

function idOf({ params: asked }: FastifyRequest): string {
  return (asked as z.infer<typeof params>).run_id.toLowerCase();
}
