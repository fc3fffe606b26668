/** A fact about a model may stand in a row that a key leads to; a class that is no number is an error, and never compared as one. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE classes (id uuid PRIMARY KEY, label text, level int);
  CREATE TABLE models (id int PRIMARY KEY, name text, class_id uuid REFERENCES classes, sheet text);
  CREATE TABLE sheets (code text PRIMARY KEY, tokens bigint);
  CREATE TABLE bots (id int PRIMARY KEY, model_id int REFERENCES models);
  INSERT INTO classes VALUES ('10000000-0000-4000-8000-000000000001', 'open', 1), ('10000000-0000-4000-8000-000000000002', 'secret', 2);
  INSERT INTO sheets VALUES ('long', 128000), ('short', 8000);
  INSERT INTO models VALUES
    (1, 'gpt-4o', '10000000-0000-4000-8000-000000000002', 'long'), (2, 'gpt-5', '10000000-0000-4000-8000-000000000002', 'long'),
    (3, 'open-one', '10000000-0000-4000-8000-000000000001', 'short'), (4, 'unsaid', NULL, NULL);
  INSERT INTO bots VALUES (1, 1);
`;

/** Of each table one row in a room that demands nothing, one in a room whose class rises, one in a room that comes to ask for a region. */
const rooms = `
  ALTER TABLE models ADD COLUMN region text;
  UPDATE models SET region = CASE id WHEN 2 THEN 'eu' ELSE 'us' END;
  CREATE TABLE rooms (id int PRIMARY KEY, class int NOT NULL DEFAULT 0, region text);
  CREATE TABLE guides (id int PRIMARY KEY, room_id int NOT NULL REFERENCES rooms, model_id int REFERENCES models);
  CREATE TABLE tools (id int PRIMARY KEY, class int NOT NULL DEFAULT 0, region text, model_id int REFERENCES models);
  CREATE TABLE links (room_id int REFERENCES rooms, model_id int REFERENCES models, PRIMARY KEY (room_id, model_id));
  INSERT INTO rooms VALUES (1), (2), (3);
  INSERT INTO guides SELECT id, id, 3 FROM rooms;
  INSERT INTO tools SELECT id, 0, NULL, 3 FROM rooms;
  INSERT INTO links SELECT id, m FROM rooms, unnest(ARRAY[2, 3]) m;
`;

const demanding = `version: 1
model:
  tables:
    - table: models
      columns: { name: name }
      facts: { security: class_id -> classes.level, region: region }
tenant: { root: none }
places:
  - { at: guides.model_id, demands: { via: room_id, security: class, region: region } }
  - { at: tools.model_id, demands: { security: class, region: region } }
  - { at: links.model_id, collision: drop-redundant, demands: { via: room_id, security: class, region: region } }
  - { at: bots.model_id, role: ignore }
`;

function configured(facts: string): string {
  return `version: 1
model:
  tables:
    - table: models
      columns: { name: name }
      facts: { ${facts} }
tenant: { root: none }
places: [ { at: bots.model_id } ]
`;
}

oneEngine((engine) => {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase(engine, script);
  });
  after(() => database.drop());

  async function findings(facts: string, to: string): Promise<string[]> {
    database.configure(configured(facts));
    const { stdout, stderr } = await database.run('plan', '--from', '1', '--to', to, '--json');
    assert.notEqual(stdout, '', stderr);
    const { findings: all } = JSON.parse(stdout) as { findings: { code: string; message: string }[] };
    return all.map(({ code, message }) => `${code} ${message}`);
  }

  it('equal classes pass, and a lower one is told with both numbers', async () => {
    const security = 'security: class_id -> classes.level';
    const isSecurity = (text: string): boolean => text.startsWith('SECURITY');
    assert.deepEqual((await findings(security, '2')).filter(isSecurity), []);
    const [lower] = (await findings(security, '3')).filter(isSecurity);
    assert.match(lower ?? '', /SECURITY_LOWER .*2.*1/);
  });

  it('other facts may stand there too, also where no foreign key says so', async () => {
    const context = 'context: sheet -> sheets.tokens';
    assert.ok((await findings(context, '3')).some((text) => /128,?000.*8,?000/.test(text)));
  });

  it('a class that is no number is an error, and what it says to write passes', async () => {
    const say = async (facts: string) => {
      database.configure(configured(facts));
      return database.run('config', 'check');
    };
    const { status, stderr } = await say('security: class_id');
    assert.equal(status, 1);
    const way =
      /yaml:6:\d+ model\.tables\[0\]\.facts\.security: models\.class_id is of type uuid, and security is a number: .*: (class_id -> classes\.level)$/m.exec(
        stderr,
      );
    assert.notEqual(way, null, stderr);
    const mended = await say(`security: ${way?.[1] ?? ''}`);
    assert.equal(mended.status, 0, mended.stderr);
    assert.match(
      (await say('security: class_id -> classes.label')).stderr,
      /classes\.label is of type text, and security is a number/,
    );
    assert.match(
      (await say('security: class_id -> classes')).stderr,
      /no column classes: write "column -> table\.column"/,
    );
    assert.match((await say('secrecy: class_id')).stderr, /yaml:6:\d+ .*unknown key secrecy/);
  });

  it('a rollback brings no row back to a model that does not meet what is demanded there since', async () => {
    await database.script(rooms);
    database.configure(demanding);
    const applied = await database.run('apply', '--from', '3', '--to', '2', '--yes', '--json');
    assert.equal(applied.status, 0, applied.stdout + applied.stderr);
    const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
    for (const table of ['rooms', 'tools'])
      await database.script(
        `UPDATE ${table} SET class = 2 WHERE id = 2; UPDATE ${table} SET region = 'eu' WHERE id = 3`,
      );
    const undone = await database.run('rollback', migrationId, '--yes', '--json');
    const { skipped, restored } = JSON.parse(undone.stdout) as {
      skipped: { table: string; reason: string }[];
      restored: number;
    };
    const named = `SELECT (SELECT array_agg(model_id ORDER BY id) FROM guides)::text AS a,
      (SELECT array_agg(model_id ORDER BY id) FROM tools)::text AS b, (SELECT array_agg(room_id) FROM links WHERE model_id = 3)::text AS c`;
    assert.deepEqual(await database.rows(named), [['{3,2,2}', '{3,2,2}', '{1}']], undone.stdout);
    assert.deepEqual([restored, skipped.length], [3, 6]);
    for (const { reason } of skipped)
      assert.match(reason, /does not meet what is demanded there now \(class, region(, by room_id)?\)/);
    const again = await database.run(
      'rollback',
      (JSON.parse(undone.stdout) as { migrationId: string }).migrationId,
      '--yes',
      '--json',
    );
    assert.equal(again.status, 0, again.stdout + again.stderr);
    assert.deepEqual(await database.rows(named), [['{2,2,2}', '{2,2,2}', null]], 'what meets it goes on');
  });
});
