/** What schemas of several routes have in common. */
import { z } from 'zod';

/** An id of a row. Not `z.uuid()`: ids of the demo are of no RFC version. */
export const rowId = z.guid();

/** Moments that both sides can hold: in no year before 1900 or after 9999 in UTC, with an offset that a zone can have. */
const [firstMoment, lastMoment] = [Date.UTC(1900, 0, 1), Date.UTC(10_000, 0, 1)];

/** A moment that a request names. */
export const moment = z.iso
  .datetime({ offset: true })
  .max(40)
  .refine((text) => {
    const time = Date.parse(text);
    return time >= firstMoment && time < lastMoment && !/[+-](1[6-9]|2\d):\d\d$/.test(text);
  }, 'is no moment from 1900 to 9999 with an offset of less than 16 hours');

/** A moment, as `Date.toISOString` writes it. */
export const timestamp = z.iso.datetime();

/** The query of a list. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many items at most'),
  cursor: z.string().max(500).optional().describe('`next_cursor` of the page before'),
});

/** One page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next_cursor: z.string().nullable().describe('Of the next page; null on the last one'),
  });
}
