/**
 * An upgrade sees the rows of all tenants. The login of production owns the tables and is bound by row-level security like everybody: a
 * file that changes rows which it cannot see would change none, say nothing, and leave what a new rule forbids. So two schemas with the
 * same rows of three tenants are brought from the oldest form to the newest: one by its owner, the other by a superuser, who sees all.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { DroverError } from '../../src/errors.ts';
import { isolationScript } from '../../src/isolation/policies.ts';
import { proveIsolation } from '../../src/platform/install.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { migrateSchema } from '../../src/postgres/schema/migrate-schema.ts';
import { migrationsFolder } from '../../src/postgres/schema/migration-files.ts';
import { type FreshServer, freshServerDatabase } from '../support/databases.ts';

const login = `renamer_${process.pid}`;
const byOwner = 'migration';
const bySuperuser = 'seen';

let fresh: FreshServer;
let admin: Database;
let owner: Database;
let folder: string;

before(async () => {
  fresh = await freshServerDatabase('rename');
  folder = mkdtempSync(join(tmpdir(), 'drover-migrations-'));
  admin = await openDatabase({ url: fresh.url });
  takeFiles(/^000[1-7]_/);
  await upgrade(admin, bySuperuser);
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

function takeFiles(which: RegExp): void {
  for (const file of readdirSync(migrationsFolder).filter((name) => which.test(name)))
    cpSync(join(migrationsFolder, file), join(folder, file));
}

/** As far as the folder goes, with row-level security over the tables of then. */
async function upgrade(by: Database, schema: string): Promise<string[]> {
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const made = new Set(['schema_migrations', ...texts.flatMap(tablesMade)]);
  const then = Object.fromEntries(Object.entries(manifest).filter(([name]) => made.has(name)));
  const generated = { name: 'isolation', template: isolationScript(then, 'postgresql') };
  return migrateSchema(by, { schema, variant: 'platform', folder, generated });
}

const tablesMade = (text: string): string[] =>
  [...text.matchAll(/CREATE TABLE \{\{schema\}\}\.(\w+)/g)].map(([, name = '']) => name);

/** Fills a template in both schemas, for each of three tenants: `{T}` is its id, `{n}` its number. */
async function seed(template: string): Promise<void> {
  const texts = [byOwner, bySuperuser].flatMap((schema) =>
    [1, 2, 3].map((n) =>
      template
        .replaceAll('{{schema}}', schema)
        .replaceAll('{T}', `'${n}0000000-0000-4000-8000-000000000000'`)
        .replaceAll('{n}', String(n)),
    ),
  );
  await admin.transaction({}, (tx) => tx.script(texts.join(';')));
}

const id = (n: number): string => `'00000000-0000-4000-8000-00000000000${n}'`;

/** What the first files have a table for. */
const oldest = `INSERT INTO {{schema}}.tenants (id, name, slug) VALUES ({T}, 'Tenant {n}', 'tenant-{n}');
  INSERT INTO {{schema}}.users (tenant_id, id, email, display_name) VALUES ({T}, ${id(1)}, 'a{n}@b.example', 'A');
  INSERT INTO {{schema}}.spaces (tenant_id, id, name) VALUES ({T}, ${id(1)}, 'S{n}');
  INSERT INTO {{schema}}.user_roles (tenant_id, id, user_id, role, scope, space_id) VALUES
    ({T}, ${id(1)}, ${id(1)}, 'administrator', 'tenant', NULL), ({T}, ${id(2)}, ${id(1)}, 'editor', 'tenant', NULL),
    ({T}, ${id(3)}, ${id(1)}, 'user', 'tenant', NULL), ({T}, ${id(4)}, ${id(1)}, 'auditor', 'tenant', NULL),
    ({T}, ${id(5)}, ${id(1)}, 'user', 'space', ${id(1)});
  INSERT INTO {{schema}}.migrations (tenant_id, id, kind, parent_id, status, complete, actor) VALUES
    ({T}, ${id(1)}, 'model', NULL, 'succeeded', true, 'a'), ({T}, ${id(2)}, 'model', NULL, 'succeeded', false, 'a'),
    ({T}, ${id(3)}, 'rollback', ${id(1)}, 'succeeded', true, 'a'), ({T}, ${id(4)}, 'model', NULL, 'failed', false, 'a')`;

/** What came later, before rows of it were changed: runs, and verdicts of a workspace that is there and of one that is gone. */
const later = `INSERT INTO {{schema}}.run_tenants (tenant_id, run_id, position, tenant_name, status, complete) VALUES
    ({T}, ${id(1)}, {n}, 'Tenant {n}', 'succeeded', true), ({T}, ${id(2)}, {n}, 'Tenant {n}', 'succeeded', false),
    ({T}, ${id(3)}, {n}, 'Tenant {n}', 'failed', NULL);
  INSERT INTO {{schema}}.workspace_verdicts (tenant_id, workspace_id, runtime, model, reason, registry_version) VALUES
    ({T}, ${id(1)}, 'field', 'x', 'allowed', ''), ({T}, ${id(2)}, 'field', 'y', 'kept', '');
  INSERT INTO {{schema}}.workspaces (tenant_id, id, user_id, name, runtime, model, route)
    VALUES ({T}, ${id(1)}, ${id(1)}, 'W{n}', 'field', 'x', 'verdict')`;

/** Of the same kind: rows of one table by those of another, rows that go, rows that come of others. */
const planted = `-- for: platform
SET LOCAL lock_timeout = '5s';
UPDATE {{schema}}.spaces s SET description = (SELECT string_agg(u.email, ' ') FROM {{schema}}.users u WHERE u.tenant_id = s.tenant_id);
WITH gone AS (DELETE FROM {{schema}}.user_roles WHERE scope = 'space' RETURNING tenant_id)
INSERT INTO {{schema}}.user_roles (tenant_id, id, user_id, role, scope, is_active)
SELECT w.tenant_id, ${id(9)}, w.user_id, 'viewer', 'tenant', false FROM {{schema}}.workspaces w JOIN gone g ON g.tenant_id = w.tenant_id;
`;

async function one(sql: string): Promise<string | null> {
  const { text } = await admin.transaction({}, (tx) => tx.one<{ text: string | null }>(sql));
  return text;
}

/** All rows of all tables, but for the times at which they were written. */
async function rowsOf(schema: string): Promise<Record<string, string>> {
  const rows: Record<string, string> = {};
  for (const name of Object.keys(manifest).filter((table) => table !== 'schema_migrations')) {
    const text =
      await one(`SELECT string_agg(r, E'\\n' ORDER BY r) AS text FROM (SELECT (SELECT string_agg(c::text, ' ' ORDER BY c.key)
      FROM jsonb_each(to_jsonb(t)) c WHERE c.key !~ '_at$') AS r FROM ${schema}.${name} t) x`);
    if (text !== null) rows[name] = text;
  }
  return rows;
}

it('is refused to a login that does not own the schema, by name, before anything is written', async () => {
  const other = `other_${process.pid}`;
  await upgrade(owner, byOwner);
  await admin.transaction({}, (tx) =>
    tx.script(`CREATE ROLE ${other} LOGIN PASSWORD '${other}';
      GRANT drover_app, drover_fleet, drover_operator TO ${other}`),
  );
  const url = new URL(fresh.url);
  [url.username, url.password] = [other, other];
  const stranger = await openDatabase({ url: url.href });
  const options = { schema: byOwner, variant: 'platform', folder } as const;
  const work = { ...options, generated: { name: 'isolation', template: 'SELECT 1' } };
  const said = (): Promise<unknown> => migrateSchema(stranger, work).catch((error: unknown) => error);
  const blind = await said();
  await admin.transaction({}, (tx) => tx.script(`GRANT SELECT ON ${byOwner}.schema_migrations TO ${other}`));
  const seeing = await said();
  await stranger.close();
  await admin.transaction({}, (tx) => tx.script(`DROP OWNED BY ${other}; DROP ROLE ${other}`));
  const belongs = `belongs to ${login}, and the login ${other} may not`;
  for (const [error, text] of [
    [blind, `^The schema ${byOwner} ${belongs} see which version it has\\. Connect as ${login}`],
    [seeing, `: isolation is missing\\. It ${belongs} change it\\. .* once as ${login}`],
  ] as const) {
    assert.ok(error instanceof DroverError && error.code === 'NOT_PERMITTED', String(error));
    assert.match(error.message, new RegExp(text));
  }
});

it('changes what a superuser would change, of every tenant, through all files, and isolation is whole again', async () => {
  await upgrade(owner, byOwner);
  await seed(oldest);
  takeFiles(/^00(0\d|1[0-5])_/);
  for (const [by, schema] of [
    [owner, byOwner],
    [admin, bySuperuser],
  ] as const)
    await upgrade(by, schema);
  await seed(later);
  takeFiles(/./);
  await upgrade(owner, byOwner);
  await proveIsolation(owner);
  const next = String(readdirSync(folder).filter((name) => /^\d{4}_/.test(name)).length + 1).padStart(4, '0');
  writeFileSync(join(folder, `${next}_planted.sql`), planted);
  assert.deepEqual(await upgrade(owner, byOwner), [`${next}_planted.sql`, 'isolation']);
  await proveIsolation(owner);
  await upgrade(admin, bySuperuser);
  const [seen, rows] = [await rowsOf(bySuperuser), await rowsOf(byOwner)];
  assert.deepEqual(rows, seen);
  const text = await one(`SELECT concat_ws('; ',
    (SELECT string_agg(concat_ws(' ', role, scope, is_active), ', ' ORDER BY id) FROM migration.user_roles WHERE tenant_id::text LIKE '3%'),
    (SELECT string_agg(coalesce(completion, 'none'), ', ' ORDER BY id) FROM migration.migrations WHERE tenant_id::text LIKE '3%'),
    (SELECT count(*) FROM migration.workspace_verdicts)) AS text`);
  assert.equal(
    text,
    'admin tenant t, member tenant t, member tenant f, viewer tenant t, viewer tenant f; ' +
      'complete for the tenant, partial, complete, none; 3',
  );
});
