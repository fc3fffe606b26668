/** Moving all tenants, or chosen ones, off a model. */
import { z } from 'zod';
import { createRun } from '../../../fleet/create.ts';
import { planRun } from '../../../fleet/plan-run.ts';
import { workThrough } from '../../../fleet/work-through.ts';
import { listRunTenants } from '../../../postgres/runs/tenants.ts';
import { getRun } from '../../../postgres/runs/runs.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../server/app.ts';
import {
  migrateAllAnswer,
  migrateAllBody,
  migrateAllQuery,
  runPlanJson,
  runRequestOf,
  runResultJson,
  runStarted,
  runStartedJson,
} from './migrate-all-schemas.ts';
import { modelKinds } from '../models/kinds.ts';
import { rowId } from '../../schemas.ts';

const mostTenants = 1_000_000;

export function migrateAllRoutes(app: App, { platform, stopping }: AppDeps): void {
  const { site } = platform;
  for (const { kind, path, title } of modelKinds)
    app.route({
      method: 'POST',
      url: `/api/v1/sysadmin/system/${path}/:model_id/migrate-all-tenants`,
      config: { access: { role: 'sysadmin', scope: 'runs:write' }, exposure: 'authenticated' },
      schema: {
        tags: ['runs'],
        operationId: `migrateAllTenantsOff${title}`,
        summary: `Move all tenants off a ${kind} model`,
        params: z.object({ model_id: rowId }),
        querystring: migrateAllQuery,
        body: migrateAllBody,
        response: { 200: migrateAllAnswer, 202: runStarted },
      },
      handler: async (request, reply) => {
        const { body } = request;
        const asked = runRequestOf(body, {
          kind,
          fromId: request.params.model_id,
          actor: callerOf(request).actor,
        });
        if (body.dry_run) return reply.code(200).send(runPlanJson(await planRun(site, asked)));
        const runId = await createRun(site, asked);
        void reply.header('location', `/api/v1/runs/${runId}`);
        if (!request.query.wait) return reply.code(202).send(runStartedJson(await getRun(site, runId)));
        // Whoever waits also works, so that the answer comes where no other worker is running.
        const run = await workThrough(site, runId, { signal: stopping });
        const tenants = await listRunTenants(site, { runId, limit: mostTenants });
        return reply.code(200).send(runResultJson(run, tenants));
      },
    });
}
