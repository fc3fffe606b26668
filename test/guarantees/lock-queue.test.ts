/** A migration that waits for a lock makes no other writer wait behind it; where it gives up it names who holds the lock. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { smallDatabase } from '../cases/small-database.ts';
import type { SmallDatabase } from '../cases/small-database.ts';
import type { Outcome } from '../cli/drover-process.ts';

const script = `
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE models (id int PRIMARY KEY, name text NOT NULL, note text);
  CREATE TABLE barred (id serial PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text);
  CREATE TABLE bots (id serial PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model_id int NOT NULL REFERENCES models);
  INSERT INTO firms VALUES (1, 'Alder'), (2, 'Birch');
  INSERT INTO models VALUES (1, 'gpt-4o'), (2, 'gpt-4.1'), (3, 'o3');
  INSERT INTO bots (firm_id, model_id) VALUES (1, 1), (2, 1);`;

const yaml = (database: string): string => `version: 1
database: ${database}
model: { tables: [{ table: models, key: id, columns: { name: name } }] }
tenant: { root: firms, key: id, display: name, column: firm_id, global: [models] }
places: [{ at: bots.model_id }, { at: barred.model, role: deny }]
`;
const move = ['--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'gpt-4.1'];

describe('on a server', () => {
  let database: SmallDatabase;
  const clients: pg.Client[] = [];
  const connect = async (name: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: database.address, application_name: name });
    clients.push(client);
    await client.connect();
    return client;
  };

  before(async () => {
    database = await smallDatabase('server', script);
  });
  after(async () => {
    for (const client of clients) await client.end();
    await database.drop();
  });

  const counts = (): Promise<(string | null)[][]> =>
    database.rows('SELECT model_id, count(*) FROM bots GROUP BY model_id ORDER BY model_id');

  /** The last migration of Alder is taken back. */
  const undo = async (): Promise<string[]> => {
    const [[id] = []] = await database.rows(
      `SELECT id FROM drover.migrations WHERE kind = 'model' AND status = 'succeeded' ORDER BY finished_at DESC LIMIT 1`,
    );
    return ['rollback', id ?? '', '--tenant', 'Alder', '--yes'];
  };
  const held = {
    'the table': `INSERT INTO bots (firm_id, model_id) VALUES (2, 3)`,
    'the row of the model': `UPDATE models SET note = 'mine' WHERE id = 1`,
  };
  const commands = {
    'a rehearsal': { words: () => Promise.resolve(['plan', ...move, '--rehearse']), ends: 2 },
    'an apply': { words: () => Promise.resolve(['apply', ...move, '--yes']), ends: 0 },
    'a rollback': { words: undo, ends: 0 },
  };
  for (const [what, hold] of Object.entries(held))
    for (const [name, { words, ends }] of Object.entries(commands))
      it(`other tenants go on writing while ${name} waits for ${what}, and it goes on when that is free`, async () => {
        database.configure(yaml('{}'));
        const [holder, writer] = [await connect('holder'), await connect('writer')];
        await holder.query('BEGIN');
        await holder.query(hold);
        let running = true;
        const ended = database.run(...(await words())).finally(() => (running = false));
        try {
          await goOnBehind(writer, () => running);
        } finally {
          await holder.query('COMMIT');
        }
        const { status, stdout, stderr } = await ended;
        assert.equal(status, ends, stdout + stderr);
      });

  /** Three times while the migration waits for a lock a writer of another tenant comes behind it. */
  async function goOnBehind(writer: pg.Client, running: () => boolean): Promise<void> {
    let behind = 0;
    while (behind < 3 && running()) {
      if (!(await isWaitedFor(writer))) continue;
      await writer.query(`SET statement_timeout = '5s'; INSERT INTO bots (firm_id, model_id) VALUES (2, 3)`);
      behind += 1;
    }
    assert.equal(behind, 3, 'the command ended although a lock is held');
  }

  async function isWaitedFor(writer: pg.Client): Promise<boolean> {
    const { rowCount } = await writer.query(
      // The lock of a transaction belongs to no database, and other tests wait on this server, too.
      `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database()
       AND NOT granted AND (mode = 'ShareRowExclusiveLock' OR locktype IN ('transactionid', 'tuple'))`,
    );
    return rowCount !== 0;
  }

  it('refuses a target that is forbidden while it waits', async () => {
    database.configure(yaml('{}'));
    const before = await counts();
    const [holder, writer] = [await connect('holder'), await connect('writer')];
    await holder.query('BEGIN');
    await holder.query(held['the row of the model']);
    let running = true;
    const isRunning = (): boolean => running;
    const ended = database.run('apply', ...move, '--yes').finally(() => (running = false));
    try {
      // At once, so that the first attempt has its lock and goes on with what it read before.
      while (isRunning() && !(await isWaitedFor(writer)));
      await writer.query(`INSERT INTO barred (firm_id, model) VALUES (1, 'openai/gpt-4.1')`);
    } finally {
      await holder.query('COMMIT');
    }
    const { status, stderr } = await ended;
    await writer.query('TRUNCATE barred; DELETE FROM bots WHERE model_id = 3');
    assert.notEqual(status, 0);
    assert.match(stderr, /PLAN_STALE: .*rows that forbid the target/);
    assert.deepEqual(
      await counts(),
      before.filter(([model]) => model !== '3'),
    );
  });

  it('waits for locks as long as --wait says, whatever the configuration', async () => {
    database.configure(yaml('{}'));
    const before = await counts();
    const holder = await connect('holder');
    await holder.query('BEGIN');
    await holder.query(held['the table']);
    const { status, stderr } = await database.run('apply', ...move, '--yes', '--wait', '1');
    await holder.query('ROLLBACK');
    assert.equal(status, 1);
    assert.match(stderr, /LOCK_TIMEOUT/);
    assert.deepEqual(await counts(), before);
  });

  it('says who holds the lock where it gives up, and nothing was changed', async () => {
    database.configure(yaml('{ lockTimeoutMs: 400, retries: 0 }'));
    const before = await counts();
    const holder = await connect('nightly import');
    await holder.query('BEGIN');
    await holder.query(`UPDATE bots SET model_id = model_id WHERE firm_id = 2`);
    const { status, stderr }: Outcome = await database.run('apply', ...move, '--yes');
    await holder.query('ROLLBACK');
    assert.equal(status, 1);
    assert.match(
      stderr,
      /LOCK_TIMEOUT: .* Now process \d+ \(nightly import, idle in transaction for \d+ s\) holds bots\./,
    );
    assert.deepEqual(await counts(), before);
  });
});
