/**
 * The rights of those who work on the rows: the role of a tenant's work, that of what is nobody's alone, and the login. What each has by
 * whatever way counts as given. Reads pg_catalog only, which needs no right.
 */
import type { TableRight } from '../../engine/operations/rights.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';
import type { TenantScope } from './tenant.ts';

export interface Grant {
  /** What cannot be done without it; `shared` is to plan and to apply what is nobody's alone. */
  readonly purpose: 'plan' | 'apply' | 'shared' | 'merge' | 'rekey' | 'records';
  readonly sql: string;
  readonly held: boolean;
}

interface GrantedRole {
  readonly name: string;
  readonly does: TableRight['by'];
}

/** The roles of the work on tenants, one and several, of that on what is nobody's alone, and of the list of tenants. One may do it all. */
export function workersOf({ role, fleet, shared, operatorRole }: TenantScope, login: string): GrantedRole[] {
  const roles = new Map<string, Set<'tenants' | 'shared' | 'operator'>>();
  const add = (name: string | undefined, what: 'tenants' | 'shared' | 'operator'): void => {
    roles.set(name ?? login, (roles.get(name ?? login) ?? new Set()).add(what));
  };
  add(role, 'tenants');
  if (fleet !== undefined) add(fleet.role, 'tenants');
  add(operatorRole, 'operator');
  add(shared === undefined ? operatorRole : shared.role, 'shared');
  return [...roles].map(([name, does]) => ({ name, does }));
}

type WorkerRight = Pick<Grant, 'purpose'> & Pick<TableRight, 'privilege' | 'table'>;

export interface LoginAsked {
  readonly database: string;
  readonly login: string;
  /** What its roles may it may, too; null where the server has no such login. */
  readonly inherits: boolean | null;
}

/** The rights of one worker, with whether it has them. */
export async function ofWorker(
  tx: Tx,
  { name, does }: GrantedRole,
  {
    rights,
    login: { database, login, inherits },
  }: { readonly rights: readonly TableRight[]; readonly login: LoginAsked },
): Promise<Grant[]> {
  const isMember = inherits === true && name === login && !does.has('tenants');
  const own = rights.flatMap((right) => {
    const purpose = isMember && right.by.has('tenants') ? undefined : purposeFor(right, does);
    return purpose === undefined ? [] : [{ ...right, purpose }];
  });
  const purpose = does.has('tenants') ? 'apply' : 'shared';
  return [
    ...(await membership(tx, { role: name, login })),
    ...(await ofSchemas(tx, name, own)),
    ...(await ofTables(tx, name, own)),
    ...(await ofSequences(tx, name, own)),
    ...(isMember ? [] : await ofDatabase(tx, { database, worker: name, privilege: 'TEMPORARY', purpose })),
  ];
}

/** What the worker cannot do without it; undefined where it needs none of it. */
function purposeFor({ by, purpose }: TableRight, does: TableRight['by']): Grant['purpose'] | undefined {
  const both = [...by].filter((each) => does.has(each));
  if (both.some((each) => each !== 'shared')) return purpose;
  if (both.length === 0) return undefined;
  return does.has('tenants') || purpose === 'merge' ? purpose : 'shared';
}

/** The session drops to a role, and the role has the rights. */
export async function membership(
  tx: Tx,
  { role, login }: { readonly role: string | undefined; readonly login: string },
): Promise<Grant[]> {
  if (role === undefined || role === login) return [];
  const { held } = await tx.one<{ held: boolean }>(`SELECT pg_has_role($1, $2, 'MEMBER') AS held`, [
    login,
    role,
  ]);
  return [{ purpose: 'plan', sql: `GRANT ${quoteIdent(role)} TO ${quoteIdent(login)}`, held }];
}

async function ofSchemas(tx: Tx, worker: string, rights: readonly WorkerRight[]): Promise<Grant[]> {
  const schemas = [...new Set(rights.map(({ table }) => table.schema))].toSorted();
  const rows = await tx.many<{ name: string; held: boolean }>(
    `SELECT s AS name, has_schema_privilege($1, s, 'USAGE') AS held FROM unnest($2::text[]) s`,
    [worker, schemas],
  );
  const planned = new Set(
    rights.filter(({ purpose }) => purpose === 'plan').map(({ table }) => table.schema),
  );
  return rows.map(({ name, held }) => ({
    purpose: planned.has(name) ? 'plan' : 'shared',
    sql: `GRANT USAGE ON SCHEMA ${quoteIdent(name)} TO ${quoteIdent(worker)}`,
    held,
  }));
}

async function ofTables(tx: Tx, worker: string, rights: readonly WorkerRight[]): Promise<Grant[]> {
  const names = rights.map(({ table }) => quoteTable(table));
  // A role that owns nothing may not be told of tables in schemas that it may not use, so they are found by name.
  const rows = await tx.many<{ held: boolean }>(
    `SELECT has_table_privilege($1, c.oid, w.privilege) AS held
     FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY w (schema, name, privilege, at)
     JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name ORDER BY w.at`,
    [
      worker,
      rights.map(({ table }) => table.schema),
      rights.map(({ table }) => table.name),
      rights.map(({ privilege }) => privilege),
    ],
  );
  return rights.map(({ purpose, privilege }, at) => ({
    purpose,
    sql: `GRANT ${privilege} ON ${names[at]} TO ${quoteIdent(worker)}`,
    held: rows[at]?.held === true,
  }));
}

/** Defaults of rows that are made take from sequences. */
async function ofSequences(tx: Tx, worker: string, rights: readonly WorkerRight[]): Promise<Grant[]> {
  const made = rights.filter(({ privilege }) => privilege === 'INSERT').map(({ table }) => table);
  const rows = await tx.many<{ schema: string; name: string; held: boolean }>(
    `SELECT sn.nspname::text AS schema, s.relname::text AS name, has_sequence_privilege($1, s.oid, 'USAGE') AS held
     FROM unnest($2::text[], $3::text[]) w (schema, name)
     JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
     JOIN pg_attrdef a ON a.adrelid = c.oid
     JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid AND d.refclassid = 'pg_class'::regclass
     JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
     ORDER BY 1, 2`,
    [worker, made.map(({ schema }) => schema), made.map(({ name }) => name)],
  );
  return rows.map(({ schema, name, held }) => ({
    purpose: 'apply',
    sql: `GRANT USAGE ON SEQUENCE ${quoteTable({ schema, name })} TO ${quoteIdent(worker)}`,
    held,
  }));
}

interface OfDatabase {
  readonly database: string;
  readonly worker: string;
  readonly privilege: 'CREATE' | 'TEMPORARY';
  readonly purpose: Grant['purpose'];
}

export async function ofDatabase(
  tx: Tx,
  { database, worker, privilege, purpose }: OfDatabase,
): Promise<Grant[]> {
  const { held } = await tx.one<{ held: boolean }>(
    'SELECT has_database_privilege($1, current_database(), $2) AS held',
    [worker, privilege],
  );
  const sql = `GRANT ${privilege} ON DATABASE ${quoteIdent(database)} TO ${quoteIdent(worker)}`;
  return [{ purpose, sql, held }];
}
