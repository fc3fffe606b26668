/** What is wrong with the isolation part of a configuration is named with its line, and the doctor needs no models. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-file.ts';
import { allRules } from '../../src/isolation/rules/all-rules.ts';
import { smallDatabase } from '../cases/small-database.ts';
import { droverHere } from '../cli/drover-here.ts';
import { oneEngine } from '../support/databases.ts';

const file = join(mkdtempSync(join(tmpdir(), 'drover-isolation-')), 'drover.config.yaml');

test('config check names an unknown rule and a past day, with line and column', async () => {
  writeFileSync(
    file,
    `version: 1
tenant: { root: orgs }
isolation:
  ignore:
    - rule: rls-of
      at: public.orgs
      reason: tried
    - rule: rls-off
      at: public.orgs
      reason: tried
      until: 2020-01-31
`,
  );
  const { status, stderr } = await droverHere(['config', 'check', '--config', file]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /:5:13 isolation\.ignore\[0\]\.rule: the doctor has no rule rls-of; did you mean rls-off\?/,
  );
  assert.match(stderr, /:11:14 isolation\.ignore\[1\]\.until: 2020-01-31 is past/);
});

test('an ignore needs its reason', () => {
  const text =
    'version: 1\ntenant: { root: orgs }\nisolation:\n  ignore:\n    - { rule: rls-off, at: public.orgs }\n';
  assert.throws(
    () => parseConfig(text, 'c.yaml'),
    /c\.yaml:5:7 isolation\.ignore\[0\]: the key reason is missing/,
  );
});

test('what leaked, and rows that stand where they must not, are ignored for a time only', () => {
  const ignoring = (rule: string, until = ''): string =>
    `version: 1\ntenant: { root: orgs }\nisolation:\n  ignore:\n    - { rule: ${rule}, at: public.orgs, reason: known${until} }\n`;
  for (const rule of ['probe-leak', 'rows-cross-tenants', 'rows-orphaned']) {
    assert.throws(
      () => parseConfig(ignoring(rule), 'c.yaml'),
      /c\.yaml:5:7 isolation\.ignore\[0\]: the key until is missing/,
      rule,
    );
    assert.ok(parseConfig(ignoring(rule, ', until: 2099-01-31'), 'c.yaml'));
  }
  assert.ok(parseConfig(ignoring('probe-unverified'), 'c.yaml'));
});

oneEngine((engine) => {
  const names = ['app', 'job', 'reader'].map((name) => `conf_${process.pid}_${name}`);
  const [app, job, reader] = names;

  test('a schema for each tenant is nothing to judge, also where a configuration names places of a tenant', async () => {
    const one = (schema: string): string => `CREATE SCHEMA ${schema};
      CREATE TABLE ${schema}.bots (id int PRIMARY KEY, model text); INSERT INTO ${schema}.bots VALUES (1, 'gpt-4o');`;
    const small = await smallDatabase(engine, ['t_elm', 't_oak', 't_yew'].map(one).join('\n'));
    try {
      small.configure(`version: 1
model: { identity: [name] }
tenant: { schemas: 't_*' }
places: [{ at: bots.model }]
`);
      const { status, stdout, stderr } = await small.run('doctor');
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout, /each tenant has a schema of its own, which the doctor does not judge/);
    } finally {
      await small.drop();
    }
  });

  test('config check names roles and objects that are not there; init proposes roles with the reason', async () => {
    const small = await smallDatabase(
      engine,
      `${names.map((name) => `CREATE ROLE ${name} LOGIN;`).join('\n')} ALTER ROLE ${reader} BYPASSRLS;
       CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL);
       CREATE TABLE rooms (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs);
       CREATE TABLE assistants (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text);
       CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TRIGGER touch BEFORE UPDATE ON rooms FOR EACH ROW EXECUTE FUNCTION touched();
       ALTER TABLE rooms ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON rooms USING (true);
       INSERT INTO orgs VALUES (1, 'Fig'); INSERT INTO assistants VALUES (1, 1, 'gpt-4o');
       GRANT SELECT ON orgs, rooms TO ${app}, ${reader};`,
    );
    try {
      const text = await small.init();
      assert.match(text, new RegExp(`isolation:\\n( +#[^\\n]*\\n)+  roles: \\[${app}\\]`), text);
      small.configure(`version: 1
tenant: { root: orgs, column: org_id }
isolation:
  roles: [${app}, ${app}x]
  trusted: [${job}, nobody_at_all]
  ignore:
    - { rule: rls-off, at: public.orgs, reason: tried }
    - { rule: rls-off, at: public.romms, reason: tried }
    - { rule: policy-always-true, at: public.rooms.own, reason: tried }
    - { rule: policy-always-true, at: public.rooms.owm, reason: tried }
    - { rule: key-crosses-tenants, at: public.rooms.rooms_org_id_fkey, reason: tried }
    - { rule: trigger-disabled, at: public.rooms.touch, reason: tried }
    - { rule: definer-function-open, at: 'public.touched.""', reason: tried }
    - { rule: role-exempt, at: ${reader}, reason: tried }
    - { rule: command-without-policy, at: public.rooms.${app}, reason: tried }
    - { rule: rls-not-forced, at: '*', reason: tried }
`);
      const { status, stderr } = await small.run('config', 'check');
      assert.equal(status, 1);
      assert.deepEqual(
        stderr.split('\n').flatMap((line) => /yaml:(\d+:\d+ isolation\S+ .*)$/.exec(line)?.[1] ?? []),
        [
          `4:${13 + (app ?? '').length} isolation.roles[1]: there is no role ${app}x; did you mean ${app}?`,
          `5:${15 + (job ?? '').length} isolation.trusted[1]: there is no role nobody_at_all`,
          '8:28 isolation.ignore[1].at: the database has no object public.romms; did you mean public.rooms?',
          '10:39 isolation.ignore[3].at: the database has no object public.rooms.owm; did you mean public.rooms.own?',
        ],
      );
    } finally {
      await small.script(`DROP OWNED BY ${names.join(', ')}; DROP ROLE ${names.join(', ')}`);
      await small.drop();
    }
  });
});

test('models may be left out for the doctor, or where isolation is spoken of, and nowhere else', () => {
  const bare = 'version: 1\ntenant: { root: orgs }\n';
  assert.throws(() => parseConfig(bare, 'c.yaml'), /the key model is missing/);
  assert.deepEqual(parseConfig(bare, 'c.yaml', 'ownership').config.tenant, { root: 'orgs' });
  assert.ok(parseConfig(`${bare}isolation: { roles: [app] }\n`, 'c.yaml').config.isolation);
});

test('every rule is listed, and explained without a database', async () => {
  const { stdout } = await droverHere(['doctor', 'rules', '--json']);
  const { rules } = JSON.parse(stdout) as { rules: { rule: string }[] };
  const listed = new Set(rules.map(({ rule }) => rule));
  assert.deepEqual(
    allRules.map(({ id }) => id).filter((id) => !listed.has(id)),
    [],
  );
  const explained = await droverHere(['doctor', 'explain', 'rls-off']);
  assert.ok(explained.stdout.startsWith('# rls-off\n'));
  const unknown = await droverHere(['doctor', 'explain', 'rls-of']);
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /RULE_UNKNOWN.*did you mean rls-off/);
});
