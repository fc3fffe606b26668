/** Moving a tenant off a model. */
import { z } from 'zod';
import { migrateModel } from '../../../platform/migrations/migrate-model.ts';
import type { App, AppDeps } from '../../contract.ts';
import { keepAnswer } from '../../api/idempotency.ts';
import { migrateAnswer, migrateBody, migrateJson } from './migration-schemas.ts';
import { modelKinds, rowId } from '../../schemas.ts';
import { tenantEndpoints } from './tenant-endpoints.ts';

export function migrateRoutes(app: App, { platform }: AppDeps): void {
  for (const endpoints of tenantEndpoints(platform))
    for (const { kind, resource } of modelKinds)
      app.route({
        method: 'POST',
        url: `${endpoints.prefix}/${resource.path}/:model_id/migrate`,
        config: { access: endpoints.access('admin', 'migrations:write'), exposure: 'authenticated' },
        schema: {
          tags: ['migrations'],
          operationId: endpoints.operation(`migrate${resource.title}`),
          summary: endpoints.summary(`Move everything off a ${kind} model`),
          params: z.object({ ...endpoints.params, model_id: rowId }),
          body: migrateBody,
          response: { 200: migrateAnswer },
        },
        handler: async (request, reply) => {
          const { body } = request;
          const from = request.params.model_id.toLowerCase();
          const to = body.to_model_id.toLowerCase();
          const acting = await endpoints.acting(request);
          const answer = await migrateModel(platform, acting, {
            kind,
            fromId: from,
            toId: to,
            answers: body.answers,
            parameters: body.parameters,
            confirm: body.confirm_migration,
            force: body.force_override,
            dryRun: body.dry_run,
            rehearse: body.rehearse,
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
