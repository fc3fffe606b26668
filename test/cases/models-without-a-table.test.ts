/** Where no table holds models: which of them `models list` and `retirements` show, and a partner that has no other form. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE orgs (id int PRIMARY KEY, name text);
  CREATE TABLE bots (id int PRIMARY KEY, org_id int REFERENCES orgs, model text, vendor text);
  CREATE TABLE settings (id int PRIMARY KEY, org_id int REFERENCES orgs, name text, value text, note text);
  INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');
  INSERT INTO bots VALUES (1, 1, 'claude-opus-4-1', 'anthropic'), (2, 1, 'claude-opus-4-1', 'azure'), (3, 1, 'claude-opus-4-1', 'Azure EU'),
    (4, 1, 'house', 'own'),
    (5, 2, 'claude-opus-4-1', 'azure');
  INSERT INTO settings VALUES (1, 1, 'default_model', 'plain-house', 'Looks nice'),
    (2, 1, 'theme', 'dark', NULL), (3, 1, 'limit', '100', NULL);
`;
const yaml = `version: 1
model: { identity: [provider, name] }
tenant: { root: orgs, key: id, display: name, column: org_id }
places:
  - { at: bots.model, partner: vendor }
  - { at: settings.value, live: "name = 'default_model'" }
  - { at: settings.note, role: ask }
`;

oneEngine((engine) => {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase(engine, script, yaml);
  });
  after(() => database.drop());

  it('lists what rows in use name, and neither other settings nor a text of which nobody has said what it is', async () => {
    const { stdout, stderr } = await database.run('models', 'list', '--tenant', 'Elm', '--json');
    for (const name of ['house', 'plain-house', 'Azure EU']) assert.ok(stdout.includes(`"${name}"`), stderr);
    assert.doesNotMatch(stdout, /"dark"|"100"|"Looks nice"/);
  });

  it('retirements tells the model of every provider, over all tenants', async () => {
    const { stdout, stderr } = await database.run('retirements', '--csv');
    for (const [provider, tenants] of [
      ['anthropic', 1],
      ['Azure EU', 1],
      ['azure', 2],
    ] as const) {
      const cell = new RegExp(`,"?claude-opus-4-1 \\(([^)]*, )?${provider}\\)"?,`);
      const row = stdout.split('\n').find((line) => cell.test(line));
      assert.ok(row?.includes(`bots ${tenants}`), `${provider}: ${stdout}${stderr}`);
    }
  });

  it('refuses another form of a column whose provider stands beside it, which would do nothing', async () => {
    database.configure(yaml.replace('partner: vendor', "partner: vendor, also: ['{provider}/{name}']"));
    const { stdout, stderr } = await database.run('config', 'check');
    assert.match(stdout + stderr, /places\[0\]\.also: bots\.model has a column with its provider beside it/);
    database.configure(yaml);
  });
});
