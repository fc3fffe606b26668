/** A row that a constraint will refuse is told by the plan, with the constraint, how many rows, and the key of one; nobody learns it from an apply. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
CREATE FUNCTION never() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nobody may ask'; END $$;
CREATE DOMAIN known_model AS varchar(40) CHECK (VALUE IN ('gpt-4o', 'o3', 'VALUE'));
CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE listed (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL,
  CONSTRAINT listed_model CHECK (model IN ('gpt-4o', 'o3')));
CREATE TABLE narrow (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model varchar(8) NOT NULL);
CREATE TABLE routers (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL, avoids text,
  CONSTRAINT routers_apart CHECK (avoids IS NULL OR avoids <> model));
CREATE TABLE typed (id text PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model known_model);
CREATE TABLE free (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text CHECK (model <> ''), effort text,
  CHECK (effort IS NULL OR model = 'gpt-4o'));
CREATE TYPE label AS ENUM ('gpt-4o', 'o3');
CREATE TABLE labelled (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model label NOT NULL);
CREATE TABLE odd (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text, CHECK (model <> 'never-1' OR never()));
INSERT INTO firms VALUES (1, 'Alder'), (2, 'Birch'), (3, 'Cedar');
INSERT INTO listed VALUES (1, 1, 'gpt-4o'), (2, 1, 'gpt-4o'), (3, 2, 'gpt-4o'), (4, 1, 'o3');
INSERT INTO narrow VALUES (11, 1, 'gpt-4o'), (12, 2, 'gpt-4o');
INSERT INTO routers VALUES (21, 1, 'gpt-4o', 'gpt-4.1'), (22, 1, 'gpt-4o-mini', NULL), (23, 2, 'gpt-4o', NULL);
INSERT INTO typed VALUES ('a', 1, 'gpt-4o'), ('b', 2, NULL);
INSERT INTO free VALUES (31, 1, 'gpt-4o', 'high'), (32, 3, 'gpt-4o', NULL);
INSERT INTO labelled VALUES (51, 1, 'gpt-4o'), (52, 1, 'o3');
INSERT INTO odd VALUES (41, 3, 'gpt-4o');`;

const yaml = `
version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - { at: listed.model }
  - { at: narrow.model }
  - { at: routers.model }
  - { at: typed.model }
  - { at: free.model, companions: { effort: drop } }
  - { at: labelled.model }
  - { at: odd.model }
`;

interface Refused {
  readonly code: string;
  readonly severity: string;
  readonly place: string;
  readonly count: number;
  readonly message: string;
}

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => (small = await smallDatabase(engine, script, yaml)));
  after(() => small.drop());
  const refused = (target: string, ...words: string[]): Promise<Refused[]> =>
    findingsOf('TARGET_REFUSED', target, words);
  const findingsOf = async (wanted: string, target: string, words: readonly string[]): Promise<Refused[]> => {
    const { stdout, stderr } = await small.run(
      'plan',
      ...words,
      '--from',
      'gpt-4o',
      '--to',
      target,
      '--json',
    );
    assert.notEqual(stdout, '', stderr);
    const { findings } = JSON.parse(stdout) as { findings: Refused[] };
    return findings.filter(({ code }) => code === wanted);
  };
  const told = (found: readonly Refused[]): unknown => found.map(({ place, count }) => `${place} ${count}`);

  it('says which rows a CHECK, a domain, a length or an enum refuses, of this tenant alone', async () => {
    const found = await refused('gpt-4.1', '--tenant', 'Alder');
    assert.deepEqual(told(found), [
      'public.labelled 1',
      'public.listed 2',
      'public.routers 1',
      'public.typed 1',
    ]);
    const [labelled, listed, routers, typed] = found.map(({ message }) => message);
    assert.match(labelled ?? '', /such as 51,.*public\.label \(gpt-4o, o3\)/);
    assert.match(listed ?? '', /such as 1,.*constraint listed_model: CHECK/);
    assert.match(routers ?? '', /such as 21,.*constraint routers_apart/);
    assert.match(typed ?? '', /such as a,.*known_model CHECK/);
    assert.deepEqual(told(await refused('gpt-4.1-mini', '--tenant', 'Alder')), [
      'public.labelled 1',
      'public.listed 2',
      'public.narrow 1',
      'public.typed 1',
    ]);
    assert.deepEqual(told(await refused('o3', '--tenant', 'Alder')), []);
  });

  it('refuses before anything is tried, tenant by tenant in a run', async () => {
    const had = await small.rows('SELECT * FROM listed ORDER BY id');
    const one = await small.run('apply', '--tenant', 'Birch', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes');
    assert.match(one.stderr, /PLAN_REFUSED: .*TARGET_REFUSED: 1 row of public\.listed, such as 3/);
    assert.deepEqual(await small.rows('SELECT * FROM listed ORDER BY id'), had);
    const run = await small.run('plan', '--all-tenants', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--json');
    const { tenants } = JSON.parse(run.stdout) as {
      tenants: { tenantName: string; status: string; message: string | null }[];
    };
    const said = tenants.map(
      ({ tenantName, status, message }) =>
        `${tenantName} ${status} ${(message ?? '').match(/(?<=rows? of )[\w.]+/g)?.join() ?? ''}`,
    );
    assert.deepEqual(said, [
      'Alder failed public.labelled,public.listed,public.routers,public.typed',
      'Birch failed public.listed',
      'Cedar ready ',
    ]);
  });

  it('says of what only the write can tell that nobody knows', async () => {
    const open = async (target: string, tenant: string): Promise<string[]> =>
      (await findingsOf('TARGET_NOT_JUDGED', target, ['--tenant', tenant, '--allow-unknown'])).map(
        ({ place, severity }) => `${place} ${severity}`,
      );
    assert.deepEqual(await open('gpt-4.1', 'Alder'), ['public.free info']);
    assert.deepEqual(await open('gpt-4.1', 'Birch'), []);
    assert.deepEqual(await open('never-1', 'Cedar'), ['public.free info', 'public.odd info']);
  });

  it('leaves alone what is not asked to move, and what a function refuses to answer', async () => {
    assert.deepEqual(told(await refused('gpt-4.1', '--tenant', 'Alder', '--types', 'free,narrow')), []);
    assert.deepEqual(told(await refused('never-1', '--tenant', 'Cedar', '--allow-unknown')), []);
  });
});
