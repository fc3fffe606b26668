/** A database with ten thousand rows that get other keys, singly, in chains and in rings, each with rows that refer to it. */
import type { KeyPair } from '../../src/engine/key-pairs.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { openSite, prepareState } from '../../src/postgres/scope/site.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import { freshDatabase } from './databases.ts';
import type { Engine } from './databases.ts';
import type { Ground } from './kill.ts';

const config: Config = { version: 1, tenant: { root: 'none' }, rows: [{ table: 'printers' }] };

/** Each ten rows: four alone, a chain of three, a ring of three. */
function pairsOf(rows: number): KeyPair[] {
  return Array.from({ length: rows }, (_, at): KeyPair => {
    const [n, within] = [at + 1, at % 10];
    const free = 1_000_000 + n;
    const to = within < 4 || within === 6 ? free : within === 9 ? n - 2 : n + 1;
    return { from: String(n), to: String(to) };
  });
}

/** Works with it, and takes it away. */
export async function withMap(
  engine: Engine,
  rows: number,
  work: (on: Ground) => Promise<void>,
): Promise<void> {
  const { target, drop } = await freshDatabase(engine);
  try {
    const database = await openDatabase(target);
    await database.transaction({}, (tx) =>
      tx.script(`CREATE TABLE printers (id int PRIMARY KEY, name text); INSERT INTO printers SELECT n, 'name ' || n FROM generate_series(1, ${rows}) n;
        CREATE TABLE jobs (id int PRIMARY KEY, printer int NOT NULL REFERENCES printers, was int REFERENCES printers);
        INSERT INTO jobs SELECT n, 1 + n % ${rows}, CASE n % 3 WHEN 0 THEN 1 + n * 7 % ${rows} END FROM generate_series(1, ${rows / 2}) n;
        CREATE INDEX ON jobs (printer); CREATE INDEX ON jobs (was); ANALYZE;`),
    );
    await prepareState(await openSite({ database, config }));
    await database.close();
    const pairs = pairsOf(rows);
    const intent = {
      rows: 'printers',
      from: 'a map',
      to: 'other keys',
      pairs,
      parameters: 'keep',
      answers: {},
      leaveAsks: false,
    } as const;
    // A key that was taken back is not given again: the next cycle would be refused.
    const forget = 'TRUNCATE drover.aliases';
    await work({ target, schema: 'studio', config, intent, forget });
  } finally {
    await drop();
  }
}
