/** A rollback under other settings of the session than the apply had finds every row, and gives each value back as it was. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

/** A column of every type whose text a setting changes. */
const types = {
  day: ['date', `'2026-02-01'`],
  at: ['timestamptz', `'2026-03-29 01:59:59.123456+00'`],
  during: ['tstzrange', `'[2026-03-29 01:00+00, 2026-10-25 01:00+00)'`],
  moments: ['timestamptz[]', `'{2026-03-29 01:30+00}'`],
  clock: ['timestamp', `'2026-11-10 10:20:30'`],
  span: ['interval', `'-1 year 2 days 03:04:05.6'`],
  ratio: ['float8', `0.1::float8 + 0.2::float8`],
  share: ['real', `1::real / 3`],
  bytes: ['bytea', String.raw`'\x00275c7fff'`],
  cost: ['money', `1234.5::numeric::money`],
} as const;
const names = Object.keys(types).join(', ');
const values = Object.values(types)
  .map(([, value]) => value)
  .join(', ');
const columns = Object.entries(types)
  .map(([name, [type]]) => `${name} ${type}`)
  .join(', ');

const script = `
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE models (id int PRIMARY KEY, name text NOT NULL, ended timestamptz, spent money);
  CREATE TABLE bots (firm_id int NOT NULL REFERENCES firms, model_id int NOT NULL REFERENCES models, n int, ${columns}, PRIMARY KEY (n, ${names}));
  CREATE TABLE grants (firm_id int NOT NULL REFERENCES firms, model_id int NOT NULL REFERENCES models, ${columns}, PRIMARY KEY (firm_id, model_id));
  INSERT INTO firms VALUES (1, 'Alder');
  INSERT INTO models VALUES (1, 'gpt-4o', '2026-03-29 02:30+00', 12.5::numeric::money), (2, 'gpt-4.1', NULL, NULL);
  INSERT INTO bots SELECT 1, 1, n, ${values} FROM generate_series(1, 20) n;
  INSERT INTO grants SELECT 1, m, ${values} FROM generate_series(1, 2) m;`;

const yaml = `
version: 1
model:
  tables:
    - { table: models, columns: { name: name }, retire: { ended: $now, spent: null } }
tenant: { root: firms, key: id, display: name, column: firm_id, global: [models] }
places:
  - { at: bots.model_id, companions: { ${Object.keys(types)
    .map((name) => `${name}: keep`)
    .join(', ')} } }
  - { at: grants.model_id, role: grant, collision: drop-redundant }
`;

const unlike = {
  TimeZone: `'Asia/Kathmandu'`,
  DateStyle: `'German, DMY'`,
  IntervalStyle: `'sql_standard'`,
  extra_float_digits: '-10',
  bytea_output: `'escape'`,
} as const;

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => (small = await smallDatabase(engine, script, yaml)));
  after(() => small.drop());

  const change = async (how: 'SET' | 'RESET'): Promise<void> => {
    const [[database = ''] = []] = await small.rows('SELECT quote_ident(current_database())');
    for (const [name, value] of Object.entries(unlike))
      await small.script(`ALTER DATABASE ${database} ${how} ${name}${how === 'SET' ? ` = ${value}` : ''}`);
  };
  const all = async (): Promise<unknown> => {
    const found = [];
    for (const table of ['models', 'bots', 'grants'])
      found.push(await small.rows(`SELECT t::text FROM ${table} t ORDER BY 1`));
    return found;
  };

  for (const [first, second] of [
    ['RESET', 'SET'],
    ['SET', 'RESET'],
  ] as const)
    test(`applied with settings ${first === 'SET' ? 'of its own' : 'of the server'}, taken back with others`, async () => {
      await change('RESET');
      const start = await all();
      await change(first);
      const applied = await small.run('apply', '--tenant', 'Alder', '--from', '1', '--to', '2', '--yes');
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      await change(second);
      const id = /drover rollback (\S+)/.exec(applied.stdout + applied.stderr)?.[1] ?? '';
      const undone = await small.run('rollback', id, '--tenant', 'Alder', '--yes');
      assert.equal(undone.status, 0, undone.stdout + undone.stderr);
      await change('RESET');
      assert.deepEqual(await all(), start);
    });
});
