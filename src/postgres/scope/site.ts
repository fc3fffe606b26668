/**
 * A site: one database with the configuration that describes it, and the place where Drover keeps its records about it.
 * Drover's own schema and a foreign database are both sites; nothing below knows the difference.
 */
import type { Config, ConfigProblem } from '../../engine/rules/config.ts';
import { resolveRules } from '../../engine/rules/references.ts';
import type { ModelKnowledge } from '../../engine/models/knowledge.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { recordedTenant, type TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import { readCatalog } from '../catalogue/catalog.ts';
import type { Database, Extent, Tx } from '../driver/database.ts';
import { quoteIdent } from '../sql/identifiers.ts';
import { migrateSchema } from '../schema/migrate.ts';
import { asFleet, asOperator, asTenant } from './tenant.ts';
import type { TenantScope } from './tenant.ts';

interface StateStore {
  readonly database: Database;
  readonly schema: string;
  readonly scope: TenantScope;
  readonly tenantType: 'uuid' | 'text';
  /** The state lives in another database than the rows: one commit cannot cover both. */
  readonly separate: boolean;
}

export interface Site {
  readonly database: Database;
  readonly config: Config;
  readonly scope: TenantScope;
  readonly state: StateStore;
  /** What is known about models beside their rows, asked for when rules are read. */
  readonly knowledge: () => ModelKnowledge | undefined;
  /** Somebody shall know: where nobody does, what should be asked cannot be read. */
  readonly knows: boolean;
  /** How a problem of the configuration is shown: with file and line where it came from a file. */
  readonly showProblem: (problem: ConfigProblem) => string;
}

export interface SiteInput {
  readonly database: Database;
  readonly config: Config;
  /** Another database for Drover's records, where the login may not create a schema in this one. */
  readonly state?: Database;
  /** Drover's own platform: its schema, and how it separates tenants. */
  readonly platform?: { readonly schema: string; readonly scope: TenantScope };
  readonly knowledge?: () => ModelKnowledge | undefined;
  readonly showProblem?: (problem: ConfigProblem) => string;
}

const stateSchema = 'drover';

/** Opens a site. Writes nothing: the schema for the records is made by the first migration (`prepareState`). */
export function openSite(input: SiteInput): Promise<Site> {
  const { database, config, platform } = input;
  const scope = platform?.scope ?? configuredScope(config);
  const state: StateStore =
    platform === undefined
      ? {
          database: input.state ?? database,
          schema: stateSchema,
          scope: { settings: {} },
          tenantType: 'text',
          separate: input.state !== undefined,
        }
      : { database, schema: platform.schema, scope: platform.scope, tenantType: 'uuid', separate: false };
  const showProblem =
    input.showProblem ?? ((problem: ConfigProblem) => `${problem.path.join('.')}: ${problem.message}`);
  const knowledge = input.knowledge ?? (() => undefined);
  const knows = input.knowledge !== undefined;
  return Promise.resolve({ database, config, scope, state, knowledge, knows, showProblem });
}

function configuredScope({ database }: Config): TenantScope {
  const role = database?.session?.role;
  return { settings: database?.session?.settings ?? {}, ...(role === undefined ? {} : { role }) };
}

/** Makes or upgrades the schema of a foreign database's records. Drover's own schema is installed at start. */
export async function prepareState({ state, scope }: Site): Promise<void> {
  if (state.tenantType === 'uuid') return;
  await migrateSchema(state.database, { schema: state.schema, variant: 'state' });
  const { role } = scope;
  if (role === undefined || state.separate) return;
  await asOperator(state.database, { settings: {} }, async (tx) => {
    await tx.run(`GRANT USAGE ON SCHEMA ${quoteIdent(state.schema)} TO ${quoteIdent(role)}`);
    await tx.run(
      `GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ${quoteIdent(state.schema)} TO ${quoteIdent(role)}`,
    );
    // The journal and the audit log are only ever added to.
    const changing = ['migrations', 'fences', 'run_tenants'].map(
      (name) => `${quoteIdent(state.schema)}.${quoteIdent(name)}`,
    );
    await tx.run(`GRANT UPDATE ON ${changing.join(', ')} TO ${quoteIdent(role)}`);
  });
}

/** Runs work on the rows of one tenant; the whole database where it has a single one. */
export function withTenant<T>(
  site: Site,
  about: { tenant: TenantKey; readOnly?: boolean; extent?: Extent },
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const scope = { ...workScope(site, about.readOnly === true), extent: about.extent ?? 'any' };
  return about.tenant === undefined
    ? asOperator(site.database, scope, work)
    : asTenant(site.database, scope, about.tenant, work);
}

/** Runs work on the rows of several tenants, in one transaction. @throws FLEET_UNAVAILABLE */
export function withTenants<T>(
  site: Site,
  about: { tenants: readonly string[]; readOnly?: boolean },
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return asFleet(site.database, workScope(site, about.readOnly === true), about.tenants, work);
}

function workScope(site: Site, readOnly: boolean): TenantScope {
  if (readOnly) return { ...site.scope, readOnly, isolation: 'repeatable read' };
  // Said, because a database may have another default; see docs/decisions for why not a stricter one.
  return {
    ...site.scope,
    isolation: 'read committed',
    lockTimeoutMs: site.config.database?.lockTimeoutMs ?? 10_000,
  };
}

/** Runs work on the records of one tenant. */
export function withState<T>({ state }: Site, tenant: TenantKey, work: (tx: Tx) => Promise<T>): Promise<T> {
  return tenant === undefined
    ? asOperator(state.database, state.scope, work)
    : asTenant(state.database, state.scope, tenant, work);
}

/** The value of the tenant column in Drover's records. */
export function stateTenant(tenant: TenantKey): string {
  return recordedTenant(tenant);
}

/** The quoted name of one of Drover's own tables. */
export function stateTable(
  { state }: Site,
  name: 'migrations' | 'migration_steps' | 'journal' | 'audit_log' | 'fences',
): string {
  return `${quoteIdent(state.schema)}.${quoteIdent(name)}`;
}

/** The rules of a site against the catalogue as it is now. @throws CONFIG_MISMATCH with every problem */
export function readRules(tx: Tx, site: Site): Promise<Rules> {
  return tx.once('rules', async (shared) => withKnown(site, await readStoredRules(shared, site)));
}

/** What follows from the configuration and the catalogue alone. @throws CONFIG_MISMATCH with every problem */
export async function readStoredRules(tx: Tx, site: Site): Promise<Rules> {
  const { schemas = ['public'], ignore = [] } = site.config.database ?? {};
  const catalog = await readCatalog(tx, { schemas, ignore });
  const own = site.state.separate ? '' : `${site.state.schema}.`;
  const foreign =
    site.state.tenantType === 'text'
      ? catalog.tables.filter((table) => own === '' || !table.id.startsWith(own))
      : catalog.tables;
  const { rules, problems } = resolveRules({ tables: foreign }, site.config);
  if (problems.length > 0)
    throw new DroverError(
      'CONFIG_MISMATCH',
      `The configuration does not fit the database:\n${problems.map((problem) => `  ${site.showProblem(problem)}`).join('\n')}`,
      { problems },
    );
  // Where several tenants share a transaction, each must see in it what it would see alone.
  return { ...rules, ...(site.scope.fleet === undefined ? {} : { exclusive: true }) };
}

/** The rules with what is known of models at this moment. */
export function withKnown(site: Site, rules: Rules): Rules {
  const knowledge = site.knowledge();
  return knowledge === undefined ? rules : { ...rules, knowledge };
}
