/** Lists, a page at a time. A cursor says where the next page begins, as text that tells its holder nothing. */
import { z } from 'zod';
import { isStorableText } from '../schemas.ts';
import { invalidRequest } from './validation.ts';

/** The query of a list. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many items at most'),
  cursor: z.string().max(500).optional().describe('`next_cursor` of the page before'),
});

/** The schema of one page. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next_cursor: z.string().nullable().describe('Of the next page; null on the last one'),
  });
}

/** Texts within a cursor. */
export const cursorText = z.string().refine(isStorableText);
export const cursorNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);

interface PageView<Row, Item> {
  readonly item: (row: Row) => Item;
  /** The values that the list is ordered by. */
  readonly position: (row: Row) => readonly (string | number)[];
}

/** One page. The query asked for one row more than the limit; with that row there is a next page. */
export function pageJson<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { item, position }: PageView<Row, Item>,
): { items: Item[]; next_cursor: string | null } {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { items: page.map(item), next_cursor: last === undefined ? null : encodeCursor(position(last)) };
}

/** The text of a position in a list. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position.map(String))).toString('base64url');
}

/** The position after which a page begins; none on the first page. @throws REQUEST_INVALID for another list's cursor */
export function afterCursor<Position>(
  cursor: string | undefined,
  form: z.ZodType<Position>,
): { readonly after?: Position } {
  if (cursor === undefined) return {};
  const { success, data } = form.safeParse(read(cursor));
  if (success) return { after: data };
  const message = 'is no cursor of this list; begin again without one';
  throw invalidRequest([{ in: 'query', pointer: '/cursor', message }]);
}

function read(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown;
  } catch {
    return undefined;
  }
}
