/** A unique key that compares otherwise than its column is seen before a step breaks it: a case-folded index, and one that is exact. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

function script(prepare: string, { type, index }: { type: string; index: string }): string {
  return `${prepare}
    CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE allowed (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model ${type} NOT NULL);
    CREATE UNIQUE INDEX one_of_each ON allowed ${index};
    INSERT INTO firms VALUES (1, 'Fig'), (2, 'Hazel');`;
}

const yaml = `
version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - { at: allowed.model, role: grant, collision: drop-redundant }
`;

const rows = 'SELECT id, model::text FROM allowed ORDER BY id';
const move = ['--tenant', 'Fig', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes'];

/** Applies, and takes back. */
async function applied(small: SmallDatabase): Promise<(string | null)[][]> {
  const before = await small.rows(rows);
  const outcome = await small.run('apply', ...move);
  assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  const moved = await small.rows(rows);
  const id = /drover rollback (\S+)/.exec(outcome.stdout + outcome.stderr)?.[1] ?? '';
  const taken = await small.run('rollback', id, '--tenant', 'Fig', '--yes');
  assert.equal(taken.status, 0, taken.stderr);
  assert.deepEqual(await small.rows(rows), before);
  return moved;
}

function declare(
  engine: 'embedded' | 'server',
  {
    about,
    sql,
    inserted,
    moved,
  }: { about: string; sql: string; inserted: string; moved: (string | null)[][] },
): void {
  describe(about, () => {
    let small: SmallDatabase;
    before(async () => {
      small = await smallDatabase(engine, `${sql} INSERT INTO allowed VALUES ${inserted};`, yaml);
    });
    after(() => small.drop());
    test('the row that would break it goes, and comes back', async () => {
      assert.deepEqual(await applied(small), moved);
    });
  });
}

oneEngine((engine) => {
  declare(engine, {
    about: 'an index on lower(model)',
    sql: script('', { type: 'varchar(40)', index: '(firm_id, lower(model))' }),
    inserted: `(1, 1, 'gpt-4o'), (2, 1, 'GPT-4.1'), (3, 2, 'gpt-4o'), (4, 1, 'O3')`,
    moved: [
      ['2', 'GPT-4.1'],
      ['3', 'gpt-4o'],
      ['4', 'O3'],
    ],
  });
  declare(engine, {
    about: 'an index on an expression of two columns',
    sql: script('', { type: 'text', index: `((firm_id || ':' || upper(model)))` }),
    inserted: `(1, 1, 'gpt-4o'), (2, 2, 'GPT-4.1'), (3, 1, 'o3')`,
    moved: [
      ['1', 'gpt-4.1'],
      ['2', 'GPT-4.1'],
      ['3', 'o3'],
    ],
  });
});

/** The embedded engine has neither the extension nor the rules of ICU. */
describe('server', () => {
  declare('server', {
    about: 'an exact index over citext',
    sql: script('CREATE EXTENSION citext;', { type: 'citext', index: '(firm_id, (model::text))' }),
    inserted: `(1, 1, 'gpt-4o'), (2, 1, 'GPT-4o'), (3, 1, 'GPT-4.1')`,
    moved: [
      ['1', 'gpt-4.1'],
      ['3', 'GPT-4.1'],
    ],
  });
  declare('server', {
    about: 'an exact index over a nondeterministic collation',
    sql: script(
      `CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`,
      { type: 'text COLLATE folded', index: '(firm_id, model COLLATE "C")' },
    ),
    inserted: `(1, 1, 'gpt-4o'), (2, 1, 'GPT-4o'), (3, 1, 'gpt-4.1')`,
    moved: [['3', 'gpt-4.1']],
  });
});
