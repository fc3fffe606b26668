/** Every rule of the doctor finds the fault that is planted for it, in every shape of names, and nothing else. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { listedRules } from '../../src/isolation/listed-rules.ts';
import { allRules } from '../../src/isolation/rules/all-rules.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { DroverError } from '../../src/errors.ts';
import { chosenEngine, oneEngine } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';
import { judgeEach, judgePlanted, openFresh, shapes, shownFindings } from './ground.ts';
import type { Outcome, Planting, Shape } from './ground.ts';
import { mendAll } from './mended.ts';
import { allPlants } from './plants/all-plants.ts';
import type { Plant } from './plants/plant.ts';

test('a rule is a file, a page that says four things, and a planted fault', () => {
  const rules = allRules.map(({ id }) => id);
  assert.deepEqual([...new Set(rules)], rules);
  const files = globSync('src/isolation/rules/*/*.ts')
    .filter((path) => readFileSync(path, 'utf8').includes(': IsolationRule = {'))
    .map((path) => basename(path, '.ts'));
  assert.deepEqual(files.toSorted(), rules.toSorted(), 'files');
  for (const path of globSync('src/isolation/rules/*/*.ts')) {
    const [, id] = /^ {2}id: '(.+)',$/m.exec(readFileSync(path, 'utf8')) ?? [];
    assert.equal(id ?? basename(path, '.ts'), basename(path, '.ts'));
  }
  const pages = globSync('docs/isolation/*.md')
    .map((path) => basename(path, '.md'))
    .filter((page) => page !== 'compare');
  const all = listedRules().map(({ id }) => id);
  assert.deepEqual(pages.toSorted(), all.toSorted(), 'pages');
  for (const rule of all) {
    const page = readFileSync(`docs/isolation/${rule}.md`, 'utf8');
    assert.ok(page.startsWith(`# ${rule}\n`), rule);
    for (const part of ['**Why.**', '**See it by hand.**', '**Mend.**', '**Ignore it**'])
      assert.ok(page.includes(part), `${rule}: ${part}`);
  }
  assert.deepEqual([...new Set(allPlants.map(({ rule }) => rule))].toSorted(), rules.toSorted(), 'plants');
});

oneEngine((engine) => {
  let database: Database;
  let close: () => Promise<void>;
  let version: number;
  before(async () => {
    ({ database, close } = await openFresh(engine));
    version = (await judgePlanted(database, { shape: 'plain', sql: '' })).server;
  });
  after(() => close());

  for (const shape of shapes)
    it(`says nothing of the sound schema (${shape})`, async () => {
      const report = await judgePlanted(database, { shape, sql: '' });
      assert.deepEqual(shownFindings(report), []);
      assert.deepEqual(report.notRead, []);
    });

  // What the engines know differs, and how they spell names does not: the slower one takes the two shapes that ask most.
  const tried: readonly Shape[] = engine === 'server' ? shapes : ['quoted', 'partitioned'];
  for (const shape of shapes)
    describe(`finds what is planted, and nothing else (${shape})`, () => {
      const plants = allPlants.filter(
        ({ engines = [engine], shapes: some = tried }) => engines.includes(engine) && some.includes(shape),
      );
      let outcomes: ReadonlyMap<Plant, Outcome>;
      before(async () => {
        const known = plants.filter(({ since = 0 }) => version >= since);
        const judged = await judgeEach(
          database,
          shape,
          known.map((plant) => ({
            ...plantingOf(plant, shape),
            ...(isMended(engine, shape, plant) ? { mend: mendAll(engine) } : {}),
          })),
        );
        outcomes = new Map(
          known.flatMap((plant, at) => (judged[at] === undefined ? [] : [[plant, judged[at]]])),
        );
      });

      for (const plant of plants)
        it(`${plant.rule}: ${plant.sql.trim().slice(0, 60)}`, () => {
          const outcome = outcomes.get(plant);
          if (outcome === undefined) return assert.ok(version < (plant.since ?? 0));
          const refused = version < (plant.refusedBefore ?? Infinity) ? plant.refused?.[shape] : undefined;
          assert.equal('error' in outcome ? sqlStateOf(outcome.error) : undefined, refused);
          if ('error' in outcome) return undefined;
          const found = shownFindings(outcome.report).map((text) => text.split(' ').slice(0, 2).join(' '));
          assert.deepEqual(found, [`${plant.severity ?? 'error'} ${plant.rule}`]);
          return checkMended(plant, outcome.mended);
        });
    });
});

/** SQL is the same on both engines, and in the plain shape it differs from the quoted one in nothing but quotes. */
function isMended(engine: Engine, shape: Shape, { shapes: some = shapes }: Plant): boolean {
  const best: readonly Shape[] = ['quoted', 'partitioned'];
  return engine === chosenEngine() && (best.includes(shape) || !some.some((each) => best.includes(each)));
}

/** The SQL of `--fix`, run until there is none any more: nothing is found then, and the application works. */
function checkMended(plant: Plant, mended: Extract<Outcome, { report: unknown }>['mended']): void {
  if (mended === undefined) return;
  if ('failed' in mended) throw mended.failed;
  const { rule, left = withoutSql.has(rule) ? 'no SQL' : [] } = plant;
  const shown = mended.ran.join(';\n');
  if (left === 'no SQL') assert.deepEqual(mended.ran, [], rule);
  else assert.deepEqual([mended.ran.length > 0, mended.left], [true, left], shown);
}

/** Rules whose findings somebody has to settle: what is right no statement knows. */
const withoutSql: ReadonlySet<string> = new Set([
  'application-role-unknown',
  'child-without-tenant-column',
  'enum-column',
  'ignore-dead',
  'index-not-leakproof',
  'large-objects-shared',
  'ownership-unknown',
  'publication-filter-blocks-writes',
  'publication-unfiltered',
  'rule-as-owner',
  'server-cve',
  'tenant-column-type',
  'trigger-disabled',
]);

function plantingOf({ sql, isolation, changed, tenant, use }: Plant, shape: Shape): Omit<Planting, 'shape'> {
  return {
    sql,
    ...(use === undefined ? {} : { use }),
    ...(isolation === undefined ? {} : { isolation: isolation() }),
    ...(changed === undefined ? {} : { changed }),
    ...(tenant === undefined ? {} : { tenant: tenant(shape) ?? {} }),
  };
}

/** What is no refusal of PostgreSQL is told as it is. */
function sqlStateOf(error: unknown): unknown {
  return error instanceof DroverError ? (error.data['sqlState'] ?? error.message) : String(error);
}
