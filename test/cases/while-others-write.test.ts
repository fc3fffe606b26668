/** `apply --yes` plans again while others write, as long as nothing that it showed got worse; what is new and serious stops it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { freshServerDatabase } from '../support/databases.ts';
import { droverHere } from '../cli/drover-here.ts';
import type { Outcome } from '../cli/drover-process.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = `
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE bots (id serial PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL, draft boolean NOT NULL DEFAULT false);
  CREATE TABLE pings (n int);
  INSERT INTO firms VALUES (1, 'Alder');
  INSERT INTO bots (firm_id, model) SELECT 1, 'gpt-4o' FROM generate_series(1, 300);`;

const yaml = `version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places: [{ at: bots.model, ask: draft }]
`;

describe('on a server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-writers-'));
  const config = join(folder, 'drover.config.yaml');
  let url = '';
  let admin: pg.Client;
  let drop: () => Promise<void>;

  before(async () => {
    ({ url, drop } = await freshServerDatabase('writers'));
    writeFileSync(config, yaml);
    admin = new pg.Client({ connectionString: url });
    await admin.connect();
    await admin.query(script);
  });
  after(async () => {
    await admin.end();
    await drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const move = ['--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes'];
  const drover = (...words: string[]): Promise<Outcome> =>
    droverHere([...words, '--database', url, '--config', config]);

  /** Runs an apply while rows are inserted as fast as they can be. */
  async function amongWriters(row: string, ...words: string[]): Promise<Outcome> {
    const ended = new AbortController();
    const writers = [1, 2].map(async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      while (!ended.signal.aborted)
        await client.query(`INSERT INTO bots (firm_id, model, draft) VALUES ${row}`);
      await client.end();
    });
    const done = await drover('apply', ...move, ...words);
    ended.abort();
    await Promise.all(writers);
    return done;
  }

  it('goes on with the rows of now', async () => {
    const done = await amongWriters(`(1, 'gpt-4o', false)`);
    assert.equal(done.status, 0, done.stdout + done.stderr);
    assert.match(done.stderr, /Rows changed after the plan was shown, and nothing of it got worse\./);
    assert.match(done.stdout, /Complete: nothing live names the source\./);
  });

  it('stops where something new would have to be asked about', async () => {
    await admin.query(
      `DELETE FROM bots; INSERT INTO bots (firm_id, model) SELECT 1, 'gpt-4o' FROM generate_series(1, 300)`,
    );
    const done = await amongWriters(`(1, 'gpt-4o', true)`);
    assert.equal(done.status, 1, done.stdout + done.stderr);
    assert.match(done.stderr, /PLAN_STALE|ASK_OPEN/);
    const { rows } = await admin.query(`SELECT count(*)::int AS n FROM bots WHERE model = 'gpt-4.1'`);
    assert.deepEqual(rows, [{ n: 0 }]);
  });
});
