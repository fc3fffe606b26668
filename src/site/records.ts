/** Finding migrations where the tenant may be left out: in Drover's own schema each tenant sees only its own. */
import { sharedRows, tenantOfRecord, type TenantKey } from '../engine/tenant.ts';
import { DroverError } from '../errors.ts';
import { getMigration, listMigrations } from '../postgres/records/history.ts';
import type { MigrationDetail, MigrationRecord } from '../postgres/records/history.ts';
import type { Site } from '../postgres/scope/site.ts';
import { listTenants } from '../postgres/scope/tenants.ts';
import { tenantsToAsk } from './tenant.ts';

export interface NamedRecord extends MigrationRecord {
  readonly tenantName: string;
}

/** Migrations of one tenant or of all, newest first. */
export async function listRecords(
  site: Site,
  {
    tenant: text,
    ...query
  }: { readonly tenant: TenantKey; readonly limit: number; readonly before?: string },
): Promise<NamedRecord[]> {
  const tenants = await listTenants(site);
  const names = new Map([
    [sharedRows, 'shared rows'],
    ...tenants.map(({ key, name }) => [key, name] as const),
  ]);
  const lists: MigrationRecord[][] = [];
  for (const tenant of await tenantsToAsk(site, text))
    lists.push(await listMigrations(site, { ...query, tenant }));
  const all = lists.flat().toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  return all
    .slice(0, query.limit)
    .map((record) => ({ ...record, tenantName: names.get(record.tenant) ?? record.tenant }));
}

export interface FoundMigration {
  readonly record: MigrationDetail;
  readonly tenant: TenantKey;
}

/** The migration of that id. @throws MIGRATION_NOT_FOUND */
export async function findMigration(
  site: Site,
  { id, tenant: text }: { id: string; tenant: TenantKey },
): Promise<FoundMigration> {
  for (const tenant of await tenantsToAsk(site, text)) {
    const record = await getMigration(site, { tenant, id }).catch(unlessMissing);
    if (record !== undefined) return { record, tenant: tenantOfRecord(record.tenant) };
  }
  throw new DroverError(
    'MIGRATION_NOT_FOUND',
    `There is no migration "${id}". \`drover history\` lists them.`,
    { id },
  );
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof DroverError && error.code === 'MIGRATION_NOT_FOUND') return undefined;
  throw error;
}
