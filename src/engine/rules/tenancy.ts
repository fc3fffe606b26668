/** How a database tells its tenants apart: by rows, by schemas, or not at all, because it has a single one. */
import type { Config } from './config.ts';

type Tenancy = 'single' | 'rows' | 'schemas';

export function tenancyOf({ tenant }: Pick<Config, 'tenant'>): Tenancy {
  if (tenant.schemas !== undefined) return 'schemas';
  return tenant.root === 'none' ? 'single' : 'rows';
}

/** What schemas of tenants are called: names in which `*` stands for any text. */
export function tenantPatterns({ tenant: { schemas = [] } }: Pick<Config, 'tenant'>): readonly string[] {
  return typeof schemas === 'string' ? [schemas] : schemas;
}

/** The schemas that are no tenant's, in the order in which tables are looked up. */
export function sharedSchemas({ database }: Pick<Config, 'database'>): readonly string[] {
  return database?.schemas ?? ['public'];
}

/** Is it a tenant's schema? One that the configuration lists is everybody's, and the server's own are nobody's. */
export function isTenantSchema(config: Pick<Config, 'tenant' | 'database'>, schema: string): boolean {
  if (sharedSchemas(config).includes(schema) || /^pg_|^information_schema$/.test(schema)) return false;
  return tenantPatterns(config).some((pattern) => matches(pattern, schema));
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('[^]*')}$`).test(name);
}
