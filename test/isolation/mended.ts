/** What the SQL of `--fix` makes of a planted fault: what is still found, and whether the application works on. */
import assert from 'node:assert/strict';
import type { Engine } from '../support/databases.ts';
import { DroverError } from '../../src/errors.ts';
import { mendsOf, stepsInOrder } from '../../src/isolation/mends/mends.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { backToSavepoint } from '../../src/postgres/driver/question.ts';
import { fill, judgeWithin, roleName, shownFindings } from './ground.ts';
import type { Judged, Mended, Planting } from './ground.ts';

/** A mend may wait for another one: it is asked until none has SQL. */
export function mendAll(engine: Engine) {
  return async (tx: Tx, planting: Planting, first: Judged): Promise<Mended> => {
    const ran: string[] = [];
    let judged = first;
    for (let round = 0; round < 4; round += 1) {
      const { facts, settings, report } = judged;
      const steps = stepsInOrder(await mendsOf(facts, settings, report.findings));
      if (steps.length === 0) break;
      for (const sql of steps.flatMap((step) => step.sql)) {
        await tx.run(sql.replace(' CONCURRENTLY ', ' '));
        ran.push(sql);
      }
      judged = await judgeWithin(tx, engine, planting);
    }
    if (ran.length > 0 && planting.use !== 'nothing') await worksOn(tx, planting);
    return { ran, left: shownFindings(judged.report) };
  };
}

const [one, two] = ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'];

/** A tenant makes rows, sees and changes them; another one sees none of them, and nobody makes rows for another. */
async function worksOn(tx: Tx, { shape, use = '' }: Planting): Promise<void> {
  const run = (sql: string): Promise<number> => tx.run(fill(shape, sql));
  const count = async (): Promise<string> => {
    const found = await tx.one<{ count: string }>(
      fill(shape, `SELECT count(*)::text AS count FROM {{bookings}}`),
    );
    return found.count;
  };
  await tx.script(
    fill(
      shape,
      `SET LOCAL row_security = on; INSERT INTO {{orgs}} ({{id}}) VALUES ('${one}'), ('${two}') ON CONFLICT DO NOTHING; ${use};
       SET LOCAL ROLE ${roleName('app')}; SET LOCAL app."user" = 'ann'; SET LOCAL app.org = '${one}'`,
    ),
  );
  for (const table of ['users', 'rooms'])
    await run(`INSERT INTO {{${table}}} ({{org_id}}, {{id}}) VALUES ('${one}', '${one}')`);
  const row = `INSERT INTO {{bookings}} ({{org_id}}, {{id}}, {{room_id}}, {{user_id}}) VALUES ('${one}', '${one}', '${one}', '${one}')`;
  await run(row);
  assert.equal(await run(`UPDATE {{bookings}} SET {{note}} = 'x'`), 1);
  assert.equal(await count(), '1');
  await tx.run(`SET LOCAL app."user" = 'bob'`);
  await tx.run(`SET LOCAL app.org = '${two}'`);
  assert.equal(await count(), '0');
  assert.equal(await run(`UPDATE {{bookings}} SET {{note}} = 'y'`), 0);
  await tx.run('SAVEPOINT other');
  const isRefused = (error: unknown): boolean =>
    error instanceof DroverError && error.data['sqlState'] === '42501';
  await assert.rejects(run(row.replace(`('${one}', '${one}'`, `('${one}', '${two}'`)), isRefused);
  await tx.ask(backToSavepoint('other'));
  await tx.run(`SET LOCAL app.org = '${one}'`);
  await tx.run(`SET LOCAL app."user" = 'ann'`);
  assert.equal(await run(`DELETE FROM {{bookings}}`), 1);
}
