/** Drover's own schema, whole: its tables, the roles, grants and policies that follow from the manifest, and fences that are no keys. */
import {
  expectedColumns,
  expectedPolicies,
  expectedPrivileges,
  isolationScript,
  optionalRoles,
  roles,
} from '../isolation/policies.ts';
import { DroverError } from '../errors.ts';
import type { Database } from '../postgres/driver/database.ts';
import {
  checkIsolation,
  checkIsolationWithin,
  type IsolationExpectation,
} from '../postgres/schema/isolation-proof.ts';
import { readDatabaseFacts } from '../postgres/schema/database-facts.ts';
import { listPending, type MigrateOptions, migrateSchema } from '../postgres/schema/migrate-schema.ts';
import { manifest } from './manifest.ts';
import { classFence } from '../isolation/class-fence.ts';
import { documentFence } from '../isolation/document-fence.ts';
import { workspaceFence } from '../isolation/workspace-fence.ts';

/** The schema's name where nobody chose another. */
export const defaultSchema = 'migration';

/**
 * Brings the schema up to date and returns what was applied; to be called at every start, before proveIsolation. A new one that does
 * not keep tenants apart is not made.
 * @throws MIGRATION_FAILED, ISOLATION_NOT_EFFECTIVE
 */
export async function installPlatform(db: Database, schema: string = defaultSchema): Promise<string[]> {
  return migrateSchema(db, {
    ...(await migrations(db, schema)),
    prove: (tx) => checkIsolationWithin(tx, isolationOf(schema)),
  });
}

/** What installPlatform would apply; empty where the schema is up to date. */
export async function pendingMigrations(db: Database, schema: string): Promise<string[]> {
  return listPending(db, await migrations(db, schema));
}

/** A role that is not there, and that the login may not make, gets nothing; once it is there, the script runs again. */
async function migrations(db: Database, schema: string): Promise<MigrateOptions> {
  const { missingRoles, mayCreateRoles } = await db.transaction({ readOnly: true }, (tx) =>
    readDatabaseFacts(tx, optionalRoles),
  );
  const fences = [documentFence, workspaceFence, classFence];
  const isolation = isolationScript(manifest, 'postgresql', mayCreateRoles ? [] : missingRoles);
  const template = [isolation, ...fences].join('\n');
  const generated = { name: 'isolation', template };
  return { schema, variant: 'platform', generated };
}

/** Proves at start that tenants are kept apart for the roles in use; throws ISOLATION_NOT_EFFECTIVE otherwise. */
export async function proveIsolation(db: Database, schema: string = defaultSchema): Promise<void> {
  await checkIsolation(db, isolationOf(schema));
}

function isolationOf(schema: string): IsolationExpectation {
  const tables = Object.entries(manifest).map(([name, table]) => ({
    name,
    tenant: table.kind === 'tenant',
    policies: expectedPolicies(table, 'postgresql'),
    privileges: Object.fromEntries(
      Object.values(roles).map((role) => [role, expectedPrivileges(table, role)]),
    ),
    updates: Object.fromEntries(
      Object.values(roles).flatMap((role) => {
        const columns = expectedColumns(table, role);
        return columns === undefined ? [] : [[role, columns]];
      }),
    ),
  }));
  const tenantRoles = [roles.application, roles.fleet];
  return { schema, tables, tenantRoles, optionalRoles, settings: ['app.tenant_id', 'app.tenant_ids'] };
}

/** Why isolation could not be proved, where the schema is only not up to date. @throws SCHEMA_OUTDATED, or the error */
export async function explainOlder(db: Database, schema: string, error: unknown): Promise<never> {
  const pending = await pendingMigrations(db, schema).catch(() => []);
  if (pending.length === 0) throw error;
  throw new DroverError(
    'SCHEMA_OUTDATED',
    `The schema ${schema} is older than this Drover, which knows ${pending.join(', ')} besides. ` +
      `\`drover serve\`, or any command that writes, brings it up to date.`,
    { pending },
    { cause: error },
  );
}
