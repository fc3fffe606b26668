/**
 * The rights that a login lacks, as the statements that give them. What a login has by whatever way counts as given: as owner, by
 * PUBLIC, by membership, as superuser. Reads pg_catalog only, which needs no right.
 */
import { neededRights } from '../../engine/operations/rights.ts';
import type { TableRight } from '../../engine/operations/rights.ts';
import { readRules } from '../catalogue/rules.ts';
import { tenancyOf } from '../../engine/rules/tenancy.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent } from '../sql/identifiers.ts';
import { DroverError } from '../../errors.ts';
import { recordRights, type Recorder } from './record-rights.ts';
import { siteFor } from './rows-site.ts';
import type { Site } from './site.ts';
import { asOperator } from './tenant.ts';
import type { TenantScope } from './tenant.ts';
import { listTenants } from './tenants.ts';
import { membership, ofDatabase, ofWorker, workersOf } from './work-rights.ts';
import type { Grant, LoginAsked } from './work-rights.ts';

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
  const about = await asOperator(site.database, { settings: {}, readOnly: true }, async (tx) => {
    const { database, login, inherits } = await tx.one<LoginAsked>(
      `SELECT current_database()::text AS database, w.login, (SELECT rolinherit FROM pg_roles WHERE rolname = w.login) AS inherits
       FROM (SELECT coalesce($1, session_user::text) AS login) w`,
      [named ?? null],
    );
    if (inherits === null) throw noLogin(login);
    const grants: Grant[] = [];
    for (const worker of workersOf(site.scope, login)) {
      if (!(await isRole(tx, worker.name))) throw noRole(worker.name);
      grants.push(...(await ofWorker(tx, worker, { rights, login: { database, login, inherits } })));
    }
    grants.push(...(await ofRekeyRole(tx, site.scope, login)));
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

/** Drover's own schema gives rows other keys by a role, which has what it needs by the migrations of that schema. */
async function ofRekeyRole(tx: Tx, { rekeyRole: role }: TenantScope, login: string): Promise<Grant[]> {
  if (role === undefined) return [];
  const made = (await isRole(tx, role))
    ? []
    : [{ purpose: 'rekey', sql: `CREATE ROLE ${role} NOLOGIN`, held: false } as const];
  const [member] = made.length > 0 ? [] : await membership(tx, { role, login });
  const given = {
    purpose: 'rekey',
    sql: `GRANT ${quoteIdent(role)} TO ${quoteIdent(login)}`,
    held: false,
  } as const;
  return [...made, { ...given, held: member?.held ?? false }];
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

const purposes: readonly Grant['purpose'][] = ['plan', 'apply', 'shared', 'merge', 'rekey', 'records'];

function byPurpose(a: Grant, b: Grant): number {
  return purposes.indexOf(a.purpose) - purposes.indexOf(b.purpose);
}

/** Of moves and of re-keys; where each tenant has a schema of its own, of every tenant. */
async function rightsOn(site: Site): Promise<TableRight[]> {
  const own = tenancyOf(site.config) === 'schemas' ? (await listTenants(site)).map(({ key }) => key) : [];
  const found = new Map<string, TableRight>();
  const rows = site.scope.rekeyRole === undefined ? (site.config.rows ?? []) : [];
  const views = rows.map(({ table }) => siteFor(site, { rows: table }));
  for (const seen of [site, ...views])
    for (const tenant of [undefined, ...own]) {
      const rules = await asOperator(seen.database, { settings: {}, readOnly: true }, (tx) =>
        readRules(tx, seen, tenant),
      );
      for (const right of neededRights(rules)) {
        const id = [right.privilege, right.table.schema, right.table.name].join('\0');
        const before = found.get(id);
        const by = new Set([...right.by, ...(before?.by ?? [])]);
        found.set(
          id,
          before !== undefined && right.purpose === 'merge' ? { ...before, by } : { ...right, by },
        );
      }
    }
  return [...found.values()];
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
    if (found === undefined) {
      const where = state.separate ? await nameOf(tx) : database;
      const made = { database: where, worker: login, privilege: 'CREATE', purpose: 'records' } as const;
      return { grants: await ofDatabase(tx, made), owner: null };
    }
    const { owner, owned, tables } = found;
    // Drover's own schema has its rights by its migrations, for roles; before it writes the login itself looks which of them are there.
    const does = state.tenantType === 'uuid' ? 'compares' : 'everything';
    const recorders: Recorder[] = [{ name: login, grantee: quoteIdent(login), does }];
    const { role } = scope;
    if (!owned && does === 'everything' && role !== undefined && role !== login && !state.separate)
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
