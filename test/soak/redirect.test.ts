/** Late writers by old keys, at length: ten thousand of them beside a hundred re-keys of the row that they mean. */
import { it } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { freshServerDatabase } from '../support/databases.ts';
import { redirectedTables, redirectedWriters } from '../support/redirected-writers.ts';
import { prepareRows } from '../support/rows-case.ts';

it('leaves no row on an old key, beside a hundred re-keys', async (t) => {
  const { url, drop } = await freshServerDatabase('redirect');
  const database = await openDatabase({ url });
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => undefined);
  try {
    const about = { names: [{ at: 'notes.printer' }], aliases: 'redirect' } as const;
    const at = await prepareRows(database, redirectedTables, about);
    const { written, refused } = await redirectedWriters(at, pool, {
      rekeys: 100,
      writers: 4,
      atLeast: 10_000,
    });
    t.diagnostic(`${written} written, ${refused} refused`);
  } finally {
    await pool.end();
    await database.close();
    await drop();
  }
});
