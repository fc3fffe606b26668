/** What `drover grants` prints is enough, and each error names what is missing of it. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { droverHere } from './drover-here.ts';
import { demoPlace, examplePlace, scratch, type Outcome, type Place } from './drover-process.ts';
import { freshServerDatabase } from '../support/databases.ts';
import pg from 'pg';
import { writeFileSync } from 'node:fs';

const login = `least_${process.pid}`;
/** Comes after somebody else has made the schema of the records. */
const second = `second_${process.pid}`;
const move = ['--tenant', '10a00000-0000-4000-8000-000000000000', '--from', 'gpt-4o', '--to', 'gpt-5.4'];

let place: Place & { readonly config: string };
before(async () => {
  place = await examplePlace('server', 'a-two-owners');
  await place.look((tx) => tx.script(`CREATE ROLE ${login} LOGIN; CREATE ROLE ${second} LOGIN`));
});
after(async () => {
  await place.look((tx) => tx.script(`DROP OWNED BY ${second}, ${login}; DROP ROLE ${second}, ${login}`));
  await place.drop();
});

/** As the login. */
const run = (...words: string[]): Promise<Outcome> => runAs(login, ...words);

function runAs(who: string, ...words: string[]): Promise<Outcome> {
  const url = new URL('url' in place.target ? place.target.url : '');
  url.username = who;
  return droverHere([...words, '--database', url.href, '--config', place.config]);
}

/** What the administrator runs: the statements of one purpose. */
async function granted(purpose: string): Promise<void> {
  const { stdout } = await droverHere(['grants', ...place.where, '--login', login, '--json']);
  const { grants } = JSON.parse(stdout) as { grants: { purpose: string; sql: string; held: boolean }[] };
  const missing = grants.filter((grant) => grant.purpose === purpose && !grant.held);
  assert.ok(missing.length > 0, purpose);
  await place.look((tx) => tx.script(missing.map(({ sql }) => `${sql};`).join('\n')));
}

it('lets a login with nothing but what is printed plan, apply and roll back, one after the other', async () => {
  const nothing = await run('plan', ...move);
  assert.equal(nothing.status, 1);
  assert.match(
    nothing.stderr,
    /denied for table (\w+)\.\nThe login \w+ lacks rights:\n {2}GRANT SELECT ON "public"\."\1" TO "\w+";[^]*`drover grants --database /,
  );
  await granted('plan');
  const planned = await run('plan', ...move);
  assert.equal(planned.status, 2, planned.stderr);
  const denied = await run('apply', ...move, '--yes', '--actor', 'tester');
  assert.match(denied.stderr, /NOT_PERMITTED[^]*GRANT UPDATE ON/);
  await granted('records');
  const half = await run('apply', ...move, '--yes', '--actor', 'tester');
  assert.match(half.stderr, /NOT_PERMITTED[^]*GRANT UPDATE ON/);
  await granted('apply');
  const applied = await run('apply', ...move, '--yes', '--actor', 'tester');
  assert.equal(applied.status, 0, applied.stderr);
  const [id = ''] = /[0-9a-f-]{36}$/m.exec(applied.stdout) ?? [];
  const back = await run('rollback', id, '--yes', '--actor', 'tester');
  assert.equal(back.status, 0, back.stderr);
  const complete = await run('grants');
  assert.equal(complete.status, 0, complete.stdout);
  assert.doesNotMatch(complete.stdout, /^GRANT/m);
});

it('lets another login in with as little where somebody else made the records, and never as their owner', async () => {
  const { status, stdout } = await droverHere(['grants', ...place.where, '--login', second]);
  assert.equal(status, 2);
  assert.doesNotMatch(stdout, new RegExp(`GRANT "?${login}`));
  assert.match(stdout, new RegExp(`^-- An upgrade of the schema drover takes its owner.* ${login}$`, 'm'));
  await place.look((tx) => tx.script(stdout));
  const planned = await runAs(second, 'plan', ...move);
  assert.equal(planned.status, 2, planned.stderr);
  const applied = await runAs(second, 'apply', ...move, '--yes', '--actor', 'tester');
  assert.equal(applied.status, 0, applied.stderr);
  const [id = ''] = /[0-9a-f-]{36}$/m.exec(applied.stdout) ?? [];
  const back = await runAs(second, 'rollback', id, '--yes', '--actor', 'tester');
  assert.equal(back.status, 0, back.stderr);
  // As a run, whose workers come and go.
  const many = ['--tenants', ...move.slice(1)];
  const moved = await runAs(second, 'apply', ...many, '--yes', '--actor', 'tester');
  assert.equal(moved.status, 0, moved.stdout);
  const complete = await runAs(second, 'grants');
  assert.deepEqual([complete.status, complete.stderr], [0, '']);
  assert.doesNotMatch(complete.stdout, /^GRANT/m);
});

it('names a login that is not there', async () => {
  const { status, stderr } = await droverHere(['grants', ...place.where, '--login', 'nosuch']);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^USAGE_INVALID: The server has no login nosuch\..*`CREATE ROLE "nosuch" LOGIN` makes it\.$/m,
  );
});

it('prints what a proposal needs where there is no configuration, says so, and writes nothing', async () => {
  const [, url = ''] = place.where;
  const { status, stdout, stderr } = await droverHere(['grants', '--database', url, '--login', second]);
  assert.equal(stderr, '');
  assert.match(stdout, /^-- There is no configuration: .*`drover init` would propose now\.$/m);
  assert.match(stdout, /^-- to read and to plan: /m);
  assert.match(stdout, /^-- for the records of Drover: /m);
  assert.ok(status === 0 || status === 2);
});

/** Two tenants, and a row that is everybody's. */
const twoTenants = `
  CREATE TABLE orgs (id int PRIMARY KEY, name text);
  CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, provider text, model text);
  CREATE TABLE gallery (id int PRIMARY KEY, provider text, model text);
  INSERT INTO orgs VALUES (1, 'One'), (2, 'Two');
  INSERT INTO bots VALUES (1, 1, 'openai', 'gpt-4o'), (2, 2, 'openai', 'gpt-4o');
  INSERT INTO gallery VALUES (1, 'openai', 'gpt-4o');`;
const withRole = (role: string): string => `version: 1
model: { identity: [provider, name] }
tenant: { root: orgs, key: id, display: name, column: org_id, global: [gallery] }
database: { session: { role: ${role} } }
places:
  - { at: bots.model, partner: provider }
  - { at: gallery.model, partner: provider }
`;

it('gives the role of a session nothing by which a tenant could change what all of them see', async () => {
  const { url, drop } = await freshServerDatabase('session-role');
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const [login, role] = [`member_${process.pid}`, `session_${process.pid}`];
  await admin.query(`${twoTenants} CREATE ROLE ${login} LOGIN; CREATE ROLE ${role}`);
  const config = scratch('session-role.yaml');
  writeFileSync(config, withRole(role));
  const asLogin = new URL(url);
  asLogin.username = login;
  const there = ['--database', asLogin.href, '--config', config];
  const { status, stdout } = await droverHere(['grants', ...there]);
  assert.equal(status, 2);
  assert.match(stdout, new RegExp(`^GRANT UPDATE ON "public"."bots" TO "${role}";$`, 'm'));
  assert.match(stdout, new RegExp(`^GRANT UPDATE ON "public"."gallery" TO "${login}";$`, 'm'));
  assert.doesNotMatch(stdout, new RegExp(`UPDATE ON "public"."gallery" TO "${role}"`));
  await admin.query(stdout);
  const words = ['--from', 'openai/gpt-4o', '--to', 'openai/gpt-5.4', '--yes', '--actor', 'tester'];
  const moved = await droverHere(['apply', '--all-tenants', '--shared', ...words, ...there]);
  assert.equal(moved.status, 0, moved.stderr);
  const { rows } = await admin.query('SELECT model FROM bots UNION ALL SELECT model FROM gallery');
  assert.deepEqual(
    rows,
    Array.from({ length: 3 }, () => ({ model: 'gpt-5.4' })),
  );
  assert.equal((await droverHere(['grants', ...there])).status, 0);
  await admin.query(`DROP OWNED BY ${login}, ${role}; DROP ROLE ${login}, ${role}`);
  await admin.end();
  await drop();
});

it('asks of a login on Drover’s own database for its roles, which have what they need by its migrations', async () => {
  const demo = await demoPlace('server');
  const guest = `guest_${process.pid}`;
  await demo.look((tx) => tx.script(`CREATE ROLE ${guest} LOGIN`));
  const lacking = await droverHere(['grants', ...demo.where, '--login', guest]);
  assert.equal(lacking.status, 2);
  assert.deepEqual(
    lacking.stdout.split('\n').filter((line) => line.startsWith('GRANT')),
    [
      ...['app', 'fleet', 'operator', 'rekey'].map((name) => `GRANT "drover_${name}" TO "${guest}";`),
      `GRANT USAGE ON SCHEMA "migration" TO "${guest}";`,
      `GRANT SELECT ON "migration"."schema_migrations" TO "${guest}";`,
    ],
  );
  await demo.look((tx) => tx.script(lacking.stdout));
  const [, url = ''] = demo.where;
  const asGuest = new URL(url);
  asGuest.username = guest;
  const move = (from: string, to: string): string[] => [
    '--from',
    from,
    '--to',
    to,
    '--yes',
    '--actor',
    'tester',
  ];
  for (const words of [
    ['--tenant', 'Cedar School', ...move('claude-3-7-sonnet', 'claude-haiku-4-5')],
    ['--shared', ...move('claude-sonnet/claude-3-7-sonnet', 'claude-haiku/claude-haiku-4-5')],
    ['--all-tenants', ...move('claude-3-7-sonnet', 'claude-haiku-4-5')],
  ]) {
    const applied = await droverHere(['apply', ...words, '--database', asGuest.href]);
    assert.equal(applied.status, 0, applied.stderr + applied.stdout);
  }
  assert.equal((await droverHere(['grants', '--database', asGuest.href])).status, 0);
  await demo.look((tx) => tx.script(`DROP OWNED BY ${guest}; DROP ROLE ${guest}`));
  await demo.drop();
});
