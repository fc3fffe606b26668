/** Where models are used, as it looks in the API. */
import { z } from 'zod';
import type { UsageByType, Use } from '../../../platform/usage.ts';

const useCount = z.object({
  live: z.int().describe('Configuration'),
  dead: z.int().describe('Configuration that is soft-deleted or archived; it moves, too'),
  history: z.int().describe('Records of what happened; they stay'),
});

export const usageCounts = z
  .record(z.string(), useCount)
  .describe('Rows that name the model, by entity type; a row counts once')
  .meta({ id: 'UsageCounts' });

/** The counts as JSON, for lists of models, too. */
export function usageCountsJson(counts: UsageByType): z.infer<typeof usageCounts> {
  return Object.fromEntries(Object.entries(counts).map(([type, count]) => [type, { ...count }]));
}

export const useSchema = z
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

export function useJson(use: Use): z.infer<typeof useSchema> {
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

/** The resource of a table, where the API has one for its rows. */
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
