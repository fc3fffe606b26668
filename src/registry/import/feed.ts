/** What a public feed says about models, in our words. Readers of the formats give this; what becomes of it is for import-plan.ts. */
import type { z } from 'zod';
import { DroverError } from '../../errors.ts';
import { date } from '../load/shape.ts';
import type { Model } from '../load/shape.ts';

/** Where a feed is from, and when it was fetched. */
export interface FeedOrigin {
  /** https://… */
  readonly source: string;
  /** ISO date. */
  readonly checked: string;
}

/** Facts by their path in a model's entry; only what the feed says. */
export interface FeedFacts {
  readonly name?: string | undefined;
  readonly family?: string | undefined;
  readonly kind?: Model['kind'] | undefined;
  readonly released?: string | undefined;
  readonly input?: Model['input'] | undefined;
  /** What goes in beside text, where a feed says of some kinds only that they do. */
  readonly alsoInput?: Model['input'] | undefined;
  readonly output?: Model['output'] | undefined;
  readonly context?: number | undefined;
  readonly maxOutput?: number | undefined;
  readonly tools?: boolean | undefined;
  readonly structured?: boolean | undefined;
  readonly reasoning?: boolean | undefined;
  readonly prices?: {
    readonly input?: number | undefined;
    readonly output?: number | undefined;
    readonly cacheRead?: number | undefined;
    readonly cacheWrite?: number | undefined;
  };
  readonly lifecycle?: {
    readonly status?: Model['lifecycle']['status'] | undefined;
    readonly announced?: string | undefined;
    readonly shutdown?: string | undefined;
    /** As the feed spells it. */
    readonly replacement?: string | undefined;
    readonly distributors?: Model['lifecycle']['distributors'];
  };
}

export interface FeedModel {
  /** The id first, then other names of the same model. */
  readonly ids: readonly string[];
  readonly vendor: string;
  readonly facts: FeedFacts;
  readonly source: string;
  readonly checked: string;
}

/** What a format calls a vendor → what the registry does. A vendor that is not here is not imported. */
export type VendorNames = Readonly<Record<string, string>>;

/** The JSON of a feed in the expected shape. @throws FEED_INVALID */
export function parseFeed<Shape extends z.ZodType>(
  format: string,
  shape: Shape,
  value: unknown,
): z.infer<Shape> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  throw new DroverError(
    'FEED_INVALID',
    `This is no ${format} feed${where}: ${issue?.message ?? 'of another shape'}.`,
    {
      format,
    },
  );
}

/** The day with which a date begins, where there is such a day; feeds also write months, times and a 30th of February. */
export function dayOf(text: string | undefined): string | undefined {
  return date.safeParse(text?.slice(0, 10)).data;
}

/** Whole tokens, where the feed says more than "none". */
export function tokensOf(value: number | undefined): number | undefined {
  return value !== undefined && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
