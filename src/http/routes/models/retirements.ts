/** Models in use that end, of the caller's tenant or (for an operator) of all tenants, as JSON or as a calendar. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { writeCalendar } from '../../../engine/models/calendar.ts';
import { countTenants, retirementEvents } from '../../../engine/models/retirements.ts';
import { listAllRetirements, listOwnRetirements } from '../../../platform/migrations/usage.ts';
import type { Retirement } from '../../../platform/migrations/usage.ts';
import { callerOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../contract.ts';
import {
  endJson,
  endShape,
  ownSuccessorSchema,
  sourceName,
  successorSchema,
  toldTo,
} from './lifecycle-schemas.ts';
import type { Told } from './lifecycle-schemas.ts';
import { countsByType } from '../migrations/migration-schemas.ts';
import { rowId } from '../../schemas.ts';

const query = z.object({
  format: z.enum(['json', 'ics']).optional().describe('Also by `Accept: text/calendar`'),
});

const ownSchema = z
  .object({
    ...endShape,
    kind: z.string(),
    name: z.string(),
    family: z.string().nullable(),
    provider: z.string().nullable().describe('Null also if tenants use different names'),
    model_id: rowId.nullable().describe('Null if the tenant has no row of the model'),
    successor: ownSuccessorSchema.nullable(),
    rows_affected: z.int(),
    details: countsByType.describe('Rows by entity type'),
  })
  .meta({ id: 'Retirement' });

const allSchema = z
  .object({
    ...ownSchema.omit({ model_id: true, successor: true }).shape,
    successor: successorSchema.nullable(),
    tenants_affected: z.int(),
    tenants: z
      .array(
        z.object({
          tenant_id: rowId,
          tenant_name: z.string(),
          model_id: rowId.nullable(),
          successor_model_id: rowId.nullable(),
          rows_affected: z.int(),
        }),
      )
      .describe('The hundred with the most rows'),
  })
  .meta({ id: 'FleetRetirement' });

const tenantsShown = 100;

/** A calendar is a text, and has a schema of its own. */
const calendarText = z.string().meta({ description: 'RFC 5545' });

export function retirementRoutes(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/retirements',
    config: { access: { role: 'viewer', scope: 'models:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['retirements'],
      operationId: 'listRetirements',
      summary: 'Models in use that end, the most urgent first',
      querystring: query,
      response: { 200: answerOf(ownSchema) },
    },
    handler: async (request, reply) => {
      const found = await listOwnRetirements(platform, callerOf(request).tenantId);
      if (wantsCalendar(request)) return sendCalendar(reply, found);
      return { items: found.map((one) => ownJson(one, toldTo(platform))) };
    },
  });
  app.route({
    method: 'GET',
    url: '/api/v1/sysadmin/retirements',
    config: { access: { role: 'sysadmin', scope: 'models:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['retirements'],
      operationId: 'listAllRetirements',
      summary: 'Models in use that end, over all tenants',
      querystring: query,
      response: { 200: answerOf(allSchema) },
    },
    handler: async (request, reply) => {
      const found = await listAllRetirements(platform);
      if (wantsCalendar(request)) return sendCalendar(reply, found);
      return { items: found.map((one) => fleetJson(one, toldTo(platform))) };
    },
  });
}

/** One status, two media types. */
function answerOf<Item extends z.ZodType>(item: Item) {
  return {
    description: 'By day; models without a known day come last',
    content: {
      'application/json': { schema: z.object({ items: z.array(item) }) },
      'text/calendar': { schema: calendarText },
    },
  };
}

function wantsCalendar({ query: asked, headers }: FastifyRequest): boolean {
  const { format } = asked as z.infer<typeof query>;
  if (format !== undefined) return format === 'ics';
  const types = (headers.accept ?? '').split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  return types.includes('text/calendar') && !types.includes('application/json');
}

/** The calendar of one tenant does not name the tenant. */
function sendCalendar(reply: FastifyReply, found: readonly Retirement[]): FastifyReply {
  const shown = found.map((one) => (one.tenants.length > 1 ? one : { ...one, tenants: [] }));
  const calendar = {
    name: 'Model retirements',
    events: retirementEvents(shown),
    madeAt: new Date().toISOString(),
  };
  return reply
    .type('text/calendar; charset=utf-8')
    .header('content-disposition', 'inline; filename="retirements.ics"')
    .send(writeCalendar(calendar));
}

function common(one: Retirement, told: Told) {
  const { name = '', family, provider } = one.components;
  const model = { kind: one.kind, name, family: family ?? null, provider: provider ?? null };
  return { ...endJson(one, told), ...model, rows_affected: one.rows, details: { ...one.rowsByType } };
}

function ownJson(one: Retirement, told: Told): z.infer<typeof ownSchema> {
  const [own] = one.tenants;
  const { successor } = one;
  return {
    ...common(one, told),
    model_id: own?.modelKey ?? null,
    successor:
      successor === null ? null : { ...successorJson(successor, told), model_id: own?.successorKey ?? null },
  };
}

function successorJson({ name, by }: NonNullable<Retirement['successor']>, { registry }: Told) {
  return { name, source: sourceName(by, registry) };
}

function fleetJson(one: Retirement, told: Told): z.infer<typeof allSchema> {
  return {
    ...common(one, told),
    successor: one.successor === null ? null : successorJson(one.successor, told),
    tenants_affected: countTenants(one),
    tenants: one.tenants.slice(0, tenantsShown).map(({ key, name, modelKey, successorKey, rows }) => ({
      tenant_id: key,
      tenant_name: name,
      model_id: modelKey,
      successor_model_id: successorKey,
      rows_affected: rows,
    })),
  };
}
