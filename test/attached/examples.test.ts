/**
 * The databases of examples/attached, which Drover did not create. For each migration of their `case.yaml`:
 * planning writes nothing; what is refused writes nothing either; applying gives exactly the result of the file and no
 * other difference anywhere in the database; rolling back restores every byte; planning again gives the first plan.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfigFile } from '../../src/config-file.ts';
import type { Finding } from '../../src/engine/finding.ts';
import type { LeftBehind } from '../../src/engine/plan/plan-types.ts';
import { DroverError } from '../../src/errors.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import type { MoveResult } from '../../src/postgres/records/move-result.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { applyOne, planOne, rollbackOne } from '../support/batches.ts';
import { oneEngine } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';
import { intentOf, readExamples, unquoted } from './cases.ts';
import type { Case, Example, Expected, LeftRows } from './cases.ts';
import { copyOf, runScript } from './example-database.ts';
import { compareDatabases, listTables, queryText, readDatabase } from './database-text.ts';
import type { DatabaseText, TableSelect } from './database-text.ts';
import { expectSameCounts } from './counts.ts';

const actor = 'examples';

oneEngine((engine) => {
  for (const example of readExamples()) {
    describe(example.name, () => {
      for (const given of example.cases)
        test(given.name, () => withExample(engine, example, (at) => tryCase(at, given)));
    });
  }
});

interface Place {
  readonly example: Example;
  readonly database: Database;
}

async function withExample(
  engine: Engine,
  example: Example,
  work: (at: Place) => Promise<void>,
): Promise<void> {
  const copy = await copyOf(engine, example);
  const database = await openDatabase(copy.target);
  try {
    await work({ example, database });
  } finally {
    await database.close();
    await copy.drop();
  }
}

interface Occasion extends Place {
  readonly site: Site;
  readonly given: Case;
  readonly tables: readonly TableSelect[];
  readonly start: DatabaseText;
}

async function tryCase({ example, database }: Place, given: Case): Promise<void> {
  for (const sql of given.before ?? []) await runScript(database, sql);
  const tables = await listTables(database);
  const start = await readDatabase(database, tables);
  const site = await openSite({ database, config: loadConfigFile(example.config) });
  const occasion = { example, database, given, tables, start, site };
  if (given.expected !== undefined) await expectMove(occasion, given.expected);
  else await expectRefusal(occasion, given.refused ?? []);
}

async function expectNothingWritten({ database, tables, start }: Occasion, what: string): Promise<void> {
  assert.deepEqual(await listTables(database), tables, `${what} makes no table`);
  assert.deepEqual(
    compareDatabases(start, await readDatabase(database, tables)),
    {},
    `${what} writes nothing`,
  );
}

async function expectRefusal(occasion: Occasion, codes: readonly string[]): Promise<void> {
  const { site, given } = occasion;
  assert.notEqual(codes.length, 0, 'a case has an expected result or says why it is refused');
  assert.deepEqual(await refusalCodes(site, given), codes.toSorted());
  await expectNothingWritten(occasion, 'a refused plan');
  await assert.rejects(applyOne(site, { intent: intentOf(given), confirm: true, actor }), DroverError);
  // The refusal itself is recorded, in tables of Drover's own.
  const after = await readDatabase(occasion.database, occasion.tables);
  assert.deepEqual(compareDatabases(occasion.start, after), {}, 'what is refused changes no row');
}

/** Why the plan cannot run: an error of its own, or findings that forbid it. */
async function refusalCodes(site: Site, given: Case): Promise<string[]> {
  try {
    const { findings } = await planOne(site, intentOf(given));
    return codesOf(findings.filter(({ severity }) => severity === 'error'));
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    return [error.code];
  }
}

function codesOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ code }) => code))].toSorted();
}

async function expectMove(occasion: Occasion, expected: Expected): Promise<void> {
  const { database, site, given } = occasion;
  const settled = await readSettled(occasion);
  const plan = await planOne(site, intentOf(given));
  await expectNothingWritten(occasion, 'a plan');

  const result = await applyOne(site, { intent: intentOf(given), plan, confirm: true, actor });
  expectResult(result, expected);
  const changed = compareDatabases(occasion.start, await readDatabase(database, occasion.tables));
  expectChanges(changed, expected);
  for (const { about, sql, rows } of expected.after)
    assert.deepEqual(await queryText(database, sql), rows, about ?? sql);

  const back = await rollbackOne(site, { migrationId: result.migrationId, actor });
  assert.deepEqual(back.skipped, [], 'nobody changed anything since');
  await expectSameCounts(site, { plan, result, back, changed });
  assert.deepEqual(compareDatabases(settled, await readSettled(occasion)), {}, 'rolled back to the byte');
  assert.equal((await planOne(site, intentOf(given))).hash, plan.hash, 'the same facts give the same plan');
}

/** The tables that were there at the start, without what the database itself writes on each update. */
async function readSettled({ database, example, tables }: Occasion): Promise<DatabaseText> {
  const names = new Set(tables.map(({ name }) => name));
  const settled = await listTables(database, example.touched);
  return readDatabase(
    database,
    settled.filter(({ name }) => names.has(name)),
  );
}

function expectResult(result: MoveResult, expected: Expected): void {
  assert.deepEqual(
    {
      completion: result.completion,
      counts: { ...result.counts },
      left_behind: sumLeftBehind(result.leftBehind),
      findings: codesOf(result.findings),
    },
    {
      completion: expected.completion,
      counts: expected.counts,
      left_behind: expected.left_behind.toSorted(byPlace),
      // Their fence is a lock, which ends with the migration.
      findings: [
        ...expected.findings,
        ...(expected.completion === 'partial' ? [] : ['NOT_FENCED']),
      ].toSorted(),
    },
  );
}

/** One entry for each place and reason, whatever the messages say. */
function sumLeftBehind(entries: readonly LeftBehind[]): LeftRows[] {
  const sums = new Map<string, LeftRows>();
  for (const { place, reason, count } of entries) {
    const id = `${place} ${reason}`;
    sums.set(id, { place: unquoted(place), reason, count: (sums.get(id)?.count ?? 0) + count });
  }
  return [...sums.values()].toSorted(byPlace);
}

function byPlace(a: LeftRows, b: LeftRows): number {
  return `${a.place} ${a.reason}` < `${b.place} ${b.reason}` ? -1 : 1;
}

function expectChanges(actual: Record<string, { gone: number; new: number }>, { changed }: Expected): void {
  const expected = Object.entries(changed).map(([table, rows]) => [
    table,
    typeof rows === 'number' ? { gone: rows, new: rows } : rows,
  ]);
  assert.deepEqual(actual, Object.fromEntries(expected), 'the rows that differ, and in no other table any');
}
