/**
 * `npm run bench:init`: what `drover init` proposes, unedited, beside an answer key: for the examples of examples/attached the
 * configuration that a person wrote, for the small schemas of test/cases/init what stands beside each. Status 1 where something is wrong.
 */
import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import pg from 'pg';
import { parse } from 'yaml';
import type { Config } from '../src/engine/rules/config.ts';
import { openDatabase } from '../src/postgres/driver/connect.ts';
import { proposeConfig } from '../src/postgres/facts/propose.ts';
import { recordsSchema } from '../src/postgres/scope/site.ts';
import { proposalWords } from '../src/registry/known/proposal-words.ts';
import { builtInFolder, loadValid } from '../src/registry/load/folder.ts';
import { calls } from '../test/cases/init/calls.ts';
import { catalogues } from '../test/cases/init/catalogues.ts';
import { columns } from '../test/cases/init/columns.ts';
import { servers } from '../test/cases/init/servers.ts';
import type { SmallSchema } from '../test/cases/init/schema.ts';
import { placeName, type Score, scoreOf, verdictOf } from '../test/cases/init/score.ts';
import { startPostgres } from '../test/support/postgres-server.ts';

const words = proposalWords(loadValid(builtInFolder));

type Known = Pick<SmallSchema, 'name' | 'script' | 'schemas' | 'root' | 'places'> & {
  readonly tables: number;
};

const examples = ['a-two-owners', 'b-text-pairs', 'c-odd-names'].map(exampleOf);
const small = [...calls, ...catalogues, ...columns, ...servers].map((schema): Known => ({
  ...schema,
  tables: Object.keys(schema.models ?? {}).length,
}));

const server = await startPostgres();
try {
  const table = new Table({
    head: ['database', 'places', 'right', 'asked', 'missed', 'wrong', 'tenants', 'models', 'time'],
    style: { head: [], border: [] },
    colAligns: ['left', ...Array.from({ length: 8 }, () => 'right' as const)],
  });
  const scores = [];
  for (const [at, known] of [...examples, ...small].entries()) {
    const measured = await measure(known, at);
    scores.push(measured.score);
    table.push(rowOf(known, measured));
  }
  table.push(totalOf(scores));
  process.stdout.write(`${table.toString()}\n`);
  for (const { wrong, missed } of scores)
    for (const name of [...wrong, ...missed]) process.stdout.write(`wrong or missed: ${name}\n`);
  process.exitCode = scores.some(({ wrong }) => wrong.length > 0) ? 1 : 0;
} finally {
  await server.stop();
}

/** What a person wrote is the key; what they told Drover to ignore need not be proposed at all. */
function exampleOf(name: string): Known {
  const read = (file: string): string =>
    readFileSync(new URL(`../examples/attached/${name}/${file}`, import.meta.url), 'utf8');
  const wanted = parse(read('drover.config.yaml')) as Config;
  const places = (wanted.places ?? []).filter(({ role }) => role !== 'ignore' && role !== 'prose');
  return {
    name,
    script: `${read('schema.sql')};${read('data.sql')}`,
    root: placeName({ at: wanted.tenant.root ?? '' }),
    tables: wanted.model?.tables?.length ?? 0,
    places: Object.fromEntries(places.map((place) => [placeName(place), verdictOf(place)])),
  };
}

interface Measured {
  readonly config: Config;
  readonly score: Score;
  readonly ms: number;
}

async function measure(known: Known, at: number): Promise<Measured> {
  const url = new URL(server.url);
  url.pathname = `/init_${at}`;
  await query(server.url, `CREATE DATABASE init_${at}`);
  await query(url.href, known.script);
  const db = await openDatabase({ url: url.href });
  const begin = performance.now();
  const { config } = await proposeConfig(db, {
    schemas: (known.schemas ?? 'public').split(','),
    records: recordsSchema,
    words,
  });
  const ms = performance.now() - begin;
  await db.close();
  return { config, score: scoreOf(config, known.places), ms };
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}

function rowOf({ name, root, tables, places }: Known, { config, score, ms }: Measured): string[] {
  const yes = (right: boolean): string => (right ? 'right' : 'wrong');
  return [
    name.length > 50 ? `${name.slice(0, 49)}…` : name,
    ...[Object.keys(places), score.right, score.asked, score.missed, score.wrong].map((list) =>
      String(list.length),
    ),
    yes(placeName({ at: config.tenant.root ?? '' }) === root),
    yes((config.model?.tables?.length ?? 0) === tables),
    `${Math.round(ms)} ms`,
  ];
}

function totalOf(scores: readonly Score[]): string[] {
  const sum = (of: keyof Score): number => scores.reduce((total, score) => total + score[of].length, 0);
  const [right, asked, missed, wrong] = [sum('right'), sum('asked'), sum('missed'), sum('wrong')];
  return [
    'together',
    ...[right + asked + missed + wrong, right, asked, missed, wrong].map(String),
    '',
    '',
    '',
  ];
}
