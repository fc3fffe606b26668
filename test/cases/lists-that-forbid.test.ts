/** A list of what is forbidden (role `deny`) stays as it is under a move, is accounted for, and refuses a target that it names. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE orgs (id int PRIMARY KEY, name text, policy jsonb, tier int);
  CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text);
  CREATE TABLE blocked_models (id int PRIMARY KEY, org_id int REFERENCES orgs, model text, is_over boolean);
  CREATE TABLE teams (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, denied text[]);
  INSERT INTO orgs VALUES (1, 'Elm', '{"blocked": ["gpt-4o"]}', 1), (2, 'Oak', '{"blocked": ["openai/gpt-4.1"]}', 1),
    (3, 'Ash', '{}', 1), (4, 'Yew', '{}', 1);
  INSERT INTO bots VALUES (1, 1, 'gpt-4o'), (2, 2, 'gpt-4o'), (3, 3, 'gpt-4o'), (4, 4, 'gpt-4o');
  INSERT INTO blocked_models VALUES (1, 1, 'gpt-4o', false), (2, 1, 'openai/gpt-4o', false), (3, 1, 'gpt-4.1', true),
    (4, 3, 'gpt-4.1', false), (6, 1, 'openai/gpt-4.1', true), (5, NULL, 'o3', false);
  INSERT INTO teams VALUES (1, 1, '{gpt-4o,o1}'), (2, 4, '{gpt-4.1}');
`;

const config = `version: 1
model: { identity: [name] }
tenant: { root: orgs, display: name, column: org_id }
places:
  - { at: bots.model }
  - { at: orgs.policy, json: "/blocked/*", role: deny }
  - { at: blocked_models.model, role: deny, live: NOT is_over }
  - { at: teams.denied, role: deny }
`;

interface Planned {
  readonly completion: string;
  readonly accounts: Readonly<Record<string, number>>;
  readonly findings: readonly {
    readonly severity: string;
    readonly code: string;
    readonly place?: string;
    readonly message: string;
  }[];
}

oneEngine((engine) => {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase(engine, script, config);
  });
  after(() => database.drop());

  async function planned(tenant: number, to = 'gpt-4.1'): Promise<Planned> {
    const words = ['plan', '--tenant', `${tenant}`, '--from', 'gpt-4o', '--to', to, '--json'];
    const { stdout, stderr } = await database.run(...words);
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout) as Planned;
  }

  /** What says that the target is forbidden. */
  const denials = ({ findings }: Planned): string[] =>
    findings.flatMap(({ severity, code, place }) =>
      code === 'TARGET_DENIED' ? [`${severity} ${place}`] : [],
    );

  it('what forbids the source is kept, in every writing, and nothing is asked', async () => {
    const plan = await planned(1);
    assert.deepEqual(plan.accounts, { move: 1, kept: 4 });
    assert.equal(plan.completion, 'complete');
    assert.deepEqual([...new Set(plan.findings.map(({ code }) => code))].includes('DENIAL_KEPT'), true);
    assert.deepEqual(denials(plan), [], 'what is over forbids nothing');
  });

  it('a target that the tenant or everybody forbids is refused, in every place and writing', async () => {
    assert.deepEqual(denials(await planned(2)), ['error orgs.policy/blocked/*']);
    assert.deepEqual(denials(await planned(3)), ['error blocked_models.model']);
    assert.deepEqual(denials(await planned(4)), ['error teams.denied']);
    assert.deepEqual(denials(await planned(4, 'o3')), ['error blocked_models.model'], "everybody's row");
    await database.script(`INSERT INTO teams VALUES (3, 2, '{chat=o3-mini}')`);
    assert.deepEqual(denials(await planned(2, 'o3-mini')), ['error teams.denied'], 'as no place writes it');
    await database.script('DELETE FROM teams WHERE id = 3');
    assert.deepEqual(denials(await planned(2, 'o1')), [], "another tenant's list is not this tenant's");
  });

  it('many tenants are looked at together, each with its own lists', async () => {
    const words = ['plan', '--all-tenants', '--from', 'gpt-4o', '--to', 'gpt-4.1'];
    const { stdout } = await database.run(...words);
    for (const told of [
      /\tElm\tready\t/,
      /\tOak\tfailed\t.*TARGET_DENIED/,
      /\tAsh\tfailed\t.*TARGET_DENIED/,
      /\tYew\tfailed\t.*TARGET_DENIED/,
    ])
      assert.match(stdout, told);
  });

  it('an apply leaves the lists as they are; force with a reason passes a denial', async () => {
    const lists =
      'SELECT policy FROM orgs UNION ALL SELECT to_jsonb(b) FROM blocked_models b UNION ALL SELECT to_jsonb(t) FROM teams t';
    const before = await database.rows(lists);
    const apply = (tenant: number, ...more: string[]) =>
      database.run('apply', '--tenant', `${tenant}`, '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes', ...more);
    const moved = await apply(1);
    assert.equal(moved.status, 0, moved.stderr);
    const refused = await apply(3);
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr + refused.stdout, /TARGET_DENIED/);
    const forced = await apply(3, '--force', '--reason', 'the list goes next week');
    assert.equal(forced.status, 0, forced.stderr);
    assert.deepEqual(await database.rows('SELECT id, model FROM bots ORDER BY id'), [
      ['1', 'gpt-4.1'],
      ['2', 'gpt-4o'],
      ['3', 'gpt-4.1'],
      ['4', 'gpt-4o'],
    ]);
    assert.deepEqual(await database.rows(lists), before);
  });

  it('where each place that moves says what its rows may have, the list is a warning', async () => {
    database.configure(
      config.replace('bots.model }', 'bots.model, allowed: { where: "$target <> \'o3\'" } }'),
    );
    assert.deepEqual(denials(await planned(4)), ['warning teams.denied']);
    database.configure(config);
  });

  it('init proposes lists that forbid as what they are', async () => {
    const yaml = await database.init();
    for (const at of ['orgs.policy', 'blocked_models.model', 'teams.denied'])
      assert.match(yaml, new RegExp(`at: ${at.replace('.', '\\.')}.*\\n?.*role: deny`), at);
    assert.doesNotMatch(yaml, /role: ask/);
  });
});
