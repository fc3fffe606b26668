/** Parts of the schema whose text names a model. They are told with the statement that mends them, and never edited. */
import type { Matcher } from '../../engine/inventory/matcher.ts';
import type { SchemaOccurrence, SchemaPart } from '../../engine/inventory/occurrence.ts';
import { mendStatement } from '../../engine/inventory/mend.ts';
import { compareText } from '../../engine/order.ts';
import type { Tx } from '../driver/database.ts';

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

/** The parts of the schema that name a term. */
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

/**
 * What of a schema is text that can name a model, and the statement that would write it anew: `$TEXT` stands for the text. The search
 * path is empty while it is read, so that every name has its schema.
 */

const ours = (schema: string): string =>
  String.raw`${schema}.nspname NOT LIKE 'pg\_%' AND ${schema}.nspname <> 'information_schema'`;

const notOfExtension = (catalogue: string, id: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '${catalogue}'::regclass AND x.objid = ${id} AND x.deptype = 'e')`;

const defaults = String.raw`
SELECT CASE WHEN a.attgenerated = '' THEN 'default' ELSE 'generated column' END AS part,
       format('%s.%I', a.attrelid::regclass, a.attname) AS object, pg_get_expr(d.adbin, d.adrelid) AS text,
       CASE WHEN a.attgenerated = '' THEN format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT $TEXT;', a.attrelid::regclass, a.attname)
            ELSE format('ALTER TABLE %s DROP COLUMN %I, ADD COLUMN %2$I %s GENERATED ALWAYS AS ($TEXT) STORED;',
                        a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod)) END AS statement,
       a.attgenerated = '' AS live
FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE ${ours('n')} AND NOT c.relispartition`;

const domainDefaults = String.raw`
SELECT 'default', format_type(t.oid, NULL), t.typdefault, format('ALTER DOMAIN %s SET DEFAULT $TEXT;', format_type(t.oid, NULL)), true
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd' AND t.typdefault IS NOT NULL AND ${ours('n')}`;

const checks = String.raw`
SELECT 'check', format('%s.%I',
                      CASE WHEN k.conrelid <> 0 THEN k.conrelid::regclass::text ELSE format_type(k.contypid, NULL) END,
                      k.conname),
       pg_get_constraintdef(k.oid),
       CASE WHEN k.conrelid <> 0 THEN format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I $TEXT;',
                        k.conrelid::regclass, k.conname)
            ELSE format('ALTER DOMAIN %s DROP CONSTRAINT %I; ALTER DOMAIN %1$s ADD CONSTRAINT %2$I $TEXT;',
                        format_type(k.contypid, NULL), k.conname) END,
       false
FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
WHERE k.contype IN ('c', 'x') AND k.coninhcount = 0 AND ${ours('n')}`;

const labels = String.raw`
SELECT 'enum label', format_type(t.oid, NULL), e.enumlabel::text, format('ALTER TYPE %s ADD VALUE $LABEL;', format_type(t.oid, NULL)), false
FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE ${ours('n')}`;

const views = String.raw`
SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, c.oid::regclass::text, pg_get_viewdef(c.oid),
       CASE c.relkind WHEN 'v' THEN format('CREATE OR REPLACE VIEW %s AS $TEXT', c.oid::regclass)
            ELSE format('DROP MATERIALIZED VIEW %s; CREATE MATERIALIZED VIEW %1$s AS $TEXT', c.oid::regclass) END, false
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND ${ours('n')} AND ${notOfExtension('pg_class', 'c.oid')}`;

const functions = String.raw`
SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid), '$TEXT;', true
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE p.prokind IN ('f', 'p') AND l.lanname NOT IN ('c', 'internal') AND ${ours('n')} AND ${notOfExtension('pg_proc', 'p.oid')}`;

const triggers = String.raw`
SELECT 'trigger', format('%s.%I', t.tgrelid::regclass, t.tgname), pg_get_triggerdef(t.oid),
       format('DROP TRIGGER %I ON %s; $TEXT;', t.tgname, t.tgrelid::regclass), true
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND ${ours('n')}`;

const policies = String.raw`
SELECT 'policy', format('%s.%I', p.polrelid::regclass, p.polname),
       concat_ws(' ', 'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
                 'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
       format('ALTER POLICY %I ON %s $TEXT;', p.polname, p.polrelid::regclass), false
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE ${ours('n')}`;

const rules = String.raw`
SELECT 'rule', format('%s.%I', r.ev_class::regclass, r.rulename), pg_get_ruledef(r.oid),
       format('DROP RULE %I ON %s; $TEXT', r.rulename, r.ev_class::regclass), true
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND ${ours('n')}`;

const indexes = String.raw`
SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), format('DROP INDEX %s; $TEXT;', i.indexrelid::regclass), false
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL) AND NOT c.relispartition AND ${ours('n')}`;

const partitions = String.raw`
SELECT 'partition', c.oid::regclass::text, pg_get_expr(c.relpartbound, c.oid),
       format('ALTER TABLE %s DETACH PARTITION %s; ALTER TABLE %1$s ATTACH PARTITION %2$s $TEXT;',
              h.inhparent::regclass, c.oid::regclass), false
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_inherits h ON h.inhrelid = c.oid
WHERE c.relispartition AND ${ours('n')}`;

/** One row for each part: what it is, its name, its text, the statement that writes it anew, and whether it writes rows by itself. */
const schemaTextsSql = [
  defaults,
  domainDefaults,
  checks,
  labels,
  views,
  functions,
  triggers,
  policies,
  rules,
  indexes,
  partitions,
].join('\nUNION ALL');
