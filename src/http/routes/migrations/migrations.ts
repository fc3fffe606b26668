/** Past migrations: who did what, when and why, every changed value, and taking it back. */
import { z } from 'zod';
import { DroverError } from '../../../errors.ts';
import {
  getMigrationStory,
  listMigrationChanges,
  listMigrations,
  rollBackMigration,
} from '../../../platform/migration-history.ts';
import type { App, AppDeps } from '../../server/app.ts';
import { decodeCursor, encodeCursor } from '../../cursor.ts';
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
import { pageOf, rowId } from '../../schemas.ts';
import { tenantDoors } from './tenant-endpoints.ts';
import type { TenantDoor } from './tenant-endpoints.ts';

type Register = (app: App, deps: AppDeps, door: TenantDoor) => void;

export function migrationRoutes(app: App, deps: AppDeps): void {
  const routes: readonly Register[] = [listRoute, detailRoute, changesRoute, rollbackRoute];
  for (const door of tenantDoors(deps.platform)) for (const register of routes) register(app, deps, door);
}

function listRoute(app: App, { platform }: AppDeps, door: TenantDoor): void {
  app.route({
    method: 'GET',
    url: `${door.prefix}/migrations`,
    config: { access: door.access('viewer', 'migrations:read'), exposure: 'authenticated' },
    schema: {
      tags: ['migrations'],
      operationId: door.operation('listMigrations'),
      summary: door.summary('Migrations and rollbacks, newest first'),
      params: z.object(door.params),
      querystring: migrationFilter,
      response: { 200: pageOf(migrationSummary) },
    },
    handler: async (request) => {
      const { limit, cursor } = request.query;
      const { tenantId } = await door.acting(request);
      const after = cursor === undefined ? undefined : idOfCursor(cursor);
      const filter = filterOf(request.query);
      const query = {
        ...filter,
        tenant: tenantId,
        limit: limit + 1,
        ...(after === undefined ? {} : { after }),
      };
      const records = await listMigrations(platform, query);
      const page = records.slice(0, limit);
      const last = page.at(-1);
      const more = records.length > limit && last !== undefined;
      return { items: page.map(migrationJson), next_cursor: more ? encodeCursor([last.id]) : null };
    },
  });
}

function detailRoute(app: App, { platform }: AppDeps, door: TenantDoor): void {
  app.route({
    method: 'GET',
    url: `${door.prefix}/migrations/:migration_id`,
    config: { access: door.access('viewer', 'migrations:read'), exposure: 'authenticated' },
    schema: {
      tags: ['migrations'],
      operationId: door.operation('getMigration'),
      summary: door.summary('One migration: steps, findings, what was left behind, its rollbacks'),
      params: z.object({ ...door.params, migration_id: rowId }),
      response: { 200: migrationDetail },
    },
    handler: async (request) => {
      const { tenantId } = await door.acting(request);
      return migrationDetailJson(await getMigrationStory(platform, { tenantId, id: idOf(request) }));
    },
  });
}

function changesRoute(app: App, { platform }: AppDeps, door: TenantDoor): void {
  app.route({
    method: 'GET',
    url: `${door.prefix}/migrations/:migration_id/changes`,
    config: { access: door.access('viewer', 'migrations:read'), exposure: 'authenticated' },
    schema: {
      tags: ['migrations'],
      operationId: door.operation('listMigrationChanges'),
      summary: door.summary('Every value that a migration changed, before and after'),
      params: z.object({ ...door.params, migration_id: rowId }),
      querystring: changesQuery,
      response: { 200: pageOf(changeSchema) },
    },
    handler: async (request) => {
      const { limit, cursor, step } = request.query;
      const { tenantId } = await door.acting(request);
      const changes = await listMigrationChanges(platform, {
        tenantId,
        id: idOf(request),
        limit: limit + 1,
        ...(cursor === undefined ? {} : { after: positionOfCursor(cursor) }),
        ...(step === undefined ? {} : { step }),
      });
      const page = changes.slice(0, limit);
      const last = page.at(-1);
      const more = changes.length > limit && last !== undefined;
      return {
        items: page.map(changeJson),
        next_cursor: more ? encodeCursor(last.position.map(String)) : null,
      };
    },
  });
}

function rollbackRoute(app: App, { platform }: AppDeps, door: TenantDoor): void {
  app.route({
    method: 'POST',
    url: `${door.prefix}/migrations/:migration_id/rollback`,
    config: { access: door.access('admin', 'migrations:write'), exposure: 'authenticated' },
    schema: {
      tags: ['migrations'],
      operationId: door.operation('rollBackMigration'),
      summary: door.summary('Take a migration back, sparing what somebody changed since'),
      params: z.object({ ...door.params, migration_id: rowId }),
      body: rollbackBody.nullish(),
      response: { 200: rollbackAnswer },
    },
    handler: async (request) => {
      const reason = request.body?.reason;
      const about = { id: idOf(request), ...(reason === undefined ? {} : { reason }) };
      return rollbackJson(await rollBackMigration(platform, await door.acting(request), about));
    },
  });
}

function idOf(request: { readonly params: unknown }): string {
  return (request.params as { migration_id: string }).migration_id.toLowerCase();
}

/** @throws REQUEST_INVALID */
function idOfCursor(cursor: string): string {
  const [id = ''] = decodeCursor(cursor, 1);
  if (rowId.safeParse(id).success) return id;
  throw foreignCursor();
}

/** @throws REQUEST_INVALID */
function positionOfCursor(cursor: string): readonly [number, number, number] {
  const position = decodeCursor(cursor, 3);
  const [step = 0, chunk = 0, number = 0] = position.map(Number);
  if (position.every((text) => /^\d{1,9}$/.test(text))) return [step, chunk, number];
  throw foreignCursor();
}

function foreignCursor(): DroverError {
  return new DroverError('REQUEST_INVALID', 'The cursor is none of this list; begin again without one.');
}
