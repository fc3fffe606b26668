/** `model-eol/0.1`: by publisher, when the end of a model is announced, when it is shut down, and what replaces it. */
import { z } from 'zod';
import { dayOf, parseFeed } from './feed.ts';
import type { FeedFacts, FeedModel, FeedOrigin } from './feed.ts';
import { link } from '../load/shape.ts';

type Lifecycle = NonNullable<FeedFacts['lifecycle']>;

const day = z.string().optional().catch(undefined);
const page = link.optional().catch(undefined);

const shape = z.object({
  spec: z.literal('model-eol/0.1', 'spec must be model-eol/0.1'),
  publisher: z.string().min(1),
  generated: day,
  source: page,
  models: z.array(
    z.object({
      id: z.string().min(1),
      aliases: z.array(z.string()).optional(),
      announced: day,
      shutdown: day,
      replacement: z.string().optional().catch(undefined),
      distributions: z.array(z.object({ via: z.string(), shutdown: day, source: page })).optional(),
      source: page,
    }),
  ),
});

/** The feed's own source and date go before the given ones. @throws FEED_INVALID */
export function readModelEol(value: unknown, origin: FeedOrigin): FeedModel[] {
  const feed = parseFeed('model-eol', shape, value);
  const checked = dayOf(feed.generated) ?? origin.checked;
  return feed.models.map(({ id, aliases = [], source: own, ...dates }) => {
    const source = own ?? feed.source ?? origin.source;
    const lifecycle = { ...lifecycleOf(dates, checked), ...distributorsOf(dates, source) };
    return { ids: [id, ...aliases], vendor: feed.publisher, facts: { lifecycle }, source, checked };
  });
}

type Dates = Omit<z.infer<typeof shape>['models'][number], 'id' | 'aliases' | 'source'>;

/** Distributors that stop on a day of their own. */
function distributorsOf({ distributions = [] }: Dates, source: string): Pick<Lifecycle, 'distributors'> {
  const distributors = distributions.flatMap(({ via, shutdown, source: own = source }) => {
    const day = dayOf(shutdown);
    return day === undefined ? [] : [{ via, shutdown: day, source: own }];
  });
  return distributors.length === 0 ? {} : { distributors };
}

function lifecycleOf(dates: Dates, checked: string): Lifecycle {
  const [announced, shutdown] = [dayOf(dates.announced), dayOf(dates.shutdown)];
  const going = announced !== undefined || shutdown !== undefined;
  const status = shutdown !== undefined && shutdown <= checked ? 'retired' : going ? 'deprecated' : undefined;
  return { status, announced, shutdown, replacement: dates.replacement };
}
