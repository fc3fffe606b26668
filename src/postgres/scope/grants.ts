/**
 * The rights that a login lacks, as the statements that give them. What a login has by whatever way counts as given: as owner, by
 * PUBLIC, by membership, as superuser. Reads pg_catalog only, which needs no right.
 */
import { neededRights, type TableRight } from '../../engine/operations/rights.ts';
import { readRules } from '../catalogue/rules.ts';
import { tenancyOf } from '../../engine/rules/tenancy.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';
import { DroverError } from '../../errors.ts';
import { recordRights, type Recorder } from './record-rights.ts';
import { siteFor } from './rows-site.ts';
import type { Site } from './site.ts';
import { asOperator } from './tenant.ts';
import { listTenants } from './tenants.ts';

export interface Grant {
  /** What cannot be done without it: read and plan, move and take back, make two rows one, or keep the records. */
  readonly purpose: 'plan' | 'apply' | 'merge' | 'records';
  readonly sql: string;
  readonly held: boolean;
}

export interface Grants {
  readonly database: string;
  readonly login: string;
  readonly grants: readonly Grant[];
  /** Where the records are. */
  readonly schema: string;
  /** Who has to upgrade that schema, because the login does not own it; null where the login itself may. */
  readonly owner: string | null;
}

/**
 * What the login needs on the site, by purpose; that of the connection where no other is named.
 * @throws USAGE_INVALID and CONFIG_INVALID where the login, or the role of the configuration, is not there
 */
export async function readGrants(site: Site, named?: string): Promise<Grants> {
  const rights = await rightsOn(site);
  const { role } = site.scope;
  const about = await asOperator(site.database, { settings: {}, readOnly: true }, async (tx) => {
    const { database, login } = await tx.one<{ database: string; login: string }>(
      'SELECT current_database()::text AS database, coalesce($1, session_user::text) AS login',
      [named ?? null],
    );
    if (!(await isRole(tx, login))) throw noLogin(login);
    if (role !== undefined && !(await isRole(tx, role))) throw noRole(role);
    const worker = role ?? login;
    const grants = [
      ...(await membership(tx, { role, login })),
      ...(await ofSchemas(tx, worker, rights)),
      ...(await ofTables(tx, worker, rights)),
      ...(await ofSequences(tx, worker, rights)),
      ...(await ofDatabase(tx, { database, worker, privilege: 'TEMPORARY', purpose: 'apply' })),
    ];
    return { database, login, grants };
  });
  const { owner, grants } = await ofRecords(site, about);
  return {
    ...about,
    grants: [...about.grants, ...grants].toSorted(byPurpose),
    schema: site.state.schema,
    owner,
  };
}

async function isRole(tx: Tx, name: string): Promise<boolean> {
  return (await tx.maybeOne('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])) !== undefined;
}

function noLogin(login: string): DroverError {
  const message =
    `The server has no login ${login}. \`SELECT rolname FROM pg_roles WHERE rolcanlogin\` lists them, ` +
    `\`CREATE ROLE ${quoteIdent(login)} LOGIN\` makes it.`;
  return new DroverError('USAGE_INVALID', message, { login });
}

function noRole(role: string): DroverError {
  const message =
    `The server has no role ${role}, which database.session.role of the configuration names. ` +
    `Name another one, or \`CREATE ROLE ${quoteIdent(role)}\`.`;
  return new DroverError('CONFIG_INVALID', message, { role });
}

const purposes: readonly Grant['purpose'][] = ['plan', 'apply', 'merge', 'records'];

function byPurpose(a: Grant, b: Grant): number {
  return purposes.indexOf(a.purpose) - purposes.indexOf(b.purpose);
}

/** Of moves and of re-keys; where each tenant has a schema of its own, of every tenant. */
async function rightsOn(site: Site): Promise<TableRight[]> {
  const own = tenancyOf(site.config) === 'schemas' ? (await listTenants(site)).map(({ key }) => key) : [];
  const found = new Map<string, TableRight>();
  const views = (site.config.rows ?? []).map(({ table }) => siteFor(site, { rows: table }));
  for (const seen of [site, ...views])
    for (const tenant of [undefined, ...own]) {
      const rules = await asOperator(seen.database, { settings: {}, readOnly: true }, (tx) =>
        readRules(tx, seen, tenant),
      );
      for (const right of neededRights(rules)) {
        const id = [right.privilege, right.table.schema, right.table.name].join('\0');
        if (right.purpose !== 'merge' || !found.has(id)) found.set(id, right);
      }
    }
  return [...found.values()];
}

/** The session drops to a role, and the role has the rights. */
async function membership(
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

async function ofSchemas(tx: Tx, worker: string, rights: readonly TableRight[]): Promise<Grant[]> {
  const schemas = [...new Set(rights.map(({ table }) => table.schema))].toSorted();
  const rows = await tx.many<{ name: string; held: boolean }>(
    `SELECT s AS name, has_schema_privilege($1, s, 'USAGE') AS held FROM unnest($2::text[]) s`,
    [worker, schemas],
  );
  return rows.map(({ name, held }) => ({
    purpose: 'plan',
    sql: `GRANT USAGE ON SCHEMA ${quoteIdent(name)} TO ${quoteIdent(worker)}`,
    held,
  }));
}

async function ofTables(tx: Tx, worker: string, rights: readonly TableRight[]): Promise<Grant[]> {
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
async function ofSequences(tx: Tx, worker: string, rights: readonly TableRight[]): Promise<Grant[]> {
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

async function ofDatabase(tx: Tx, { database, worker, privilege, purpose }: OfDatabase): Promise<Grant[]> {
  const { held } = await tx.one<{ held: boolean }>(
    'SELECT has_database_privilege($1, current_database(), $2) AS held',
    [worker, privilege],
  );
  const sql = `GRANT ${privilege} ON DATABASE ${quoteIdent(database)} TO ${quoteIdent(worker)}`;
  return [{ purpose, sql, held }];
}

/** The login makes the schema of the records, and owns it. Where somebody else made it, it lets the login in, and no more. */
async function ofRecords(
  { state, scope, config }: Site,
  { database, login: named }: Pick<Grants, 'database' | 'login'>,
): Promise<Pick<Grants, 'grants' | 'owner'>> {
  return asOperator(state.database, { settings: {}, readOnly: true }, async (tx) => {
    // Another server has other logins.
    const login = state.separate && !(await isRole(tx, named)) ? await sessionUser(tx) : named;
    const found = await tx.maybeOne<{ owner: string; owned: boolean; tables: string[] }>(
      `SELECT pg_get_userbyid(n.nspowner)::text AS owner, pg_has_role($2, n.nspowner, 'USAGE') AS owned,
         ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'r' ORDER BY 1) AS tables
       FROM pg_namespace n WHERE n.nspname = $1`,
      [state.schema, login],
    );
    // Drover's own schema has its rights by its migrations, for roles and not for logins.
    if (state.tenantType === 'uuid')
      return { grants: [], owner: found?.owned === false ? found.owner : null };
    if (found === undefined) {
      const where = state.separate ? await nameOf(tx) : database;
      const made = { database: where, worker: login, privilege: 'CREATE', purpose: 'records' } as const;
      return { grants: await ofDatabase(tx, made), owner: null };
    }
    const { owner, owned, tables } = found;
    const recorders: Recorder[] = [{ name: login, grantee: quoteIdent(login), does: 'everything' }];
    const { role } = scope;
    if (!owned && role !== undefined && role !== login && !state.separate)
      recorders.push({ name: role, grantee: quoteIdent(role), does: 'moves' });
    if (!owned && config.database?.fence === 'trigger')
      recorders.push({ name: 'public', grantee: 'PUBLIC', does: 'asks' });
    const about = { schema: state.schema, tables };
    const grants: Grant[] = [];
    for (const recorder of recorders)
      for (const right of await recordRights(tx, about, recorder))
        grants.push({ purpose: 'records', ...right });
    return { grants, owner: owned || tables.length === 0 ? null : owner };
  });
}

async function sessionUser(tx: Tx): Promise<string> {
  const { login } = await tx.one<{ login: string }>('SELECT session_user::text AS login');
  return login;
}

async function nameOf(tx: Tx): Promise<string> {
  const { name } = await tx.one<{ name: string }>('SELECT current_database()::text AS name');
  return name;
}
