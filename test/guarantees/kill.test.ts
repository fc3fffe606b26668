/**
 * Promise 8: nothing half-done. A process that migrates or rolls back is killed (kill -9) at random instants; whenever that
 * is, the tenant is either before or after, a rerun completes the work, and the records tell the truth.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DroverError } from '../../src/errors.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { listChanges } from '../../src/postgres/records/history.ts';
import { applyOne, rollbackOne } from '../support/batches.ts';
import { bulkDatabase } from '../support/bulk.ts';
import { eachEngine, oneEngine } from '../support/databases.ts';
import { actor, history, intentFor, refusedWith } from '../support/guarantee.ts';
import {
  assertSettled,
  checksum,
  type Ground,
  killAtRandom,
  measure,
  withSeparateState,
  withSite,
} from '../support/kill.ts';
import { withMap } from '../support/kill-map.ts';
import { killOnline } from '../support/kill-online.ts';
import { startMigrateProcess } from '../support/migrate-process-handle.ts';
import { north } from '../support/studio.ts';

const rows = { server: 8000, embedded: 1000 } as const;
/** Each opens the embedded engine anew, which takes seconds; `npm run soak` has the full counts. */
const kills = { server: 2, embedded: 1 } as const;
const mapped = 3000;
const studioIntent = intentFor({ tenant: north, from: 'old', to: 'new' });

eachEngine((engine) => {
  it('leaves a tenant before or after, never between, when it is killed at random instants', async (t) => {
    const { target, drop } = await bulkDatabase(engine, rows[engine]);
    try {
      const on: Ground = { target, schema: 'platform', intent: intentFor() };
      await killAtRandom(on, { kills: kills[engine], seed: 8 }, (line) => t.diagnostic(line));
    } finally {
      await drop();
    }
  });
});

oneEngine((engine) => {
  it('leaves a tenant before or after with the records in another database', async (t) => {
    await withSeparateState(engine, rows[engine] / 2, async (on) => {
      await killAtRandom(on, { kills: 1, seed: 80 }, (line) => t.diagnostic(line));
    });
  });

  it('leaves a move in parts under way, never lost or doubled, when it is killed at random instants', async (t) => {
    await killOnline(engine, { documents: 4000, kills: 3, seed: 24 }, (line) => t.diagnostic(line));
  });

  it('R25: leaves all keys of a map or none, when it is killed at random instants; ten thousand are in the soak', async (t) => {
    await withMap(engine, mapped, async (on) => {
      await killAtRandom(on, { kills: 1, seed: 13 }, (line) => t.diagnostic(line));
    });
  });

  describe('between the commit of the records and the commit of the work, which lie in two databases', () => {
    it('an apply that was prepared and not committed is settled as failed, and runs again', async () => {
      await withSeparateState(engine, 40, async (on) => {
        const sums = await measure(on);
        await stopAndKill(on, { stopAt: 'prepared' });
        await withSite(on, async (site) => {
          assert.deepEqual(await checksum(site.database), sums.before);
          const [open] = await history(site, north);
          await useTransactionIds(site.database);
          const again = await applyOne(site, {
            intent: studioIntent,
            plan: sums.plan,
            confirm: true,
            actor,
          });
          assert.deepEqual(await checksum(site.database), sums.after);
          const [latest, settled] = await assertSettled(site, north);
          assert.deepEqual(
            [latest?.id, latest?.status, settled?.id, settled?.errorCode],
            [again.migrationId, 'succeeded', open?.id, 'INTERRUPTED'],
          );
        });
      });
    });

    it('an apply that was committed and not recorded is settled as succeeded: replayed, journalled, taken back', async () => {
      await withSeparateState(engine, 40, async (on) => {
        const sums = await measure(on);
        await stopAndKill(on, { stopAt: 'committed' });
        await withSite(on, async (site) => {
          assert.deepEqual(await checksum(site.database), sums.after);
          const [open] = await history(site, north);
          const again = await applyOne(site, {
            intent: studioIntent,
            plan: sums.plan,
            confirm: true,
            actor,
          });
          assert.deepEqual([again.replayed, again.migrationId], [true, open?.id]);
          const [settled] = await assertSettled(site, north);
          assert.deepEqual([settled?.id, settled?.status], [open?.id, 'succeeded']);
          const changed = again.steps.reduce((sum, step) => sum + step.actual, 0);
          const changes = await listChanges(site, { tenant: north, id: again.migrationId, limit: 1000 });
          assert.equal(changes.length, changed);
          await rollbackOne(site, { migrationId: again.migrationId, tenant: north, actor });
          assert.deepEqual(await checksum(site.database), sums.before);
        });
      });
    });

    for (const stopAt of ['prepared', 'committed'] as const) {
      it(`a rollback that was killed when it was ${stopAt} is settled by the next one`, async () => {
        await withSeparateState(engine, 40, async (on) => {
          const sums = await measure(on);
          const { migrationId } = await withSite(on, (site) =>
            applyOne(site, { intent: studioIntent, confirm: true, actor }),
          );
          await stopAndKill(on, { stopAt, rollback: migrationId });
          await withSite(on, async (site) => {
            const again = rollbackOne(site, { migrationId, tenant: north, actor });
            if (stopAt === 'prepared') assert.deepEqual((await again).skipped, []);
            else await assert.rejects(again, /it was rolled back already/);
            assert.deepEqual(await checksum(site.database), sums.before);
            await assertSettled(site, north);
          });
        });
      });
    }

    it('an apply whose commit was carried out, but never answered, is not recorded as failed', async () => {
      await withSeparateState(engine, 40, async (on) => {
        const sums = await measure(on);
        await withSite(on, async (site) => {
          const deaf = { ...site, database: losingTheAnswer(site) };
          await refusedWith(
            applyOne(deaf, { intent: studioIntent, confirm: true, actor }),
            'DATABASE_UNREACHABLE',
          );
          assert.deepEqual(await checksum(site.database), sums.after);
          const again = await applyOne(site, {
            intent: studioIntent,
            plan: sums.plan,
            confirm: true,
            actor,
          });
          assert.equal(again.replayed, true);
          await rollbackOne(site, { migrationId: again.migrationId, tenant: north, actor });
          assert.deepEqual(await checksum(site.database), sums.before);
        });
      });
    });

    /** A crash may take an id back that no log names; whoever gets it next must not pass for the lost work. */
    async function useTransactionIds(database: Database): Promise<void> {
      for (let times = 0; times < 20; times += 1)
        await database.transaction({}, (tx) => tx.run('UPDATE rooms SET firm_id = firm_id'));
    }

    /** A database of which the connection is cut between a commit and its answer, once something is prepared. */
    function losingTheAnswer(site: Site): Database {
      const { database, state } = site;
      return {
        engine: database.engine,
        close: () => database.close(),
        alone: (work) => database.alone(work),
        transaction: async (opening, work) => {
          const result = await database.transaction(opening, work);
          const open = await state.database.transaction({}, (tx) =>
            tx.one<{ made: boolean }>(`SELECT to_regclass('drover.migrations') IS NOT NULL AS made`),
          );
          if (open.made && (await history(site, north)).some(({ status }) => status === 'prepared'))
            throw new DroverError('DATABASE_UNREACHABLE', 'The connection was lost.');
          return result;
        },
      };
    }

    async function stopAndKill(
      on: Ground,
      how: { stopAt: 'prepared' | 'committed'; rollback?: string },
    ): Promise<void> {
      const child = await startMigrateProcess({ ...on, ...how });
      child.go();
      assert.equal(await child.line(), 'stopped');
      await child.kill();
    }
  });
});
