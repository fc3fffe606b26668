/**
 * What of a database an inventory reads, from pg_catalog. The statements lock no table of a user, need no right on one, and name
 * what this login cannot see. What belongs to PostgreSQL itself and temporary tables are left out.
 */

const users = String.raw`n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'`;

/** Tables, partitions folded into their parent; foreign tables and materialised views, to be named. */
export const relationsSql = String.raw`
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind, c.relispartition AS partition,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS reachable, pg_catalog.has_table_privilege(c.oid, 'SELECT') AS whole,
       c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS hiding,
       figures.pages * pg_catalog.current_setting('block_size')::float8 AS bytes, figures.longest::float8 AS pages, figures.estimate,
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_index i
             CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
             WHERE i.indrelid = c.oid AND i.indisprimary AND k.at <= i.indnkeyatts ORDER BY k.at) AS key,
       ARRAY(SELECT l.oid FROM pg_catalog.pg_partition_tree(c.oid) p JOIN pg_catalog.pg_class l ON l.oid = p.relid
             WHERE c.relkind = 'p' AND l.relkind = 'r' ORDER BY l.oid) AS leaves,
       ARRAY(SELECT l.oid::regclass::text FROM pg_catalog.pg_partition_tree(c.oid) p JOIN pg_catalog.pg_class l ON l.oid = p.relid
             WHERE c.relkind = 'p' AND l.relkind = 'f' ORDER BY 1) AS foreign_leaves
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT COALESCE(sum(greatest(m.relpages, 0) + COALESCE(greatest(t.relpages, 0), 0)), 0)::float8 AS pages,
         COALESCE(max(m.relpages), 0) AS longest,
         COALESCE(sum(m.reltuples) FILTER (WHERE m.reltuples > 0), 0)::float8 AS estimate
  FROM pg_catalog.pg_class m LEFT JOIN pg_catalog.pg_class t ON t.oid = m.reltoastrelid
  WHERE m.relkind IN ('r', 'm') AND (m.oid = c.oid
     OR c.relkind = 'p' AND m.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(c.oid) p))
) AS figures
WHERE c.relkind IN ('r', 'p', 'f', 'm') AND ${users}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** The columns of foreign keys, each with the one that it refers to; a key of a partition is that of its parent. */
export const keyLinksSql = String.raw`
SELECT n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS "column",
       fn.nspname::text AS target_schema, f.relname::text AS target_name, fa.attname::text AS target_column
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) AS pair(own, other)
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = pair.own
JOIN pg_catalog.pg_attribute fa ON fa.attrelid = f.oid AND fa.attnum = pair.other
WHERE k.contype = 'f' AND ${users}
ORDER BY 1, 2, 3, 4, 5, 6`;

/** The size of a table that was never analysed; it waits for whoever holds the table, so it is asked with a lock timeout. */
export const sizeSql = `SELECT pg_catalog.pg_table_size($1::oid)::float8 AS bytes,
       pg_catalog.pg_relation_size($1::oid) / pg_catalog.current_setting('block_size')::float8 AS pages`;

/** Columns of those relations ($1) but for the computed ones, which follow their source. */
export const columnsSql = String.raw`
SELECT a.attrelid AS "table", a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.atttypid AS type_id,
       pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS readable
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attrelid, a.attnum`;

/** The types of these columns, and those that they consist of: bases of domains, elements, bounds of ranges, attributes. */
export const typesSql = String.raw`
WITH RECURSIVE used(oid) AS (
  SELECT DISTINCT a.atttypid FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT part.oid FROM used u JOIN pg_catalog.pg_type t ON t.oid = u.oid CROSS JOIN LATERAL (
    SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
    UNION ALL SELECT t.typelem WHERE t.typtype <> 'd' AND t.typcategory = 'A'
    UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
              WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) AS part
)
SELECT t.oid, t.typname::text AS name, t.typtype::text AS type, t.typcategory::text AS category,
       ARRAY(SELECT p.oid FROM (
         SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
         UNION ALL SELECT t.typelem WHERE t.typtype <> 'd' AND t.typcategory = 'A'
         UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
         UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                   WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
       ) AS p) AS parts
FROM used u JOIN pg_catalog.pg_type t ON t.oid = u.oid`;

export const largeObjectsSql = 'SELECT count(*)::int AS count FROM pg_catalog.pg_largeobject_metadata';
