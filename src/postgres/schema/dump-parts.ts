/**
 * What a schema dump is made of, as PostgreSQL prints it. To be read with an empty search path, so that every name
 * carries its schema. Each list comes in an order that does not depend on the collation or on when things were made.
 */
import type { Tx } from '../driver/database.ts';

export interface DumpedTable {
  readonly name: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly columns: readonly {
    name: string;
    type: string;
    required: boolean;
    default: string | null;
    generated: boolean;
    storage: string | null;
  }[];
  readonly constraints: readonly { name: string; definition: string }[];
  readonly indexes: readonly { definition: string }[];
  readonly policies: readonly DumpedPolicy[];
  readonly grants: readonly { role: string; privileges: string[] }[];
}

export interface DumpedPolicy {
  readonly name: string;
  readonly command: string;
  readonly permissive: boolean;
  readonly roles: string[];
  readonly using: string | null;
  readonly check: string | null;
}

const columns = `
  SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
    'default', pg_get_expr(d.adbin, d.adrelid), 'generated', a.attgenerated <> '',
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN
      CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END) ORDER BY a.attnum)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`;

// NOT NULL is a constraint with a name from PostgreSQL 18 on; the columns say it already.
const constraints = `
  SELECT json_agg(json_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid))
    ORDER BY position(k.contype IN 'pucf'), k.conname::text COLLATE "C")
  FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n'`;

const indexes = `
  SELECT json_agg(json_build_object('definition', pg_get_indexdef(i.indexrelid)) ORDER BY pg_get_indexdef(i.indexrelid) COLLATE "C")
  FROM pg_index i WHERE i.indrelid = c.oid
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))`;

const policies = `
  SELECT json_agg(json_build_object('name', p.polname, 'command', p.polcmd, 'permissive', p.polpermissive,
    'roles', ARRAY(SELECT CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END FROM unnest(p.polroles) r ORDER BY 1),
    'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)) ORDER BY p.polname::text COLLATE "C")
  FROM pg_policy p WHERE p.polrelid = c.oid`;

/** Grants to others than the owner, whose name and rights differ from server to server. */
function grants(acl: string, owner: string): string {
  return `
  SELECT json_agg(json_build_object('role', g.role, 'privileges', g.privileges) ORDER BY g.role COLLATE "C")
  FROM (SELECT CASE WHEN x.grantee = 0 THEN 'public' ELSE pg_get_userbyid(x.grantee)::text END AS role,
               array_agg(x.privilege_type ORDER BY x.privilege_type COLLATE "C") AS privileges
        FROM aclexplode(${acl}) x WHERE x.grantee <> ${owner} GROUP BY 1) g`;
}

/** Tables by name. */
export async function listDumpedTables(tx: Tx, schema: string): Promise<DumpedTable[]> {
  return tx.many<DumpedTable>(
    `SELECT c.relname::text AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       COALESCE((${columns}), '[]') AS columns, COALESCE((${constraints}), '[]') AS constraints,
       COALESCE((${indexes}), '[]') AS indexes, COALESCE((${policies}), '[]') AS policies,
       COALESCE((${grants('c.relacl', 'c.relowner')}), '[]') AS grants
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind = 'r'
     ORDER BY c.relname::text COLLATE "C"`,
    [schema],
  );
}

/** Grants on the schema itself. */
export async function listSchemaGrants(
  tx: Tx,
  schema: string,
): Promise<{ role: string; privileges: string[] }[]> {
  const { list } = await tx.one<{ list: { role: string; privileges: string[] }[] }>(
    `SELECT COALESCE((${grants('n.nspacl', 'n.nspowner')}), '[]') AS list FROM pg_namespace n WHERE n.nspname = $1`,
    [schema],
  );
  return list;
}

/** Functions and then triggers, each as its statement. */
export async function listDumpedCode(tx: Tx, schema: string): Promise<string[]> {
  const rows = await tx.many<{ text: string }>(
    `SELECT text FROM (
       SELECT 1 AS kind, pg_get_functiondef(p.oid) AS text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1
       UNION ALL
       SELECT 2, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND NOT g.tgisinternal) code
     ORDER BY kind, text COLLATE "C"`,
    [schema],
  );
  return rows.map(({ text }) => `${text.trimEnd()};`);
}

/** What the dump has no words for: it must refuse rather than leave something out. */
export async function listUndumpable(tx: Tx, schema: string): Promise<string[]> {
  const rows = await tx.many<{ found: string }>(
    `WITH home AS (SELECT oid FROM pg_namespace WHERE nspname = $1)
     SELECT pg_describe_object('pg_class'::regclass, c.oid, 0) AS found
     FROM pg_class c JOIN home ON home.oid = c.relnamespace WHERE c.relkind NOT IN ('r', 'i', 't', 'c')
     UNION ALL
     SELECT pg_describe_object('pg_type'::regclass, t.oid, 0) FROM pg_type t JOIN home ON home.oid = t.typnamespace
     WHERE t.typtype IN ('e', 'd', 'r', 'm')
       OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
     UNION ALL
     SELECT pg_describe_object('pg_class'::regclass, a.attrelid, a.attnum)
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN home ON home.oid = c.relnamespace
     WHERE a.attacl IS NOT NULL OR a.attidentity <> ''
     ORDER BY 1`,
    [schema],
  );
  return rows.map(({ found }) => found);
}
