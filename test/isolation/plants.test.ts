/** Every rule of the doctor finds the fault that is planted for it, in every shape of names, and nothing else. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { allRules } from '../../src/isolation/rules/all-rules.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { DroverError } from '../../src/errors.ts';
import { eachEngine } from '../support/databases.ts';
import { judgePlanted, openFresh, shapes, shownFindings } from './ground.ts';
import { allPlants } from './plants/all-plants.ts';

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
  const pages = globSync('docs/isolation/*.md').map((path) => basename(path, '.md'));
  assert.deepEqual(pages.toSorted(), rules.toSorted(), 'pages');
  for (const rule of rules) {
    const page = readFileSync(`docs/isolation/${rule}.md`, 'utf8');
    assert.ok(page.startsWith(`# ${rule}\n`), rule);
    for (const part of ['**Why.**', '**See it by hand.**', '**Mend.**', '**Ignore it**'])
      assert.ok(page.includes(part), `${rule}: ${part}`);
  }
  assert.deepEqual([...new Set(allPlants.map(({ rule }) => rule))].toSorted(), rules.toSorted(), 'plants');
});

eachEngine((engine) => {
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

  describe('finds what is planted, and nothing else', () => {
    for (const plant of allPlants.filter(({ engines = [engine] }) => engines.includes(engine)))
      for (const shape of plant.shapes ?? shapes)
        it(`${plant.rule} (${shape}): ${plant.sql.trim().slice(0, 60)}`, async () => {
          if (version < (plant.since ?? 0)) return;
          const planting = {
            shape,
            sql: plant.sql,
            ...(plant.isolation === undefined ? {} : { isolation: plant.isolation() }),
            ...(plant.changed === undefined ? {} : { changed: plant.changed }),
            ...(plant.tenant === undefined ? {} : { tenant: plant.tenant(shape) ?? {} }),
          };
          const refused = version < (plant.refusedBefore ?? Infinity) ? plant.refused?.[shape] : undefined;
          const judged = judgePlanted(database, planting);
          if (refused !== undefined)
            return assert.rejects(
              judged,
              (error) => error instanceof DroverError && error.data['sqlState'] === refused,
            );
          const found = shownFindings(await judged).map((text) => text.split(' ').slice(0, 2).join(' '));
          return assert.deepEqual(found, [`${plant.severity ?? 'error'} ${plant.rule}`]);
        });
  });
});
