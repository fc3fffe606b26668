/** Whose assessments a command is about. */
import { given } from '../../engine/given.ts';
import { isClosed } from '../../engine/assess/status.ts';
import { isSharedRows, recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import { listAssessments } from '../../postgres/assess/show.ts';
import type { AssessmentRecord } from '../../postgres/assess/rows.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { listTenants } from '../../postgres/scope/tenants.ts';
import { tenantsToAsk } from '../../site/tenant.ts';

/** An assessment with what its tenant is called; empty where the database has a single one. */
export interface TenantAssessment {
  readonly record: AssessmentRecord;
  readonly tenantName: string;
}

/** The newest assessment of each tenant, or of the one that is named: by the name of the tenant. */
export async function findAssessments(site: Site, text: string | undefined): Promise<TenantAssessment[]> {
  // The rows that are nobody's alone are no tenant, and have no assessment.
  const asked = (await tenantsToAsk(site, text)).filter((tenant) => !isSharedRows(tenant));
  const named = asked.map((tenant) => (text === undefined ? tenant : recordedTenant(tenant)));
  const records = await listAssessments(site, named);
  const names = new Map((await listTenants(site)).map(({ key, name }) => [key, name]));
  return records
    .map((record) => ({ record, tenantName: nameIn(names, record.tenant) }))
    .toSorted((a, b) => (a.tenantName < b.tenantName ? -1 : 1));
}

function nameIn(names: ReadonlyMap<string, string>, tenant: TenantKey): string {
  return tenant === undefined ? '' : (names.get(tenant) ?? tenant);
}

/** Those that are not closed, at least one. @throws ASSESSMENT_NOT_FOUND */
export async function openAssessments(site: Site, text: string | undefined): Promise<TenantAssessment[]> {
  const open = (await findAssessments(site, text)).filter(({ record }) => !isClosed(record.status));
  if (open.length > 0) return open;
  throw new DroverError(
    'ASSESSMENT_NOT_FOUND',
    'There is no open assessment. `drover assess start --all-tenants` begins one for each tenant.',
  );
}

/** The only one that is open. @throws ASSESSMENT_NOT_FOUND; TENANT_REQUIRED where there are several and no tenant is named */
export async function onlyAssessment(site: Site, text: string | undefined): Promise<TenantAssessment> {
  const open = await openAssessments(site, text);
  const [only, another] = open;
  if (only !== undefined && another === undefined) return only;
  const names = open.map(({ tenantName }) => `  ${tenantName}`).slice(0, 20);
  throw new DroverError(
    'TENANT_REQUIRED',
    [`${open.length} assessments are open; say whose with --tenant:`, ...names].join('\n'),
    given({ tenants: open.map(({ tenantName }) => tenantName) }),
  );
}

/** `Alder Clinic: `, or nothing where there is a single tenant. */
export function ledBy(tenantName: string): string {
  return tenantName === '' ? '' : `${tenantName}: `;
}
