/** What the schema says counts: a default writes the source into new rows, and checks, enums, views and functions name it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';

const script = `
CREATE TABLE helpers (id int PRIMARY KEY, model text DEFAULT 'gpt-4o', CHECK (model IN ('gpt-4o', 'gpt-4.1')));
CREATE VIEW old_helpers AS SELECT id FROM helpers WHERE model = 'gpt-4o';
INSERT INTO helpers VALUES (1, 'gpt-4o');`;

const config = `
version: 1
model: { identity: [name] }
tenant: { root: none }
places: [ { at: helpers.model } ]`;

oneEngine((engine) => {
  test('a default that names the source is live, and its statement ends it', async () => {
    const db = await smallDatabase(engine, script, config);
    const { stdout } = await db.run('apply', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes');
    assert.match(stdout, /Complete for the tenant; 1 shared occurrence/, stdout);
    const plan = await db.run('plan', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--json');
    const { findings } = JSON.parse(plan.stdout) as { findings: { code: string; message: string }[] };
    const named = findings.filter(({ code }) => code === 'SCHEMA_NAMES_SOURCE');
    const messages = named.map(({ message }) => message);
    assert.equal(messages.length, 3, messages.join('\n'));
    const mend = /To mend it: (ALTER TABLE .* SET DEFAULT .*;)/.exec(messages.join('\n'))?.[1] ?? '';
    assert.match(mend, /SET DEFAULT 'gpt-4\.1'::text;/);
    await db.script(mend);
    assert.match(
      (await db.run('plan', '--from', 'gpt-4o', '--to', 'gpt-4.1')).stdout,
      /No occurrence was found\.\nComplete: nothing live/,
    );
    await db.drop();
  });

  test('a materialised view of rows that move is named, behind views, and no other one', async () => {
    const at = await smallDatabase(
      engine,
      `CREATE TABLE bots (id int PRIMARY KEY, model text);
      CREATE TABLE notes (id int PRIMARY KEY, body text);
      INSERT INTO bots VALUES (1, 'gpt-4o');
      CREATE VIEW named AS SELECT model FROM bots;
      CREATE MATERIALIZED VIEW "Counts" AS SELECT model, count(*) FROM named GROUP BY model;
      CREATE MATERIALIZED VIEW letters AS SELECT body FROM notes;`,
      `version: 1
model: { identity: [name] }
tenant: { root: none }
places: [{ at: bots.model }]
`,
    );
    const { stdout } = await at.run('plan', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--json');
    const { findings } = JSON.parse(stdout) as { findings: { code: string; message: string }[] };
    const told = findings.filter(({ code }) => code === 'DERIVED_DATA').map(({ message }) => message);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /: REFRESH MATERIALIZED VIEW public\."Counts";$/);
    await at.drop();
  });
});
