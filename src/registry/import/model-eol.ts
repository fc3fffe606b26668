/** `model-eol/0.1`: by publisher, when the end of a model is announced, when it is shut down, and what replaces it. */
import { z } from 'zod';
import { dayOf, parseFeed } from './feed.ts';
import type { FeedLifecycle, FeedModel, FeedOrigin } from './feed.ts';
import { link } from '../load/shape.ts';

const day = z.string().optional().catch(undefined);
const page = link.optional().catch(undefined);
/** `earliest`: the date is the first on which it may end. */
const precision = z.string().optional().catch(undefined);

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
      date_precision: precision,
      replacement: z.string().optional().catch(undefined),
      distributions: z
        .array(z.object({ via: z.string(), shutdown: day, date_precision: precision, source: page }))
        .optional(),
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
function distributorsOf({ distributions = [] }: Dates, source: string): Pick<FeedLifecycle, 'distributors'> {
  const distributors = distributions.flatMap(({ via, source: own = source, ...dates }) => {
    const end = endOf(dates);
    return end === undefined ? [] : [{ via, ...end, source: own }];
  });
  return distributors.length === 0 ? {} : { distributors };
}

/** The key of the registry that the date belongs under. Undefined where there is no date. */
function endOf({
  shutdown,
  date_precision: precise,
}: Pick<Dates, 'shutdown' | 'date_precision'>): { shutdown: string } | { notBefore: string } | undefined {
  const day = dayOf(shutdown);
  if (day === undefined) return undefined;
  return precise === 'earliest' ? { notBefore: day } : { shutdown: day };
}

function lifecycleOf(dates: Dates, checked: string): FeedLifecycle {
  const announced = dayOf(dates.announced);
  const end: Pick<FeedLifecycle, 'shutdown' | 'notBefore'> = endOf(dates) ?? {};
  const over = end.shutdown !== undefined && end.shutdown <= checked;
  const going = announced !== undefined || end.shutdown !== undefined;
  return {
    status: over ? 'retired' : going ? 'deprecated' : undefined,
    announced,
    ...end,
    replacement: dates.replacement,
  };
}
