/** models.dev `api.json`: limits, modalities and prices by provider. */
import { z } from 'zod';
import { dayOf, parseFeed, tokensOf } from './feed.ts';
import type { FeedFacts, FeedModel, FeedOrigin, VendorNames } from './feed.ts';

const vendors: VendorNames = {
  anthropic: 'anthropic',
  openai: 'openai',
  google: 'google',
  deepseek: 'deepseek',
  moonshotai: 'moonshot',
  minimax: 'minimax',
  zai: 'zai',
  xiaomi: 'xiaomi',
  alibaba: 'alibaba',
  xai: 'xai',
  mistral: 'mistral',
  groq: 'groq',
};

const modality = z.enum(['text', 'image', 'audio', 'video', 'pdf']);
const modalities = z.array(modality).min(1).optional().catch(undefined);
const price = z.number().min(0).optional().catch(undefined);

const model = z.object({
  id: z.string().min(1),
  name: z.string().optional(),
  family: z.string().optional(),
  release_date: z.string().optional(),
  status: z.string().optional(),
  modalities: z.object({ input: modalities, output: modalities }).optional(),
  limit: z.object({ context: z.number().optional(), output: z.number().optional() }).optional(),
  tool_call: z.boolean().optional(),
  structured_output: z.boolean().optional(),
  reasoning: z.boolean().optional(),
  cost: z.object({ input: price, output: price, cache_read: price, cache_write: price }).optional(),
});

const shape = z.record(z.string(), z.object({ models: z.record(z.string(), model) }));

/** @throws FEED_INVALID */
export function readModelsDev(value: unknown, origin: FeedOrigin): FeedModel[] {
  const feed = parseFeed('models.dev', shape, value);
  return Object.entries(feed).flatMap(([provider, { models }]) => {
    const vendor = Object.hasOwn(vendors, provider) ? vendors[provider] : undefined;
    if (vendor === undefined) return [];
    return Object.values(models).map((each) => ({ ids: [each.id], vendor, facts: factsOf(each), ...origin }));
  });
}

function factsOf(each: z.infer<typeof model>): FeedFacts {
  const {
    name,
    family,
    limit,
    tool_call: tools,
    structured_output: structured,
    reasoning,
    cost,
    status,
  } = each;
  const kind = kindOf(each);
  return {
    name,
    family,
    kind,
    released: dayOf(each.release_date),
    input: each.modalities?.input,
    output: each.modalities?.output,
    context: tokensOf(limit?.context),
    // For an embedding model the output limit is the length of a vector.
    ...(kind === 'completion' && { maxOutput: tokensOf(limit?.output), tools, structured, reasoning }),
    prices: {
      input: cost?.input,
      ...(kind === 'completion' && {
        output: cost?.output,
        cacheRead: cost?.cache_read,
        cacheWrite: cost?.cache_write,
      }),
    },
    ...(status === 'deprecated' && { lifecycle: { status } }),
  };
}

function kindOf({ id, family = '', modalities: both }: z.infer<typeof model>): FeedFacts['kind'] {
  if (/embed/.test(`${id} ${family}`)) return 'embedding';
  const speech = both?.input?.length === 1 && both.input[0] === 'audio';
  return speech ? 'transcription' : 'completion';
}
