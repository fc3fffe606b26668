/** Keys of the demo's people, for whoever starts a server for the first time. */
import { countTenants, hasKeyNamed } from '../queries/demo-rows.ts';
import { asOperator, asTenant } from '../../postgres/scope/tenant.ts';
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

const name = 'first';

/** Where the database has no tenant but those of the demo: the demo, and, the first time, a key for each role. Nothing otherwise. */
export async function seedWithKeys(platform: Platform): Promise<FirstKey[]> {
  const { database, schema } = platform;
  const { others } = await asOperator(database, platformScope, (tx) => countTenants(tx, schema));
  const first = demoId(people[0].tenant, 'tenants', 0);
  if (others > 0 || (await asTenant(database, platformScope, first, (tx) => hasKeyNamed(tx, schema, name))))
    return [];
  await seedDemo(platform.database, { schema: platform.schema });
  const keys: FirstKey[] = [];
  for (const { role, who, tenant, user } of people) {
    const { text } = await createApiKey(platform, {
      tenantId: demoId(tenant, 'tenants', 0),
      userId: demoId(tenant, 'users', user),
      name,
      scopes: ['*'],
    });
    keys.push({ role, who, text });
  }
  return keys;
}
