/** What schemas of several routes have in common. */
import { z } from 'zod';

/** An id of a row. Not `z.uuid()`: ids of the demo are of no RFC version. */
export const rowId = z.guid();

/** A moment, as `Date.toISOString` writes it. */
export const timestamp = z.iso.datetime();

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable; see docs/errors.md'),
    detail: z.string(),
    data: z.record(z.string(), z.unknown()).optional(),
    errors: z
      .array(z.object({ in: z.string(), pointer: z.string(), message: z.string() }))
      .optional()
      .describe('What is wrong with the request, each with a JSON pointer'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

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
