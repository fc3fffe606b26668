/**
 * Proof that row-level security binds the roles in use: from the catalogue (is it on, forced, with exactly the expected
 * policies and grants; can a role step around it) and by trying (does a transaction without a tenant see anything).
 * Either alone can be fooled: an empty table shows nothing, and a catalogue does not know what a pooler left behind.
 */
import { DroverError } from '../../errors.ts';
import type { Database, Tx } from '../driver/database.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';
import { canBecome, setRole } from '../sql/role-reach.ts';

interface ExpectedTable {
  readonly name: string;
  /** Its rows belong to tenants. */
  readonly tenant: boolean;
  /** One per role, for all commands; no others may be there. */
  readonly policies: readonly { readonly role: string; readonly expression: string }[];
  /** By role, in lower case; all others must be withheld. */
  readonly privileges: Readonly<Record<string, readonly string[]>>;
  /** By role, the columns to which its UPDATE must be narrowed. */
  readonly updates?: Readonly<Record<string, readonly string[]>>;
}

export interface IsolationExpectation {
  readonly schema: string;
  readonly tables: readonly ExpectedTable[];
  /** The roles that tenant work drops to. */
  readonly tenantRoles: readonly string[];
  /** Tenant work of some kinds drops to these; one that is not there, or may do nothing in the schema, opens nothing. */
  readonly optionalRoles?: readonly string[];
  /** The settings that name tenants; none may be in force where nobody set it. */
  readonly settings: readonly string[];
}

/** Throws ISOLATION_NOT_EFFECTIVE with everything that is missing. */
export async function checkIsolation(db: Database, expected: IsolationExpectation): Promise<void> {
  await db.transaction({ readOnly: true }, (tx) => checkIsolationWithin(tx, expected));
}

/** The check within a transaction, which is the login's again afterwards. Where the check throws, the transaction has to end. */
export async function checkIsolationWithin(tx: Tx, all: IsolationExpectation): Promise<void> {
  const expected = await withPresentRoles(tx, all);
  const problems = await catalogueProblems(tx, expected);
  // Trying needs the roles and tables that the catalogue was asked for.
  for (const role of problems.length === 0 ? expected.tenantRoles : []) {
    problems.push(...(await probe(tx, expected, role)));
  }
  if (problems.length === 0) return;
  const message = `Tenants are not kept apart in the schema ${expected.schema}, so Drover does not start: ${problems.join('; ')}.`;
  throw new DroverError('ISOLATION_NOT_EFFECTIVE', message, { schema: expected.schema, problems });
}

/** Of roles that may be missing, what must hold of those that are there; those that the login may become are tried. */
async function withPresentRoles(tx: Tx, expected: IsolationExpectation): Promise<IsolationExpectation> {
  const { schema, tables, tenantRoles, optionalRoles = [] } = expected;
  const there = await tx.many<{ role: string; becomes: boolean }>(
    `SELECT r.rolname::text AS role, pg_has_role(r.oid, ${setRole}) AS becomes FROM pg_roles r, pg_namespace n
     WHERE r.rolname = ANY ($1::text[]) AND n.nspname = $2 AND has_schema_privilege(r.oid, n.oid, 'USAGE')`,
    [optionalRoles, schema],
  );
  const absent = new Set(optionalRoles.filter((role) => !there.some((one) => one.role === role)));
  const kept = tables.map((table) => ({
    ...table,
    policies: table.policies.filter(({ role }) => !absent.has(role)),
    privileges: Object.fromEntries(Object.entries(table.privileges).filter(([role]) => !absent.has(role))),
  }));
  const tried = there.filter(({ becomes }) => becomes).map(({ role }) => role);
  return { ...expected, tables: kept, tenantRoles: [...tenantRoles, ...tried] };
}

async function catalogueProblems(tx: Tx, expected: IsolationExpectation): Promise<string[]> {
  const roles = [...new Set(expected.tables.flatMap((table) => Object.keys(table.privileges)))];
  const narrowed = [...new Set(expected.tables.flatMap(({ updates = {} }) => Object.keys(updates)))];
  const found = await listTableSecurity(tx, expected.schema, { roles, narrowed });
  const unlisted = found.filter((table) => !expected.tables.some(({ name }) => name === table.name));
  return [
    ...(await listRoleProblems(tx, expected.schema, expected.tenantRoles)),
    ...unlisted.map(({ name }) => `the table ${name} is not declared in the manifest`),
    ...expected.tables.flatMap((table) => {
      const security = found.find(({ name }) => name === table.name);
      return security === undefined ? [`the table ${table.name} is missing`] : tableProblems(table, security);
    }),
  ];
}

function tableProblems(expected: ExpectedTable, found: TableSecurity): string[] {
  const problems: string[] = [];
  if (expected.tenant && !found.enabled) problems.push(`row-level security is off on ${found.name}`);
  if (expected.tenant && !found.forced) problems.push(`row-level security is not forced on ${found.name}`);
  return [...problems, ...policyProblems(expected, found), ...privilegeProblems(expected, found)];
}

function policyProblems(expected: ExpectedTable, found: TableSecurity): string[] {
  const missing = expected.policies.filter(
    ({ role, expression }) => !found.policies.some((policy) => isPolicy(policy, role, expression)),
  );
  const extra = found.policies.filter(
    (policy) => !expected.policies.some(({ role, expression }) => isPolicy(policy, role, expression)),
  );
  return [
    ...missing.map(
      ({ role }) => `the policy for ${role} on ${found.name} is missing or is not what it must be`,
    ),
    ...extra.map(({ name }) => `the policy ${name} on ${found.name} is not one of Drover's`),
  ];
}

function isPolicy(policy: TableSecurity['policies'][number], role: string, expression: string): boolean {
  const text = normalise(expression);
  return (
    policy.command === '*' &&
    policy.permissive &&
    policy.roles.length === 1 &&
    policy.roles[0] === role &&
    normalise(policy.using ?? '') === text &&
    normalise(policy.check ?? '') === text
  );
}

/**
 * PostgreSQL prints an expression with casts, aliases and parentheses of its own. Our expressions have one reading
 * whatever the parentheses, so the rest is compared token by token.
 */
function normalise(expression: string): string {
  return expression
    .replaceAll(/::text\b|\bAS\s+("nullif"|unnest)/gi, '')
    .replaceAll(/[\s()]/g, '')
    .toLowerCase();
}

function privilegeProblems(expected: ExpectedTable, found: TableSecurity): string[] {
  return Object.entries(expected.privileges).flatMap(([role, privileges]) => {
    const held = found.privileges.flatMap((one) => (one.role === role ? [one.privilege] : []));
    const missing = privileges.filter((privilege) => !held.includes(privilege));
    const extra = held.filter((privilege) => !privileges.includes(privilege));
    const narrowed = expected.updates?.[role];
    const { columns = [] } = found.updates.find((one) => one.role === role) ?? {};
    const wide = narrowed === undefined ? [] : columns.filter((column) => !narrowed.includes(column));
    const narrow = narrowed?.filter((column) => !columns.includes(column)) ?? [];
    return [
      ...missing.map((privilege) => `${role} may not ${privilege} on ${found.name}`),
      ...extra.map((privilege) => `${role} may ${privilege} on ${found.name}, which it must not`),
      ...narrow.map((column) => `${role} may not update ${found.name}.${column}`),
      ...wide.map((column) => `${role} may update ${found.name}.${column}, which it must not`),
    ];
  });
}

/** As the role, without a tenant: it is that role, row-level security is active for it, and it sees nothing. */
async function probe(tx: Tx, expected: IsolationExpectation, role: string): Promise<string[]> {
  await tx.run(`SET LOCAL ROLE ${quoteIdent(role)}`);
  const { user } = await tx.one<{ user: string }>('SELECT current_user::text AS user');
  const problems = user === role ? [] : [`transactions run as ${user} and not as ${role}`];
  for (const setting of expected.settings) {
    const { value } = await tx.one<{ value: string | null }>(
      `SELECT pg_catalog.current_setting($1, true) AS value`,
      [setting],
    );
    if (value) problems.push(`${setting} has a value although nobody set it`);
  }
  const tables = expected.tables.filter((table) => table.tenant).map(({ name }) => name);
  const seen = await probeTables(tx, expected.schema, { role, tables });
  await tx.run('RESET ROLE');
  return [...problems, ...seen];
}

async function probeTables(
  tx: Tx,
  schema: string,
  { role, tables }: { role: string; tables: readonly string[] },
): Promise<string[]> {
  const looks = tables.map((_, at) => {
    const table = quoteTable({ schema, name: tables[at] ?? '' });
    return `SELECT $${at + 1}::text AS name, EXISTS (SELECT FROM ${table}) AS visible`;
  });
  const seen = await tx.many<{ name: string; visible: boolean }>(looks.join(' UNION ALL '), tables);
  return seen
    .filter(({ visible }) => visible)
    .map(({ name }) => `${role} sees rows of ${name} without a tenant`);
}

/* What the catalogue says about row-level security, policies, grants and roles. Reads pg_catalog only, locks nothing. */

interface TableSecurity {
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
  /** By role, the columns that it may update. */
  readonly updates: readonly { readonly role: string; readonly columns: readonly string[] }[];
}

/** Every table, view and foreign table of the schema; only tables can be in a manifest. */
async function listTableSecurity(
  tx: Tx,
  schema: string,
  { roles, narrowed }: { readonly roles: readonly string[]; readonly narrowed: readonly string[] },
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
            ), '[]') AS privileges,
            COALESCE((SELECT json_agg(json_build_object('role', r.rolname, 'columns', ARRAY(
                SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                  AND has_column_privilege(r.oid, c.oid, a.attnum, 'UPDATE'))))
              FROM pg_roles r WHERE r.rolname = ANY ($4::text[])), '[]') AS updates
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     ORDER BY c.relname::text COLLATE "C"`,
    [schema, roles, ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'], narrowed],
  );
}

/** What would let a role step around the policies: missing, superuser, BYPASSRLS, or a way to become one or the owner. */
async function listRoleProblems(tx: Tx, schema: string, roles: readonly string[]): Promise<string[]> {
  const rows = await tx.many<{ problem: string }>(
    `WITH RECURSIVE wanted AS (SELECT unnest($2::text[]) AS role),
     becomes AS (
       SELECT w.role, r.rolname, r.oid, r.rolsuper, r.rolbypassrls, r.rolcreaterole
       FROM wanted w JOIN pg_roles r ON r.rolname = w.role
       UNION
       SELECT b.role, r.rolname, r.oid, r.rolsuper, r.rolbypassrls, r.rolcreaterole
       FROM becomes b JOIN pg_roles r ON ${canBecome('b', 'r')}
     ),
     owners AS (
       SELECT b.role, r.rolname, r.oid FROM becomes b JOIN pg_roles r ON pg_has_role(b.oid, r.oid, 'USAGE')
     )
     SELECT 'the role ' || role || ' does not exist' AS problem
     FROM wanted WHERE role NOT IN (SELECT rolname FROM pg_roles)
     UNION ALL
     SELECT 'this login may not become ' || w.role || ' (GRANT ' || quote_ident(w.role) || ' TO ' || quote_ident(current_user) || ')'
     FROM wanted w JOIN pg_roles r ON r.rolname = w.role
     WHERE NOT pg_has_role(r.oid, ${setRole})
     UNION ALL
     SELECT role || CASE WHEN role = rolname THEN ' is ' ELSE ' can become ' || rolname || ', which is ' END
            || CASE WHEN rolsuper THEN 'a superuser' ELSE 'exempt from row-level security' END
     FROM becomes WHERE rolsuper OR rolbypassrls
     UNION ALL
     SELECT DISTINCT b.role || ' is, can become or has the rights of ' || b.rolname || ', the owner of tables in ' || $1
     FROM owners b JOIN pg_class c ON c.relowner = b.oid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1
     UNION ALL
     SELECT DISTINCT b.role || ' is, can become or has the rights of the owner of the schema ' || $1
     FROM owners b JOIN pg_namespace n ON n.nspowner = b.oid
     WHERE n.nspname = $1`,
    [schema, roles],
  );
  return rows.map(({ problem }) => problem);
}
