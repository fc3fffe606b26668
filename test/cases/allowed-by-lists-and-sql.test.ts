/** Which models a tenant may have can be said by a list in a column, by rows of a table, or by SQL; rows that may not move are left. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE teams (id int PRIMARY KEY, may text[], may_json jsonb, tier int);
  CREATE TABLE offers (team_id int REFERENCES teams, model text, min_tier int);
  CREATE TABLE bots (id int PRIMARY KEY, team_id int REFERENCES teams, model text);
  INSERT INTO teams VALUES
    (1, '{gpt-4o,gpt-4.1}', '["gpt-4o", "gpt-4.1"]', 2), (2, '{gpt-4o}', '["gpt-4o"]', 1), (3, NULL, '"gpt-4.1"', 0);
  INSERT INTO offers VALUES (1, 'gpt-4o', 0), (1, 'gpt-4.1', 2), (2, 'gpt-4.1', 2), (3, 'gpt-4o', 0);
  INSERT INTO bots VALUES (1, 1, 'gpt-4o'), (2, 2, 'gpt-4o'), (3, 3, 'gpt-4o');
`;

function configured(allowed: string): string {
  return `version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - at: bots.model
    allowed: ${allowed}
  - { at: offers.model, role: ignore }
  - { at: teams.may, role: ignore }
  - { at: teams.may_json, role: ignore }
`;
}

interface Planned {
  readonly steps: readonly { readonly operation: string; readonly expectedRows: number }[];
  readonly leftBehind: readonly {
    readonly reason: string;
    readonly rows: readonly { readonly key: string }[];
  }[];
}

oneEngine((engine) => {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase(engine, script);
  });
  after(() => database.drop());

  /** The bots that are left, because their team may not have the target. */
  async function left(allowed: string): Promise<string[]> {
    database.configure(configured(allowed));
    const { stdout, stderr } = await database.run('plan', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--json');
    assert.notEqual(stdout, '', stderr);
    const { leftBehind } = JSON.parse(stdout) as Planned;
    return leftBehind.flatMap(({ reason, rows }) => rows.map(({ key }) => `${reason} ${key}`));
  }

  const notAllowed = (...keys: readonly number[]): string[] => keys.map((key) => `not-allowed ${key}`);

  const cases: readonly [about: string, allowed: string, left: string[]][] = [
    ['a list in an array', '{ in: teams, match: { id: team_id }, value: may }', notAllowed(2, 3)],
    ['a list in a document; what is no list allows nothing', '{ in: teams, match: { id: team_id }, value: may_json }', notAllowed(2, 3)],
    ['a row of a table', '{ in: offers, match: { team_id: team_id }, value: model }', notAllowed(3)],
    [
      'SQL over the row, the target in it',
      '{ where: "EXISTS (SELECT FROM offers o JOIN teams g ON g.id = o.team_id WHERE g.id = t.team_id AND o.model = $target AND g.tier >= o.min_tier)" }',
      notAllowed(2, 3),
    ],
    ['SQL that says nothing of some rows', '{ where: "(SELECT $target = ANY (g.may) FROM teams g WHERE g.id = team_id)" }', notAllowed(2, 3)],
  ]; // prettier-ignore

  for (const [about, allowed, expected] of cases)
    it(about, async () => {
      assert.deepEqual(await left(allowed), expected);
    });

  it('what is not allowed is left by an apply, too', async () => {
    database.configure(configured('{ in: teams, match: { id: team_id }, value: may }'));
    const { stderr } = await database.run(
      'apply',
      '--from',
      'gpt-4o',
      '--to',
      'gpt-4.1',
      '--yes',
      '--leave-asks',
    );
    assert.deepEqual(
      await database.rows('SELECT id, model FROM bots ORDER BY id'),
      [
        ['1', 'gpt-4.1'],
        ['2', 'gpt-4o'],
        ['3', 'gpt-4o'],
      ],
      stderr,
    );
  });

  it('a list of another type, a list with terms, a table and SQL at once: errors with the place', async () => {
    const say = async (allowed: string): Promise<string> => {
      database.configure(configured(allowed));
      return (await database.run('config', 'check')).stderr;
    };
    assert.match(
      await say('{ in: teams, value: tier }'),
      /yaml:6:\d+ places\[0\]\.allowed.*teams\.tier cannot be compared with bots\.model/,
    );
    assert.match(
      await say('{ in: teams, value: may, same: [tier] }'),
      /yaml:6:\d+ places\[0\]\.allowed\.same: teams\.may holds a list.*leave "same" out/,
    );
    assert.match(
      await say('{ in: teams, value: may, where: "true" }'),
      /yaml:6:\d+ places\[0\]\.allowed: must be a table or SQL, not both/,
    );
    assert.match(await say('{ in: teams }'), /yaml:6:\d+ places\[0\]\.allowed: the key value is missing/);
  });
});
