/** Runs over many tenants, for sysadmins: lists, details, orders, rollback. */
import { given } from '../../../engine/given.ts';
import { z } from 'zod';
import { cancelRun, continueRun, pauseRun, resumeRun } from '../../../fleet/control.ts';
import { createRollback } from '../../../fleet/create.ts';
import { isFinal } from '../../../fleet/status.ts';
import { listRunTenants } from '../../../postgres/runs/tenants.ts';
import { listOrders } from '../../../postgres/runs/orders.ts';
import { listWorkers } from '../../../postgres/runs/workers.ts';
import { getRun, listRuns } from '../../../postgres/runs/runs.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../contract.ts';
import { eventRoutes } from './events.ts';
import { paceOf } from './pace.ts';
import {
  readsRuns,
  rollbackRunBody,
  runOrderBody,
  runDetail,
  runDetailJson,
  runFilter,
  runIdOf,
  runJson,
  runParams,
  runSchema,
  runStarted,
  runStartedJson,
  runTenantFilter,
  runTenantSchema,
  runTenantsJson,
  tenantPosition,
} from './schemas.ts';
import { afterCursor, pageJson, pageOf } from '../../api/paging.ts';
import { rowId } from '../../schemas.ts';

const write = { access: { role: 'sysadmin', scope: 'runs:write' }, exposure: 'authenticated' } as const;

export function runRoutes(app: App, deps: AppDeps): void {
  for (const register of [listRoute, detailRoute, tenantsRoute, eventRoutes, rollbackRoute])
    register(app, deps);
  for (const order of orders) orderRoute(app, deps, order);
}

const createdAt = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
const runPosition = z.tuple([createdAt, rowId]).transform(([createdAt, id]) => ({ createdAt, id }));

function listRoute(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runs',
    config: readsRuns,
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
        ...afterCursor(cursor, runPosition),
        ...(status === undefined ? {} : { status: [status] }),
        ...(kind === undefined ? {} : { kind }),
      });
      return pageJson(found, limit, { item: runJson, position: ({ createdAt, id }) => [createdAt, id] });
    },
  });
}

function detailRoute(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runs/:run_id',
    config: readsRuns,
    schema: {
      tags: ['runs'],
      operationId: 'getRun',
      summary: 'One run: status, progress, who works on it, and who ordered what',
      params: runParams,
      response: { 200: runDetail },
    },
    handler: async (request) => {
      const run = await getRun(platform.site, runIdOf(request));
      const workers = isFinal(run) ? [] : await listWorkers(platform.site, run.id);
      return runDetailJson(run, { workers, ...(await listOrders(platform.site, run.id)) });
    },
  });
}

function tenantsRoute(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runs/:run_id/tenants',
    config: readsRuns,
    schema: {
      tags: ['runs'],
      operationId: 'listRunTenants',
      summary: 'What became of each tenant, in the order of the run',
      params: runParams,
      querystring: runTenantFilter,
      response: { 200: pageOf(runTenantSchema) },
    },
    handler: async (request) => {
      const { limit, cursor, status } = request.query;
      const { id } = await getRun(platform.site, runIdOf(request));
      const found = await listRunTenants(platform.site, {
        runId: id,
        limit: limit + 1,
        ...afterCursor(cursor, tenantPosition),
        ...(status === undefined ? {} : { status: [status] }),
      });
      return runTenantsJson(found, limit);
    },
  });
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
    schema: {
      tags: ['runs'],
      operationId: `${name}Run`,
      summary,
      params: runParams,
      body: runOrderBody.nullish(),
      response: { 200: runSchema },
    },
    handler: async (request) => {
      const { reason } = request.body ?? {};
      const { actor } = callerOf(request);
      return runJson(await tell(platform.site, { runId: runIdOf(request), actor, ...given({ reason }) }));
    },
  });
}

function rollbackRoute(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'POST',
    url: '/api/v1/runs/:run_id/rollback',
    config: { ...write, headers: ['Location'] },
    schema: {
      tags: ['runs'],
      operationId: 'rollbackRun',
      summary: 'Take back what a run did, by another run',
      params: runParams,
      body: rollbackRunBody.nullish(),
      response: { 202: runStarted },
    },
    handler: async (request, reply) => {
      const body = request.body ?? rollbackRunBody.parse({});
      const runId = await createRollback(platform.site, {
        runId: runIdOf(request),
        actor: callerOf(request).actor,
        ...(body.reason === undefined ? {} : { reason: body.reason }),
        ...paceOf(body),
      });
      void reply.header('location', `/api/v1/runs/${runId}`);
      return reply.code(202).send(runStartedJson(await getRun(platform.site, runId)));
    },
  });
}
