/** A tie to a tenant may count for some rows only: a membership with a role says whose a row is, and one without says nothing. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE people (id int PRIMARY KEY, role text);
  CREATE TABLE members (person_id int, org_id int REFERENCES orgs, role text, PRIMARY KEY (person_id, org_id));
  CREATE TABLE prefs (id int PRIMARY KEY, person_id int, model text, role text);
  INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Fir');
  INSERT INTO people VALUES (1, 'guest'), (2, 'guest'), (3, 'owner');
  INSERT INTO members VALUES (1, 1, 'owner'), (1, 2, 'guest'), (2, 2, 'owner'), (2, 1, 'guest; reads'), (3, 1, 'guest; reads');
  INSERT INTO prefs VALUES (1, 1, 'gpt-4o', 'x'), (2, 2, 'gpt-4o', 'x'), (3, 3, 'gpt-4o', 'owner');
`;

function configured(links: string): string {
  return `version: 1
model: { identity: [name] }
tenant:
  root: orgs
  key: id
  display: name
  column: org_id
  links:
    prefs: ${links}
places: [ { at: prefs.model } ]
`;
}

oneEngine((engine) => {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase(engine, script);
  });
  after(() => database.drop());

  async function models(): Promise<string[]> {
    return (await database.rows('SELECT id || $$ $$ || model FROM prefs ORDER BY id')).map(
      ([row]) => row ?? '',
    );
  }

  it('without it the rows of a person in two organisations stay', async () => {
    database.configure(configured('person_id <- members.person_id'));
    const { stdout, stderr } = await database.run(
      'plan',
      '--tenant',
      '1',
      '--from',
      'gpt-4o',
      '--to',
      'gpt-4.1',
      '--json',
    );
    const { leftBehind } = JSON.parse(stdout) as {
      leftBehind: { reason: string; rows: { key: string }[] }[];
    };
    const staying = leftBehind.flatMap(({ rows }) => rows.map(({ key }) => key));
    assert.ok(staying.includes('1') && staying.includes('2'), stderr);
  });

  it('the rows of those who own move, and those of guests do not', async () => {
    database.configure(configured("person_id <- members.person_id where role = 'owner'"));
    const { status, stderr } = await database.run(
      'apply',
      '--tenant',
      '1',
      '--from',
      'gpt-4o',
      '--to',
      'gpt-4.1',
      '--yes',
    );
    assert.ok(status === 0 || status === 2, stderr);
    assert.deepEqual(await models(), ['1 gpt-4.1', '2 gpt-4o', '3 gpt-4o']);
  });

  it('the condition is over the other table, and may hold a semicolon', async () => {
    database.configure(
      configured("person_id <- members.person_id where role = 'guest; reads'; id -> orgs.id where false"),
    );
    const { status, stderr } = await database.run('config', 'check');
    assert.equal(status, 0, stderr);
    const shown = await database.run('inspect', '--json');
    assert.match(shown.stdout, /person_id → members \(role = 'guest; reads'\)\.org_id/);
  });

  it('one that cannot be read is an error with its line', async () => {
    database.configure(configured('person_id <- members.person_id where'));
    const missing = await database.run('config', 'check');
    assert.match(
      missing.stderr,
      /yaml:9:\d+ tenant\.links\.prefs: cannot resolve the link .* "where" and SQL over them/,
    );
    database.configure(configured("person_id <- members.person_id where model = 'x'"));
    const wrong = await database.run('config', 'check');
    assert.match(
      wrong.stderr,
      /yaml:9:\d+ tenant\.links\.prefs: the database cannot read "model = 'x'": column "model" does not exist.*a row of members/,
    );
  });
});
