/**
 * Roles, grants and policies of Drover's own schema, generated from its manifest. The text is a migration template:
 * `{{schema}}` stands for the quoted schema, `{{schema_name}}` for its name as a literal.
 *
 * Four roles, none of which logs in, owns anything or bypasses row-level security; the login is their member:
 * `drover_app` works for one tenant (`app.tenant_id`), `drover_fleet` for the tenants named in `app.tenant_ids`, and
 * `drover_operator` keeps the list of tenants and the global tables, and sees no tenant's rows. `drover_rekey` gives rows of one tenant
 * (`app.tenant_id`) other keys, in history too, and changes nothing else of them; a database may do without it. Without a setting the
 * roles of tenants see nothing and can insert nothing; that is neither an error nor everything.
 */
import { sharedRows } from '../engine/tenant.ts';

export type Privilege = 'select' | 'insert' | 'update' | 'delete';

export interface TableDeclaration {
  /** `tenant`: rows belong to one; `global`: to everybody, read by all; `system`: Drover's bookkeeping. */
  readonly kind: 'tenant' | 'global' | 'system';
  /** Of a tenant table the column that says whose a row is; `tenant_id` where it is not given. */
  readonly tenantColumn?: string;
  /** What the application may do, for one tenant or several. */
  readonly application: readonly Privilege[];
  /** What an operator may do; on a tenant table this opens all rows to that role. */
  readonly operator?: readonly Privilege[];
  /** Of a tenant table: not all rows, but those under the key that stands for the rows of everybody. */
  readonly operatorRows?: 'shared';
  /** What a re-key writes: the columns that hold keys of rows, or of records whatever the application may. By default nothing. */
  readonly rekeyed?: readonly string[] | 'record';
}

export type Manifest = Readonly<Record<string, TableDeclaration>>;

/** Citus refuses a sub-select in a policy; elsewhere it makes a sequential scan 4.5 times faster. */
export type PolicyDialect = 'postgresql' | 'citus';

export const roles = {
  application: 'drover_app',
  fleet: 'drover_fleet',
  operator: 'drover_operator',
  rekey: 'drover_rekey',
} as const;

/** Without this one rows keep their keys, and everything else goes on. */
export const optionalRoles: readonly string[] = [roles.rekey];

export interface ExpectedPolicy {
  /** Policies are named after the role they are for. */
  readonly role: string;
  readonly expression: string;
}

/** The tenant that a setting of the session names; NULL where it names none, which nothing equals. */
export function tenantInContext(setting: string, type: string): string {
  return `nullif(current_setting('${setting}', true), '')::${type}`;
}

/** Is the row that tenant's? The sub-select is asked once, and not for each row. */
export function ofTenant(column: string, setting: string, type: string): string {
  return `${column} = (SELECT ${tenantInContext(setting, type)})`;
}

/** Is the row one of those tenants'? */
export function ofTenants(column: string, setting: string, type: string): string {
  return `${column} = ANY (ARRAY(SELECT unnest(${tenantInContext(setting, `${type}[]`)})))`;
}

/** The policies that a table must have, and no other. Each is for all commands, USING and WITH CHECK alike. */
export function expectedPolicies(table: TableDeclaration, dialect: PolicyDialect): ExpectedPolicy[] {
  if (table.kind !== 'tenant') return [];
  const column = table.tenantColumn ?? 'tenant_id';
  const one = tenantInContext('app.tenant_id', 'uuid');
  const own = dialect === 'citus' ? `${column} = ${one}` : ofTenant(column, 'app.tenant_id', 'uuid');
  const policies: ExpectedPolicy[] = [
    { role: roles.application, expression: own },
    { role: roles.rekey, expression: own },
    { role: roles.fleet, expression: ofTenants(column, 'app.tenant_ids', 'uuid') },
  ];
  const whole = table.operatorRows === undefined ? 'true' : `${column} = '${sharedRows}'::uuid`;
  return table.operator ? [...policies, { role: roles.operator, expression: whole }] : policies;
}

/** What a role may do with a table. */
export function expectedPrivileges(table: TableDeclaration, role: string): readonly Privilege[] {
  const { application, operator = [], rekeyed } = table;
  if (role === roles.operator) return operator;
  if (role !== roles.rekey || rekeyed === 'record') return application;
  // Rows that meet in a merge go, and come back; of the others keys change, in what is never changed otherwise, too.
  const none: readonly Privilege[] = rekeyed === undefined ? ['insert', 'update', 'delete'] : ['update'];
  const held = application.filter((privilege) => !none.includes(privilege));
  return rekeyed === undefined ? held : [...held, 'update'];
}

/** The columns to which an UPDATE of a role is narrowed; undefined where it has the whole table, or none of it. */
export function expectedColumns({ rekeyed }: TableDeclaration, role: string): readonly string[] | undefined {
  return role === roles.rekey && rekeyed !== 'record' ? rekeyed : undefined;
}

/** The whole script. It can run again: what it made before is replaced, in the same transaction. @param without roles that are not there */
export function isolationScript(
  manifest: Manifest,
  dialect: PolicyDialect,
  without: readonly string[] = [],
): string {
  const made = Object.values(roles).filter((role) => !without.includes(role));
  const statements = [
    ...made.flatMap(createRole),
    dropPolicies,
    `REVOKE ALL ON SCHEMA {{schema}} FROM PUBLIC;`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA {{schema}} FROM PUBLIC, ${made.join(', ')};`,
    `GRANT USAGE ON SCHEMA {{schema}} TO ${made.join(', ')};`,
    ...Object.entries(manifest).flatMap(([name, table]) => protectTable({ name, table, dialect, made })),
  ];
  return statements.join('\n');
}

interface Protected {
  readonly name: string;
  readonly table: TableDeclaration;
  readonly dialect: PolicyDialect;
  /** The roles that are there. */
  readonly made: readonly string[];
}

function protectTable({ name, table, dialect, made }: Protected): string[] {
  const grants = made.flatMap((role) => {
    const columns = expectedColumns(table, role);
    const words = expectedPrivileges(table, role).map((privilege) =>
      privilege === 'update' && columns !== undefined ? `update (${columns.join(', ')})` : privilege,
    );
    const privileges = words.map((word) => word.replace(/^\w+/, (verb) => verb.toUpperCase())).join(', ');
    return privileges === '' ? [] : [`GRANT ${privileges} ON {{schema}}.${name} TO ${role};`];
  });
  const secure = ['ENABLE', 'FORCE'].map(
    (word) => `ALTER TABLE {{schema}}.${name} ${word} ROW LEVEL SECURITY;`,
  );
  const bound = expectedPolicies(table, dialect).filter(({ role }) => made.includes(role));
  const policies = bound.map(({ role, expression }) =>
    [
      `CREATE POLICY ${role} ON {{schema}}.${name} FOR ALL TO ${role}`,
      `  USING (${expression})`,
      `  WITH CHECK (${expression});`,
    ].join('\n'),
  );
  return [...(table.kind === 'tenant' ? secure : []), ...policies, ...grants];
}

/**
 * Roles belong to the whole server: other databases share them, and another process may be making them now. A unique
 * violation is how PostgreSQL reports that race. From 16 on the creator of a role is not its member in the sense that
 * matters (SET), so membership is granted wherever it is missing; a login that may not grant it is left to the proof.
 */
export function createRole(role: string): string[] {
  return [
    guarded(
      `IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${role}') THEN
    CREATE ROLE ${role} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
  END IF;`,
      'duplicate_object OR unique_violation',
    ),
    guarded(
      `IF NOT pg_catalog.pg_has_role(current_user, '${role}',
      CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
    EXECUTE pg_catalog.format('GRANT ${role} TO %I', current_user);
  END IF;`,
      'duplicate_object OR unique_violation OR insufficient_privilege',
    ),
  ];
}

function guarded(body: string, ignored: string): string {
  return `DO $$ BEGIN\n  ${body}\nEXCEPTION WHEN ${ignored} THEN NULL;\nEND $$;`;
}

const dropPolicies = `DO $$ DECLARE policy record; BEGIN
  FOR policy IN SELECT tablename, policyname FROM pg_catalog.pg_policies WHERE schemaname = {{schema_name}} LOOP
    EXECUTE pg_catalog.format('DROP POLICY %I ON {{schema}}.%I', policy.policyname, policy.tablename);
  END LOOP;
END $$;`;
