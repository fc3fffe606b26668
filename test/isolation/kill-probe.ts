/** Kills a probe that writes at random instants (kill -9), and compares every row with what was there before. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Engine } from '../support/databases.ts';
import { checksum } from '../support/kill.ts';
import { own, probedDatabase, role, roots, secured } from './probe-schema.ts';
import type { ProbedDatabase } from './probe-schema.ts';

const schema = `${roots}
  INSERT INTO orgs VALUES (1, 'Fig'), (2, 'Hazel');
  CREATE TABLE rooms (org_id int NOT NULL REFERENCES orgs, id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO rooms SELECT 1 + n % 2, n, 'room ' || n FROM generate_series(1, 2000) n;
  ${secured('rooms')} GRANT TRUNCATE ON rooms TO ${role};
  CREATE POLICY open ON rooms USING (true);
  CREATE TABLE notes (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), org_id int NOT NULL REFERENCES orgs, body text NOT NULL);
  INSERT INTO notes (org_id, body) SELECT 1 + n % 2, 'note ' || n FROM generate_series(1, 500) n;
  ${secured('notes')} CREATE POLICY own ON notes USING (org_id = ${own});`;

/** @returns how often the process was killed while it was at work */
export async function killProbes(
  engine: Engine,
  { kills, seed }: { readonly kills: number; readonly seed: number },
  say: (line: string) => void,
): Promise<number> {
  const database = await probedDatabase(engine, schema);
  try {
    const before = await sums(database);
    const wholeMs = await run(database, undefined);
    assert.deepEqual(await sums(database), before, 'after a probe that nobody disturbed');
    let inWork = 0;
    for (let at = 0; at < kills; at++) {
      const afterMs = wholeMs * fraction(seed + at);
      const took = await run(database, afterMs);
      if (took === afterMs) inWork++;
      assert.deepEqual(await sums(database), before, `after a kill at ${Math.round(afterMs)} ms`);
    }
    say(
      `${engine}: ${kills} kills, ${inWork} of them while it was at work (it takes ${Math.round(wholeMs)} ms)`,
    );
    return inWork;
  } finally {
    await database.drop();
  }
}

/** Between 0.05 and 0.9, the same for the same seed. */
function fraction(seed: number): number {
  const mixed = Math.sin(seed * 12.9898) * 43_758.5453;
  return 0.05 + 0.85 * (mixed - Math.floor(mixed));
}

/** Runs the process to its end, or kills it; how long that took, from its first word on. */
async function run({ target }: ProbedDatabase, afterMs: number | undefined): Promise<number> {
  const script = fileURLToPath(new URL('probe-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify({ target, role })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const began = performance.now();
  if (afterMs === undefined) {
    const [code] = (await ended) as [number];
    assert.equal(code, 0);
    return performance.now() - began;
  }
  await Promise.race([pause(afterMs), ended]);
  const isAtWork = child.exitCode === null;
  child.kill('SIGKILL');
  await ended;
  return isAtWork ? afterMs : performance.now() - began;
}

async function sums({ target }: ProbedDatabase): Promise<Record<string, string>> {
  const database = await openDatabase(target);
  try {
    return await checksum(database);
  } finally {
    await database.close();
  }
}
