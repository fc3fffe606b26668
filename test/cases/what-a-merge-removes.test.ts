/** A merge removes a row. What that row was set to is told by name, and passes to the row that survives where somebody says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';

const policies = `CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO orgs VALUES (1, 'Alder'), (2, 'Birch'), (3, 'Cedar');
  CREATE TABLE policies (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text NOT NULL, enabled boolean NOT NULL,
    is_default boolean NOT NULL, credit_limit int, note json, updated_at timestamptz NOT NULL DEFAULT now(), UNIQUE (org_id, model));
  CREATE UNIQUE INDEX one_default ON policies (org_id) WHERE is_default;
  INSERT INTO policies VALUES (1, 1, 'claude-haiku-4-5', true, true, 100, '{"a":1}', '2026-01-01'),
    (2, 1, 'claude-sonnet-4-6', false, false, 5, NULL, '2026-01-02'),
    (3, 2, 'claude-haiku-4-5', true, true, 100, NULL, '2026-01-01'),
    (4, 3, 'claude-haiku-4-5', false, false, NULL, NULL, '2026-01-01'), (5, 3, 'claude-sonnet-4-6', true, true, 7, NULL, '2026-01-02');`;
const config = (extra: string): string => `version: 1
model: { identity: [name] }
tenant: { root: orgs, key: id, display: name, column: org_id }
places:
  - { at: policies.model, role: grant, collision: drop-redundant${extra} }`;
const words = ['--from', 'claude-haiku-4-5', '--to', 'claude-sonnet-4-6'];
const all = 'SELECT id, model, enabled, is_default, credit_limit, note FROM policies ORDER BY id';

interface Planned {
  readonly findings: readonly { severity: string; code: string; message: string }[];
}

oneEngine((engine) => {
  test('each setting that the surviving row lacks is a warning with an example', async () => {
    const at = await smallDatabase(engine, policies, config(''));
    try {
      const { stdout } = await at.run('plan', '--tenant', 'Alder', ...words, '--json');
      const lost = (JSON.parse(stdout) as Planned).findings.filter(({ code }) => code === 'MERGE_LOSES');
      assert.deepEqual(
        lost.map(({ severity, message }) => `${severity} ${message}`),
        [
          ['credit_limit', '100, the other 5'],
          ['enabled', 'true, the other false'],
          ['is_default', 'true, the other false'],
          ['note', '{"a":1}, the other nothing'],
        ].map(
          ([column, has]) =>
            `warning 1 removed row of policies.model has ${column}, and the row that survives does not have the same: ` +
            `1 has ${has}. "carry: [${column}]" passes it on.`,
        ),
      );
      const none = await at.run('plan', '--tenant', 'Cedar', ...words, '--json');
      assert.ok(!none.stdout.includes('MERGE_LOSES'), 'a flag that is off is no loss');
      const refused = await at.run('apply', '--tenant', 'Alder', ...words);
      assert.match(refused.stderr, /CONFIRMATION_REQUIRED/);
    } finally {
      await at.drop();
    }
  });

  test('what is carried passes to the survivor, for all tenants at once, under a unique index, and is taken back exactly', async () => {
    const at = await smallDatabase(engine, policies, config(', carry: [enabled, is_default]'));
    try {
      const { stdout } = await at.run('plan', '--tenant', 'Alder', ...words, '--json');
      const { findings } = JSON.parse(stdout) as Planned;
      const lost = findings.filter(({ code }) => code === 'MERGE_LOSES').map(({ message }) => message);
      assert.equal(lost.length, 2);
      assert.match(lost.join(), /credit_limit.*note/s);
      assert.match(
        findings.find(({ code }) => code === 'MERGE_REMOVES')?.message ?? '',
        /is given enabled, is_default of the removed one/,
      );
      const before = await at.rows(all);
      const run = await at.run('apply', '--all-tenants', ...words, '--yes', '--json');
      assert.equal(run.status, 0, run.stderr);
      const after = [
        ['2', 'claude-sonnet-4-6', 'true', 'true', '5', null],
        ['3', 'claude-sonnet-4-6', 'true', 'true', '100', null],
        ['5', 'claude-sonnet-4-6', 'true', 'true', '7', null],
      ];
      assert.deepEqual(await at.rows(all), after);
      const history = await at.run('history', '--tenant', 'Alder', '--json');
      const [{ id } = { id: '' }] = (JSON.parse(history.stdout) as { migrations: { id: string }[] })
        .migrations;
      const back = await at.run('rollback', id, '--yes', '--json');
      assert.equal(back.status, 0, back.stderr);
      assert.deepEqual((await at.rows(all)).slice(0, 2), before.slice(0, 2), 'rolled back to the byte');
      const { migrationId } = JSON.parse(back.stdout) as { migrationId: string };
      assert.equal((await at.run('rollback', migrationId, '--yes')).status, 0);
      assert.deepEqual(await at.rows(all), after, 'and done again');
    } finally {
      await at.drop();
    }
  });

  test('the survivor may still be on its way to the target, and its key may hold the reference', async () => {
    const script = `CREATE TABLE vendors (id int PRIMARY KEY);
      CREATE TABLE menus (space int, vendor text, model text, pinned boolean, weight numeric, tags text[],
        PRIMARY KEY (space, vendor, model));
      INSERT INTO menus VALUES (1, 'anthropic', 'old', false, NULL, NULL), (1, 'claude', 'old', true, 1.50, '{a,b}'),
        (2, 'claude', 'old', true, 2, NULL), (3, 'anthropic', 'new', NULL, 1, '{c}'), (3, 'anthropic', 'old', false, 9, NULL);`;
    const yaml = `version: 1
model: { identity: [provider, name], spellings: { provider: { anthropic: [claude] } } }
tenant: { root: none }
places:
  - { at: menus.model, partner: vendor, collision: drop-redundant, carry: [pinned, weight, tags] }`;
    const at = await smallDatabase(engine, script, yaml);
    const menus = 'SELECT space, vendor, model, pinned, weight::text, tags::text FROM menus ORDER BY 1, 2, 3';
    try {
      const before = await at.rows(menus);
      const moved = await at.run(
        'apply',
        '--from',
        'anthropic/old',
        '--to',
        'anthropic/new',
        '--yes',
        '--json',
      );
      assert.equal(moved.status, 0, moved.stderr + moved.stdout);
      const rows = await at.rows(menus);
      assert.deepEqual(
        rows.find(([space]) => space === '3'),
        ['3', 'anthropic', 'new', 'false', '9', '{c}'],
      );
      const { migrationId } = JSON.parse(moved.stdout) as { migrationId: string };
      assert.equal((await at.run('rollback', migrationId, '--yes')).status, 0);
      assert.deepEqual(await at.rows(menus), before);
    } finally {
      await at.drop();
    }
  });

  test('only what a merge can pass on may be carried', async () => {
    const at = await smallDatabase(engine, policies, config(', carry: [id, nothing]'));
    try {
      const { status, stderr } = await at.run('config', 'check');
      assert.equal(status, 1);
      assert.match(stderr, /no column nothing/);
      assert.match(stderr, /id cannot be passed on/);
    } finally {
      await at.drop();
    }
  });
});
