/**
 * 0008 renames the roles that people hold. The login of production owns the tables and is bound by row-level security
 * like everybody: a rename that it cannot see would leave rows that the new rule forbids.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { isolationScript } from '../../src/isolation/policies.ts';
import { installPlatform, proveIsolation } from '../../src/platform/install.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { migrateSchema } from '../../src/postgres/schema/migrate.ts';
import { migrationsFolder } from '../../src/postgres/schema/migration-files.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { type FreshServer, freshServerDatabase } from '../support/databases.ts';

const login = `renamer_${process.pid}`;
const [tenant, person] = [demoId(1, 'tenants', 0), demoId(1, 'users', 0)];

let fresh: FreshServer;
let admin: Database;
let owner: Database;
let folder: string;

before(async () => {
  fresh = await freshServerDatabase('rename');
  folder = mkdtempSync(join(tmpdir(), 'drover-migrations-'));
  for (const file of readdirSync(migrationsFolder).filter((name) => /^000[1-7]_/.test(name)))
    cpSync(join(migrationsFolder, file), join(folder, file));
  admin = await openDatabase({ url: fresh.url });
  await installPlatform(admin, 'for_the_roles');
  await admin.transaction({}, async (tx) => {
    const { name } = await tx.one<{ name: string }>('SELECT quote_ident(current_database()) AS name');
    await tx.script(`CREATE ROLE ${login} LOGIN PASSWORD '${login}'; GRANT CREATE ON DATABASE ${name} TO ${login};
      GRANT drover_app, drover_fleet, drover_operator TO ${login}`);
  });
  const url = new URL(fresh.url);
  [url.username, url.password] = [login, login];
  owner = await openDatabase({ url: url.href });
});
after(async () => {
  await owner.close();
  await admin.transaction({}, (tx) => tx.script(`DROP OWNED BY ${login}; DROP ROLE ${login}`));
  await admin.close();
  await fresh.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** The manifest as it was: what came later is not in the schema yet. */
const before0008 = Object.fromEntries(
  Object.entries(manifest).filter(([name]) =>
    ['tenants', 'users', 'spaces', 'user_roles', 'schema_migrations'].includes(name),
  ),
);

it('renames the roles of every tenant, keeps one of two that become the same, and isolation is whole again', async () => {
  const generated = { name: 'isolation', template: isolationScript(before0008, 'postgresql') };
  await migrateSchema(owner, { schema: 'migration', variant: 'platform', folder, generated });
  const held = [
    ['administrator', null],
    ['editor', null],
    ['user', null],
    ['auditor', null],
    ['user', demoId(1, 'spaces', 0)],
  ] as const;
  await admin.transaction({}, async (tx) => {
    await tx.run('INSERT INTO migration.tenants (id, name, slug) VALUES ($1, $2, $2)', [tenant, 'one']);
    await tx.run(
      `INSERT INTO migration.users (tenant_id, id, email, display_name) VALUES ($1, $2, 'a@b.example', 'A')`,
      [tenant, person],
    );
    await tx.run(`INSERT INTO migration.spaces (tenant_id, id, name) VALUES ($1, $2, 'S')`, [
      tenant,
      demoId(1, 'spaces', 0),
    ]);
    for (const [n, [role, space]] of held.entries()) {
      await tx.run(
        `INSERT INTO migration.user_roles (tenant_id, id, user_id, role, scope, space_id)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [tenant, demoId(1, 'user_roles', n), person, role, space === null ? 'tenant' : 'space', space],
      );
    }
  });
  assert.ok((await installPlatform(owner)).includes('0008_access.sql'));
  await proveIsolation(owner);
  const rows = await admin.transaction({}, (tx) =>
    tx.many<{ text: string }>(
      `SELECT concat_ws(' ', role, scope, is_active) AS text FROM migration.user_roles ORDER BY id`,
    ),
  );
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['admin tenant t', 'member tenant t', 'member tenant f', 'viewer tenant t', 'member space t'],
  );
});
