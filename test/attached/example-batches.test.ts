/**
 * Each migration of the examples for several tenants: as a batch of two, and of all tenants that there are. The others ask for the
 * same as the one of the file, whether that fits them or not. The batch leaves the same rows, records and outcomes as one
 * migration after the other, after the migration, its rollback, and the rollback of that; rolled back once more, every byte is as it was.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadConfigFile } from '../../src/config-file.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { listTenants } from '../../src/postgres/scope/tenants.ts';
import { doneOf, many, one } from '../support/batches.ts';
import type { Outcome, Way } from '../support/batches.ts';
import { oneEngine } from '../support/databases.ts';
import { clearRecords, outcomesText, readRecords, withoutTimes } from '../support/records-text.ts';
import { intentOf, readExamples } from './cases.ts';
import type { Case, Example } from './cases.ts';
import { listTables, readDatabase } from './database-text.ts';
import { copyOf, runScript } from './example-database.ts';

const actor = 'examples';

oneEngine((engine) => {
  for (const example of readExamples()) {
    describe(`${example.name}, several tenants at once`, () => {
      let at: Place | undefined;

      const open = async (): Promise<Place> => {
        const copy = await copyOf(engine, example);
        return { example, database: await openDatabase(copy.target), drop: copy.drop };
      };
      const close = async (): Promise<void> => {
        await at?.database.close();
        await at?.drop();
        at = undefined;
      };
      before(async () => void (at = await open()));
      after(close);

      for (const given of example.cases)
        it(given.name, async () => {
          at ??= await open();
          try {
            await tryCase(at, given);
          } catch (error) {
            await close();
            throw error;
          }
          // What the case changed beforehand is not taken back.
          if (given.before !== undefined) await close();
        });
    });
  }
});

interface Place {
  readonly example: Example;
  readonly database: Database;
  readonly drop: () => Promise<void>;
}

async function tryCase({ example, database }: Place, given: Case): Promise<void> {
  for (const sql of given.before ?? []) await runScript(database, sql);
  const site = await openSite({ database, config: loadConfigFile(example.config) });
  const work = { site, example, moves: await listIntents(site, given) };
  const apart = await takeSteps(work, one);
  const together = await takeSteps(work, many);
  for (const [n, step] of apart.entries()) assert.deepEqual(together[n], step, step.what);
}

/** What the case asks for, first for its own tenant and then for each other one. */
async function listIntents(site: Site, given: Case): Promise<Intent[]> {
  const tenants = (await listTenants(site)).map(({ key }) => key).toSorted();
  const others = tenants.filter((tenant) => tenant !== given.tenant);
  return [given.tenant, ...others].map((tenant) => ({ ...intentOf(given), tenant }));
}

interface Work {
  readonly site: Site;
  readonly example: Example;
  readonly moves: readonly Intent[];
}

type Done = ReturnType<typeof doneOf>;

/** What is to be seen after a step. */
interface Step {
  readonly what: string;
  readonly outcomes: readonly string[];
  readonly rows: Readonly<Record<string, readonly string[]>>;
  readonly records: unknown;
}

async function takeSteps({ site, example, moves }: Work, way: Way): Promise<Step[]> {
  const { database } = site;
  const steps: Step[] = [];
  const look = async <R>(what: string, outcomes: readonly Outcome<R>[]): Promise<void> => {
    const { text, labels } = await readRecords(database);
    const rows = await readRows(database, example);
    steps.push({ what, outcomes: outcomesText(outcomes, labels), rows, records: text });
  };
  const apply = async (what: string, asked: readonly Intent[]): Promise<Done> => {
    const outcomes = await way.apply(site, { moves: asked, confirm: true, actor });
    await look(what, outcomes);
    return doneOf(outcomes);
  };
  const rollback = async (what: string, rollbacks: Done): Promise<Done> => {
    const outcomes = await way.rollback(site, { rollbacks, actor });
    await look(what, outcomes);
    return doneOf(outcomes);
  };
  await clearRecords(database);
  await look('planned', await way.plan(site, moves));
  const done = await apply('all applied', moves);
  // What is refused for everybody leaves nothing to take back.
  if (done.length === 0) return steps;
  const undone = await rollback('all rolled back', done);
  const redone = await rollback('all applied again', undone);
  await rollback('all rolled back again', redone);
  await rollback('two rolled back', await apply('two applied', moves.slice(0, 2)));
  assert.deepEqual(steps.at(-1)?.rows, steps[0]?.rows, 'rolled back to the byte');
  return steps;
}

/** Every row of the example, without what the database itself writes on each update. */
async function readRows(database: Database, { touched }: Example): Promise<Step['rows']> {
  const tables = (await listTables(database, touched)).filter(({ name }) => !name.startsWith('drover.'));
  const text = await readDatabase(database, tables);
  return Object.fromEntries([...text].map(([table, lines]) => [table, withoutTimes(lines)]));
}
