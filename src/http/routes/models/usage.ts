/** Where a model is used, and what could follow it. */
import type { PlannedSuggestion } from '../../../platform/migrations/usage.ts';
import { getUsage } from '../../../platform/migrations/usage.ts';
import { z } from 'zod';
import { refusing, toConfirm } from '../../../engine/finding.ts';
import { suggestModels } from '../../../platform/migrations/usage.ts';
import { type UsageByType, type Use } from '../../../platform/migrations/usage.ts';
import type { App, AppDeps } from '../../contract.ts';
import { callerOf } from '../../api/access.ts';
import { afterCursor, cursorText, pageJson, pageOf, pageQuery } from '../../api/paging.ts';
import {
  countsByType,
  entityTypes,
  findingJson,
  findingSchema,
  parameterPolicy,
  completionSchema,
} from '../migrations/migration-schemas.ts';
import { modelKinds, type ModelsOfKind, rowId } from '../../schemas.ts';

export function usageRoutes(app: App, deps: AppDeps): void {
  for (const model of modelKinds) {
    usageRoute(app, deps, model);
    suggestRoute(app, deps, model);
  }
}

const useCount = z.object({
  live: z.int().describe('Configuration'),
  dead: z.int().describe('Configuration that is soft-deleted or archived; a migration moves it, too'),
  history: z.int().describe('Records of what happened; they stay'),
});

const usageCounts = z
  .record(z.string(), useCount)
  .describe('Rows that name the model, by entity type; a row counts once')
  .meta({ id: 'UsageCounts' });

const useSchema = z
  .object({
    type: z.string(),
    id: z.string().describe('The key of the row; of several columns a JSON list'),
    name: z.string().nullable(),
    link: z.string().nullable().describe('Where the API has the row'),
    live: z.boolean(),
    dead: z.boolean(),
    state: z.enum(['live', 'dead', 'history']),
    places: z.array(z.string()).describe('The columns and paths that name the model'),
  })
  .meta({ id: 'ModelUse' });

const usePosition = z.tuple([cursorText, cursorText]).transform(([table, key]) => ({ table, key }));

function usageRoute(app: App, { platform }: AppDeps, { kind, resource }: ModelsOfKind): void {
  app.route({
    method: 'GET',
    url: `/api/v1/${resource.path}/:model_id/usage`,
    config: { access: { role: 'viewer', scope: 'models:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['models'],
      operationId: `get${resource.title}Usage`,
      summary: `Where a ${kind} model is used`,
      params: z.object({ model_id: rowId }),
      querystring: pageQuery.extend({
        type: z.string().max(100).optional().describe('Only rows of this entity type'),
        state: z.enum(['live', 'dead', 'history']).optional(),
      }),
      response: { 200: pageOf(useSchema).extend({ model_id: rowId, counts: usageCounts }) },
    },
    handler: async (request) => {
      const { limit, cursor, type, state } = request.query;
      const { tenantId } = callerOf(request);
      const modelId = request.params.model_id.toLowerCase();
      const { counts, uses } = await getUsage(platform, {
        tenantId,
        kind,
        modelId,
        limit: limit + 1,
        ...afterCursor(cursor, usePosition),
        ...(type === undefined ? {} : { types: [type] }),
        ...(state === undefined ? {} : { state }),
      });
      const page = pageJson(uses, limit, { item: useJson, position: ({ table, key }) => [table, key] });
      return { model_id: modelId, counts: usageCountsJson(counts), ...page };
    },
  });
}

function usageCountsJson(counts: UsageByType): z.infer<typeof usageCounts> {
  return Object.fromEntries(Object.entries(counts).map(([type, count]) => [type, { ...count }]));
}

function useJson(use: Use): z.infer<typeof useSchema> {
  const { type, key, name, state, places } = use;
  return {
    type,
    id: key,
    name,
    link: linkOf(use),
    live: state === 'live',
    dead: state === 'dead',
    state,
    places: [...places],
  };
}

/** The path of a row, for tables that the API has endpoints for. */
const resources: Readonly<Record<string, (ids: readonly string[]) => string>> = {
  assistants: ([id = '']) => `assistants/${id}`,
  apps: ([id = '']) => `apps/${id}`,
  services: ([id = '']) => `services/${id}`,
  assistant_templates: ([id = '']) => `assistant-templates/${id}`,
  app_templates: ([id = '']) => `app-templates/${id}`,
  spaces: ([id = '']) => `spaces/${id}`,
  tenant_defaults: () => 'defaults',
  space_completion_models: ([space = '']) => `spaces/${space}/completion-models`,
  space_transcription_models: ([space = '']) => `spaces/${space}/transcription-models`,
  space_embedding_models: ([space = '']) => `spaces/${space}/embedding-models`,
};

function linkOf({ table, key }: Use): string | null {
  const resource = resources[table.slice(table.indexOf('.') + 1)];
  return resource === undefined ? null : `/api/v1/${resource(keysOf(key))}`;
}

/** A key of several columns is a JSON list. */
function keysOf(key: string): string[] {
  return key.startsWith('[') ? (JSON.parse(key) as string[]) : [key];
}

const suggestionSchema = z
  .object({
    model_id: rowId,
    name: z.string(),
    family: z.string().nullable(),
    provider: z.string().nullable(),
    score: z.int(),
    allowed: z.boolean().describe('No finding refuses it'),
    reasons: z.array(z.object({ code: z.string(), points: z.int(), message: z.string() })),
    findings: z.array(findingSchema).describe('Findings of the plan to this target'),
    details: countsByType.describe('Rows that would move, by entity type'),
    completion: completionSchema,
    plan_hash: z.string().describe('`migrate` takes it to apply exactly this plan'),
    requires_confirmation: z.boolean(),
  })
  .meta({ id: 'Suggestion' });

const suggestBody = z
  .strictObject({
    entity_types: entityTypes,
    parameters: parameterPolicy,
    limit: z.int().min(1).max(10).default(5).describe('How many targets; each is planned'),
  })
  .meta({ id: 'SuggestRequest' });

function suggestRoute(app: App, { platform }: AppDeps, { kind, resource }: ModelsOfKind): void {
  app.route({
    method: 'POST',
    url: `/api/v1/${resource.path}/:model_id/suggest-targets`,
    config: { access: { role: 'viewer', scope: 'models:read' }, exposure: 'authenticated' },
    schema: {
      tags: ['models'],
      operationId: `suggest${resource.title}Targets`,
      summary: `What could follow a ${kind} model, best first, with what a migration to it would find`,
      params: z.object({ model_id: rowId }),
      body: suggestBody.nullish(),
      response: { 200: z.object({ model_id: rowId, suggestions: z.array(suggestionSchema) }) },
    },
    handler: async (request) => {
      const { limit, parameters, entity_types: types } = suggestBody.parse(request.body ?? {});
      const modelId = request.params.model_id.toLowerCase();
      const { tenantId } = callerOf(request);
      const asked = { tenantId, kind, modelId, parameters, limit };
      const suggestions = await suggestModels(
        platform,
        types === undefined ? asked : { ...asked, entityTypes: types },
      );
      return { model_id: modelId, suggestions: suggestions.map(suggestionJson) };
    },
  });
}

function suggestionJson({
  model,
  score,
  reasons,
  plan,
}: PlannedSuggestion): z.infer<typeof suggestionSchema> {
  const { name = '', family, provider } = model.components;
  return {
    model_id: model.key ?? '',
    name,
    family: family ?? null,
    provider: provider ?? null,
    score,
    allowed: refusing(plan.findings).length === 0,
    reasons: reasons.map((reason) => ({ ...reason })),
    findings: plan.findings.map(findingJson),
    details: { ...plan.counts },
    completion: plan.completion,
    plan_hash: plan.hash,
    requires_confirmation: toConfirm(plan.findings).length > 0,
  };
}
