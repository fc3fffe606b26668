/** What the database takes for equal is one value, however it is written. A rollback gives each row its own writing back. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

interface Column {
  readonly about: string;
  readonly prepare: string;
  readonly type: string;
  readonly list: string;
}

const collation = `CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

const columns: Column[] = [
  { about: 'citext', prepare: 'CREATE EXTENSION citext;', type: 'citext', list: 'citext[]' },
  {
    about: 'citext of a schema that is not on the search path',
    prepare: 'CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions;',
    type: 'extensions.citext',
    list: 'extensions.citext[]',
  },
  {
    about: 'a domain over citext',
    prepare: 'CREATE EXTENSION citext; CREATE DOMAIN model_name AS citext CHECK (length(VALUE) < 40);',
    type: 'model_name',
    list: 'model_name[]',
  },
  {
    about: 'a nondeterministic collation',
    prepare: collation,
    type: 'text COLLATE folded',
    list: 'text[] COLLATE folded',
  },
  {
    about: 'a varchar with a nondeterministic collation',
    prepare: collation,
    type: 'varchar(30) COLLATE folded',
    list: 'varchar(30)[] COLLATE folded',
  },
];

function script({ prepare, type, list }: Column): string {
  return `${prepare}
    CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE bots (
      id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model ${type}, copy ${type}, listed ${type}, models ${list}
    );
    INSERT INTO firms VALUES (1, 'Fig'), (2, 'Hazel');
    INSERT INTO bots VALUES
      (1, 1, 'gpt-4o', 'GPT-4O', 'o3, GPT-4o', '{o3,GPT-4o}'), (2, 1, 'GPT-4o', 'gpt-4o', 'Gpt-4o', '{GPT-4.1,gpt-4O}'),
      (3, 1, 'GPT-4O', 'gPT-4O', 'o3', '{}'), (4, 1, 'o3', 'O3', NULL, NULL), (5, 2, 'Gpt-4o', 'Gpt-4o', 'Gpt-4o', '{Gpt-4o}');`;
}

const yaml = `
version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - { at: bots.model, copies: [bots.copy] }
  - { at: bots.copy, copies: [bots.model] }
  - { at: bots.listed, shape: comma }
  - at: bots.models
`;

const rows = 'SELECT id, model::text, copy::text, listed::text, models::text FROM bots ORDER BY id';

function declare(column: Column): void {
  describe(column.about, () => {
    let small: SmallDatabase;
    before(async () => {
      small = await smallDatabase('server', script(column), yaml);
    });
    after(() => small.drop());

    test('every writing of the source moves, and comes back as it was', async () => {
      const before = await small.rows(rows);
      const applied = await small.run(
        'apply',
        '--tenant',
        'Fig',
        '--from',
        'gpt-4o',
        '--to',
        'gpt-4.1',
        '--yes',
      );
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      const moved = await small.rows(rows);
      assert.deepEqual(moved, [
        ['1', 'gpt-4.1', 'gpt-4.1', 'o3, gpt-4.1', '{o3,gpt-4.1}'],
        ['2', 'gpt-4.1', 'gpt-4.1', 'gpt-4.1', '{GPT-4.1}'],
        ['3', 'gpt-4.1', 'gpt-4.1', 'o3', '{}'],
        ['4', 'o3', 'O3', null, null],
        ['5', 'Gpt-4o', 'Gpt-4o', 'Gpt-4o', '{Gpt-4o}'],
      ]);
      const id = /drover rollback (\S+)/.exec(applied.stdout + applied.stderr)?.[1] ?? '';
      await small.script(`UPDATE bots SET model = 'GPT-4.1', copy = 'GPT-4.1' WHERE id = 3`);
      const taken = await small.run('rollback', id, '--tenant', 'Fig', '--yes');
      assert.match(taken.stdout + taken.stderr, /changed since/);
      const kept = before.map((row) => (row[0] === '3' ? ['3', 'GPT-4.1', 'GPT-4.1', 'o3', '{}'] : row));
      assert.deepEqual(await small.rows(rows), kept);
    });
  });
}

/** The embedded engine has neither the extension nor the rules of ICU. */
describe('server', () => {
  for (const column of columns) declare(column);
});
