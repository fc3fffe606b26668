/**
 * The models of a demo tenant: one that its provider takes away, its successor, one beside them, one that the tenant
 * disabled, and one of each other kind. Limits, prices and dates are those that the providers published.
 */
import { type DemoTable, demoId, demoTime } from './ids.ts';
import type { DemoRow } from './tenants.ts';

/** The nth row of a table is the model's in every tenant. */
const completionModels = [
  'claude-3-7-sonnet',
  'claude-haiku-4-5',
  'claude-sonnet-4-6',
  'gpt-4o',
  'gpt-5-mini',
] as const;

export type CompletionName = (typeof completionModels)[number];

/** The id of a completion model in a tenant. */
export function completionId(tenant: number, name: CompletionName): string {
  return demoId(tenant, 'completion_models', completionModels.indexOf(name));
}

const providers = ['anthropic', 'openai'] as const;

/** Providers, one of which has no credentials in the second tenant. */
export function providerRows(tenant: number): DemoRow[] {
  return providers.map((name, n) => ({
    id: demoId(tenant, 'model_providers', n),
    name,
    is_active: true,
    has_credentials: !(name === 'openai' && tenant === 2),
    region: name === 'anthropic' ? 'eu' : 'us',
  }));
}

const anything = {
  is_enabled: true,
  is_deprecated: false,
  lifecycle: 'active',
  deprecated_at: null,
  shutdown_on: null,
  supports_vision: true,
  supports_tools: true,
  supports_reasoning: false,
  supports_structured: false,
};

const unit = { min: 0, max: 1 };
const levels = ['low', 'medium', 'high'];

const completionFacts: Record<CompletionName, DemoRow> = {
  'claude-3-7-sonnet': {
    ...claude('claude-sonnet', 3, 15),
    is_deprecated: true,
    lifecycle: 'deprecated',
    deprecated_at: '2025-10-28T00:00:00Z',
    shutdown_on: '2026-02-19',
    supported_parameters: {
      temperature: unit,
      top_p: unit,
      max_tokens: { min: 1, max: 64_000 },
      thinking: { levels, meaning: { low: 0.1, medium: 0.4, high: 0.8 } },
    },
  },
  'claude-haiku-4-5': {
    ...claude('claude-haiku', 1, 5),
    supported_parameters: {
      temperature: unit,
      max_tokens: { min: 1, max: 64_000 },
      reasoning_effort: { levels, meaning: { low: 0.1, medium: 0.4, high: 0.8 }, aliases: ['thinking'] },
    },
  },
  'claude-sonnet-4-6': {
    ...claude('claude-sonnet', 3, 15),
    context_tokens: 1_000_000,
    supported_parameters: { temperature: unit, max_tokens: { min: 1, max: 64_000 } },
  },
  'gpt-4o': {
    ...gpt('gpt', 2.5, 10),
    is_enabled: false,
    context_tokens: 128_000,
    output_tokens: 16_384,
    supported_parameters: { temperature: { min: 0, max: 2 }, max_tokens: { min: 1, max: 16_384 } },
  },
  'gpt-5-mini': {
    ...gpt('gpt-mini', 0.25, 2),
    context_tokens: 400_000,
    output_tokens: 128_000,
    supports_reasoning: true,
    supported_parameters: { max_tokens: { min: 1, max: 128_000 }, reasoning_effort: { levels } },
  },
};

function claude(family: string, priceIn: number, priceOut: number): DemoRow {
  const limits = { context_tokens: 200_000, output_tokens: 64_000, supports_reasoning: true };
  return {
    ...anything,
    family,
    provider: 0,
    region: 'eu',
    price_in: priceIn,
    price_out: priceOut,
    ...limits,
  };
}

function gpt(family: string, priceIn: number, priceOut: number): DemoRow {
  const facts = { supports_structured: true, price_in: priceIn, price_out: priceOut };
  return { ...anything, family, provider: 1, region: 'us', ...facts };
}

/** The completion models of a tenant. */
export function completionRows(tenant: number): DemoRow[] {
  return completionModels.map((name, n) =>
    modelRow({ tenant, table: 'completion_models', n }, name, completionFacts[name]),
  );
}

/** The transcription models of a tenant. */
export function transcriptionRows(tenant: number): DemoRow[] {
  const facts = { family: 'whisper', provider: 1, region: 'us', price_in: 0.006 };
  const newer = { family: 'gpt-transcribe', provider: 1, region: 'us', price_in: 0.003 };
  return [
    modelRow({ tenant, table: 'transcription_models', n: 0 }, 'whisper-1', facts),
    modelRow({ tenant, table: 'transcription_models', n: 1 }, 'gpt-4o-mini-transcribe', newer),
  ];
}

/** The embedding models of a tenant. */
export function embeddingRows(tenant: number): DemoRow[] {
  const facts = { family: 'text-embedding', provider: 1, region: 'us', context_tokens: 8191 };
  return [
    modelRow({ tenant, table: 'embedding_models', n: 0 }, 'text-embedding-3-small', {
      ...facts,
      dimensions: 1536,
      price_in: 0.02,
    }),
    modelRow({ tenant, table: 'embedding_models', n: 1 }, 'text-embedding-3-large', {
      ...facts,
      dimensions: 3072,
      price_in: 0.13,
    }),
  ];
}

function modelRow(
  at: { tenant: number; table: DemoTable; n: number },
  name: string,
  facts: DemoRow,
): DemoRow {
  const { provider, ...columns } = facts;
  const provider_id = demoId(at.tenant, 'model_providers', Number(provider));
  const updated_at = demoTime(at.n);
  return { id: demoId(at.tenant, at.table, at.n), name, provider_id, updated_at, ...columns };
}
