/**
 * A connection that is cut at any message of an apply or a rollback, before the server has it or before the answer is back: what the
 * command says is what the rows say. "Nobody knows" is said only where the database cannot be asked any more.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { smallDatabase } from '../cases/small-database.ts';
import type { SmallDatabase } from '../cases/small-database.ts';
import type { Outcome } from '../cli/drover-process.ts';
import { openTollGate } from '../support/toll-gate.ts';
import type { Cut } from '../support/toll-gate.ts';

const script = `
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE bots (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL);
  INSERT INTO firms VALUES (1, 'Alder');
  INSERT INTO bots SELECT n, 1, 'gpt-4o' FROM generate_series(1, 5) n;`;

const yaml = `version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places: [{ at: bots.model }]
`;

/** @param step every how manieth message is cut, beside the last ones */
export function declareCuts(step: number): void {
  describe('on a server', () => suite(step));
}

function suite(step: number): void {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase('server', script, yaml);
    // The records are there before anything is cut.
    assert.equal((await apply()).status, 0);
    assert.equal((await rollback()).status, 0);
  });
  after(() => database.drop());

  const by = (way: string | undefined): string[] => (way === undefined ? [] : ['--database', way]);
  const apply = (way?: string): Promise<Outcome> =>
    database.run('apply', '--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes', ...by(way));
  const rollback = async (way?: string): Promise<Outcome> => {
    const [[id] = []] = await database.rows(
      `SELECT id FROM drover.migrations WHERE kind = 'model' AND status = 'succeeded' ORDER BY finished_at DESC LIMIT 1`,
    );
    return database.run('rollback', id ?? '', '--tenant', 'Alder', '--yes', ...by(way));
  };
  const moved = async (): Promise<number> => {
    const [[count] = []] = await database.rows(`SELECT count(*) FROM bots WHERE model = 'gpt-4.1'`);
    return Number(count);
  };

  /** Runs the command by a way that is cut, and says what it said and how many messages it took. */
  async function byWay(
    command: (way: string) => Promise<Outcome>,
    cut?: Cut,
  ): Promise<Outcome & { messages: number }> {
    const gate = await openTollGate(database.address, cut);
    try {
      return { ...(await command(gate.url)), messages: gate.messages() };
    } finally {
      await gate.close();
    }
  }

  for (const [name, command, undo, there] of [
    ['an apply', apply, rollback, 5],
    ['a rollback', rollback, apply, 0],
  ] as const)
    it(`${name} that is cut says what is true`, async () => {
      if (name === 'a rollback') await apply();
      const whole = await byWay(command);
      assert.equal(whole.status, 0, whole.stdout + whole.stderr);
      await undo();
      const [seen, back] = [new Map<string, number>(), 5 - there];
      // The COMMIT of the work is among the last.
      const isTried = (at: number): boolean => at % step === 0 || at > whole.messages - 10;
      for (let at = 1; at <= whole.messages + 1; at += 1)
        for (const how of isTried(at) ? (['before', 'after'] as const) : []) {
          const { status, stderr } = await byWay(command, { at, how });
          const now = await moved();
          const where = `${how} ${at} of ${whole.messages}: ${stderr}`;
          if (status === 0) assert.equal(now, there, where);
          else if (status === 1) assert.equal(now, back, where);
          else assert.equal(status, 4, where);
          assert.ok(now === there || now === back, where);
          seen.set(`${status}`, (seen.get(`${status}`) ?? 0) + 1);
          if (now === there) await undo();
          assert.equal(await moved(), back, where);
        }
      // The database is there again at once, so it could always be asked.
      assert.deepEqual(
        [...seen.keys()].filter((status) => status === '4'),
        [],
      );
      assert.ok((seen.get('1') ?? 0) > 0 && (seen.get('0') ?? 0) > 0, JSON.stringify([...seen]));
    });
}
