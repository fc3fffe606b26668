/** Moving a tenant off a model. */
import { z } from 'zod';
import { migrateModel } from '../../../platform/migrate-model.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { keepAnswer } from '../../api/idempotency.ts';
import { migrateAnswer, migrateBody, migrateJson } from './migration-schemas.ts';
import { modelKinds } from '../models/kinds.ts';
import { rowId } from '../../schemas.ts';
import { tenantDoors } from './tenant-endpoints.ts';

export function migrateRoutes(app: App, { platform }: AppDeps): void {
  for (const door of tenantDoors(platform))
    for (const { kind, path, title } of modelKinds)
      app.route({
        method: 'POST',
        url: `${door.prefix}/${path}/:model_id/migrate`,
        config: { access: door.access('admin', 'migrations:write'), exposure: 'authenticated' },
        schema: {
          tags: ['migrations'],
          operationId: door.operation(`migrate${title}`),
          summary: door.summary(`Move everything off a ${kind} model`),
          params: z.object({ ...door.params, model_id: rowId }),
          body: migrateBody,
          response: { 200: migrateAnswer },
        },
        handler: async (request, reply) => {
          const { body } = request;
          const from = request.params.model_id.toLowerCase();
          const to = body.to_model_id.toLowerCase();
          const acting = await door.acting(request);
          const answer = await migrateModel(platform, acting, {
            kind,
            fromId: from,
            toId: to,
            parameters: body.parameters,
            confirm: body.confirm_migration,
            force: body.force_override,
            dryRun: body.dry_run,
            beforeCommit: (tx, done) =>
              keepAnswer(
                { request, reply, tx },
                { tenantId: acting.tenantId, body: migrateJson(done, { from, to }) },
              ),
            ...(body.entity_types === undefined ? {} : { entityTypes: body.entity_types }),
            ...(body.reason === undefined ? {} : { reason: body.reason }),
            ...(body.plan_hash === undefined ? {} : { planHash: body.plan_hash }),
          });
          return migrateJson(answer, { from, to });
        },
      });
}
