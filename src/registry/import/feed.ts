/** What a public feed says about models, in our words. The readers of the formats make it; changes.ts decides what becomes of it. */
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

/** What the feed says of a model, by the keys of a model's entry. */
export interface FeedFacts {
  readonly name?: string | undefined;
  readonly family?: string | undefined;
  readonly kind?: Model['kind'] | undefined;
  readonly released?: string | undefined;
  readonly input?: Model['input'] | undefined;
  /** Some of what goes in beside text. A feed with this says nothing about other kinds of input. */
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
  readonly lifecycle?: FeedLifecycle;
}

/** What a feed says of a model's end. Days are ISO dates. */
export interface FeedLifecycle {
  readonly status?: Model['lifecycle']['status'] | undefined;
  readonly announced?: string | undefined;
  readonly shutdown?: string | undefined;
  /** The earliest day, where the feed promises no more. */
  readonly notBefore?: string | undefined;
  /** As the feed spells it. */
  readonly replacement?: string | undefined;
  readonly distributors?: Model['lifecycle']['distributors'];
}

export interface FeedModel {
  /** The id first, then other names of the same model. */
  readonly ids: readonly string[];
  readonly vendor: string;
  readonly facts: FeedFacts;
  readonly source: string;
  readonly checked: string;
}

/** The format's name of a vendor → the registry's. A vendor that is not here is not imported. */
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

/** The day of a date. Undefined where there is none: feeds also write months and a 30th of February. */
export function dayOf(text: string | undefined): string | undefined {
  return date.safeParse(text?.slice(0, 10)).data;
}

/** A number of tokens. Undefined where the feed says 0, or no whole number. */
export function tokensOf(value: number | undefined): number | undefined {
  return value !== undefined && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
