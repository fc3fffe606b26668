/** Which tenant somebody means: by key, or by the name that the configuration shows. Never a guess among several. */
import type { ModelTableConfig } from '../engine/config.ts';
import { findNamedTable } from '../engine/names.ts';
import { printable } from '../engine/row-text.ts';
import { DroverError } from '../errors.ts';
import { listModels } from '../postgres/model-rows.ts';
import { readRules } from '../postgres/site.ts';
import type { Site } from '../postgres/site.ts';
import { asOperator } from '../postgres/tenant.ts';
import { usage } from './where.ts';

export interface TenantName {
  readonly key: string;
  readonly name: string;
}

const shown = 20;

/** Every tenant that the login may see; none where the database has a single one. */
export function listTenants(site: Site): Promise<TenantName[]> {
  const { root, display } = site.config.tenant;
  if (root === 'none') return Promise.resolve([]);
  return asOperator(site.database, { ...site.scope, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site);
    const table = findNamedTable(rules.scope, root);
    const key = site.config.tenant.key ?? table?.primaryKey[0];
    if (table === undefined || key === undefined) return [];
    // A tenant is a row with a key and a name, as a model is; of no tenant, so that all are listed.
    const config: ModelTableConfig = { table: root, key, columns: { name: display ?? key } };
    const rows = await listModels(tx, rules, { model: { table, kind: '', key, config }, tenant: undefined });
    return rows.map((row) => ({ key: row.key ?? '', name: row.components['name'] ?? row.key ?? '' }));
  });
}

/**
 * The key of the tenant that `text` means, for work that needs one. Undefined where the database has a single tenant.
 * @throws TENANT_REQUIRED, TENANT_NOT_FOUND and TENANT_AMBIGUOUS, each with the tenants there are
 */
export async function resolveTenant(site: Site, text: string | undefined): Promise<string | undefined> {
  if (site.config.tenant.root === 'none') {
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
