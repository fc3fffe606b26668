/** Parts of the schema whose text names a model. They are told with the statement that mends them, and never edited. */
import type { Matcher } from '../../engine/inventory/matcher.ts';
import type { SchemaOccurrence, SchemaPart } from '../../engine/inventory/occurrence.ts';
import { mendStatement } from '../../engine/inventory/mend.ts';
import { compareText } from '../../engine/order.ts';
import type { Tx } from '../driver/database.ts';
import { schemaTextsSql } from './schema-texts-sql.ts';

/** A part of the schema that is text. */
export interface SchemaText {
  readonly part: SchemaPart;
  readonly object: string;
  readonly text: string | null;
  readonly statement: string;
  readonly live: boolean;
}

/** The schema of a part: each is called with it. */
export function schemaOfText({ object }: Pick<SchemaText, 'object'>): string {
  const [, quoted, plain = ''] = /^(?:"((?:[^"]|"")+)"|([^".]+))\./.exec(object) ?? [];
  return quoted?.replaceAll('""', '"') ?? plain;
}

/** Every part that can name a model, with the statement that would write it anew. */
export async function readSchemaTexts(tx: Tx): Promise<SchemaText[]> {
  const { path } = await tx.one<{ path: string }>(`SELECT current_setting('search_path') AS path`);
  await tx.one(`SELECT set_config('search_path', 'pg_catalog', true)`);
  const rows = await tx.many<SchemaText>(schemaTextsSql);
  await tx.one(`SELECT set_config('search_path', $1, true)`, [path]);
  return rows;
}

/** Those that name a term. */
export function occurrencesInSchema(texts: readonly SchemaText[], matcher: Matcher): SchemaOccurrence[] {
  return texts
    .flatMap((text) => occurrencesIn(text, matcher))
    .sort((a, b) =>
      compareText(`${a.part} ${a.object} ${a.spelling}`, `${b.part} ${b.object} ${b.spelling}`),
    );
}

function occurrencesIn(
  { part, object, text, statement, live }: SchemaText,
  matcher: Matcher,
): SchemaOccurrence[] {
  if (text === null) return [];
  const found = matcher.find(text).filter(({ term }) => term.by === 'name');
  const once = new Map(found.map((each) => [each.written, each]));
  return [...once.values()].map(({ term, written, snapshot }) => ({
    part,
    object,
    model: term.model,
    spelling: snapshot ? written : term.text,
    written,
    snapshot,
    text,
    mend: mendStatement({ part, text, written, statement }),
    live,
  }));
}
