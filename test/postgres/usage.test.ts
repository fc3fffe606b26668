/** What counts as a use is what a migration looks at, row for row, in databases of other people too. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadConfigFile } from '../../src/config-file.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { ModelPair } from '../../src/engine/models/model.ts';
import type { Rules } from '../../src/engine/rules/references.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { memberOf } from '../../src/postgres/facts/member.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import { readPlaceGroups } from '../../src/postgres/facts/places.ts';
import { countUsage, listUses, type Use } from '../../src/postgres/usage/usage.ts';
import { type Case, type Example, intentOf, readExamples } from '../attached/cases.ts';
import { examplePlace } from '../cli/drover-process.ts';
import { eachEngine } from '../support/databases.ts';
import { readOneMove } from '../support/facts.ts';

interface Asked {
  readonly rules: Rules;
  readonly intent: Intent;
  readonly pair: ModelPair;
}

/** The rows of the tenant that the facts of a plan are about, by table, as many as the facts name. */
async function planned(tx: Tx, { rules, intent, pair }: Asked): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  const members = [memberOf(rules, intent, pair)];
  const [places = []] = await readPlaceGroups(tx, { rules, members }, 'all');
  for (const { table, groups, keyed } of places) {
    const mine = groups.filter(({ owner }) => owner === 'mine');
    if (!keyed || mine.length === 0) continue;
    const keys = found.get(table) ?? new Set<string>();
    for (const { sample, rows } of mine) {
      assert.ok(rows === sample.length, 'the examples are small enough to name every row');
      for (const { key } of sample) keys.add(key);
    }
    found.set(table, keys);
  }
  return found;
}

eachEngine((engine) => {
  for (const example of readExamples()) {
    describe(example.name, () => {
      let database: Database;
      let drop: () => Promise<void>;
      before(async () => {
        const place = await examplePlace(engine, example.name);
        database = await openDatabase(place.target);
        drop = () => place.drop();
      });
      after(async () => {
        await database.close();
        await drop();
      });

      for (const given of example.cases.filter(({ expected }) => expected !== undefined))
        it(`${given.name}: the same rows`, () => lookAt(database, example, given));
    });
  }
});

/** What a case does beforehand is taken back in the end. */
async function lookAt(database: Database, { config }: Example, given: Case): Promise<void> {
  const undone = new Error('looked at, and taken back');
  const site = await openSite({ database, config: loadConfigFile(config) });
  const outcome: unknown = await database
    .transaction({}, async (tx) => {
      for (const sql of given.before ?? []) await tx.script(sql);
      const { ground, member } = await readOneMove(tx, site, intentOf(given));
      const asked = { rules: ground.rules, intent: member.intent, pair: member.pair };
      const listed = Map.groupBy(await usesOf(tx, asked), ({ table }) => table);
      assert.deepEqual(
        new Map([...listed].map(([table, rows]) => [table, new Set(rows.map(({ key }) => key))])),
        new Map([...(await planned(tx, asked))].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      );
      await countsAgree(tx, asked);
      throw undone;
    })
    .catch((error: unknown) => error);
  if (outcome !== undone) throw outcome;
}

function usesOf(tx: Tx, { rules, intent, pair }: Asked): Promise<Use[]> {
  return listUses(tx, { rules, tenant: intent.tenant }, { model: pair.source, limit: 100_000 });
}

/** Counted together with the target, each model has what it has alone. */
async function countsAgree(tx: Tx, asked: Asked): Promise<void> {
  const { source, target } = asked.pair;
  const scope = { rules: asked.rules, tenant: asked.intent.tenant };
  const [counts = {}] = await countUsage(tx, { ...scope, models: [source] });
  const [together] = await countUsage(tx, { ...scope, models: [source, target] });
  assert.deepEqual(together, counts);
  const uses = await usesOf(tx, asked);
  for (const [type, count] of Object.entries(counts))
    for (const state of ['live', 'dead', 'history'] as const)
      assert.equal(count[state], uses.filter((use) => use.type === type && use.state === state).length, type);
}
