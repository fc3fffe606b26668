/** LiteLLM's cost map: prices per token, limits, `supports_…` and `deprecation_date`. An id may have a provider before it. */
import { z } from 'zod';
import { dayOf, parseFeed, tokensOf } from './feed.ts';
import type { FeedFacts, FeedModel, FeedOrigin, VendorNames } from './feed.ts';

const vendors: VendorNames = {
  anthropic: 'anthropic',
  openai: 'openai',
  gemini: 'google',
  deepseek: 'deepseek',
  moonshot: 'moonshot',
  minimax: 'minimax',
  zai: 'zai',
  dashscope: 'alibaba',
  xai: 'xai',
  mistral: 'mistral',
  groq: 'groq',
};

const kinds: Readonly<Record<string, FeedFacts['kind']>> = {
  chat: 'completion',
  completion: 'completion',
  responses: 'completion',
  embedding: 'embedding',
  audio_transcription: 'transcription',
};

/** A member of another type counts as absent: the specimen has texts where numbers belong, and the map grows members. */
const amount = z.number().min(0).optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);

const entry = z.object({
  litellm_provider: z.string(),
  mode: z.string().optional().catch(undefined),
  max_input_tokens: amount,
  max_output_tokens: amount,
  input_cost_per_token: amount,
  output_cost_per_token: amount,
  cache_read_input_token_cost: amount,
  cache_creation_input_token_cost: amount,
  supports_function_calling: flag,
  supports_response_schema: flag,
  supports_reasoning: flag,
  supports_vision: flag,
  supports_pdf_input: flag,
  supports_audio_input: flag,
  deprecation_date: z.string().optional().catch(undefined),
});

const shape = z
  .record(z.string(), z.looseObject({}))
  .refine(
    (map) => Object.values(map).some((each) => 'litellm_provider' in each),
    'no entry has a litellm_provider',
  );

/** @throws FEED_INVALID */
export function readLiteLlm(value: unknown, origin: FeedOrigin): FeedModel[] {
  const map = parseFeed('LiteLLM', shape, value);
  return Object.entries(map).flatMap(([key, raw]) => {
    const parsed = entry.safeParse(raw);
    if (!parsed.success || key === 'sample_spec') return [];
    const { litellm_provider: provider } = parsed.data;
    const vendor = Object.hasOwn(vendors, provider) ? vendors[provider] : undefined;
    const facts = factsOf(parsed.data, origin);
    if (vendor === undefined || facts === undefined) return [];
    const own = key.startsWith(`${provider}/`) ? key.slice(provider.length + 1) : key;
    return [{ ids: [own], vendor, facts, ...origin }];
  });
}

function factsOf(each: z.infer<typeof entry>, { checked }: FeedOrigin): FeedFacts | undefined {
  const kind = each.mode !== undefined && Object.hasOwn(kinds, each.mode) ? kinds[each.mode] : undefined;
  if (kind === undefined) return undefined;
  const shutdown = dayOf(each.deprecation_date);
  return {
    kind,
    context: tokensOf(each.max_input_tokens),
    ...(kind === 'completion' && {
      maxOutput: tokensOf(each.max_output_tokens),
      tools: each.supports_function_calling,
      structured: each.supports_response_schema,
      reasoning: each.supports_reasoning,
      alsoInput: alsoInput(each),
    }),
    prices: pricesOf(each, kind),
    // In spite of its name it is the day on which the provider stops the model.
    ...(shutdown !== undefined && {
      lifecycle: { status: shutdown <= checked ? ('retired' as const) : ('deprecated' as const), shutdown },
    }),
  };
}

/** A missing flag says nothing. */
function alsoInput(each: z.infer<typeof entry>): FeedFacts['alsoInput'] {
  const { supports_vision: image, supports_audio_input: audio, supports_pdf_input: pdf } = each;
  const kinds = [image === true && 'image', audio === true && 'audio', pdf === true && 'pdf'] as const;
  const known = kinds.filter((kind) => kind !== false);
  return known.length === 0 ? undefined : known;
}

function pricesOf(each: z.infer<typeof entry>, kind: FeedFacts['kind']): NonNullable<FeedFacts['prices']> {
  return {
    input: perMillion(each.input_cost_per_token),
    ...(kind === 'completion' && {
      output: perMillion(each.output_cost_per_token),
      cacheRead: perMillion(each.cache_read_input_token_cost),
      cacheWrite: perMillion(each.cache_creation_input_token_cost),
    }),
  };
}

/** Rounded, because of binary fractions: 1.1e-7 a token are 0.11 a million. */
function perMillion(perToken: number | undefined): number | undefined {
  return perToken === undefined ? undefined : Number((perToken * 1_000_000).toPrecision(10));
}
