/**
 * The one place that sets role and tenant. Both are literals in the statements that open the transaction. They cost no round trip,
 * end with the transaction whatever happens, and pass poolers and fleets that swallow `set_config`.
 *
 * A scope says how a database separates tenants. Drover's own is `platformScope` in ../platform/scope.ts; that of a
 * foreign database comes from its configuration. A database without roles and settings has an empty scope.
 */
import { isUuid } from '../../engine/uuid.ts';
import { DroverError } from '../../errors.ts';
import type { Database, Extent, Tx } from '../driver/database.ts';
import type { Opening } from '../driver/opening.ts';
import { affected, one, prepared, type Query, type Question } from '../driver/question.ts';
import { quoteIdent, quoteLiteral } from '../sql/identifiers.ts';

export interface TenantScope {
  /** The role that tenant work drops to. */
  readonly role?: string;
  /** Settings of a tenant's transaction; `$tenant` stands for the tenant. */
  readonly settings: Readonly<Record<string, string>>;
  /** Each tenant has a schema of its own, and these are everybody's: unqualified names are looked up in both, as the application does. */
  readonly sharedSchemas?: readonly string[];
  /** The role and settings of work on several named tenants; `$tenants` stands for a PostgreSQL array of them. */
  readonly fleet?: { readonly role?: string; readonly settings: Readonly<Record<string, string>> };
  /** The role and settings of work on the rows that are nobody's alone; those of an operator where it is not given. */
  readonly shared?: { readonly role?: string; readonly settings: Readonly<Record<string, string>> };
  /** The role of work outside tenants; the login itself where it is not given. */
  readonly operatorRole?: string;
  /** The role that gives a tenant's rows other keys; that of its other work where it is not given. */
  readonly rekeyRole?: string;
  /** What a tenant's key looks like; `text` where it is not given. */
  readonly tenantKey?: 'uuid' | 'text';
  readonly isolation?: 'read committed' | 'repeatable read';
  readonly readOnly?: boolean;
  readonly lockTimeoutMs?: number;
  /** How long one statement may take where the login has no limit of its own. */
  readonly readTimeoutMs?: number;
  readonly extent?: Extent;
}

/** Runs `work` in a transaction that is bound to one tenant. */
export async function asTenant<T>(
  db: Database,
  scope: TenantScope,
  tenantId: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const settings = fill(scope.settings, '$tenant', checkTenant(scope, tenantId));
  const begin = opening(scope, scope.role, settings);
  return db.transaction(
    { ...begin, settings: [...(begin.settings ?? []), ...pathOf(scope, tenantId)] },
    work,
    scope.extent,
  );
}

/** The statements of Drover name tables with their schema. What the database calls, such as a trigger, may not. */
function pathOf({ sharedSchemas: shared }: TenantScope, tenant: string): Query[] {
  // A name that no schema can have is no tenant's: whoever reads the rules finds out.
  if (shared === undefined || Buffer.byteLength(tenant) > 63) return [];
  return [searchPath([tenant, ...shared])];
}

function searchPath(schemas: readonly string[]): string {
  return `SET LOCAL search_path = ${schemas.map(quoteIdent).join(', ')}`;
}

/** Runs `work` in a transaction that sees the named tenants and no other. */
export async function asFleet<T>(
  db: Database,
  scope: TenantScope,
  tenantIds: readonly string[],
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { role, settings } = fleetBindings(scope, tenantIds);
  return db.transaction(opening(scope, role, settings), work, scope.extent);
}

function fleetBindings(
  scope: TenantScope,
  tenantIds: readonly string[],
): { role: string | undefined; settings: Readonly<Record<string, string>> } {
  if (tenantIds.length === 0) throw new DroverError('TENANT_INVALID', 'A fleet transaction names no tenant.');
  const tenants = tenantIds.map((tenantId) => checkTenant(scope, tenantId));
  const { role, settings } = fleetOf(scope);
  const list = `{${tenants.map((tenant) => JSON.stringify(tenant)).join(',')}}`;
  return { role, settings: fill(settings, '$tenants', list) };
}

/** Runs `work` outside tenants: the catalogue, the list of tenants, state. No tenant's setting is in force. */
export async function asOperator<T>(
  db: Database,
  scope: TenantScope,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const settings = Object.entries(scope.settings).filter(([, value]) => !value.includes('$tenant'));
  const begin = opening(scope, scope.operatorRole, Object.fromEntries(settings));
  return db.transaction(begin, work, scope.extent);
}

/** Runs `work` on the rows that are nobody's alone. No tenant's setting is in force. */
export async function asSharedRows<T>(
  db: Database,
  scope: TenantScope,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { shared, sharedSchemas } = scope;
  if (shared !== undefined)
    return db.transaction(opening(scope, shared.role, shared.settings), work, scope.extent);
  return asOperator(db, scope, async (tx) => {
    if (sharedSchemas !== undefined) await tx.run(searchPath(sharedSchemas));
    return work(tx);
  });
}

/**
 * Binds an operator's transaction to one tenant from here on: for what must be written in a tenant together with what
 * belongs to none, such as its audit record.
 */
export async function enterTenant(tx: Tx, scope: TenantScope, tenantId: string): Promise<void> {
  const settings = fill(scope.settings, '$tenant', checkTenant(scope, tenantId));
  await bind(tx, scope.role, settings);
}

/** The login itself again, with settings of that scope that say nothing. */
export async function leaveTenant(tx: Tx, { settings }: Pick<TenantScope, 'settings'>): Promise<void> {
  await bind(tx, 'none', Object.fromEntries(Object.keys(settings).map((name) => [name, ''])));
}

/**
 * Does one thing as the operator within a transaction of tenants, which is theirs again afterwards: for what tenants may
 * rely on but not write themselves. Where the work fails the transaction has failed, so nobody goes on as the operator.
 */
export async function asOperatorWithin(tx: Tx, scope: TenantScope, work: () => Promise<void>): Promise<void> {
  const { operatorRole } = scope;
  return operatorRole === undefined ? work() : withRole(tx, operatorRole, work);
}

async function withRole(tx: Tx, role: string, work: () => Promise<void>): Promise<void> {
  const [before] = await tx.together([
    one<{ role: string }>('SELECT current_user::text AS role'),
    affected(roleSql(role)),
  ]);
  await work();
  await tx.run(roleSql(before.role));
}

/** In one message. */
const tenantsAtOnce = 500;

/**
 * Asks within an operator's transaction with the rights of a tenant's work: once without a tenant, and then bound to each that `open` still
 * gives. A tenant's settings stay in force.
 */
export async function askAsTenants(
  tx: Tx,
  scope: TenantScope & { readonly role: string },
  {
    open,
    ask,
  }: { readonly open: () => readonly string[]; readonly ask: (tenants: readonly string[]) => Question<void> },
): Promise<void> {
  await withRole(tx, scope.role, async () => {
    await tx.ask(ask(open()));
    const left = open();
    for (let at = 0; at < left.length; at += tenantsAtOnce)
      await tx.together(
        left
          .slice(at, at + tenantsAtOnce)
          .flatMap((tenant) => [
            ...bindingsOf(undefined, fill(scope.settings, '$tenant', tenant)).map((query) => affected(query)),
            ask([tenant]),
          ]),
      );
  });
}

/**
 * Does one thing in the named tenants within an operator's transaction, which is the operator's again afterwards: for what must
 * happen together in tenants and in what belongs to none.
 */
export async function asFleetWithin(
  tx: Tx,
  scope: TenantScope,
  { tenantIds, work }: { readonly tenantIds: readonly string[]; readonly work: () => Promise<void> },
): Promise<void> {
  const { role, settings } = fleetBindings(scope, tenantIds);
  await bind(tx, role, settings);
  await work();
  if (scope.operatorRole !== undefined) await tx.run(roleSql(scope.operatorRole));
}

/** Can one transaction see several tenants? */
export function sharesTransactions(scope: TenantScope): boolean {
  if (scope.sharedSchemas !== undefined) return false;
  return (
    scope.fleet !== undefined || !Object.values(scope.settings).some((value) => value.includes('$tenant'))
  );
}

/** A database that binds nothing to a tenant needs nothing for several; otherwise the scope must say how. */
function fleetOf(scope: TenantScope): { role?: string; settings: Readonly<Record<string, string>> } {
  if (scope.fleet) return scope.fleet;
  if (sharesTransactions(scope))
    return { ...(scope.role === undefined ? {} : { role: scope.role }), settings: scope.settings };
  throw new DroverError(
    'FLEET_UNAVAILABLE',
    'This database binds each transaction to one tenant; work on several tenants must go one by one.',
  );
}

function opening(
  { isolation, readOnly, lockTimeoutMs, readTimeoutMs }: TenantScope,
  role: string | undefined,
  settings: Readonly<Record<string, string>>,
): Opening {
  const timeout = lockTimeoutMs === undefined ? [] : [`SET LOCAL lock_timeout = ${wholeMs(lockTimeoutMs)}`];
  const limit = readTimeoutMs === undefined ? [] : [readLimitSql(readTimeoutMs)];
  return { isolation, readOnly, settings: [...timeout, ...limit, ...bindingsOf(role, settings)] };
}

function readLimitSql(ms: number): Query {
  return prepared(
    `SELECT pg_catalog.set_config('statement_timeout', '${wholeMs(ms)}', true) WHERE pg_catalog.current_setting('statement_timeout') = '0'`,
  );
}

/** From here on to the end of an open transaction. */
async function bind(
  tx: Tx,
  role: string | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await tx.together(bindingsOf(role, settings).map((query) => affected(query)));
}

function bindingsOf(role: string | undefined, settings: Readonly<Record<string, string>>): Query[] {
  const bindings = Object.entries(settings).map(
    ([name, value]) => `SET LOCAL ${settingName(name)} = ${quoteLiteral(value)}`,
  );
  return role === undefined ? bindings : [roleSql(role), ...bindings];
}

/** A role is not a tenant's, so every connection may keep the statement. */
function roleSql(role: string): Query {
  return prepared(`SET LOCAL ROLE ${quoteIdent(role)}`);
}

function wholeMs(value: number): string {
  if (Number.isSafeInteger(value) && value >= 0) return String(value);
  throw new DroverError(
    'SETTING_INVALID',
    `A lock timeout of ${value} is not a whole number of milliseconds.`,
  );
}

/** A setting's name cannot be a parameter or a literal. The role is set by `role` only, so that nothing undoes it. */
function settingName(name: string): string {
  const plain = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/i.test(name);
  if (plain && !/^(role|session_authorization|row_security)$/i.test(name))
    // In quotes, because a part may be a word of SQL: app.user.
    return name.split('.').map(quoteIdent).join('.');
  const message = `${JSON.stringify(name)} cannot be set for a tenant's transaction.`;
  throw new DroverError('SETTING_INVALID', message, { name });
}

function fill(
  settings: Readonly<Record<string, string>>,
  placeholder: '$tenant' | '$tenants',
  value: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, template]) => [name, fillOne(template, placeholder, value)]),
  );
}

/** Inside a larger text (a JSON claim, say) a tenant's key could change its meaning, so only plain ones go there. */
function fillOne(template: string, placeholder: string, value: string): string {
  if (template === placeholder) return value;
  if (template.includes(placeholder) && !/^[\w.:@-]+$/.test(value)) throw invalidTenant(value);
  return template.replaceAll(placeholder, () => value);
}

function checkTenant(scope: TenantScope, tenantId: string): string {
  const valid =
    scope.tenantKey === 'uuid'
      ? isUuid(tenantId)
      : tenantId !== '' && tenantId.length <= 1024 && tenantId.isWellFormed() && !/\p{Cc}/u.test(tenantId);
  if (!valid) throw invalidTenant(tenantId);
  return tenantId;
}

function invalidTenant(tenantId: string): DroverError {
  return new DroverError('TENANT_INVALID', `${JSON.stringify(tenantId.slice(0, 80))} cannot be a tenant.`, {
    tenantId,
  });
}
