/** Keys of the demo's people, for whoever starts a server for the first time. */
import { countTenants } from '../queries/demo-rows.ts';
import { asOperator } from '../../postgres/scope/tenant.ts';
import { demoId } from './ids.ts';
import { createApiKey } from '../access/keys.ts';
import type { Platform } from '../open.ts';
import { platformScope } from '../scope.ts';
import { seedDemo } from './seed.ts';

export interface FirstKey {
  readonly role: string;
  readonly who: string;
  readonly text: string;
}

const people = [
  { role: 'sysadmin', who: 'ada@alder-clinic.example', tenant: 1, user: 0 },
  { role: 'member', who: 'eli@alder-clinic.example', tenant: 1, user: 1 },
  { role: 'viewer', who: 'axel@alder-clinic.example', tenant: 1, user: 3 },
  { role: 'admin', who: 'ada@birch-partners.example', tenant: 2, user: 0 },
] as const;

/** Where the database has no tenant yet: the demo, and a key for each role. Nothing otherwise. */
export async function seedWithKeys(platform: Platform): Promise<FirstKey[]> {
  const { demo, others } = await asOperator(platform.database, platformScope, (tx) =>
    countTenants(tx, platform.schema),
  );
  if (demo + others > 0) return [];
  await seedDemo(platform.database, { schema: platform.schema });
  const keys: FirstKey[] = [];
  for (const { role, who, tenant, user } of people) {
    const { text } = await createApiKey(platform, {
      tenantId: demoId(tenant, 'tenants', 0),
      userId: demoId(tenant, 'users', user),
      name: 'first',
      scopes: ['*'],
    });
    keys.push({ role, who, text });
  }
  return keys;
}
