/** What only the write itself can tell is told by a rehearsal, with table, rule and row; a rehearsal keeps nothing. An apply names the table, too. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE bots (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL);
CREATE TABLE papers (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, doc jsonb NOT NULL);
CREATE FUNCTION no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF new.doc IS DISTINCT FROM old.doc THEN RAISE EXCEPTION 'papers are append-only'; END IF; RETURN new; END $$;
CREATE TRIGGER append_only BEFORE UPDATE ON papers FOR EACH ROW EXECUTE FUNCTION no_update();
CREATE TABLE slots (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL, slot int NOT NULL,
  CONSTRAINT slots_apart EXCLUDE USING btree ((lower(model)) WITH =, slot WITH =));
CREATE TABLE names (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL,
  CONSTRAINT names_once EXCLUDE USING btree (firm_id WITH =, (lower(model)) WITH =));
CREATE TABLE tones (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL,
  settings jsonb NOT NULL CONSTRAINT has_temperature CHECK (settings ? 'temperature'));
INSERT INTO firms VALUES (1, 'Alder'), (2, 'Birch'), (3, 'Cedar');
INSERT INTO bots VALUES (1, 1, 'gpt-4o'), (2, 2, 'gpt-4o'), (3, 3, 'gpt-4o');
INSERT INTO papers VALUES (11, 1, '{"model": "gpt-4o"}'), (12, 1, '{"model": "o3"}'), (13, 2, '{"model": "o3"}');
INSERT INTO slots VALUES (21, 1, 'gpt-4o', 1), (22, 1, 'GPT-4.1', 1), (23, 1, 'gpt-4o', 2), (24, 2, 'gpt-4o', 3);
INSERT INTO names VALUES (31, 2, 'gpt-4o'), (32, 2, 'GPT-4.1'), (33, 1, 'gpt-4o');
INSERT INTO tones VALUES (41, 3, 'gpt-4o', '{"temperature": 0.2}');`;

const yaml = `
version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - { at: bots.model }
  - { at: papers.doc, json: /model }
  - { at: slots.model }
  - { at: names.model }
  - { at: tones.model, parameters: settings }
`;

interface Planned {
  readonly findings: readonly { readonly severity: string }[];
  readonly rehearsal: {
    readonly refusals: readonly {
      table: string;
      trigger?: string;
      constraint?: string;
      rows: string[];
      message: string;
    }[];
  };
}

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => (small = await smallDatabase(engine, script, yaml)));
  after(() => small.drop());
  const move = ['--from', 'gpt-4o', '--to', 'gpt-4.1'] as const;
  const tables = ['bots', 'papers', 'slots', 'names', 'tones'];
  const all = async (): Promise<unknown> => {
    const rows = [];
    for (const table of tables) rows.push(await small.rows(`SELECT * FROM ${table} ORDER BY 1`));
    return rows;
  };

  it('tells each refusal with its table, its rule and the row, and leaves nothing behind', async () => {
    const had = await all();
    const told = async (tenant: string): Promise<unknown> => {
      const done = await small.run('plan', '--tenant', tenant, ...move, '--rehearse', '--json');
      assert.equal(done.status, 1);
      assert.match(done.stderr, /PLAN_REFUSED/);
      const { findings, rehearsal } = JSON.parse(done.stdout) as Planned;
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'error'),
        [],
      );
      return rehearsal.refusals.map(({ table, trigger, constraint, rows }) => [
        table,
        trigger ?? constraint,
        rows,
      ]);
    };
    assert.deepEqual(await told('Alder'), [
      ['public.papers', 'append_only', ['11']],
      ['public.slots', 'slots_apart', ['21']],
    ]);
    assert.deepEqual(await told('Birch'), [['public.names', 'names_once', ['31']]]);
    assert.deepEqual(await all(), had);
    const [schemas] = await small.rows(`SELECT count(*) FROM pg_namespace WHERE nspname = 'drover'`);
    assert.deepEqual(schemas, ['0']);
  });

  it('says that all can be done, alone and tenant by tenant', async () => {
    const done = await small.run('plan', '--tenant', 'Cedar', ...move, '--rehearse');
    assert.equal(done.status, 2, done.stderr);
    assert.match(done.stdout, /Rehearsed: the database takes every step/);
    const rehearsed = async (...options: string[]): Promise<unknown> => {
      const run = await small.run('plan', '--all-tenants', ...move, '--rehearse', '--json', ...options);
      const { tenants } = JSON.parse(run.stdout) as {
        tenants: { tenantName: string; status: string; code: string | null }[];
      };
      return tenants.map(({ tenantName, status, code }) => [tenantName, status, code]);
    };
    const others = [
      ['Alder', 'failed', 'ROW_REFUSED'],
      ['Birch', 'failed', 'ROW_REFUSED'],
    ];
    // The settings are moved as the run would move them: translated, unless somebody asks for less.
    assert.deepEqual(await rehearsed(), [...others, ['Cedar', 'ready', null]]);
    assert.deepEqual(await rehearsed('--parameters', 'reset'), [
      ...others,
      ['Cedar', 'failed', 'ROW_REFUSED'],
    ]);
    assert.deepEqual(await small.rows('SELECT count(*) FROM bots WHERE model <> $$gpt-4o$$'), [['0']]);
  });

  it('names the table and the trigger where an apply is refused', async () => {
    const done = await small.run('apply', '--tenant', 'Alder', ...move, '--types', 'papers', '--yes');
    assert.equal(done.status, 1);
    assert.match(
      done.stderr,
      /ROW_REFUSED: .*P0001.*in step 1 \(rewrite-json public\.papers\), by its trigger append_only/,
    );
    const names = await small.run('apply', '--tenant', 'Birch', ...move, '--types', 'names', '--yes');
    assert.match(names.stderr, /ROW_REFUSED: .*public\.names \(names_once\)/);
  });
});
