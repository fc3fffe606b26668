/** What the doctor asks about roles, schemas, functions and whatever else is not one table's. */
import { canBecome } from '../sql/role-reach.ts';
import { entriesOf, ofExtension, ownSchemas } from './relations-sql.ts';

/**
 * Who has whose rights, and who can become whom. `pg_has_role` is asked and not `pg_auth_members`: the database's owner is in
 * `pg_database_owner` without a row there. Only roles that own, are granted or named by something, or may do more than others, are of
 * interest as what somebody becomes: a server may have a role for each of many tenants.
 */
export const rolesSql = String.raw`
WITH wanted AS (
  SELECT oid FROM pg_roles WHERE rolsuper OR rolbypassrls OR rolcreaterole OR oid < 16384
  UNION SELECT relowner FROM pg_class WHERE oid >= 16384
  UNION SELECT nspowner FROM pg_namespace
  UNION SELECT proowner FROM pg_proc WHERE oid >= 16384
  UNION SELECT datdba FROM pg_database WHERE datname = current_database()
  UNION SELECT unnest(polroles) FROM pg_policy
  UNION SELECT x.grantee FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid >= 16384
  UNION SELECT x.grantee FROM pg_attribute t, aclexplode(t.attacl) x WHERE t.attrelid >= 16384
  UNION SELECT x.grantee FROM pg_namespace n, aclexplode(n.nspacl) x
  UNION SELECT x.grantee FROM pg_proc p, aclexplode(p.proacl) x WHERE p.oid >= 16384
  UNION SELECT oid FROM pg_roles WHERE rolname = ANY ($1::text[])
), targets AS (SELECT b.* FROM pg_roles b JOIN wanted USING (oid))
SELECT a.rolname::text AS name, a.rolsuper AS superuser, a.rolbypassrls AS "bypassRls", a.rolcanlogin AS login,
       a.rolcreaterole AS "createRole", a.oid < 16384 AND a.rolname LIKE 'pg\_%' AS predefined,
       has_parameter_privilege(a.oid, 'session_replication_role', 'SET') AS "setsReplicaMode",
       ARRAY(SELECT b.rolname::text FROM targets b WHERE pg_has_role(a.oid, b.oid, 'USAGE') ORDER BY 1) AS holds,
       ARRAY(SELECT b.rolname::text FROM targets b WHERE ${canBecome('a', 'b')} ORDER BY 1) AS becomes,
       (SELECT COALESCE(jsonb_agg(jsonb_build_object('role', pg_get_userbyid(m.roleid), 'grantor', pg_get_userbyid(m.grantor))
                                  ORDER BY m.roleid, m.grantor), '[]')
        FROM pg_auth_members m WHERE m.member = a.oid) AS "memberOf"
FROM pg_roles a ORDER BY a.rolname::text COLLATE "C"`;

/** Settings that sessions begin with: of all roles (empty name) or one, in this database or all. */
export const sessionDefaultsSql = String.raw`
SELECT COALESCE(r.rolname::text, '') AS role, s.setconfig AS settings
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
ORDER BY 1`;

export const schemasSql = String.raw`
SELECT n.nspname::text AS name, pg_get_userbyid(n.nspowner)::text AS owner, ${entriesOf('n.nspacl', `'n'`, 'n.nspowner')} AS grants
FROM pg_namespace n WHERE ${ownSchemas} AND NOT ${ofExtension('pg_namespace', 'n.oid')}
ORDER BY n.nspname::text COLLATE "C"`;

export const functionsSql = String.raw`
SELECT n.nspname::text AS schema, p.proname::text AS name, pg_get_function_identity_arguments(p.oid) AS arguments,
       COALESCE(p.proargnames, '{}')::text[] AS "argumentNames", pg_get_userbyid(p.proowner)::text AS owner, p.prosecdef AS definer,
       p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) AS "ofTrigger",
       p.provolatile::text AS volatility, p.proleakproof AS leakproof, l.lanname::text AS language,
       CASE WHEN p.prosqlbody IS NULL THEN p.prosrc ELSE pg_get_function_sqlbody(p.oid) END AS body,
       COALESCE(p.proconfig, '{}') AS settings,
       ${entriesOf('p.proacl', `'f'`, 'p.proowner')} AS grants,
       ARRAY(SELECT DISTINCT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
             AND d.refclassid = 'pg_class'::regclass) AS reads,
       r.tables AS "rowTypes", CASE WHEN cardinality(r.tables) > 0 THEN pg_get_functiondef(p.oid) END AS definition
FROM pg_proc p CROSS JOIN LATERAL (
  SELECT ARRAY(SELECT DISTINCT t.typrelid FROM pg_type t
               JOIN unnest(p.prorettype || COALESCE(p.proallargtypes, p.proargtypes::oid[])) AS u (oid)
               ON u.oid IN (t.oid, t.typarray) WHERE t.typrelid <> 0) AS tables) r
JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE ${ownSchemas} AND p.prokind IN ('f', 'p') AND NOT ${ofExtension('pg_proc', 'p.oid')}
ORDER BY n.nspname::text COLLATE "C", p.proname::text COLLATE "C", p.oid`;

/** The columns of a row filter are in pg_depend; what updates and deletes are told with is the replica identity. */
export const publicationsSql = String.raw`
SELECT p.pubname::text AS name, p.pubupdate OR p.pubdelete AS changes, c.oid AS "table", t.rowfilter AS filter,
       ARRAY(SELECT DISTINCT a.attname::text FROM pg_publication_rel r
             JOIN pg_depend d ON d.classid = 'pg_publication_rel'::regclass AND d.objid = r.oid
                              AND d.refobjid = r.prrelid AND d.refobjsubid > 0
             JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE r.prpubid = p.oid AND r.prrelid = c.oid AND r.prqual IS NOT NULL) AS "filterColumns",
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               AND (c.relreplident = 'f' OR EXISTS (
                 SELECT FROM pg_index i WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey)
                   AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END))) AS identity
FROM pg_publication p LEFT JOIN pg_publication_tables t ON t.pubname = p.pubname
LEFT JOIN pg_namespace n ON n.nspname = t.schemaname LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
ORDER BY p.pubname::text COLLATE "C", c.oid`;

export const defaultPrivilegesSql = String.raw`
SELECT n.nspname::text AS schema, pg_get_userbyid(d.defaclrole)::text AS of,
       ${entriesOf('d.defaclacl', `'r'`, 'd.defaclrole')} AS grants
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
WHERE d.defaclobjtype = 'r' ORDER BY 1, 2`;

export const largeObjectsSql = String.raw`
SELECT DISTINCT CASE WHEN x.grantee = 0 THEN 'public' ELSE pg_get_userbyid(x.grantee)::text END AS grantee,
       lower(x.privilege_type) AS privilege
FROM pg_largeobject_metadata o, aclexplode(COALESCE(o.lomacl, acldefault('L', o.lomowner))) x
ORDER BY 1, 2`;

export const serverSql = String.raw`
SELECT current_setting('server_version_num')::integer AS version, current_database()::text AS database, session_user::text AS login,
       (SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()) AS "databaseOwner",
       EXISTS (SELECT FROM pg_event_trigger WHERE evtevent = 'ddl_command_end' AND evtenabled IN ('O', 'A')
               AND (evttags IS NULL OR 'CREATE TABLE' = ANY (evttags))) AS "securesNewTables"`;

/** Of the settings that somebody reads, those that have a value here, where nobody set one. */
export const settingsInForceSql = String.raw`
SELECT name FROM unnest($1::text[]) AS name WHERE NULLIF(current_setting(name, true), '') IS NOT NULL ORDER BY 1`;

/** Catalogues that an administrator may have closed; without them a part of the facts is missing. */
export const readableSql = String.raw`
SELECT name, has_table_privilege(('pg_catalog.' || name)::regclass, 'SELECT') AS readable FROM unnest($1::text[]) AS name`;
