/**
 * Late writers × fence × carrier: after a move somebody goes on naming the source, in each way in which a value can carry a name, each
 * as it is known, in other letters, and by another name of the same model. Each attempt is refused, or the result said before that
 * nothing prevents it there. What names something else, or is somebody else's, is let through.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { smallDatabase } from '../cases/small-database.ts';
import type { SmallDatabase } from '../cases/small-database.ts';

type FenceKind = 'lock' | 'trigger';

/** A way to carry a name: the column, the place of the configuration, and the value that names `model`. */
export interface Carrier {
  readonly type: string;
  readonly place: string;
  readonly write: (model: string) => string;
  /** Whole values that read like the model's name and are none. */
  readonly others?: readonly string[];
}

const json = (value: unknown): string => JSON.stringify(value);
const nested = (model: string): string => json({ say: 'x', call: json({ deep: [json({ model })] }) });

/** By the name of the column. */
export const carriers: Readonly<Record<string, Carrier>> = {
  plain: { type: 'text', place: 'at: bots.plain', write: (model) => model },
  padded: { type: 'char(40)', place: 'at: bots.padded', write: (model) => model },
  short: { type: 'varchar(60)', place: 'at: bots.short', write: (model) => model },
  elements: {
    type: 'text[]',
    place: 'at: bots.elements, shape: list',
    write: (model) => `{o3,${json(model)}}`,
  },
  commas: { type: 'text', place: 'at: bots.commas, shape: comma', write: (model) => `o3, ${model} ,o4` },
  bars: { type: 'text', place: 'at: bots.bars, shape: bars', write: (model) => `o3|${model}` },
  inside: {
    type: 'text',
    place: 'at: bots.inside, shape: inside',
    write: (model) => `--model=${model} --x`,
    others: ['--model=gpt-4o-mini', '--model=my-gpt-4o', 'gpt-4o.5'],
  },
  pointer: {
    type: 'jsonb',
    place: 'at: bots.pointer, json: /nodes/*/model',
    write: (model) => json({ nodes: [{ model: 'o3' }, { model }] }),
    others: [json({ nodes: [{ model: 'gpt-4o-mini' }] })],
  },
  anywhere: {
    type: 'json',
    place: 'at: bots.anywhere, json: /**/model',
    write: (model) => json({ a: [{ b: { model } }] }),
  },
  written: {
    type: 'text',
    place: 'at: bots.written, json: /model',
    write: (model) => json({ model }),
  },
  ordered: {
    type: 'jsonb',
    place: 'at: bots.ordered, json: /order, shape: list',
    write: (model) => json({ order: ['o3', model] }),
  },
  joined: {
    type: 'jsonb',
    place: 'at: bots.joined, json: /order, shape: comma',
    write: (model) => json({ order: `o3,${model}` }),
  },
  string: { type: 'jsonb', place: 'at: bots.string, json: /call/~json/deep/*/~json/model', write: nested },
  member: {
    type: 'jsonb',
    place: 'at: bots.member, json: /limits/~key',
    write: (model) => json({ limits: { o3: 1, [model]: { rpm: 5 } } }),
    others: [json({ limits: { 'gpt-4o-mini': 1 } })],
  },
  object: {
    type: 'jsonb',
    place: 'at: bots.object, json: /use, fields: { provider: vendor, name: model }',
    write: (model) => json({ use: { vendor: 'openai', model } }),
    others: [json({ use: { vendor: 'groq', model: 'gpt-4o' } })],
  },
  lists: {
    type: 'jsonb[]',
    place: 'at: bots.lists, json: /*/model',
    write: (model) => `{${json(json({ model }))}}`,
  },
};

/** What only a server has: other ways to compare. */
export const looseCarriers: Readonly<Record<string, Carrier>> = {
  folded: { type: 'citext', place: 'at: bots.folded', write: (model) => model },
  foldedList: {
    type: 'citext[]',
    place: 'at: bots."foldedList", shape: list',
    write: (model) => `{o3,${json(model)}}`,
  },
  foldedCommas: {
    type: 'text COLLATE folded',
    place: 'at: bots."foldedCommas", shape: comma',
    write: (model) => `o3,${model}`,
  },
  alike: { type: 'text COLLATE folded', place: 'at: bots.alike', write: (model) => model },
};

/** As the mover knows it, in other letters, and by another name of the registry. */
const spellings = ['gpt-4o', 'GPT-4o', ' gpt-4O', 'openai/gpt-4o', 'gpt-4o-2024-08-06'];
const otherModels = ['gpt-4o-mini', 'gpt-4.1', 'gpt-4o-2024-11-20', 'o3'];

export interface LateCase {
  readonly fence: FenceKind;
  readonly carriers: Readonly<Record<string, Carrier>>;
  /** Does each row carry its tenant, or is it a row away? */
  readonly owner: 'column' | 'parent' | 'nobody';
}

/** Moves the firm off `gpt-4o`, and then writes late in every way. */
export async function writeLate(about: LateCase): Promise<{ refused: number; announced: number }> {
  const role = `late_${randomBytes(4).toString('hex')}`;
  const small = await smallDatabase('server', scriptOf(about, role), yamlOf(about));
  const client = new pg.Client({ connectionString: small.address });
  try {
    const open = await move(small, about);
    const tie = tieOf(about);
    await client.connect();
    await client.query(`SET ROLE ${role}`);
    const tally = { refused: 0, announced: 0 };
    for (const [column, carrier] of Object.entries(about.carriers))
      for (const [at, spelling] of spellings.entries())
        for (const by of ['insert', 'update'] as const) {
          const value = carrier.write(spelling);
          const outcome = await attempt(client, { column, value, by, tie });
          const place = `bots.${column}`;
          const said = new RegExp(`${place}(?![A-Za-z])`).test(open);
          const what = `${about.fence}, ${about.owner}: ${by} of ${value} in ${place}, spelling ${at}`;
          assert.equal(outcome, said ? 'let through' : 'refused', what);
          tally[said ? 'announced' : 'refused'] += 1;
        }
    await othersPass(client, about);
    return tally;
  } finally {
    await client.end();
    await small.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await small.drop();
  }
}

const words = ['--tenant', 'Fig', '--from', 'openai/gpt-4o', '--to', 'openai/gpt-5'];

/** @returns what the result says of places without a fence */
async function move(small: SmallDatabase, { owner }: LateCase): Promise<string> {
  const asked = owner === 'nobody' ? words.slice(2) : words;
  const { status, stdout, stderr } = await small.run('apply', ...asked, '--yes', '--json');
  assert.equal(status, 0, stdout + stderr);
  const result = JSON.parse(stdout) as { completion: string; findings: { code: string; message: string }[] };
  assert.match(result.completion, /^complete/);
  return result.findings
    .filter(({ code }) => code === 'NOT_FENCED')
    .map(({ message }) => message)
    .join(' ');
}

type Attempted = 'refused' | 'let through' | `failed: ${string}`;

interface Attempt {
  readonly column: string;
  readonly value: string;
  readonly by: 'insert' | 'update';
  /** The column that says whose the row is. */
  readonly tie: string;
  /** The row's firm; 1 has moved. */
  readonly firm?: number;
}

async function attempt(client: pg.Client, { column, value, by, tie, firm = 1 }: Attempt): Promise<Attempted> {
  const name = `"${column}"`;
  const query =
    by === 'insert'
      ? `INSERT INTO bots (id, ${tie}, ${name}) VALUES (1000, ${firm}, $1)`
      : `UPDATE bots SET ${name} = $1 WHERE id = ${firm}`;
  await client.query('BEGIN');
  try {
    await client.query(query, [value]);
    return 'let through';
  } catch (error) {
    const { code = '', message } = error as pg.DatabaseError;
    return code === 'DR001' ? 'refused' : `failed: ${message}`;
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Other models, and where rows say whose they are, other tenants. */
async function othersPass(client: pg.Client, about: LateCase): Promise<void> {
  const { carriers: all, owner } = about;
  const tie = tieOf(about);
  for (const [column, { write, others = [] }] of Object.entries(all)) {
    const values = [...otherModels.map(write), ...others];
    for (const value of values)
      assert.equal(
        await attempt(client, { column, value, by: 'insert', tie }),
        'let through',
        `${column}: ${value}`,
      );
    if (owner === 'nobody') continue;
    const theirs = { column, value: write('gpt-4o'), by: 'insert', tie, firm: 2 } as const;
    assert.equal(await attempt(client, theirs), 'let through', `${column} of another tenant`);
  }
}

function scriptOf({ carriers: all, owner }: LateCase, role: string): string {
  const names = Object.keys(all).map((name) => `"${name}"`);
  const values = Object.values(all).map(({ write }) => `'${write('gpt-4o')}'`);
  const columns = Object.entries(all).map(([name, { type }]) => `"${name}" ${type}`);
  const loose = Object.values(all).some(({ type }) => /citext|COLLATE/.test(type))
    ? `CREATE EXTENSION citext; CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`
    : '';
  const tie = tieOf({ owner });
  const key = { column: 'REFERENCES firms', parent: 'REFERENCES teams', nobody: '' }[owner];
  return `${loose} CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE teams (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms);
    CREATE TABLE bots (id int PRIMARY KEY, ${tie} int NOT NULL ${key}, ${columns.join(', ')});
    INSERT INTO firms VALUES (1, 'Fig'), (2, 'Hazel');
    INSERT INTO teams VALUES (1, 1), (2, 2);
    INSERT INTO bots (id, ${tie}) VALUES (1, 1), (2, 2);
    INSERT INTO bots (id, ${tie}, ${names.join(', ')}) VALUES (3, 1, ${values.join(', ')});
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    CREATE ROLE ${role}; GRANT SELECT, INSERT, UPDATE ON bots TO ${role};`;
}

function tieOf({ owner }: Pick<LateCase, 'owner'>): string {
  return owner === 'parent' ? 'team_id' : 'firm_id';
}

function yamlOf({ fence, carriers: all, owner }: LateCase): string {
  const tenant = {
    column: '{ root: firms, key: id, display: name, column: firm_id }',
    parent: '{ root: firms, key: id, display: name, column: firm_id }',
    nobody: '{ root: none }',
  }[owner];
  const places = Object.values(all).map(({ place }) => `  - { ${place} }`);
  return `version: 1
database: { fence: ${fence} }
model: { identity: [provider, name] }
tenant: ${tenant}
places:
${places.join('\n')}
`;
}
