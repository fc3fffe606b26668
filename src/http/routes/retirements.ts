/** Models in use that end on a known day: a tenant's own, and all tenants' for an operator; as JSON or as a calendar. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { writeCalendar } from '../../engine/calendar.ts';
import { retirementEvent } from '../../engine/retirements.ts';
import { listAllRetirements, listOwnRetirements } from '../../platform/retirements.ts';
import type { Retirement } from '../../platform/retirements.ts';
import { callerOf } from '../access.ts';
import type { App, AppDeps } from '../app.ts';
import { countsByType } from '../migration-schemas.ts';
import { rowId } from '../schemas.ts';

const query = z.object({
  format: z.enum(['json', 'ics']).optional().describe('Also by `Accept: text/calendar`'),
});

const ownSchema = z
  .object({
    retires_on: z.iso.date().describe('The day on which the provider shuts it down'),
    kind: z.string(),
    name: z.string(),
    family: z.string().nullable(),
    provider: z.string().nullable(),
    model_id: rowId.nullable(),
    rows_affected: z.int(),
    details: countsByType.describe('Rows by entity type'),
  })
  .meta({ id: 'Retirement' });

const allSchema = z
  .object({
    ...ownSchema.omit({ model_id: true }).shape,
    tenants_affected: z.int(),
    tenants: z
      .array(
        z.object({
          tenant_id: rowId,
          tenant_name: z.string(),
          model_id: rowId.nullable(),
          rows_affected: z.int(),
        }),
      )
      .describe('The hundred with the most rows'),
  })
  .meta({ id: 'FleetRetirement' });

const tenantsShown = 100;

/** A calendar is a text; what the schema of the JSON says does not apply to it. */
const calendarText = z.string().meta({ description: 'RFC 5545' });

export function retirementRoutes(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/retirements',
    config: { access: { role: 'viewer', scope: 'models:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['retirements'],
      operationId: 'listRetirements',
      summary: 'Models in use that end on a known day',
      querystring: query,
      response: { 200: answerOf(ownSchema) },
    },
    handler: async (request, reply) => {
      const found = await listOwnRetirements(platform, callerOf(request).tenantId);
      if (wantsCalendar(request)) return sendCalendar(reply, found);
      return { items: found.map((one) => ({ ...common(one), model_id: one.tenants[0]?.modelKey ?? null })) };
    },
  });
  app.route({
    method: 'GET',
    url: '/api/v1/sysadmin/retirements',
    config: { access: { role: 'sysadmin', scope: 'models:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['retirements'],
      operationId: 'listAllRetirements',
      summary: 'Models in use that end on a known day, over all tenants',
      querystring: query,
      response: { 200: answerOf(allSchema) },
    },
    handler: async (request, reply) => {
      const found = await listAllRetirements(platform);
      if (wantsCalendar(request)) return sendCalendar(reply, found);
      return { items: found.map(fleetJson) };
    },
  });
}

/** One status, two media types. */
function answerOf<Item extends z.ZodType>(item: Item) {
  return {
    description: 'By day',
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

/** A tenant's own calendar says nothing about tenants: it has only itself. */
function sendCalendar(reply: FastifyReply, found: readonly Retirement[]): FastifyReply {
  const events = found.map((one) => retirementEvent(one.tenants.length > 1 ? one : { ...one, tenants: [] }));
  return reply
    .type('text/calendar; charset=utf-8')
    .header('content-disposition', 'inline; filename="retirements.ics"')
    .send(writeCalendar({ name: 'Model retirements', events, madeAt: new Date().toISOString() }));
}

function common({ day, kind, components, rows, rowsByType }: Retirement) {
  const { name = '', family, provider } = components;
  const model = { name, family: family ?? null, provider: provider ?? null };
  return { retires_on: day, kind, ...model, rows_affected: rows, details: { ...rowsByType } };
}

function fleetJson(one: Retirement): z.infer<typeof allSchema> {
  return {
    ...common(one),
    tenants_affected: one.tenants.length,
    tenants: one.tenants.slice(0, tenantsShown).map(({ key, name, modelKey, rows }) => ({
      tenant_id: key,
      tenant_name: name,
      model_id: modelKey,
      rows_affected: rows,
    })),
  };
}
