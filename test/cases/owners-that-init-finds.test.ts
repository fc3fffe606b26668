/** Whose rows are, as `drover init` says it: by keys that an application writes as text, and by the closest of several ties. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE orgs (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL);
  CREATE TABLE people (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL);
  CREATE TABLE boards (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), org_id uuid NOT NULL REFERENCES orgs, model text);
  CREATE TABLE board_people (board_id uuid REFERENCES boards, person_id uuid REFERENCES people, PRIMARY KEY (board_id, person_id));
  CREATE TABLE memberships (org_id uuid REFERENCES orgs, person_id uuid REFERENCES people, PRIMARY KEY (org_id, person_id));
  CREATE TABLE settings (id int PRIMARY KEY, board_id varchar(40) NOT NULL, model text);
  CREATE TABLE notes (id int PRIMARY KEY, board_id text, model text);
  INSERT INTO orgs (name) VALUES ('Elm'), ('Oak');
  INSERT INTO people (name) SELECT 'P' || n FROM generate_series(1, 4) n;
  INSERT INTO boards (org_id, model) SELECT id, 'gpt-4o' FROM orgs;
  INSERT INTO memberships SELECT o.id, p.id FROM orgs o, people p;
  INSERT INTO board_people SELECT b.id, p.id FROM boards b, people p;
  INSERT INTO settings SELECT row_number() OVER (), id, 'gpt-4o' FROM boards;
  INSERT INTO notes SELECT row_number() OVER (), upper(id::text), 'gpt-4o' FROM boards;
  INSERT INTO notes VALUES (9, 'north', 'gpt-4o');
`;

oneEngine((engine) => {
  let database: SmallDatabase;
  let yaml: string;

  before(async () => {
    database = await smallDatabase(engine, script);
    yaml = await database.init();
  });
  after(() => database.drop());

  it('a text that holds keys of a uuid leads to their rows, and one that writes them otherwise does not', async () => {
    assert.match(
      yaml,
      /by name and type; 2 of 2 values are keys there\n {4}settings: board_id -> boards\.id/,
    );
    assert.doesNotMatch(yaml, /notes: board_id/);
    const plan = await database.run(
      'plan',
      '--tenant',
      'Elm',
      '--from',
      'gpt-4o',
      '--to',
      'gpt-4.1',
      '--leave-asks',
    );
    assert.match(plan.stdout, /settings: 1 row change/, plan.stdout + plan.stderr);
  });

  it('of two tables that tie people to tenants the closer one counts, and the other is named', () => {
    const reason =
      /public\.memberships ties its rows to rows that have an owner, and so does[\s#]+public\.board_people/;
    assert.match(yaml, reason);
    assert.match(yaml, /people: id <- memberships\.person_id/);
  });
});
