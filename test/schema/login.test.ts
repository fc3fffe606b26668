/** Production's login is no superuser: it owns the schema, and forced row-level security binds it too. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { isolationScript } from '../../src/isolation/policies.ts';
import { installPlatform, proveIsolation } from '../../src/platform/install.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { openPlatform } from '../../src/platform/open.ts';
import { platformScope } from '../../src/platform/scope.ts';
import { seedDemo } from '../../src/platform/demo/seed.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { planMove } from '../../src/postgres/move/plan.ts';
import { asOperator, asTenant } from '../../src/postgres/scope/tenant.ts';
import { type FreshServer, freshServerDatabase } from '../support/databases.ts';
import { refusal } from '../support/platform.ts';

const login = `login_${process.pid}`;
const a = '00000001-def0-def0-def0-000000000000';

let fresh: FreshServer;
let admin: Database;
let db: Database;

before(async () => {
  fresh = await freshServerDatabase('login');
  admin = await openDatabase({ url: fresh.url });
  await installRoles();
  const url = new URL(fresh.url);
  url.username = login;
  url.password = login;
  db = await openDatabase({ url: url.href });
});
after(async () => {
  await db.close();
  await admin.transaction({}, (tx) => tx.script(`DROP OWNED BY ${login}; DROP ROLE ${login}`));
  await admin.close();
  await fresh.drop();
});

/** An administrator made the three roles (here: another installation did) and a login that may make a schema. */
async function installRoles(): Promise<void> {
  await installPlatform(admin, 'another');
  await admin.transaction({}, async (tx) => {
    const { name } = await tx.one<{ name: string }>('SELECT quote_ident(current_database()) AS name');
    await tx.script(`DROP SCHEMA another CASCADE; CREATE ROLE ${login} LOGIN PASSWORD '${login}';
      GRANT CREATE ON DATABASE ${name} TO ${login}`);
  });
}

it('is told what is missing where it may not become the roles', async () => {
  await assert.rejects(
    installPlatform(db),
    refusal('ISOLATION_NOT_EFFECTIVE', /may not become drover_app \(GRANT drover_app TO login_/),
  );
  const asked = openPlatform(db, { install: true, asked: true });
  await assert.rejects(
    asked,
    refusal('NOT_PERMITTED', /\n {2}GRANT drover_app, drover_fleet, drover_operator TO "login_\d+";$/),
  );
  const { n } = await admin.transaction({}, (tx) =>
    tx.one<{ n: number }>(`SELECT count(*) AS n FROM pg_namespace WHERE nspname = 'migration'`),
  );
  assert.equal(n, 0, 'an installation that fails leaves nothing');
});

it('installs, proves and seeds once it is their member', async () => {
  await admin.transaction({}, (tx) =>
    tx.script(`GRANT drover_app, drover_fleet, drover_operator TO ${login}`),
  );
  await openPlatform(db, { install: true, asked: true });
  await proveIsolation(db);
  assert.ok((await seedDemo(db)).rows > 300);
});

it('sees no tenant’s rows although it owns the tables, and lists tenants as an operator', async () => {
  const count = (table: string) => `SELECT count(*) AS n FROM migration.${table}`;
  const plain = await asOperator(db, { settings: {} }, async (tx) => ({
    apps: await tx.one(count('apps')),
    tenants: await tx.one(count('tenants')),
  }));
  assert.deepEqual(plain, { apps: { n: 0 }, tenants: { n: 4 } });
  const { n } = await asTenant(db, platformScope, a, (tx) => tx.one<{ n: number }>(count('apps')));
  assert.ok(n > 0);
});

it('gives rows other keys only as a member of the role for that, and does everything else without it', async () => {
  const platform = await openPlatform(db, { install: false });
  const { id } = await asTenant(db, platformScope, a, (tx) =>
    tx.one<{ id: string }>('SELECT id::text FROM migration.services ORDER BY 1 LIMIT 1'),
  );
  const to = '0badc0de-0000-4000-8000-000000000001';
  const about = { parameters: 'keep', answers: {}, leaveAsks: false } as const;
  const intent = { rows: 'services', tenant: a, from: id, to, ...about };
  const grant = `GRANT drover_rekey TO "${login}"`;
  await assert.rejects(planMove(platform.site, intent), refusal('NOT_PERMITTED', new RegExp(`: ${grant};$`)));
  await admin.transaction({}, (tx) => tx.script(grant));
  const { findings, steps } = await planMove(platform.site, intent);
  assert.deepEqual([findings.filter(({ severity }) => severity === 'error'), steps.length], [[], 1]);
});

it('does without that role where it is not there, and takes it in use once it is', async () => {
  const missing = isolationScript(manifest, 'postgresql', ['drover_rekey']);
  assert.doesNotMatch(missing, /drover_rekey/);
  await admin.transaction({}, (tx) =>
    tx.script(`${missing.replaceAll('{{schema_name}}', "'migration'").replaceAll('{{schema}}', 'migration')};
      REVOKE ALL ON ALL TABLES IN SCHEMA migration FROM drover_rekey; REVOKE ALL ON SCHEMA migration FROM drover_rekey`),
  );
  await proveIsolation(db);
  const platform = await openPlatform(db, { install: false });
  const about = { parameters: 'keep', answers: {}, leaveAsks: false } as const;
  const intent = { rows: 'services', tenant: a, from: 'a', to: 'b', ...about };
  await assert.rejects(planMove(platform.site, intent), refusal('NOT_PERMITTED', /drover_rekey/));
});
