/**
 * What the doctor asks of pg_catalog about tables and what hangs on them. Each query runs over all at once, takes no lock beyond ACCESS
 * SHARE on pg_catalog, and needs no right on the tables themselves. Left out are the server's own schemas, temporary tables, and what
 * belongs to an extension.
 */

/** `acl` of an object as entries; `kind` is the letter that `acldefault` knows it by. */
export function entriesOf(acl: string, kind: string, owner: string): string {
  return `(SELECT COALESCE(json_agg(json_build_object(
      'grantee', CASE WHEN x.grantee = 0 THEN 'public' ELSE pg_get_userbyid(x.grantee)::text END,
      'privilege', lower(x.privilege_type))), '[]')
    FROM aclexplode(COALESCE(${acl}, acldefault(${kind}, ${owner}))) x)`;
}

/** Is the object a member of an extension? */
export function ofExtension(catalogue: string, oid: string): string {
  return `EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalogue}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
}

export const ownSchemas = String.raw`n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'`;

export const relationsSql = String.raw`
WITH RECURSIVE up AS (
  SELECT i.inhrelid AS child, i.inhparent AS parent, 1 AS depth FROM pg_inherits i
  UNION ALL
  SELECT up.child, i.inhparent, up.depth + 1 FROM up JOIN pg_inherits i ON i.inhrelid = up.parent
), tops AS (
  SELECT DISTINCT ON (child) child, parent FROM up ORDER BY child, depth DESC, parent
)
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       pg_get_userbyid(c.relowner)::text AS owner, c.relrowsecurity AS secured, c.relforcerowsecurity AS forced,
       tops.parent AS root,
       (SELECT json_build_object('how', CASE p.partstrat WHEN 'l' THEN 'list' WHEN 'r' THEN 'range' ELSE 'hash' END, 'columns',
          ARRAY(SELECT a.attname FROM unnest(p.partattrs::smallint[]) WITH ORDINALITY AS u(n, at)
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.n AND u.n > 0 ORDER BY u.at))
        FROM pg_partitioned_table p WHERE p.partrelid = c.oid) AS partitioned_by,
       COALESCE((SELECT o.option_value::boolean FROM pg_options_to_table(c.reloptions) o
                 WHERE o.option_name = 'security_invoker'), false) AS invoker,
       ${entriesOf('c.relacl', `CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END`, 'c.relowner')} AS grants,
       (SELECT COALESCE(json_agg(json_build_object(
            'grantee', CASE WHEN x.grantee = 0 THEN 'public' ELSE pg_get_userbyid(x.grantee)::text END,
            'privilege', lower(x.privilege_type), 'column', a.attname)), '[]')
        FROM pg_attribute a, aclexplode(a.attacl) x
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL) AS column_grants,
       ARRAY(SELECT DISTINCT d.refobjid FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
             WHERE r.ev_class = c.oid AND c.relkind IN ('v', 'm') AND r.rulename = '_RETURN'
               AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid) AS reads,
       (SELECT COALESCE(json_agg(json_build_object('name', r.rulename, 'touches', ARRAY(
            SELECT DISTINCT d.refobjid::bigint FROM pg_depend d
            WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
              AND d.refobjid <> c.oid)) ORDER BY r.rulename), '[]')
        FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN') AS rewrites,
       (SELECT json_build_object('table', d.refobjid::bigint, 'column', a.attname) FROM pg_depend d
          JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
          AND d.deptype IN ('a', 'i') LIMIT 1) AS serves
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN tops ON tops.child = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't' AND ${ownSchemas}
  AND NOT ${ofExtension('pg_class', 'c.oid')}
ORDER BY n.nspname::text COLLATE "C", c.relname::text COLLATE "C"`;

/** What the stored trees of the policies of these tables call: functions by name, and those behind operators. */
export const policyCallsSql = String.raw`
SELECT p.polrelid AS "table", p.polname::text AS policy, n.nspname::text AS schema, f.proname::text AS name,
       f.provolatile::text AS volatility, f.oid < 16384 AS "builtIn"
FROM pg_policy p
CROSS JOIN LATERAL (
  SELECT DISTINCT m[1]::oid AS called
  FROM regexp_matches(concat(p.polqual::text, p.polwithcheck::text), ':(?:funcid|opfuncid) (\d+)', 'g') AS m) c
JOIN pg_proc f ON f.oid = c.called JOIN pg_namespace n ON n.oid = f.pronamespace
WHERE p.polrelid = ANY ($1::oid[])
ORDER BY 1, 2, 3, 4`;

/** Triggers that somebody wrote, and of those that PostgreSQL made for keys the ones that are off. */
export const triggersSql = String.raw`
SELECT t.tgrelid AS "table", t.tgname::text AS name, t.tgenabled IN ('O', 'A') AS enabled, t.tgenabled = 'A' AS always,
       CASE WHEN t.tgisinternal THEN k.conname::text END AS "constraint", (t.tgtype & 2) <> 0 AS before,
       t.tgqual IS NOT NULL AS conditional,
       (t.tgtype & 4) <> 0 AS on_insert, (t.tgtype & 8) <> 0 AS on_delete, (t.tgtype & 16) <> 0 AS on_update,
       (t.tgtype & 32) <> 0 AS on_truncate, n.nspname::text AS schema, f.proname::text AS function
FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_namespace n ON n.oid = f.pronamespace
LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint
WHERE t.tgrelid = ANY ($1::oid[]) AND (NOT t.tgisinternal OR t.tgenabled NOT IN ('O', 'A'))
ORDER BY t.tgname::text COLLATE "C"`;

export const keysSql = String.raw`
SELECT k.conrelid AS "table", k.conname::text AS name, k.contype::text AS kind, k.convalidated AS validated,
       (to_jsonb(k) ->> 'conenforced') IS DISTINCT FROM 'false' AS enforced, k.confmatchtype = 'f' AS match_full,
       pg_get_constraintdef(k.oid) AS definition,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(n, at)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.at) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(k.confdelsetcols) AS u(n)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n) AS set_columns
FROM pg_constraint k
WHERE k.conrelid = ANY ($1::oid[]) AND k.contype IN ('f', 'c', 'n') AND k.conparentid = 0 AND k.conislocal
ORDER BY k.conname::text COLLATE "C"`;

/**
 * A part that is an expression has no column; what it reads is in the stored tree. Of two types of a key the equality is asked, once for
 * each kind of comparison and not for each index.
 */
export const indexesSql = String.raw`
WITH classes AS MATERIALIZED (
  SELECT o.oid, o.opcdefault AS usual, COALESCE(bool_and(f.proleakproof), true) AS leakproof
  FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
  LEFT JOIN pg_amop p ON p.amopfamily = o.opcfamily AND p.amoplefttype = o.opcintype AND p.amoprighttype = o.opcintype
                     AND p.amopstrategy = CASE m.amname WHEN 'btree' THEN 3 WHEN 'hash' THEN 1 ELSE 0 END
  LEFT JOIN pg_operator q ON q.oid = p.amopopr LEFT JOIN pg_proc f ON f.oid = q.oprcode
  WHERE o.oid IN (SELECT unnest(i.indclass::oid[]) FROM pg_index i WHERE i.indrelid = ANY ($1::oid[]))
  GROUP BY o.oid, o.opcdefault
), parts AS (
  SELECT i.indexrelid,
         array_agg(a.attname::text ORDER BY at) FILTER (WHERE at < i.indnkeyatts) AS columns,
         array_agg(a.attname::text ORDER BY at) FILTER (WHERE at >= i.indnkeyatts) AS included,
         array_agg(COALESCE(c.leakproof, true) ORDER BY at) FILTER (WHERE at < i.indnkeyatts) AS leakproof,
         bool_and(c.usual AND a.attcollation IS NOT DISTINCT FROM i.indcollation[at]) FILTER (WHERE at < i.indnkeyatts) AS usual
  FROM pg_index i CROSS JOIN LATERAL generate_series(0, i.indnatts - 1) AS at
  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[at] AND a.attnum <> 0
  LEFT JOIN classes c ON at < i.indnkeyatts AND c.oid = i.indclass[at]
  WHERE i.indrelid = ANY ($1::oid[]) AND i.indislive
  GROUP BY i.indexrelid
)
SELECT i.indrelid AS "table", c.relname::text AS name, i.indisunique AS unique, i.indisexclusion AS exclusion, i.indisvalid AS valid,
       pg_get_expr(i.indpred, i.indrelid) AS predicate, m.amname::text AS method, c.relispartition AS "ofWhole",
       i.indnullsnotdistinct AS "nullsNotDistinct", parts.columns, COALESCE(parts.included, '{}') AS included, parts.leakproof,
       parts.usual,
       ARRAY(SELECT DISTINCT a.attname::text FROM regexp_matches(i.indexprs::text, ':varattno (\d+)', 'g') AS v
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = v[1]::smallint ORDER BY 1) AS "expressionReads",
       CASE WHEN k.oid IS NOT NULL THEN json_build_object('name', k.conname, 'deferrable', k.condeferrable,
         'kind', CASE k.contype WHEN 'p' THEN 'primary' WHEN 'u' THEN 'unique' ELSE 'exclusion' END) END AS constraint
FROM parts JOIN pg_index i USING (indexrelid) JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
LEFT JOIN pg_constraint k ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
ORDER BY c.relname::text COLLATE "C"`;

/** Whether a default gives each row a value of its own is read from its stored tree: `nextval` and `gen_random_uuid` are volatile. */
export const defaultsSql = String.raw`
SELECT a.attrelid AS "table", a.attname::text AS column, COALESCE(pg_get_expr(d.adbin, d.adrelid), '') AS expression,
       a.attidentity <> '' OR EXISTS (
         SELECT FROM regexp_matches(d.adbin::text, ':(?:funcid|opfuncid) (\d+)', 'g') AS m JOIN pg_proc f ON f.oid = m[1]::oid
         WHERE f.provolatile = 'v') AS fresh
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY ($1::oid[]) AND a.attgenerated = '' AND (d.oid IS NOT NULL OR a.attidentity <> '')
ORDER BY a.attrelid, a.attnum`;
