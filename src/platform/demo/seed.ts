/**
 * Demo data. Tenants and templates for everybody are an operator's; the rest of a tenant is written in one transaction
 * as that tenant, and only while it has no users: a tenant that was seeded before keeps whatever became of it, its
 * migrations included.
 */
import { DroverError } from '../../errors.ts';
import type { Database, Tx } from '../../postgres/driver/database.ts';
import { countTenants, hasUsers, insertMissing, hasKeyNamed } from '../queries/demo-rows.ts';
import type { RowsOfTable } from '../queries/demo-rows.ts';
import { findInForce, lockRegistry } from '../queries/registry-in-force.ts';
import { listRegistryPairs, putRegistryPairs } from '../queries/registry-pairs.ts';
import { asOperator, asOperatorWithin, asTenant } from '../../postgres/scope/tenant.ts';
import { tenantRows } from './tenant-rows.ts';
import { demoTenants, tenantRow } from './tenants.ts';
import type { DemoTenant, DemoRows } from './tenants.ts';
import { demoPairs } from './workspaces.ts';
import type { MayHave } from './workspaces.ts';
import { defaultSchema } from '../install.ts';
import { platformScope } from '../scope.ts';
import { demoId } from './ids.ts';
import { createApiKey } from '../access/keys.ts';
import type { Platform } from '../open.ts';

interface SeedOptions {
  readonly schema?: string;
  /** Put the demo beside tenants that are not of the demo. */
  readonly besideOthers?: boolean;
  /** Who says what may run, where a registry is in force. Nobody else can: then the demo has no workspaces. */
  readonly judge?: DemoJudge;
}

/** A registry, as of a day. */
interface DemoJudge {
  readonly hash: string;
  /** ISO date. */
  readonly day: string;
  readonly allows: MayHave;
}

/** Seeds what is missing and returns what it inserted: nothing at all the second time. */
export async function seedDemo(
  db: Database,
  options: SeedOptions = {},
): Promise<{ tenants: number; rows: number }> {
  const schema = options.schema ?? defaultSchema;
  const { tenants, templates, mayHave } = await seedOperatorRows(db, schema, options);
  let rows = tenants + templates;
  for (const tenant of demoTenants) rows += await seedTenant(db, { schema, tenant, mayHave });
  return { tenants, rows };
}

async function seedOperatorRows(
  db: Database,
  schema: string,
  { besideOthers = false, judge }: SeedOptions,
): Promise<{ tenants: number; templates: number; mayHave: MayHave | undefined }> {
  return asOperator(db, platformScope, async (tx) => {
    const { demo, others } = await countTenants(tx, schema);
    if (others > 0 && !besideOthers) throw refused(others);
    const tenants = await insertMissing(tx, { schema, table: 'tenants', rows: demoTenants.map(tenantRow) });
    const mayHave = await bringInPairs(tx, schema, judge);
    let templates = 0;
    // Where the demo was here before, a person has deleted the template that is missing.
    for (const part of demo > 0 ? [] : globalRows())
      templates += await insertMissing(tx, { schema, ...part });
    return { tenants, templates, mayHave };
  });
}

/** A registry in force says what workspaces may have. Where none is in force, the demo brings its own pairs. */
async function bringInPairs(tx: Tx, schema: string, judge?: DemoJudge): Promise<MayHave | undefined> {
  await lockRegistry(tx, schema);
  const inForce = await tx.ask(findInForce(schema));
  if (inForce === undefined) {
    await putRegistryPairs(tx, schema, demoPairs());
    return undefined;
  }
  if (judge?.hash !== inForce.hash || judge.day < inForce.day) return () => false;
  const pairs = await listRegistryPairs(tx, schema);
  return (asked) =>
    pairs.some(({ runtime, model }) => runtime === asked.runtime && model === asked.model) &&
    judge.allows(asked);
}

async function seedTenant(
  db: Database,
  {
    schema,
    tenant,
    mayHave,
  }: { readonly schema: string; readonly tenant: DemoTenant; readonly mayHave: MayHave | undefined },
): Promise<number> {
  return asTenant(db, platformScope, tenant.id, async (tx) => {
    if (await hasUsers(tx, schema)) return 0;
    const parts: Omit<RowsOfTable, 'schema'>[] = tenantRows(tenant, mayHave);
    let rows = 0;
    for (const part of parts) {
      const insert = async (): Promise<void> => {
        rows += await insertMissing(tx, { schema, ...part });
      };
      // What the application's role may only read.
      if (part.table === 'workspace_verdicts') await asOperatorWithin(tx, platformScope, insert);
      else await insert();
    }
    return rows;
  });
}

function refused(others: number): DroverError {
  const whose = others === 1 ? 'a tenant that is' : `${others} tenants that are`;
  const message = `The database has ${whose} not of the demo. Use an empty one, or put the demo beside them with --beside-others.`;
  return new DroverError('SEED_REFUSED', message, { others });
}

/* Templates for all tenants. They name a model by what it is called, and no tenant's migration changes them. */

const model = { completion_model_name: 'claude-3-7-sonnet', completion_model_family: 'claude-sonnet' };
const newer = { completion_model_name: 'claude-sonnet-4-6', completion_model_family: 'claude-sonnet' };

/** The rows of the global tables. */
function globalRows(): DemoRows[] {
  return [
    {
      table: 'global_assistant_templates',
      rows: [
        {
          id: demoId(0, 'global_assistant_templates', 0),
          name: 'Plain language',
          prompt: 'Use short words.',
          ...model,
        },
        {
          id: demoId(0, 'global_assistant_templates', 1),
          name: 'Proofreader',
          prompt: 'Mark what is wrong.',
          ...newer,
        },
      ],
    },
    {
      table: 'global_app_templates',
      rows: [
        {
          id: demoId(0, 'global_app_templates', 0),
          name: 'Minutes from a recording',
          prompt: 'Who decided what?',
          ...model,
        },
      ],
    },
  ];
}

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
