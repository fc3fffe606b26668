/** What was made with an embedding model stays with it, whether a key or a text names it; what is no data moves where it is asked for. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
CREATE TABLE chunks (id int PRIMARY KEY, made_by text);
CREATE TABLE indexes (id int PRIMARY KEY, embedder text);
CREATE TABLE preferences (id int PRIMARY KEY, model text);
CREATE TABLE catalogue (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE shelves (id int PRIMARY KEY, embedder_id int REFERENCES catalogue);
INSERT INTO chunks VALUES (1, 'text-embedding-ada-002'), (2, 'text-embedding-ada-002');
INSERT INTO indexes VALUES (1, 'text-embedding-ada-002');
INSERT INTO preferences VALUES (1, 'text-embedding-ada-002');
INSERT INTO catalogue VALUES (1, 'text-embedding-ada-002'), (2, 'text-embedding-3-small'), (3, 'gpt-4.1');
INSERT INTO shelves VALUES (1, 1);`;

const texts = `
version: 1
model: { identity: [name] }
tenant: { root: none }
database: { ignore: [catalogue, shelves] }
places:
  - { at: preferences.model }
  - { at: indexes.embedder }
  - { at: chunks.made_by, role: data-bound }
`;

/** One table for all kinds, as many catalogues have it: what makes vectors is known by its name alone. */
const keys = `
version: 1
model: { tables: [{ table: catalogue, columns: { name: name } }] }
tenant: { root: none }
database: { ignore: [chunks, indexes, preferences] }
places: [{ at: shelves.embedder_id }]
`;

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => (small = await smallDatabase(engine, script)));
  after(() => small.drop());
  const move = ['--from', 'text-embedding-ada-002', '--to', 'text-embedding-3-small'] as const;
  interface Plan {
    readonly findings: { code: string; severity: string; place?: string }[];
    readonly leftBehind: { place: string; count: number }[];
  }
  const plan = async (...words: string[]): Promise<Plan> =>
    JSON.parse((await small.run('plan', ...move, ...words, '--json')).stdout) as Plan;

  it('refuses to relabel, as text and as key', async () => {
    small.configure(texts);
    const found = (await plan()).findings.map(({ code, severity }) => `${severity} ${code}`);
    assert.ok(found.includes('error EMBEDDING_MODEL') && found.includes('error DATA_BOUND'), found.join());
    const back = await small.run('plan', ...move, '--types', 'chunks');
    assert.match(back.stderr, /PLAN_REFUSED.*DATA_BOUND/);
    small.configure(keys);
    const refused = await small.run('apply', ...move, '--yes');
    assert.match(refused.stderr, /PLAN_REFUSED: .*EMBEDDING_MODEL/);
    assert.match(
      (await small.run('plan', '--from', 'text-embedding-ada-002', '--to', 'gpt-4.1')).stderr,
      /KINDS_DIFFER/,
    );
  });

  it('moves the default for future documents and says that the vectors stay', async () => {
    small.configure(texts);
    const { findings, leftBehind } = await plan('--types', 'preferences');
    assert.deepEqual(
      findings
        .filter(({ code }) => ['EMBEDDING_MODEL', 'DATA_BOUND'].includes(code))
        .map((one) => [one.severity, one.place]),
      [
        ['warning', undefined],
        ['info', 'chunks.made_by'],
      ],
    );
    assert.deepEqual(Object.fromEntries(leftBehind.map(({ place, count }) => [place, count])), {
      'chunks.made_by': 2,
      'indexes.embedder': 1,
    });
    const unconfirmed = await small.run('apply', ...move, '--types', 'preferences');
    assert.equal(unconfirmed.status, 1);
    const done = await small.run('apply', ...move, '--types', 'preferences', '--yes');
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(
      await small.rows(
        'SELECT model, (SELECT count(*) FROM chunks WHERE made_by = $$text-embedding-ada-002$$) FROM preferences',
      ),
      [['text-embedding-3-small', '2']],
    );
  });
});
