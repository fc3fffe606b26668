/** Which tenant somebody means: by key, or by the name that the configuration shows. Never a guess among several. */
import { tenancyOf } from '../engine/rules/tenancy.ts';
import { printable } from '../engine/plan/row-text.ts';
import { isSharedRows, sharedRows } from '../engine/tenant.ts';
import type { TenantKey } from '../engine/tenant.ts';
import { DroverError } from '../errors.ts';
import type { Site } from '../postgres/scope/site.ts';
import { listTenants } from '../postgres/scope/tenants.ts';
import type { TenantName } from '../postgres/scope/tenants.ts';
import { usage } from './where.ts';

const shown = 20;

/**
 * The key of the tenant that `text` means, for work that needs one. Undefined where the database has a single tenant.
 * @throws TENANT_REQUIRED, TENANT_NOT_FOUND and TENANT_AMBIGUOUS, each with the tenants there are
 */
export async function resolveTenant(site: Site, text: string | undefined): Promise<string | undefined> {
  if (tenancyOf(site.config) === 'single') {
    if (text === undefined) return undefined;
    throw usage(
      '--tenant: the configuration says that this database has a single tenant (tenant.root: none).',
    );
  }
  const tenants = await listTenants(site);
  if (text === undefined)
    throw new DroverError(
      'TENANT_REQUIRED',
      `Say whose models: --tenant with a key or a name.${listed(tenants)}`,
    );
  // A login that may not list the tenants may still work for one of them: planning finds out.
  return tenants.length === 0 ? text : chooseTenant(tenants, text).key;
}

/**
 * The unit that a command is about: a tenant, or the shared rows.
 * @throws what `resolveTenant` throws; USAGE_INVALID where both are asked for
 */
export async function resolveUnit(
  site: Site,
  { tenant, shared }: { readonly tenant?: string; readonly shared?: boolean },
): Promise<string | undefined> {
  if (shared !== true) return resolveTenant(site, tenant);
  if (tenant !== undefined)
    throw usage('--tenant names one tenant, --shared the rows that are nobody’s alone; give one of them.');
  return sharedRows;
}

/** An exact key wins over a name, an exact name over one that differs in case. */
export function chooseTenant(tenants: readonly TenantName[], text: string): TenantName {
  const wanted = text.trim();
  const tests: ((tenant: TenantName) => boolean)[] = [
    ({ key }) => key === wanted,
    ({ name }) => name === wanted,
    ({ name }) => name.toLowerCase() === wanted.toLowerCase(),
  ];
  for (const test of tests) {
    const [found, ...others] = tenants.filter(test);
    if (found !== undefined && others.length === 0) return found;
    if (found !== undefined)
      throw new DroverError(
        'TENANT_AMBIGUOUS',
        `"${wanted}" fits ${others.length + 1} tenants; name one by its key.${listed([found, ...others])}`,
      );
  }
  throw new DroverError('TENANT_NOT_FOUND', `There is no tenant "${wanted}".${listed(tenants)}`, {
    tenant: wanted,
  });
}

function listed(tenants: readonly TenantName[]): string {
  if (tenants.length === 0) return '';
  const lines = tenants.slice(0, shown).map(({ key, name }) => `  ${printable(key)}  ${printable(name)}`);
  const more = tenants.length > shown ? [`  and ${tenants.length - shown} more`] : [];
  return ['\nThere are:', ...lines, ...more].join('\n');
}

/** The records of a foreign database are in one place; those of Drover's own schema are each tenant's. */
export async function tenantsToAsk(site: Site, text: string | undefined): Promise<TenantKey[]> {
  if (isSharedRows(text)) return [text];
  if (text !== undefined) return [await resolveTenant(site, text)];
  return site.state.tenantType === 'uuid'
    ? [...(await listTenants(site)).map(({ key }) => key), sharedRows]
    : [undefined];
}
