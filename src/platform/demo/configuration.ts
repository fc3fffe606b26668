/** What demo tenants configured: assistants, apps, services and templates, most of them on the retiring model. */
import { type DemoTable, demoId, demoTime } from './ids.ts';
import { type CompletionName, completionId } from './models.ts';
import type { DemoRow, DemoRows, DemoTenant } from './tenants.ts';

const subjects = [
  'Letters',
  'Meeting notes',
  'Translations',
  'Summaries',
  'Questions',
  'Reports',
  'Checklists',
  'Plans',
];

/** The configuration of a tenant. */
export function configurationRows(tenant: DemoTenant): DemoRows[] {
  return [
    { table: 'assistants', rows: inEachSpace(tenant, tenant.size, (at) => assistantRow(tenant.number, at)) },
    {
      table: 'apps',
      rows: inEachSpace(tenant, Math.ceil(tenant.size / 3), (at) => appRow(tenant.number, at)),
    },
    {
      table: 'services',
      rows: inEachSpace(tenant, Math.ceil(tenant.size / 4), (at) => serviceRow(tenant.number, at)),
    },
    { table: 'assistant_templates', rows: templates(tenant.number, 'assistant_templates', 4) },
    { table: 'app_templates', rows: templates(tenant.number, 'app_templates', 2) },
  ];
}

interface DemoPosition {
  /** Counts through the tenant. */
  readonly n: number;
  readonly space: number;
  readonly spaceName: string;
}

function inEachSpace(tenant: DemoTenant, count: number, make: (at: DemoPosition) => DemoRow): DemoRow[] {
  return tenant.spaces.flatMap((spaceName, space) =>
    Array.from({ length: count }, (_, n) => make({ n: space * count + n, space, spaceName })),
  );
}

/** Three in five are on the retiring model; one is there already, one is elsewhere. */
function modelAt(n: number): CompletionName {
  const cycle: readonly CompletionName[] = [
    'claude-3-7-sonnet',
    'claude-3-7-sonnet',
    'claude-sonnet-4-6',
    'claude-3-7-sonnet',
    'claude-haiku-4-5',
  ];
  return cycle[n % cycle.length] ?? 'claude-3-7-sonnet';
}

const settings: readonly DemoRow[] = [
  {},
  { temperature: 0.2 },
  { temperature: 0.7, max_tokens: 2000 },
  {},
  { thinking: 'high', max_tokens: 8000 },
  {},
  { temperature: 0.4, top_p: 0.9 },
];

function parametersAt(n: number): DemoRow {
  return settings[n % settings.length] ?? {};
}

function named(table: DemoTable, tenant: number, at: DemoPosition): DemoRow {
  return {
    id: demoId(tenant, table, at.n),
    space_id: demoId(tenant, 'spaces', at.space),
    user_id: demoId(tenant, 'users', at.n % 3),
    name: `${subjects[at.n % subjects.length]} · ${at.spaceName}`,
    parameters: parametersAt(at.n),
    created_at: demoTime(at.n % 25),
    updated_at: demoTime(at.n % 25, 30),
  };
}

function assistantRow(tenant: number, at: DemoPosition): DemoRow {
  return {
    ...named('assistants', tenant, at),
    prompt: 'Answer briefly and say where you are not sure.',
    is_published: at.n % 4 !== 3,
    // An assistant without a model uses the default of its space or tenant.
    completion_model_id: at.n % 11 === 10 ? null : completionId(tenant, modelAt(at.n)),
    deleted_at: at.n % 9 === 8 ? demoTime(28) : null,
  };
}

function appRow(tenant: number, at: DemoPosition): DemoRow {
  const audio = at.n % 3 === 1;
  return {
    ...named('apps', tenant, at),
    input_type: audio ? 'audio' : 'text',
    completion_model_id: completionId(tenant, modelAt(at.n)),
    transcription_model_id: audio ? demoId(tenant, 'transcription_models', 0) : null,
    pipeline: pipeline(tenant, at.n % 2 === 0 ? ['claude-3-7-sonnet', 'claude-sonnet-4-6'] : [modelAt(at.n)]),
    deleted_at: at.n % 7 === 6 ? demoTime(28) : null,
  };
}

function serviceRow(tenant: number, at: DemoPosition): DemoRow {
  return {
    ...named('services', tenant, at),
    output_format: at.n % 2 === 0 ? 'json' : 'text',
    completion_model_id: completionId(tenant, modelAt(at.n)),
    transcription_model_id: null,
  };
}

function templates(tenant: number, table: 'assistant_templates' | 'app_templates', count: number): DemoRow[] {
  return Array.from({ length: count }, (_, n) => ({
    id: demoId(tenant, table, n),
    user_id: demoId(tenant, 'users', 0),
    name: `${subjects[n]} template`,
    prompt: 'Answer in the style of the house.',
    completion_model_id: completionId(tenant, n % 2 === 0 ? 'claude-3-7-sonnet' : 'claude-sonnet-4-6'),
    parameters: parametersAt(n + 1),
    ...(table === 'app_templates' ? { pipeline: pipeline(tenant, ['claude-3-7-sonnet']) } : {}),
  }));
}

/** A document that names models inside: by the tenant's row, and by name for people. */
function pipeline(tenant: number, models: readonly CompletionName[]): DemoRow {
  const steps = models.map((name, n) => ({
    id: `step-${n + 1}`,
    type: 'generate',
    data: { title: subjects[n], model: { id: completionId(tenant, name), name } },
  }));
  return { version: 1, nodes: [{ id: 'input', type: 'input', data: {} }, ...steps] };
}

/** The completion models that a row names, within its pipeline, too. */
export function modelsNamedBy({ completion_model_id: id, pipeline: document }: DemoRow): unknown[] {
  const { nodes = [] } = (document ?? {}) as Partial<{
    readonly nodes: readonly { readonly data: { readonly model?: { readonly id: string } } }[];
  }>;
  return [id, ...nodes.map(({ data }) => data.model?.id)];
}
