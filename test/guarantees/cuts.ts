/**
 * A connection that is cut at any message of an apply or a rollback, before the server has it or before the answer is back: what the
 * command says is what the rows say. "Nobody knows" is said only where the database cannot be asked any more.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { droverHere } from '../cli/drover-here.ts';
import type { Outcome } from '../cli/drover-process.ts';
import { freshServerDatabase } from '../support/databases.ts';
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
  const folder = mkdtempSync(join(tmpdir(), 'drover-cut-'));
  const config = join(folder, 'drover.config.yaml');
  let url = '';
  let drop: () => Promise<void>;
  let admin: pg.Client;

  before(async () => {
    ({ url, drop } = await freshServerDatabase('cut'));
    writeFileSync(config, yaml);
    admin = new pg.Client({ connectionString: url });
    await admin.connect();
    await admin.query(script);
    // The records are there before anything is cut.
    assert.equal((await apply(url)).status, 0);
    assert.equal((await rollback(url)).status, 0);
  });
  after(async () => {
    await admin.end();
    await drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const drover = (database: string, ...words: string[]): Promise<Outcome> =>
    droverHere([...words, '--database', database, '--config', config]);
  const apply = (database: string): Promise<Outcome> =>
    drover(database, 'apply', '--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes');
  const rollback = async (database: string): Promise<Outcome> => {
    const { rows } = await admin.query<{ id: string }>(
      `SELECT id FROM drover.migrations WHERE kind = 'model' AND status = 'succeeded' ORDER BY finished_at DESC LIMIT 1`,
    );
    return drover(database, 'rollback', rows[0]?.id ?? '', '--tenant', 'Alder', '--yes');
  };
  const moved = async (): Promise<number> => {
    const { rows } = await admin.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM bots WHERE model = 'gpt-4.1'`,
    );
    return rows[0]?.n ?? -1;
  };

  /** Runs the command by a way that is cut, and says what it said and how many messages it took. */
  async function byWay(
    command: (database: string) => Promise<Outcome>,
    cut?: Cut,
  ): Promise<Outcome & { messages: number }> {
    const gate = await openTollGate(url, cut);
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
      if (name === 'a rollback') await apply(url);
      const whole = await byWay(command);
      assert.equal(whole.status, 0, whole.stdout + whole.stderr);
      await undo(url);
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
          if (now === there) await undo(url);
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
