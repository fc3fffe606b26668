/** A migration that waits for the lock of a table makes no other writer wait behind it; where it gives up it names who holds the lock. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { droverHere } from '../cli/drover-here.ts';
import { freshServerDatabase } from '../support/databases.ts';

const script = `
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE bots (id serial PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL);
  INSERT INTO firms VALUES (1, 'Alder'), (2, 'Birch');
  INSERT INTO bots (firm_id, model) VALUES (1, 'gpt-4o'), (2, 'gpt-4o');`;

const yaml = (database: string): string => `version: 1
database: ${database}
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places: [{ at: bots.model }]
`;
const move = ['apply', '--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes'];

describe('on a server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-queue-'));
  const config = join(folder, 'drover.config.yaml');
  let url = '';
  let drop: () => Promise<void>;
  const clients: pg.Client[] = [];
  const connect = async (name: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url, application_name: name });
    clients.push(client);
    await client.connect();
    return client;
  };

  before(async () => {
    ({ url, drop } = await freshServerDatabase('queue'));
    await (await connect('admin')).query(script);
  });
  after(async () => {
    for (const client of clients) await client.end();
    await drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('other tenants go on writing while it waits, and it goes on when the lock is free', async () => {
    writeFileSync(config, yaml('{}'));
    const [holder, writer] = [await connect('holder'), await connect('writer')];
    await holder.query('BEGIN');
    await holder.query(`INSERT INTO bots (firm_id, model) VALUES (2, 'o3')`);
    const applied = droverHere([...move, '--database', url, '--config', config]);
    const waits = async (): Promise<boolean> => {
      const { rows } = await writer.query(
        `SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'`,
      );
      return rows.length > 0;
    };
    // Six times while the migration waits for the lock a writer of another tenant comes behind it.
    let behind = 0;
    while (behind < 6) {
      if (!(await waits())) continue;
      await writer.query(`SET statement_timeout = '5s'; INSERT INTO bots (firm_id, model) VALUES (2, 'o3')`);
      behind += 1;
    }
    await holder.query('COMMIT');
    const { status, stdout, stderr } = await applied;
    assert.equal(status, 0, stdout + stderr);
    const { rows } = await writer.query(
      `SELECT model, count(*)::int AS n FROM bots GROUP BY model ORDER BY model`,
    );
    assert.deepEqual(rows, [
      { model: 'gpt-4.1', n: 1 },
      { model: 'gpt-4o', n: 1 },
      { model: 'o3', n: 7 },
    ]);
  });

  it('says who holds the lock where it gives up, and nothing was changed', async () => {
    writeFileSync(config, yaml('{ lockTimeoutMs: 400, retries: 0 }'));
    const holder = await connect('nightly import');
    await holder.query(`UPDATE bots SET model = 'gpt-4o' WHERE model = 'gpt-4.1'`);
    await holder.query('BEGIN');
    await holder.query(`UPDATE bots SET model = model WHERE firm_id = 2`);
    const { status, stderr } = await droverHere([...move, '--database', url, '--config', config]);
    await holder.query('ROLLBACK');
    assert.equal(status, 1);
    assert.match(
      stderr,
      /LOCK_TIMEOUT: .* Now process \d+ \(nightly import, idle in transaction for \d+ s\) holds bots\./,
    );
    const { rows } = await holder.query(`SELECT count(*)::int AS n FROM bots WHERE model = 'gpt-4.1'`);
    assert.deepEqual(rows, [{ n: 0 }]);
  });
});
