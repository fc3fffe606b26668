/** `apply --yes` plans again while others write, as long as nothing that it showed got worse; what is new and serious stops it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import type { WatchLook } from '../../src/fleet/watch.ts';
import { droverHere } from '../cli/drover-here.ts';
import type { Outcome } from '../cli/drover-process.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

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
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase('server', script, yaml);
  });
  after(() => database.drop());

  /** Runs an apply while rows are inserted as fast as they can be. */
  async function amongWriters(row: string): Promise<Outcome> {
    const ended = new AbortController();
    const writers = [1, 2].map(async () => {
      const client = new pg.Client({ connectionString: database.address });
      await client.connect();
      while (!ended.signal.aborted)
        await client.query(`INSERT INTO bots (firm_id, model, draft) VALUES ${row}`);
      await client.end();
    });
    const words = ['--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes'];
    const done = await database.run('apply', ...words);
    ended.abort();
    await Promise.all(writers);
    return done;
  }

  it('goes on with the rows of now', async () => {
    const done = await amongWriters(`(1, 'gpt-4o', false)`);
    assert.equal(done.status, 0, done.stdout + done.stderr);
    assert.match(done.stderr, /Rows changed after the plan was shown, and nothing of it got worse\./);
    assert.match(
      done.stdout,
      /Complete: nothing live names the source; nothing prevents new ones in \d+ places?\./,
    );
  });

  it('is looked after by `watch`, as often as it is told to; `apply` again moves what came late', async () => {
    const watch = async (...words: string[]): Promise<{ status: number | null; looks: unknown[] }> => {
      const { status, stdout } = await database.run('watch', '--json', ...words);
      const looks = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as WatchLook);
      return { status, looks: looks.map(({ moves, late }) => [moves, late.map(({ places }) => places)]) };
    };
    const move = ['--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes'];
    assert.equal((await database.run('apply', ...move)).status, 0);
    const twice = ['--looks', '2', '--every', '0.001'];
    assert.deepEqual(await watch(...twice), {
      status: 0,
      looks: [
        [1, []],
        [1, []],
      ],
    });
    await database.script(`INSERT INTO bots (firm_id, model) VALUES (1, 'gpt-4o'), (1, 'gpt-4o')`);
    assert.deepEqual(await watch('--tenant', 'Alder'), { status: 2, looks: [[1, [{ 'bots.model': 2 }]]] });
    const { status, stdout } = await database.run('watch');
    assert.equal(status, 2);
    assert.match(
      stdout,
      /1 move stands; 2 rows came late[^]*2 in bots\.model\n.*drover apply --tenant 1 --from gpt-4o --to gpt-4\.1 --kind completion --parameters translate --database/,
    );
    // It keeps what it saw, although the next look fails; and it tells only of what it looked after.
    const broken = await droverHere(['watch', ...twice, ...database.where], {
      heard: () => database.configure('version: 0'),
    });
    database.configure(yaml);
    assert.equal(broken.status, 2, broken.stderr);
    assert.match(broken.stderr, /Not looked: /);
    const stopped = await droverHere(['watch', ...database.where], { listens: setImmediate });
    assert.equal(stopped.status, 1, stopped.stderr);
    assert.match(
      stopped.stdout,
      /1 move stands; stopped after looking after 0 of them; nothing came late after those\n$/,
    );
    assert.equal((await database.run('apply', ...move)).status, 0);
    assert.deepEqual(await watch(), { status: 0, looks: [[1, []]] });
    assert.equal((await database.run('watch', '--every', '0')).status, 1);
  });

  it('is looked after, too, where a move back to the source was itself taken back', async () => {
    const back = ['--tenant', 'Alder', '--from', 'gpt-4.1', '--to', 'gpt-4o', '--yes'];
    assert.equal((await database.run('apply', ...back)).status, 0);
    const [[id = ''] = []] = await database.rows(
      `SELECT id FROM drover.migrations WHERE from_name = 'gpt-4.1' AND status = 'succeeded'`,
    );
    assert.equal((await database.run('rollback', id ?? '', '--tenant', 'Alder', '--yes')).status, 0);
    await database.script(`INSERT INTO bots (firm_id, model) VALUES (1, 'gpt-4o')`);
    const { status, stdout } = await database.run('watch');
    assert.equal(status, 2, stdout);
    assert.match(stdout, /1 move stands; 1 row came late[^]*1 in bots\.model/);
  });

  it('stops where something new would have to be asked about', async () => {
    await database.script(
      `DELETE FROM bots; INSERT INTO bots (firm_id, model) SELECT 1, 'gpt-4o' FROM generate_series(1, 300)`,
    );
    const done = await amongWriters(`(1, 'gpt-4o', true)`);
    assert.equal(done.status, 1, done.stdout + done.stderr);
    assert.match(done.stderr, /PLAN_STALE|ASK_OPEN/);
    assert.deepEqual(await database.rows(`SELECT count(*) FROM bots WHERE model = 'gpt-4.1'`), [['0']]);
  });
});
