/**
 * Random rows that hold one reference in up to five places, of columns and documents of every kind, said to be copies or not, with
 * conditions that look at each other. For three tenants as one batch, on both engines: copies move together or not at all, conditions
 * are those of the row as it was, what is asked about is listed, and rolling back restores every cell.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import { applyBatch, doneOf, planBatch, rollbackBatch } from '../support/batches.ts';
import { oneEngine, freshDatabase } from '../support/databases.ts';

const [source, target, other] = ['old', 'new', 'else'];
const tenants = ['north', 'south', 'west'];

/** Where a reference lies: how the configuration says it, how the cell is written, and how SQL reads it. */
interface Slot {
  readonly column: string;
  readonly type: string;
  readonly place: Omit<PlaceConfig, 'at'>;
  readonly id: string;
  readonly write: (value: string) => string;
  readonly sql: string;
}

const slots: readonly Slot[] = [
  { column: 'a', type: 'text', place: {}, id: 'things.a', write: (value) => value, sql: 'a' },
  { column: 'b', type: 'text[]', place: { shape: 'list' }, id: 'things.b', write: (value) => `{x,${value}}`, sql: 'b[2]' },
  { column: 'c', type: 'jsonb', place: { json: '/m' }, id: 'things.c/m', write: (value) => `{"m": "${value}"}`, sql: `c->>'m'` },
  { column: 'd', type: 'text', place: { json: '/u/*' }, id: 'things.d/u/*', write: (value) => `{ "u":["${value}"] }`,
    sql: `d::jsonb#>>'{u,0}'` },
  { column: 'e', type: 'text', place: { shape: 'comma' }, id: 'things.e', write: (value) => `x , ${value}`,
    sql: `split_part(e, ' , ', 2)` },
]; // prettier-ignore

interface Case {
  /** By slot: is it a place, and of which other slot does its guard speak? */
  readonly used: readonly { readonly is: boolean; readonly guard: number | null }[];
  readonly copies: boolean;
  readonly rows: readonly { readonly tenant: number; readonly values: readonly number[] }[];
}

const arbitrary: fc.Arbitrary<Case> = fc.record({
  used: fc.array(
    fc.record({ is: fc.constantFrom(true, true, false), guard: fc.option(fc.nat({ max: 4 }), { freq: 2 }) }),
    { minLength: 5, maxLength: 5 },
  ),
  copies: fc.boolean(),
  rows: fc.array(
    fc.record({
      tenant: fc.nat({ max: 2 }),
      values: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3), { minLength: 5, maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

const valueOf = (number: number | undefined): string | null =>
  [source, target, other, null][number ?? 3] ?? null;

function placesOf({ used, copies }: Case): PlaceConfig[] {
  const some = slots.filter((_, at) => used[at]?.is === true);
  return slots.flatMap((slot, at) => {
    const one = used[at];
    if (one?.is !== true) return [{ at: `things.${slot.column}`, ...slot.place, role: 'ignore' }];
    const rival = one.guard === null ? undefined : slots[one.guard];
    const guard = rival && { guard: `${rival.sql} IS DISTINCT FROM ${slot.sql}` };
    const others = copies && slot === some[0] ? { copies: some.slice(1).map(({ id }) => id) } : {};
    return [{ at: `things.${slot.column}`, ...slot.place, ...guard, ...others }];
  });
}

/** Row by row: which places move, and which are asked about. */
function judge({ used, copies }: Case, values: readonly number[]): ('moves' | 'asked' | 'none')[] {
  const named = slots.map((_, at) => used[at]?.is === true && values[at] === 0);
  const guarded = slots.map((_, at) => {
    const guard = used[at]?.guard ?? null;
    return guard !== null && values[guard] !== values[at];
  });
  const together = slots.every(
    (_, at) => used[at]?.is !== true || (named[at] === true && guarded[at] !== true),
  );
  return named.map((is, at) => {
    if (!is) return 'none';
    const alone = used.filter((one) => one.is).length === 1;
    return (copies && !alone ? together : guarded[at] !== true) ? 'moves' : 'asked';
  });
}

oneEngine((engine) => {
  let database: Database;
  let drop: () => Promise<void>;
  let numbered = 0;

  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = fresh.drop;
    database = await openDatabase(fresh.target);
  });

  after(async () => {
    await database.close();
    await drop();
  });

  async function tryCase(one: Case): Promise<void> {
    const schema = `copies_${(numbered += 1)}`;
    const quoted = (text: string | null): string => (text === null ? 'NULL' : `'${text}'`);
    const cells = one.rows.map(({ tenant, values }, at) => {
      const row = slots.map((slot, n) => {
        const value = valueOf(values[n]);
        return quoted(value === null ? null : slot.write(value));
      });
      return `(${[at, quoted(tenants[tenant] ?? ''), ...row].join(', ')})`;
    });
    const read = (): Promise<object[]> =>
      database.transaction({}, (tx) => tx.many(`SELECT t::text FROM ${schema}.things t ORDER BY id`));
    try {
      await database.transaction({}, (tx) =>
        tx.script(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.tenants (id text PRIMARY KEY);
          INSERT INTO ${schema}.tenants VALUES ${tenants.map((name) => `('${name}')`).join(', ')};
          CREATE TABLE ${schema}.things (id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES ${schema}.tenants,
            ${slots.map(({ column, type }) => `${column} ${type}`).join(', ')});
          INSERT INTO ${schema}.things VALUES ${cells.join(', ')};`),
      );
      const config: Config = {
        version: 1,
        database: { schemas: [schema] },
        model: { identity: ['name'] },
        tenant: { root: 'tenants', key: 'id', column: 'tenant_id' },
        places: placesOf(one),
      };
      const site = await openSite({ database, config });
      const moves = tenants.map((tenant): Intent => ({
        tenant, from: source ?? '', to: target ?? '', parameters: 'keep', answers: {}, leaveAsks: true,
      })); // prettier-ignore
      const start = await read();
      const asked = (await planBatch(site, moves)).flatMap((plan) => {
        assert.equal(plan.status, 'succeeded', JSON.stringify(plan));
        return plan.result.leftBehind.flatMap(({ place, rows }) => rows.map(({ key }) => `${place} ${key}`));
      });
      const judged = one.rows.map(({ values }) => judge(one, values));
      const wanted = judged.flatMap((places, row) =>
        places.flatMap((is, at) => (is === 'asked' ? [`${slots[at]?.id ?? ''} ${row}`] : [])),
      );
      assert.deepEqual(asked.toSorted(), wanted.toSorted());
      const done = doneOf(await applyBatch(site, { moves, confirm: true, actor: 'copies' }));
      const moved = await database.transaction({}, (tx) =>
        tx.many<Record<string, string | null>>(
          `SELECT ${slots.map(({ column, sql }) => `${sql} AS ${column}`).join(', ')} FROM ${schema}.things ORDER BY id`,
        ),
      );
      const expected = one.rows.map(({ values }, row) =>
        slots.map((_, at) => (judged[row]?.[at] === 'moves' ? target : valueOf(values[at]))),
      );
      const shown = moved.map((row) =>
        slots.map(({ column }) => (row[column] === '' ? null : (row[column] ?? null))),
      );
      assert.deepEqual(shown, expected);
      await rollbackBatch(site, { rollbacks: done, actor: 'copies' });
      assert.deepEqual(await read(), start);
    } finally {
      await database.transaction({}, (tx) => tx.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
    }
  }

  test('copies move together or not at all, and conditions are judged once', () =>
    fc.assert(
      fc.asyncProperty(
        arbitrary.filter(({ used }) => used.some(({ is }) => is)),
        tryCase,
      ),
      { seed: 20_261_129, numRuns: 25, interruptAfterTimeLimit: 15_000 },
    ));
});
