/** Migrations of one tenant: moving it off a model, who did what, when and why, every changed value, and taking it back. */
import { z } from 'zod';
import {
  getMigrationStory,
  listMigrationChanges,
  listMigrations,
  rollBackMigration,
} from '../../../platform/migrations/migration-history.ts';
import { afterCursor, cursorNumber, pageJson, pageOf } from '../../api/paging.ts';
import type { App, AppDeps } from '../../contract.ts';
import {
  changeJson,
  changeSchema,
  changesQuery,
  filterOf,
  migrationDetail,
  migrationDetailJson,
  migrationFilter,
  migrationJson,
  migrationSummary,
  rollbackAnswer,
  rollbackBody,
  rollbackJson,
} from './history-schemas.ts';
import { rowId, modelKinds } from '../../schemas.ts';
import { migrateModel } from '../../../platform/migrations/migrate-model.ts';
import { keepAnswer } from '../../api/idempotency.ts';
import { migrateAnswer, migrateBody, migrateJson } from './migration-schemas.ts';
import { tenantEndpoints } from './tenant-endpoints.ts';
import type { TenantEndpoints } from './tenant-endpoints.ts';

type Register = (app: App, deps: AppDeps, endpoints: TenantEndpoints) => void;

export function migrationRoutes(app: App, deps: AppDeps): void {
  const routes: readonly Register[] = [listRoute, detailRoute, changesRoute, rollbackRoute];
  for (const endpoints of tenantEndpoints(deps.platform))
    for (const register of routes) register(app, deps, endpoints);
}

/** Step, chunk of the journal, and row within the chunk. */
const changePosition = z.tuple([cursorNumber, cursorNumber, cursorNumber]);
const recordPosition = z.tuple([rowId]).transform(([id]) => id);

function listRoute(app: App, { platform }: AppDeps, endpoints: TenantEndpoints): void {
  app.route({
    method: 'GET',
    url: `${endpoints.prefix}/migrations`,
    config: { access: endpoints.access('viewer', 'migrations:read'), exposure: 'authenticated' },
    schema: {
      tags: ['migrations'],
      operationId: endpoints.operation('listMigrations'),
      summary: endpoints.summary('Migrations and rollbacks, newest first'),
      params: z.object(endpoints.params),
      querystring: migrationFilter,
      response: { 200: pageOf(migrationSummary) },
    },
    handler: async (request) => {
      const { limit, cursor } = request.query;
      const { tenantId } = await endpoints.acting(request);
      const records = await listMigrations(platform, {
        ...filterOf(request.query),
        tenant: tenantId,
        limit: limit + 1,
        ...afterCursor(cursor, recordPosition),
      });
      return pageJson(records, limit, { item: migrationJson, position: ({ id }) => [id] });
    },
  });
}

function detailRoute(app: App, { platform }: AppDeps, endpoints: TenantEndpoints): void {
  app.route({
    method: 'GET',
    url: `${endpoints.prefix}/migrations/:migration_id`,
    config: { access: endpoints.access('viewer', 'migrations:read'), exposure: 'authenticated' },
    schema: {
      tags: ['migrations'],
      operationId: endpoints.operation('getMigration'),
      summary: endpoints.summary('One migration: steps, findings, what was left behind, its rollbacks'),
      params: z.object({ ...endpoints.params, migration_id: rowId }),
      response: { 200: migrationDetail },
    },
    handler: async (request) => {
      const { tenantId } = await endpoints.acting(request);
      return migrationDetailJson(await getMigrationStory(platform, { tenantId, id: idOf(request) }));
    },
  });
}

function changesRoute(app: App, { platform }: AppDeps, endpoints: TenantEndpoints): void {
  app.route({
    method: 'GET',
    url: `${endpoints.prefix}/migrations/:migration_id/changes`,
    config: { access: endpoints.access('viewer', 'migrations:read'), exposure: 'authenticated' },
    schema: {
      tags: ['migrations'],
      operationId: endpoints.operation('listMigrationChanges'),
      summary: endpoints.summary('Every value that a migration changed, before and after'),
      params: z.object({ ...endpoints.params, migration_id: rowId }),
      querystring: changesQuery,
      response: { 200: pageOf(changeSchema) },
    },
    handler: async (request) => {
      const { limit, cursor, step } = request.query;
      const { tenantId } = await endpoints.acting(request);
      const changes = await listMigrationChanges(platform, {
        tenantId,
        id: idOf(request),
        limit: limit + 1,
        ...afterCursor(cursor, changePosition),
        ...(step === undefined ? {} : { step }),
      });
      return pageJson(changes, limit, { item: changeJson, position: ({ position }) => position });
    },
  });
}

function rollbackRoute(app: App, { platform }: AppDeps, endpoints: TenantEndpoints): void {
  app.route({
    method: 'POST',
    url: `${endpoints.prefix}/migrations/:migration_id/rollback`,
    config: { access: endpoints.access('admin', 'migrations:write'), exposure: 'authenticated' },
    schema: {
      tags: ['migrations'],
      operationId: endpoints.operation('rollBackMigration'),
      summary: endpoints.summary('Take a migration back, sparing what somebody changed since'),
      params: z.object({ ...endpoints.params, migration_id: rowId }),
      body: rollbackBody.nullish(),
      response: { 200: rollbackAnswer },
    },
    handler: async (request) => {
      const reason = request.body?.reason;
      const about = { id: idOf(request), ...(reason === undefined ? {} : { reason }) };
      return rollbackJson(await rollBackMigration(platform, await endpoints.acting(request), about));
    },
  });
}

function idOf(request: { readonly params: unknown }): string {
  return (request.params as { migration_id: string }).migration_id.toLowerCase();
}

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
