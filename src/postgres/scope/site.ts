/**
 * A site: one database with the configuration that describes it, and the place where Drover keeps its records about it.
 * Drover's own schema and a foreign database are both sites; nothing below knows the difference.
 */
import type { ConfigProblem } from '../../engine/rules/config.ts';
import type { Config } from '../../engine/rules/config.ts';
import { sharedSchemas, tenancyOf } from '../../engine/rules/tenancy.ts';
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import type { ModelKnowledge } from '../../engine/models/knowledge.ts';
import { KeptRules } from '../catalogue/rules.ts';
import type { Ruled } from '../catalogue/rules.ts';
import type { Database, Extent, Tx } from '../driver/database.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { quoteIdent } from '../sql/identifiers.ts';
import { lockSchema } from '../schema/schema-record.ts';
import { migrateSchema } from '../schema/migrate-schema.ts';
import { sessionGrants } from './record-rights.ts';
import { asFleet, asOperator, asSharedRows, asTenant } from './tenant.ts';
import type { TenantScope } from './tenant.ts';

interface StateStore {
  readonly database: Database;
  readonly schema: string;
  readonly scope: TenantScope;
  readonly tenantType: 'uuid' | 'text';
  /** The state lives in another database than the rows: one commit cannot cover both. */
  readonly separate: boolean;
}

export interface Site extends Ruled {
  readonly database: Database;
  readonly scope: TenantScope;
  readonly state: StateStore;
  /** What becomes of parameters where nobody says: translated in a database that Drover did not create, reset in its own. */
  readonly parameters: ParameterPolicy;
  /** How long a migration or a rollback waits for locks, in milliseconds; otherwise the configuration says it. */
  readonly lockWaitMs?: number;
  /** Somebody shall know: where nobody does, what should be asked cannot be read. */
  readonly knows: boolean;
}

interface SiteInput {
  readonly database: Database;
  readonly config: Config;
  /** Another database for Drover's records, where the login may not create a schema in this one. */
  readonly state?: Database;
  /** Drover's own platform: its schema, and how it separates tenants. */
  readonly platform?: { readonly schema: string; readonly scope: TenantScope };
  readonly knowledge?: () => ModelKnowledge | undefined;
  readonly trustsConfig?: boolean;
  readonly showProblems?: (problems: readonly ConfigProblem[]) => string[];
}

/** The schema of Drover's records in a database that it did not create. */
export const recordsSchema = 'drover';

/** Opens a site. Writes nothing: the schema for the records is made by the first migration (`prepareState`). */
export function openSite(input: SiteInput): Promise<Site> {
  const { database, config, platform } = input;
  const scope = platform?.scope ?? configuredScope(config);
  const state: StateStore =
    platform === undefined
      ? {
          database: input.state ?? database,
          schema: recordsSchema,
          scope: { settings: {} },
          tenantType: 'text',
          separate: input.state !== undefined,
        }
      : { database, schema: platform.schema, scope: platform.scope, tenantType: 'uuid', separate: false };
  const showProblems = input.showProblems ?? showPaths;
  const knowledge = input.knowledge ?? (() => undefined);
  const knows = input.knowledge !== undefined;
  return Promise.resolve({
    database,
    config,
    scope,
    state,
    parameters: platform === undefined ? 'translate' : 'reset',
    knowledge,
    knows,
    kept: new KeptRules(),
    trustsConfig: platform !== undefined || input.trustsConfig === true,
    showProblems,
  });
}

function showPaths(problems: readonly ConfigProblem[]): string[] {
  return problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function configuredScope(config: Config): TenantScope {
  const { role, settings = {} } = config.database?.session ?? {};
  const shared = tenancyOf(config) === 'schemas' ? { sharedSchemas: sharedSchemas(config) } : {};
  return { settings, ...(role === undefined ? {} : { role }), ...shared };
}

/**
 * Makes or upgrades the schema of a foreign database's records. Drover's own schema is installed at start. Rights are given under the lock
 * of the schema: PostgreSQL refuses who changes those of one object at the same time.
 */
export async function prepareState(site: Site): Promise<void> {
  const { state, scope } = site;
  if (state.tenantType === 'uuid') return;
  await migrateSchema(state.database, { schema: state.schema, variant: 'state' });
  await letWritersAsk(site);
  const { role } = scope;
  if (role === undefined || state.separate) return;
  await asOperator(state.database, { settings: {} }, async (tx) => {
    await lockSchema(tx, state.schema);
    for (const grant of sessionGrants(state.schema, role)) await tx.run(grant);
  });
}

/**
 * A trigger calls the functions of the fence as whoever writes the row. Default privileges may have taken them from everybody. The tables
 * of the schema stay closed.
 */
async function letWritersAsk({ state, config }: Site): Promise<void> {
  if (config.database?.fence !== 'trigger') return;
  await asOperator(state.database, { settings: {} }, async (tx) => {
    await lockSchema(tx, state.schema);
    const { may, closed } = await tx.one<{ may: boolean; closed: string | null }>(closedToWriters, [
      state.schema,
    ]);
    if (!may) await tx.run(`GRANT USAGE ON SCHEMA ${quoteIdent(state.schema)} TO PUBLIC`);
    if (closed !== null) await tx.run(`GRANT EXECUTE ON FUNCTION ${closed} TO PUBLIC`);
  });
}

/** May everybody use the schema, and which of its functions may not everybody call? Triggers call theirs by themselves. */
const closedToWriters = `SELECT has_schema_privilege('public', $1, 'USAGE') AS may,
  (SELECT string_agg(format('%I.%I(%s)', $1::text, proname, pg_get_function_identity_arguments(oid)), ', ') FROM pg_proc
   WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND prorettype <> 'trigger'::regtype
     AND NOT has_function_privilege('public', oid, 'EXECUTE')) AS closed`;

/** Runs work on the rows of one tenant; the whole database where it has a single one. */
export function withTenant<T>(
  site: Site,
  about: { tenant: TenantKey; readOnly?: boolean; extent?: Extent },
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const scope = { ...workScope(site, about.readOnly === true), extent: about.extent ?? 'any' };
  return asUnit(site.database, scope, { tenant: about.tenant, work });
}

/** A tenant, the shared rows, or all there is. */
function asUnit<T>(
  database: Database,
  scope: TenantScope,
  { tenant, work }: { readonly tenant: TenantKey; readonly work: (tx: Tx) => Promise<T> },
): Promise<T> {
  if (tenant === undefined) return asOperator(database, scope, work);
  return isSharedRows(tenant) ? asSharedRows(database, scope, work) : asTenant(database, scope, tenant, work);
}

/** Runs work on the rows of several tenants, in one transaction; of one tenant as `withTenant` does. @throws FLEET_UNAVAILABLE */
export function withTenants<T>(
  site: Site,
  about: { tenants: readonly TenantKey[]; readOnly?: boolean },
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { tenants, readOnly = false } = about;
  const named = tenants.filter((tenant) => tenant !== undefined);
  return tenants.length === 1
    ? withTenant(site, { tenant: tenants[0], readOnly }, work)
    : asFleet(site.database, workScope(site, readOnly), named, work);
}

function workScope(site: Site, readOnly: boolean): TenantScope {
  if (readOnly) return { ...site.scope, ...readLimit(site), readOnly, isolation: 'repeatable read' };
  // Said, because a database may have another default; see docs/decisions for why not a stricter one.
  return {
    ...site.scope,
    isolation: 'read committed',
    lockTimeoutMs: lockTimeoutOf(site),
  };
}

/** What a configuration says in SQL must not run for ever. Drover's own statements on its own schema need no limit. */
export function readLimit({ state, config }: Site): Pick<TenantScope, 'readTimeoutMs'> {
  return state.tenantType === 'uuid' ? {} : { readTimeoutMs: config.database?.readTimeoutMs ?? 600_000 };
}

/** One short attempt is made even where nothing is left to wait. */
const shortWaitMs = 200;

/** How long one statement waits for a lock: not longer than all of them may. */
function lockTimeoutOf({ config, lockWaitMs = Infinity }: Site): number {
  const leftMs = Math.max(shortWaitMs, Math.ceil(lockWaitMs));
  return Math.min(config.database?.lockTimeoutMs ?? 10_000, leftMs);
}

/** Runs work on the records of one tenant. */
export function withState<T>({ state }: Site, tenant: TenantKey, work: (tx: Tx) => Promise<T>): Promise<T> {
  return asUnit(state.database, state.scope, { tenant, work });
}

/** Works on the records of several tenants. Records in another database are those of one tenant at a time. */
export function withStates<T>(
  site: Site,
  tenants: readonly TenantKey[],
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const named = tenants.filter((tenant) => tenant !== undefined);
  return tenants.length === 1
    ? withState(site, tenants[0], work)
    : asFleet(site.state.database, site.state.scope, named, work);
}

/** The quoted name of one of Drover's own tables. */
export function stateTable(
  { state }: Site,
  name:
    | 'migrations'
    | 'migration_steps'
    | 'journal'
    | 'audit_log'
    | 'fences'
    | 'aliases'
    | 'set_aside'
    | 'assets'
    | 'asset_dependencies'
    | 'assessments'
    | 'assessment_sources'
    | 'asset_facts'
    | 'decisions'
    | 'wave_members',
): string {
  return `${quoteIdent(state.schema)}.${quoteIdent(name)}`;
}
