/**
 * The queries behind readCatalog. Each runs over the whole set of tables at once ($1: their oids), takes no lock beyond
 * ACCESS SHARE on pg_catalog, and needs no privilege on the tables themselves.
 *
 * `member` is a table or one of its partitions at any depth, `root` what it is folded into. Names of columns travel
 * instead of their numbers, because a partition may number its columns differently.
 */
import { ownRelations } from './own-schema.ts';

const members = String.raw`
members AS (
  SELECT c.oid AS member, COALESCE(pg_partition_root(c.oid)::oid, c.oid) AS root
  FROM pg_class c
  WHERE c.relkind IN ('r', 'p')
    AND (c.oid = ANY ($1::oid[]) OR (c.relispartition AND pg_partition_root(c.oid)::oid = ANY ($1::oid[])))
)`;

/**
 * The tables of the given schemas ($1), those elsewhere that refer to them (and what refers to those), and all that any
 * of these refer to: a reference or an owner must not be forgotten because it sits in another schema. System schemas,
 * temporary tables and what belongs to an extension are left out.
 */
export const relationsSql = relationsAmong({ given: '', which: 'true', schemas: '$1' });

/** The relations that `ownRelations` names, with their parts. Its parameters are $1 to $3; $4 are the given schemas. */
export const ownRelationsSql = relationsAmong({
  given: `${ownRelations},`,
  which: 'c.oid IN (SELECT oid FROM own)',
  schemas: '$4',
});

function relationsAmong({ given, which, schemas }: Record<'given' | 'which' | 'schemas', string>): string {
  return String.raw`
WITH RECURSIVE ${given} usable AS (
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
         COALESCE(pg_partition_root(c.oid)::oid, c.oid) AS root
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${which}
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), links AS (
  SELECT DISTINCT child.root AS child, parent.root AS parent
  FROM pg_constraint k JOIN usable child ON child.oid = k.conrelid JOIN usable parent ON parent.oid = k.confrelid
  WHERE k.contype = 'f'
), referring AS (
  SELECT oid FROM usable WHERE oid = root AND nspname = ANY (${schemas}::text[])
  UNION
  SELECT links.child FROM referring JOIN links ON links.parent = referring.oid
), wanted AS (
  SELECT oid FROM referring
  UNION
  SELECT links.parent FROM wanted JOIN links ON links.child = wanted.oid
)
SELECT u.oid, u.nspname::text AS schema, u.relname::text AS name, u.relkind = 'p' AS partitioned,
       u.relrowsecurity AS secured, u.relforcerowsecurity AS forced,
       (SELECT COALESCE(sum(c.reltuples::float8) FILTER (WHERE c.reltuples >= 0), -1)
        FROM usable m JOIN pg_class c ON c.oid = m.oid WHERE m.root = u.oid AND c.relkind = 'r') AS estimate
FROM wanted JOIN usable u USING (oid)`;
}

/**
 * Columns with the type at the bottom of their domains; of a list that of its elements. A NOT NULL that was added without
 * validation (PostgreSQL 18) promises nothing about the rows that are there. `equals` is the equality of a type of an extension.
 */
export const columnsSql = String.raw`
WITH RECURSIVE needed AS (
  SELECT a.atttypid AS oid FROM pg_attribute a WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT x.oid FROM needed n JOIN pg_type t ON t.oid = n.oid CROSS JOIN LATERAL (VALUES (t.typbasetype), (t.typelem)) AS x (oid)
  WHERE x.oid <> 0
), bottoms AS (
  SELECT t.oid AS type, t.oid AS bottom, t.typtype, t.typbasetype, t.typnotnull AS strict, t.typdefault IS NOT NULL AS filled
  FROM pg_type t WHERE t.oid IN (SELECT oid FROM needed)
  UNION ALL
  SELECT b.type, t.oid, t.typtype, t.typbasetype, b.strict OR t.typnotnull, b.filled OR t.typdefault IS NOT NULL
  FROM bottoms b JOIN pg_type t ON t.oid = b.typbasetype
  WHERE b.typtype = 'd'
), resolved AS (
  SELECT b.type, b.strict, b.filled, e.type IS NOT NULL AS list, COALESCE(e.bottom, b.bottom) AS value
  FROM bottoms b JOIN pg_type t ON t.oid = b.bottom
  LEFT JOIN bottoms e ON e.type = t.typelem AND t.typsubscript = 'array_subscript_handler'::regproc AND e.typtype <> 'd'
  WHERE b.typtype <> 'd'
)
SELECT a.attrelid AS "table", a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
       r.list, v.typname::text AS value_name, v.typtype::text AS value_type, v.typcategory::text AS value_category,
       format_type(v.oid, -1) AS bare,
       CASE WHEN NOT c.collisdeterministic THEN format('%s.%I', c.collnamespace::regnamespace, c.collname) END AS collation,
       (SELECT format('OPERATOR(%I.=)', n.nspname) FROM pg_opclass o
          JOIN pg_amop p ON p.amopfamily = o.opcfamily AND p.amoplefttype = v.oid AND p.amoprighttype = v.oid AND p.amopstrategy = 3
          JOIN pg_operator q ON q.oid = p.amopopr JOIN pg_namespace n ON n.oid = q.oprnamespace
        WHERE o.opcintype = v.oid AND o.opcdefault AND o.opcmethod = 403 AND n.nspname <> 'pg_catalog') AS equals,
       CASE WHEN v.typtype = 'e' THEN ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = v.oid ORDER BY e.enumsortorder)
         END AS labels,
       (a.attnotnull AND NOT EXISTS (
          SELECT FROM pg_constraint k
          WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND NOT k.convalidated AND k.conkey = ARRAY[a.attnum])
       ) OR r.strict AS required,
       a.atthasdef OR a.attidentity <> '' OR r.filled AS filled,
       a.attgenerated <> '' OR a.attidentity = 'a' AS generated, a.attgenerated <> '' AS computed
FROM pg_attribute a JOIN resolved r ON r.type = a.atttypid JOIN pg_type v ON v.oid = r.value
LEFT JOIN pg_collation c ON c.oid = a.attcollation
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum`;

/** Foreign keys; one that stands on a single partition counts for the whole table, copies made for partitions do not. */
export const foreignKeysSql = String.raw`
WITH ${members.trim()}
SELECT m.root AS "table", k.conname::text AS name, COALESCE(pg_partition_root(k.confrelid)::oid, k.confrelid) AS target,
       k.confdeltype::text AS on_delete, k.confupdtype::text AS on_update, k.condeferrable AS deferrable, k.convalidated AS validated,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(n, at)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.at) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(n, at)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.at) AS target_columns
FROM members m JOIN pg_constraint k ON k.conrelid = m.member
WHERE k.contype = 'f' AND k.conparentid = 0
ORDER BY k.conname::text COLLATE "C", m.member`;

/**
 * Unique indexes, with or without a constraint. A column of zero is an expression; INCLUDE columns come after
 * `indnkeyatts`. An index on one partition only is not the table's: it says nothing about rows in the others.
 */
export const uniqueIndexesSql = String.raw`
SELECT i.indrelid AS "table", c.relname::text AS name, i.indisprimary AS primary, i.indnullsnotdistinct AS nulls_not_distinct,
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       ARRAY(SELECT a.attname::text FROM generate_series(0, i.indnkeyatts - 1) AS at
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[at] AND a.attnum <> 0
             ORDER BY at) AS columns,
       ARRAY(SELECT CASE WHEN i.indkey[at] = 0 THEN pg_get_indexdef(i.indexrelid, at + 1, false)
                         WHEN l.oid <> a.attcollation
                         THEN format('%I COLLATE %s.%I', a.attname, l.collnamespace::regnamespace, l.collname) END
             FROM generate_series(0, i.indnkeyatts - 1) AS at
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[at] AND a.attnum <> 0
             LEFT JOIN pg_collation l ON l.oid = i.indcollation[at]
             ORDER BY at) AS expressions,
       ARRAY(SELECT DISTINCT a.attname::text FROM pg_depend d
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
             WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
               AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid) AS reads
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND i.indislive
ORDER BY c.relname::text COLLATE "C"`;

/**
 * What values must meet: CHECKs of the tables (one on a partition alone says nothing about the others), CHECKs of the domains of
 * their columns, whatever is between column and type, lengths, and the labels of enums. `bare` is the type at the bottom.
 */
export const checksSql = String.raw`
WITH RECURSIVE layers AS (
  SELECT a.attrelid AS "table", a.attname::text AS name, a.attnum, t.oid AS type, a.atttypmod AS mod, t.typtype, t.typbasetype, t.typtypmod
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT l."table", l.name, l.attnum, t.oid, l.typtypmod, t.typtype, t.typbasetype, t.typtypmod
  FROM layers l JOIN pg_type t ON t.oid = l.typbasetype WHERE l.typtype = 'd'
), bottoms AS (
  SELECT "table", name, type, mod, format_type(type, -1) AS bare FROM layers WHERE typtype <> 'd'
), checks AS (
  SELECT k.conrelid AS "table", 'table' AS kind, k.conname::text AS name,
         ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(n, at)
               LEFT JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n AND u.n > 0 ORDER BY u.at) AS columns,
         pg_get_expr(k.conbin, k.conrelid) AS expression, NULL::integer AS length, pg_get_constraintdef(k.oid) AS definition, NULL AS bare,
         NULL::text[] AS labels
  FROM pg_constraint k
  WHERE k.conrelid = ANY ($1::oid[]) AND k.contype = 'c' AND to_jsonb(k) ->> 'conenforced' IS DISTINCT FROM 'false'
  UNION ALL
  SELECT l."table", 'domain', k.conname::text, ARRAY[l.name], pg_get_expr(k.conbin, 0), NULL,
         format_type(l.type, NULL) || ' ' || pg_get_constraintdef(k.oid), b.bare, NULL
  FROM layers l JOIN pg_constraint k ON k.contypid = l.type AND k.contype = 'c' JOIN bottoms b USING ("table", name)
  WHERE l.typtype = 'd'
  UNION ALL
  SELECT b."table", 'length', format_type(b.type, b.mod), ARRAY[b.name], NULL, b.mod - 4, format_type(b.type, b.mod), b.bare, NULL
  FROM bottoms b WHERE b.mod > 4 AND b.type IN ('varchar'::regtype, 'bpchar'::regtype)
  UNION ALL
  SELECT b."table", 'enum', b.bare, ARRAY[b.name], NULL, NULL, b.bare || ' (' || array_to_string(e.labels, ', ') || ')', 'text', e.labels
  FROM bottoms b CROSS JOIN LATERAL (
    SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels FROM pg_enum e WHERE e.enumtypid = b.type) e
  WHERE e.labels IS NOT NULL
)
SELECT * FROM checks ORDER BY "table", kind COLLATE "C", name COLLATE "C", columns`;

/** Triggers that somebody wrote; those that PostgreSQL made for constraints or copied to partitions are left out. */
export const triggersSql = String.raw`
WITH ${members.trim()}
SELECT m.root AS "table", t.tgname::text AS name, pg_get_triggerdef(t.oid) AS definition, t.tgenabled IN ('O', 'A') AS enabled
FROM members m JOIN pg_trigger t ON t.tgrelid = m.member
WHERE NOT t.tgisinternal AND t.tgparentid = 0
ORDER BY t.tgname::text COLLATE "C", pg_get_triggerdef(t.oid) COLLATE "C"`;

export const policiesSql = String.raw`
SELECT p.polrelid AS "table", p.polname::text AS name, p.polcmd::text AS command, p.polpermissive AS permissive,
       ARRAY(SELECT CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END FROM unnest(p.polroles) AS r ORDER BY 1) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS with_check,
       ARRAY(SELECT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
               AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 ORDER BY d.refobjid, d.refobjsubid) AS read_tables,
       ARRAY(SELECT a.attname::text FROM pg_depend d
             JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
               AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 ORDER BY d.refobjid, d.refobjsubid) AS read_columns
FROM pg_policy p
WHERE p.polrelid = ANY ($1::oid[])
ORDER BY p.polname::text COLLATE "C"`;
