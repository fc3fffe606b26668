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
});
