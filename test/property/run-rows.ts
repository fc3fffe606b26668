/**
 * Random tables that refer to each other by keys of one and two columns: a row gets another key, or two rows become one, and every cell of
 * every table is what an oracle says that knows pointers and no keys. Rollback gives the start, and its rollback the end.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';

import type { AskAnswer, Intent } from '../../src/engine/plan/intent.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { rollbackOne } from '../support/batches.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';
import { actor, codes, prepareRows } from '../support/rows-case.ts';
import type { RowsCase } from '../support/rows-case.ts';
import { expectedRows, families, familySql } from './rows-family.ts';
import type { Family } from './rows-family.ts';

async function rowsNow(at: RowsCase, { tables }: Family): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { name, columns } of tables)
    found.set(
      name,
      (await at.rows(`SELECT ${columns.join(', ')} FROM ~${name}`))
        .map((row) => row.map((value) => value ?? '').join(' '))
        .toSorted(),
    );
  return found;
}

/** One pair is asked for as a person does, several as a map. */
function asked({ pairs }: Family): Partial<Intent> {
  const [first = [0, 0]] = pairs;
  const base = { from: String(first[0]), to: String(first[1]) };
  const all = pairs.map(([from, to]) => ({ from: String(from), to: String(to) }));
  return pairs.length === 1 ? base : { ...base, pairs: all };
}

interface Seen {
  maps: number;
  rekeyed: number;
  merged: number;
  lost: number;
  refused: number;
}

async function check(database: Database, family: Family, seen: Seen): Promise<void> {
  const at = await prepareRows(database, familySql(family), {
    table: 't0',
    intent: {
      rows: 't0',
      ...asked(family),
      ...(family.merge ? { merge: true } : {}),
    },
  });
  try {
    const start = await rowsNow(at, family);
    const { plan, answers } = await planAnswered(at, family);
    if (isRefused(plan)) {
      seen.refused += 1;
      return;
    }
    assert.deepEqual(codes(plan), []);
    const { migrationId } = await at.apply({ answers }, { plan });
    const { rows, lost } = expectedRows(family);
    assert.deepEqual(await rowsNow(at, family), rows);
    const aside = await at.rows(
      `SELECT count(*) FROM drover.set_aside WHERE migration_id = '${migrationId}'`,
    );
    assert.equal(Number(aside[0]?.[0]), lost);
    seen[family.merge ? 'merged' : 'rekeyed'] += 1;
    seen.maps += Number(family.pairs.length > 1);
    seen.lost += lost;
    let last = migrationId;
    for (const expected of [start, rows, start]) {
      const back = await rollbackOne(at.site, { migrationId: last, actor });
      assert.deepEqual([back.complete, back.skipped], [true, []]);
      assert.deepEqual(await rowsNow(at, family), expected);
      last = back.migrationId;
    }
  } finally {
    await at.script(`DROP SCHEMA ${at.schema} CASCADE`);
  }
}

/** Answers for the table of a column what the plan asks, as a person does, until it asks nothing more. */
async function planAnswered(
  at: RowsCase,
  { tables }: Family,
): Promise<{ plan: Plan; answers: Record<string, AskAnswer> }> {
  const answers: Record<string, AskAnswer> = {};
  for (;;) {
    const plan = await at.plan({ answers });
    const open = plan.findings.filter(
      ({ code, severity }) => code === 'COLLISION_OPEN' && severity === 'error',
    );
    if (open.length === 0) return { plan, answers };
    for (const { place = '' } of open) {
      assert.ok(!(place in answers), `${place} is answered, and asked again`);
      answers[place] = tables.find(({ name }) => place.startsWith(`${name}.`))?.keep ?? 'keep';
    }
  }
}

/** What several columns refer to together is refused, and nothing else is. */
function isRefused({ findings }: Plan): boolean {
  return findings.some(({ code, place }) => code === 'REKEY_IMPOSSIBLE' && place === 'compound');
}

/** Declares for both engines. */
export function declareRows(parameters: fc.Parameters<[Family]>): void {
  eachEngine((engine) => {
    let database: Database;
    let drop: () => Promise<void>;

    before(async () => {
      const fresh = await freshDatabase(engine);
      drop = fresh.drop;
      database = await openDatabase(fresh.target);
    });
    after(async () => {
      await database.close();
      await drop();
    });

    test('rows that get other keys, and rows that become one, are what the oracle says', async (t) => {
      const seen = { maps: 0, rekeyed: 0, merged: 0, lost: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(families, (family) => check(database, family, seen)),
        parameters,
      );
      t.diagnostic(
        `databases: ${seen.maps} with several rows; ${seen.rekeyed} re-keyed, ${seen.merged} merged with ${seen.lost} rows lost, ${seen.refused} refused`,
      );
      assert.ok(seen.merged > 0 && seen.lost > 0 && seen.refused < seen.merged, JSON.stringify(seen));
    });
  });
}
