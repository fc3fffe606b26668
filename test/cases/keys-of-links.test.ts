/** A link that makes the target available is a new row: its key comes from the database, or is a new uuid, or the plan says who must give one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';

const script = `
CREATE TABLE orgs (id int primary key, name text);
CREATE TABLE models (id int primary key, org_id int not null references orgs, name text);
CREATE TABLE rooms (id int primary key, org_id int not null references orgs);
CREATE TABLE room_models (id uuid primary key, room_id int not null references rooms, model_id int not null references models, unique (room_id, model_id));
CREATE TABLE room_words (id text primary key, room_id int not null references rooms, model_id int not null references models);
CREATE TABLE bots (id int primary key, org_id int not null references orgs, room_id int references rooms, model_id int references models);
CREATE TABLE cats (id int primary key, org_id int not null references orgs, room_id int references rooms, model_id int references models);
INSERT INTO orgs VALUES (1,'Elm');
INSERT INTO models VALUES (1,1,'gpt-4o'),(2,1,'gpt-4.1');
INSERT INTO rooms VALUES (1,1),(2,1);
INSERT INTO room_models VALUES ('00000000-0000-4000-8000-000000000001', 1, 1), ('00000000-0000-4000-8000-000000000002', 2, 1);
INSERT INTO room_words VALUES ('a',1,1);
INSERT INTO bots VALUES (1,1,1,1),(2,1,2,1);
INSERT INTO cats VALUES (1,1,1,1);
`;

const yaml = `
version: 1
model: { tables: [{ table: models, columns: { name: name, tenant: org_id } }] }
tenant: { root: orgs, key: id, display: name, column: org_id }
places:
  - { at: bots.model_id, enables: { grant: room_models.model_id, via: room_id } }
  - { at: cats.model_id, enables: { grant: room_words.model_id, via: room_id } }
  - { at: room_models.model_id, role: grant }
  - { at: room_words.model_id, role: grant }
`;

const words = ['--tenant', 'Elm', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--types'];

oneEngine((engine) => {
  test('a new link has a key of its own, or is refused by name before anything is tried', async () => {
    const small = await smallDatabase(engine, script, yaml);
    try {
      const refused = await small.run('plan', ...words, 'cats');
      assert.match(
        refused.stdout,
        /NO_ROW_KEY: 1 new row of room_words [^]* their\s+id, which has no default/,
      );
      const links = 'SELECT room_id, model_id, id FROM room_models ORDER BY 1, 2';
      const before = await small.rows(links);
      const applied = await small.run('apply', ...words, 'bots', '--yes', '--json');
      const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
      const after = await small.rows(links);
      assert.deepEqual(
        after.map(([room, model]) => `${room} ${model}`),
        ['1 1', '1 2', '2 1', '2 2'],
      );
      assert.equal(new Set(after.map(([, , id]) => id)).size, 4);
      const undone = await small.run('rollback', migrationId, '--yes');
      assert.equal(undone.status, 0, undone.stderr);
      assert.deepEqual(await small.rows(links), before);
    } finally {
      await small.drop();
    }
  });
});
