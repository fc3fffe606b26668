/** `model-eol/0.1`: when models are announced to go and shut down, by publisher, with what replaces them. */
import { z } from 'zod';
import { dayOf, parseFeed } from './feed.ts';
import type { FeedFacts, FeedModel, FeedOrigin } from './feed.ts';

const day = z.string().optional().catch(undefined);

const shape = z.object({
  spec: z.literal('model-eol/0.1', 'spec must be model-eol/0.1'),
  publisher: z.string().min(1),
  generated: day,
  source: z.string().optional(),
  models: z.array(
    z.object({
      id: z.string().min(1),
      aliases: z.array(z.string()).optional(),
      announced: day,
      shutdown: day,
      replacement: z.string().optional().catch(undefined),
      source: z.string().optional(),
    }),
  ),
});

/** The feed says itself where it is from and when it was made. @throws FEED_INVALID */
export function readModelEol(value: unknown, origin: FeedOrigin): FeedModel[] {
  const feed = parseFeed('model-eol', shape, value);
  const checked = dayOf(feed.generated) ?? origin.checked;
  return feed.models.map(({ id, aliases = [], source, ...dates }) => ({
    ids: [id, ...aliases],
    vendor: feed.publisher,
    facts: { lifecycle: lifecycleOf(dates, checked) },
    source: source ?? feed.source ?? origin.source,
    checked,
  }));
}

type Dates = Pick<z.infer<typeof shape>['models'][number], 'announced' | 'shutdown' | 'replacement'>;

function lifecycleOf(dates: Dates, checked: string): NonNullable<FeedFacts['lifecycle']> {
  const [announced, shutdown] = [dayOf(dates.announced), dayOf(dates.shutdown)];
  const going = announced !== undefined || shutdown !== undefined;
  const status = shutdown !== undefined && shutdown <= checked ? 'retired' : going ? 'deprecated' : undefined;
  return { status, announced, shutdown, replacement: dates.replacement };
}
