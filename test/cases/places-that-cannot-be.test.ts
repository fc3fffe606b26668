/** What `config check` says of places that cannot be: all at once, each with its line; and what a document as a whole may be. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE vendors (id int PRIMARY KEY, title text, is_active boolean);
  CREATE TABLE models (id int PRIMARY KEY, org_id int REFERENCES orgs, name text NOT NULL, vendor_id int REFERENCES vendors);
  CREATE TABLE voices (id int PRIMARY KEY, org_id int REFERENCES orgs, name text NOT NULL);
  CREATE TABLE rooms (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs);
  CREATE TABLE room_models (room_id int REFERENCES rooms, model_id int REFERENCES models, PRIMARY KEY (room_id, model_id));
  CREATE TABLE room_voices (room_id int REFERENCES rooms, voice_id int REFERENCES voices, PRIMARY KEY (room_id, voice_id));
  CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, room_id int REFERENCES rooms, model text, engine text,
    connection text, voice_id int REFERENCES voices, settings jsonb, names text[], shown text GENERATED ALWAYS AS (upper(model)) STORED);
  CREATE TABLE logs (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, body jsonb);
  INSERT INTO orgs VALUES (1, 'Elm');
  INSERT INTO models VALUES (1, 1, 'gpt-4o', NULL), (2, 1, 'gpt-4.1', NULL);
  INSERT INTO bots (id, org_id, model, settings) VALUES (1, 1, 'gpt-4o', '{"a": "gpt-4o"}');
  INSERT INTO logs VALUES (1, 1, '{"m": {"name": "gpt-4o"}}'), (2, 1, '{"m": "other"}');
`;

/** The places begin on line 8. */
function configured(places: readonly string[]): string {
  return [
    'version: 1',
    'model:',
    '  tables:',
    '    - { table: models, columns: { name: name, provider: vendor_id }, providers: { table: vendors, column: vendor_id, name: title } }',
    '    - { table: voices, kind: transcription, columns: { name: name } }',
    'tenant: { root: orgs, key: id, display: name, column: org_id }',
    'places:',
    ...places.map((place) => `  - { ${place} }`),
    '',
  ].join('\n');
}

oneEngine((engine) => {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase(engine, script);
  });
  after(() => database.drop());

  it('the line that a finding gives to paste is one that can be', async () => {
    const places = ['at: bots.model', 'at: bots.settings, json: "/**"', 'at: logs.body, role: history'];
    const yaml = (more: string[]): string =>
      configured([...places, ...more]).replace(/ {2}tables:[^]*?\ntenant/, '  identity: [name]\ntenant');
    const words = ['plan', '--tenant', 'Elm', '--from', 'gpt-4o', '--to', 'gpt-4.1'];
    database.configure(yaml([]));
    const { stdout, stderr } = await database.run(...words);
    const [, line = ''] = /places: - \{ (.*?) \} \(or/.exec(stdout.replaceAll(/\s+/g, ' ')) ?? [];
    assert.equal(line, 'at: models.name, as: "{name}", role: reference', stdout + stderr);
    database.configure(yaml([line]));
    const again = await database.run(...words);
    assert.doesNotMatch(again.stdout + again.stderr, /UNACCOUNTED|CONFIG_/);
  });

  it('all problems come at once, in the order of the file', async () => {
    database.configure(
      configured([
        'at: bots.model, partner: connection',
        'at: bots.shown',
        'at: bots.voice_id, kind: transcription, enables: { grant: room_models.model_id, via: room_id }',
        'at: room_models.model_id, role: grant',
        'at: room_voices.voice_id, kind: transcription, role: grant',
        'at: models.name',
        'at: logs.body',
        'at: bots.settings, json: /a',
        'at: bots.model',
        'at: bots.engine, fields: { name: x, family: y }, json: ""',
      ]),
    );
    const { status, stderr } = await database.run('config', 'check');
    assert.equal(status, 1);
    const [first, ...said] = stderr.trim().split('\n');
    assert.equal(first, 'CONFIG_MISMATCH: The configuration does not fit the database:');
    assert.deepEqual(
      said.map((line) => /yaml:(\d+):\d+ (\S+):/.exec(line)?.slice(1).join(' ')),
      [
        '4 model.tables[0].providers.column',
        '9 places[1].at',
        '10 places[2].enables.grant',
        '13 places[5].at',
        '14 places[6]',
        '16 places[8].at',
        '17 places[9].fields',
      ],
    );
  });

  it('a document that is history as a whole stays, and what names the source in it is counted', async () => {
    database.configure(
      configured([
        'at: logs.body, role: history',
        'at: bots.settings, role: ignore',
        'at: bots.model',
      ]).replace('column: vendor_id, name', 'column: id, name'),
    );
    const checked = await database.run('config', 'check');
    assert.equal(checked.status, 0, checked.stderr);
    const planned = await database.run(
      'plan',
      '--tenant',
      '1',
      '--from',
      'gpt-4o',
      '--to',
      'gpt-4.1',
      '--json',
    );
    const { leftBehind } = JSON.parse(planned.stdout) as {
      leftBehind: { place: string; rows: { key: string }[] }[];
    };
    assert.deepEqual(
      leftBehind.map(({ place, rows }) => [place, rows]),
      [['logs.body', [{ key: '1' }]]],
    );
  });

  it('what a model is called is no place where others refer to it by key and the configuration knows no models', async () => {
    const check = async (place: string): Promise<string> => {
      database.configure(
        `version: 1\nmodel: { identity: [name] }\ntenant: { root: none }\nplaces: [{ ${place} }]\n`,
      );
      return (await database.run('config', 'check')).stderr;
    };
    for (const place of [
      'at: models.name',
      'at: models.name, role: catalogue',
      'at: models.name, role: history',
    ])
      assert.match(
        await check(place),
        /places\[0\]\.at: models\.name says what a row of models is called, and room_models\.model_id refers to/,
      );
    // The way out, what only a person can decide, several names in a row, and a list to which nobody refers.
    for (const place of [
      'at: models.name, as: "{name}"',
      'at: models.name, role: ask',
      'at: models.name, shape: comma',
      'at: bots.model',
    ])
      assert.equal(await check(place), '');
  });
});
