/**
 * The long form of test/guarantees/late-writers.test.ts: writers in processes of their own go on through twelve migrations and
 * their rollbacks; late writers try random tables in every way to carry a name.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { demoForEach, type Ground, studioForEach } from '../support/ground.ts';
import { apply, rollback, waitUntil } from '../support/guarantee.ts';
import { carriers, looseCarriers, writeLate } from '../support/late-carriers.ts';
import { north, studioWith } from '../support/studio.ts';
import { addTallies, liveReferences, type Tally, type WriterKind } from '../support/writers.ts';
import type { WriterTask } from '../support/writer-process.ts';

const program = join(import.meta.dirname, '../support/writer-process.ts');
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

interface WriterProcess {
  /** Ends its input and reads what became of its attempts. */
  stop(): Promise<Tally>;
}

function startWriter(task: WriterTask): WriterProcess {
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const said = text(child.stdout);
  return {
    stop: async () => {
      child.stdin.end();
      return JSON.parse(await said) as Tally;
    },
  };
}

const rounds = 12;

/** Migrates and rolls back while four processes write; after each migration nothing live names the source, writers or not. */
async function endure(
  at: Ground,
  about: { kind: WriterKind; intent: Partial<Intent>; tenant?: string },
): Promise<Tally> {
  const { kind, intent, tenant } = about;
  const url = 'url' in at.target ? at.target.url : '';
  const live = (): Promise<number> => at.value(`SELECT ${liveReferences[kind]} AS value`);
  const writers = [0, 1, 2, 3].map((first) => startWriter({ url, kind, first }));
  for (let round = 0; round < rounds; round += 1) {
    const before = await live();
    await waitUntil(async () => (await live()) > before + 20, 'the writers are at work');
    const { migrationId, completion } = await apply(at.site, intent);
    assert.notEqual(completion, 'partial');
    for (let look = 0; look < 20; look += 1) assert.equal(await live(), 0, `round ${round}`);
    await rollback(at.site, migrationId, tenant);
  }
  return addTallies(await Promise.all(writers.map((writer) => writer.stop())));
}

describe('late writers × fence × carrier × spelling', () => {
  const all = { ...carriers, ...looseCarriers };
  it('each is refused, or the result said that nothing prevents it, whatever else the table has', async (t) => {
    const cases = fc.record({
      fence: fc.constantFrom('lock' as const, 'trigger' as const),
      owner: fc.constantFrom('column' as const, 'parent' as const, 'nobody' as const),
      names: fc.subarray(Object.keys(all), { minLength: 1 }),
    });
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ names, ...about }) => {
        const some = Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
        const { refused, announced } = await writeLate({ ...about, carriers: some });
        tried += refused + announced;
      }),
      { numRuns: 400, interruptAfterTimeLimit: 240_000 },
    );
    t.diagnostic(`${tried} attempts`);
  });
});

describe('writers in processes of their own, through many migrations and rollbacks', () => {
  describe("in Drover's own schema", () => {
    const at = demoForEach('server');
    it('never leave a live reference behind, and fail on nothing but foreign keys', async (t) => {
      const tally = await endure(at, { kind: 'platform', intent: {} });
      t.diagnostic(JSON.stringify(tally));
      assert.deepEqual(Object.keys(tally.refused), ['23503']);
    });
  });

  describe('in a foreign database with a trigger', () => {
    const at = studioForEach('server', studioWith('trigger'));
    it('never leave a live reference behind, and fail on nothing but the fence', async (t) => {
      const intent = { tenant: north, from: 'old', to: 'new' };
      const tally = await endure(at, { kind: 'studio', intent, tenant: north });
      t.diagnostic(JSON.stringify(tally));
      assert.deepEqual(Object.keys(tally.refused), ['DR001']);
    });
  });
});
