/** The statement that makes a part of the schema name another model. */
import type { SchemaPart } from './occurrence.ts';
import { createMatcher } from './matcher.ts';

interface Mended {
  readonly part: SchemaPart;
  readonly text: string;
  /** The name as it stands in the text. */
  readonly written: string;
  /** Writes the part anew; `$TEXT` stands for its text, `$LABEL` for a quoted name. */
  readonly statement: string;
}

/** Where the other model's name goes in a statement. */
export const toMark = '$TO';

/** A list of what is allowed gains the other model, since history still holds the old one; everything else names it instead. */
export function mendStatement({ part, text, written, statement }: Mended): string {
  if (part === 'enum label') return statement.replace('$LABEL', () => `'${toMark}'`);
  const added = part === 'check' ? addToList(text, written) : undefined;
  const mended = added ?? replaceName(text, written);
  return statement.replace('$TEXT', () => mended);
}

/** `ARRAY['gpt-4o'::text, …]` → `ARRAY['gpt-4o'::text, '$TO'::text, …]`. Undefined where the name is not in a list. */
function addToList(text: string, written: string): string | undefined {
  const quoted = `'${written}'`;
  const list = /\(?ARRAY\[[^\]]*\]/g;
  const lists = [...text.matchAll(list)].filter(([found]) => found.includes(quoted));
  if (lists.length === 0) return undefined;
  return text.replaceAll(list, (found) =>
    found.replaceAll(/'((?:[^']|'')*)'(::[\w ."]+(?:\(\d+\))?)?/g, (item, value: string, type = '') =>
      value === written ? `${item}, '${toMark}'${type}` : item,
    ),
  );
}

function replaceName(text: string, written: string): string {
  const found = createMatcher([{ model: '', text: written, by: 'name' }]).find(text);
  return found
    .toReversed()
    .reduce((rest, { at }) => rest.slice(0, at) + toMark + rest.slice(at + written.length), text);
}
