/** What the catalogue says about row-level security, policies, grants and roles. Reads pg_catalog only, locks nothing. */
import type { Tx } from '../driver/database.ts';

export interface TableSecurity {
  readonly name: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly policies: readonly {
    readonly name: string;
    /** `*` for all. */
    readonly command: string;
    readonly permissive: boolean;
    readonly roles: readonly string[];
    readonly using: string | null;
    readonly check: string | null;
  }[];
  /** Table and column privileges, in lower case, whoever granted them and by whatever membership. */
  readonly privileges: readonly { readonly role: string; readonly privilege: string }[];
}

/** Every table, view and foreign table of the schema; only tables can be in a manifest. */
export async function listTableSecurity(
  tx: Tx,
  schema: string,
  roles: readonly string[],
): Promise<TableSecurity[]> {
  return tx.many<TableSecurity>(
    `SELECT c.relname::text AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
            COALESCE((SELECT json_agg(json_build_object(
                'name', p.polname, 'command', p.polcmd, 'permissive', p.polpermissive,
                'roles', ARRAY(SELECT CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END
                               FROM unnest(p.polroles) r),
                'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)))
              FROM pg_policy p WHERE p.polrelid = c.oid), '[]') AS policies,
            COALESCE((SELECT json_agg(json_build_object('role', r.rolname, 'privilege', lower(word)))
              FROM pg_roles r, unnest($3::text[]) word
              WHERE r.rolname = ANY ($2::text[]) AND (has_table_privilege(r.oid, c.oid, word)
                 OR (word IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege(r.oid, c.oid, word)))
            ), '[]') AS privileges
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     ORDER BY c.relname::text COLLATE "C"`,
    [schema, roles, ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']],
  );
}

/** What would let a role step around the policies: missing, superuser, BYPASSRLS, or a way to become one or the owner. */
export async function listRoleProblems(tx: Tx, schema: string, roles: readonly string[]): Promise<string[]> {
  const rows = await tx.many<{ problem: string }>(
    `WITH wanted AS (SELECT unnest($2::text[]) AS role),
     becomes AS (
       SELECT w.role, r.rolname, r.oid, r.rolsuper, r.rolbypassrls
       FROM wanted w JOIN pg_roles own ON own.rolname = w.role
       JOIN pg_roles r ON pg_has_role(own.oid, r.oid, 'MEMBER') OR r.oid = own.oid
     )
     SELECT 'the role ' || role || ' does not exist' AS problem
     FROM wanted WHERE role NOT IN (SELECT rolname FROM pg_roles)
     UNION ALL
     SELECT 'this login may not become ' || w.role || ' (GRANT ' || quote_ident(w.role) || ' TO ' || quote_ident(current_user) || ')'
     FROM wanted w JOIN pg_roles r ON r.rolname = w.role
     WHERE NOT pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::integer >= 160000
                                       THEN 'SET' ELSE 'MEMBER' END)
     UNION ALL
     SELECT role || CASE WHEN role = rolname THEN ' is ' ELSE ' can become ' || rolname || ', which is ' END
            || CASE WHEN rolsuper THEN 'a superuser' ELSE 'exempt from row-level security' END
     FROM becomes WHERE rolsuper OR rolbypassrls
     UNION ALL
     SELECT DISTINCT b.role || ' is or can become ' || b.rolname || ', the owner of tables in ' || $1
     FROM becomes b JOIN pg_class c ON c.relowner = b.oid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1
     UNION ALL
     SELECT DISTINCT b.role || ' is or can become the owner of the schema ' || $1
     FROM becomes b JOIN pg_namespace n ON n.nspowner = b.oid
     WHERE n.nspname = $1`,
    [schema, roles],
  );
  return rows.map(({ problem }) => problem);
}
