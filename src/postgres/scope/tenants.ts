/** Tenants as such: who there is, and one digest per table of what is theirs. */
import { type TenantRef } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { tenancyOf } from '../../engine/rules/tenancy.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { many, type Question, readAs } from '../driver/question.ts';
import { quoteIdent, quoteRows, quoteTable } from '../sql/identifiers.ts';
import { mineSql } from '../sql/row.ts';
import { rowsOf, sql } from '../sql/sql.ts';
import { readLimit, withTenant } from './site.ts';
import { listTenantSchemas } from '../catalogue/own-schema.ts';
import { readRules } from '../catalogue/rules.ts';
import type { Site } from './site.ts';
import { askAsTenants, asOperator, type TenantScope } from './tenant.ts';

export interface TenantName extends TenantRef {
  /** By the configuration: left out of runs over all tenants. */
  readonly suspended: boolean;
}

/** Every tenant that the login may see, by key; none where the database has a single one. */
export function listTenants(site: Site): Promise<TenantName[]> {
  const { root = '', display } = site.config.tenant;
  const tenancy = tenancyOf(site.config);
  if (tenancy === 'single') return Promise.resolve([]);
  if (tenancy === 'schemas') return listSchemas(site);
  return asOperator(site.database, { ...site.scope, ...readLimit(site), readOnly: true }, async (tx) => {
    const { scope } = await readRules(tx, site, undefined);
    const table = findNamedTable(scope, root);
    const key = site.config.tenant.key ?? table?.primaryKey[0];
    if (table === undefined || key === undefined) return [];
    const own = `t.${quoteIdent(key)}::text`;
    const tenants = await tx.many<Omit<TenantName, 'suspended'>>(
      `SELECT ${own} AS key, coalesce(t.${quoteIdent(display ?? key)}::text, ${own}) AS name FROM ${quoteRows(table)} t ORDER BY 1`,
    );
    const text = site.config.tenant.suspended;
    const from = `FROM ${quoteRows(table)} t WHERE`;
    const asked =
      text === undefined
        ? new Set<string>()
        : await askSuspended(tx, site.scope, {
            table,
            keys: tenants.map((tenant) => tenant.key),
            query: `SELECT ${own} AS key, coalesce((${text}), false) AS suspended ${from} ${own} = ANY ($1::text[])`,
          });
    return tenants.map((tenant) => ({ ...tenant, suspended: asked.has(tenant.key) }));
  });
}

interface SuspendedQuestion {
  readonly table: { readonly schema: string; readonly name: string };
  readonly keys: readonly string[];
  /** Of the tenants in `$1`. */
  readonly query: string;
}

/**
 * Which of them are suspended. That is SQL of the configuration, which runs with as few rights as can answer it: those of a tenant's work;
 * the login is asked of tenants whose row these do not show.
 */
async function askSuspended(
  tx: Tx,
  scope: TenantScope,
  { table, keys, query }: SuspendedQuestion,
): Promise<ReadonlySet<string>> {
  const found = new Map<string, boolean>();
  const open = (): string[] => keys.filter((key) => !found.has(key));
  const ask = (tenants: readonly string[]): Question<void> =>
    readAs(many<{ readonly key: string; readonly suspended: boolean }>(query, [tenants]), (rows) => {
      for (const { key, suspended } of rows) found.set(key, suspended);
    });
  const { role } = scope;
  // Whoever is an operator in Drover's own schema has the rights for it and no more.
  if (role !== undefined && scope.operatorRole === undefined) {
    const mayRead = `SELECT pg_catalog.has_table_privilege($1, $2, 'SELECT') AS "mayRead"`;
    const may = await tx.one<{ mayRead: boolean }>(mayRead, [role, quoteTable(table)]);
    if (may.mayRead) await askAsTenants(tx, { ...scope, role }, { open, ask });
  }
  await tx.ask(ask(open()));
  return new Set([...found].flatMap(([key, suspended]) => (suspended ? [key] : [])));
}

/** The name of the schema is the tenant. */
function listSchemas({ database, scope, config, state }: Site): Promise<TenantName[]> {
  return asOperator(database, { ...scope, readOnly: true }, async (tx) => {
    const schemas = await listTenantSchemas(tx, config, state.schema);
    return schemas.map((schema) => ({ key: schema, name: schema, suspended: false }));
  });
}

/** A tenant whose schema the configuration does not fit, and why. */
interface UnfitTenant {
  readonly tenant: string;
  readonly message: string;
}

/** Where each tenant has a schema of its own: those that the configuration does not fit. */
export async function listUnfit(site: Site): Promise<UnfitTenant[]> {
  if (tenancyOf(site.config) !== 'schemas') return [];
  const unfit: UnfitTenant[] = [];
  for (const { key: tenant } of await listTenants(site))
    await withTenant(site, { tenant, readOnly: true }, (tx) => readRules(tx, site, tenant)).catch(
      (error: unknown) => {
        if (!(error instanceof DroverError) || error.code !== 'CONFIG_MISMATCH') throw error;
        unfit.push({ tenant, message: error.message });
      },
    );
  return unfit;
}

/**
 * A digest of all rows of a tenant by table, order-independent: two equal digests mean equal rows. What the configuration
 * ignores is left out. For the demo and for tests; it reads every row.
 */
export function digestTenant(site: Site, tenant: TenantKey): Promise<Record<string, string>> {
  return withTenant(site, { tenant, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site, tenant);
    const digests = new Map<string, string>();
    for (const table of rules.catalog.tables) {
      digests.set(table.id, await digestTable(tx, { rules, table, tenant }));
    }
    return Object.fromEntries(digests);
  });
}

interface Digested {
  readonly rules: Rules;
  readonly table: Rules['catalog']['tables'][number];
  readonly tenant: TenantKey;
}

async function digestTable(tx: Tx, { rules, table, tenant }: Digested): Promise<string> {
  const tenants = tenant === undefined ? undefined : [tenant];
  const mine = mineSql({ rules, table, size: 1, tenants });
  const { digest } = await tx.one<{ digest: string }>(
    sql`SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0)::text AS digest FROM ${rowsOf(table)} t WHERE ${mine}`,
  );
  return digest;
}
