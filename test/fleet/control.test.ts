/** A run does what it is told between two waves, keeps to its limits, and never leaves a tenant half-way. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { cancelRun, continueRun, pauseRun, resumeRun } from '../../src/fleet/control.ts';
import { createRollback, createRun } from '../../src/fleet/create.ts';
import { startWorker, type Worker } from '../../src/fleet/worker.ts';
import { workThrough } from '../../src/fleet/work-through.ts';
import { waitForRun } from '../../src/fleet/follow.ts';
import { listWorkers } from '../../src/postgres/runs/workers.ts';
import { getRun, type RunRecord } from '../../src/postgres/runs/runs.ts';
import { oneEngine } from '../support/databases.ts';
import {
  assertExactlyOnce,
  digestFleet,
  type Fleet,
  fleetId,
  openFleet,
  runAll,
  runRequest,
  tenantsOf,
  workUntilStill,
} from '../support/fleet.ts';
import { actor, refusedWith, waitUntil } from '../support/guarantee.ts';

oneEngine((engine) => {
  let fleet: Fleet;
  beforeEach(async () => {
    fleet = await openFleet(engine, 12);
  });
  afterEach(() => fleet.drop());

  const statuses = async (runId: string): Promise<Record<string, number>> => {
    const all = await tenantsOf(fleet.site, runId);
    return Object.fromEntries(
      [...Map.groupBy(all, ({ status }) => status)].map(([status, of]) => [status, of.length]),
    );
  };
  /** A run that gives an order after its first wave, and what it is then. */
  const afterFirstWave = async (order: (runId: string) => Promise<RunRecord>): Promise<RunRecord> => {
    const runId = await createRun(fleet.site, runRequest({ waveSize: 4 }));
    let waves = 0;
    const onWave = async (): Promise<void> => {
      waves += 1;
      if (waves === 1) await order(runId);
    };
    return workUntilStill(fleet.site, runId, { onWave });
  };

  it('a pause begins no other wave, and resumed it goes on where it was', async () => {
    const paused = await afterFirstWave((runId) => pauseRun(fleet.site, { runId, actor }));
    assert.deepEqual([paused.status, paused.statusReason], ['paused', `paused by ${actor}`]);
    assert.deepEqual(await statuses(paused.id), { succeeded: 4, pending: 8 });
    assert.equal((await pauseRun(fleet.site, { runId: paused.id, actor })).status, 'paused', 'twice is once');
    await resumeRun(fleet.site, { runId: paused.id, actor });
    assert.equal((await workUntilStill(fleet.site, paused.id)).status, 'succeeded');
    await assertExactlyOnce(fleet, 12);
  });

  it('a cancelled run skips the rest, and what it did can be taken back', async () => {
    const start = await digestFleet(fleet.database);
    const cancelled = await afterFirstWave((runId) => cancelRun(fleet.site, { runId, actor }));
    assert.equal(cancelled.status, 'cancelled');
    assert.deepEqual(await statuses(cancelled.id), { succeeded: 4, skipped: 8 });
    assert.ok(
      (await tenantsOf(fleet.site, cancelled.id)).every(
        ({ status, code }) => status === 'succeeded' || code === 'RUN_CANCELLED',
      ),
    );
    const undo = await workUntilStill(
      fleet.site,
      await createRollback(fleet.site, { runId: cancelled.id, actor }),
    );
    assert.deepEqual([undo.status, undo.total, undo.succeeded], ['succeeded', 4, 4]);
    assert.deepEqual(await digestFleet(fleet.database), start);
  });

  it('a canary goes first and then waits to be continued', async () => {
    const runId = await createRun(fleet.site, runRequest({ canary: { tenants: 3, afterwards: 'wait' } }));
    const waiting = await workUntilStill(fleet.site, runId);
    assert.deepEqual([waiting.status, waiting.succeeded, waiting.pending], ['waiting', 3, 9]);
    await refusedWith(resumeRun(fleet.site, { runId, actor }), 'RUN_CONFLICT');
    await continueRun(fleet.site, { runId, actor });
    assert.equal((await workUntilStill(fleet.site, runId)).status, 'succeeded');
    await assertExactlyOnce(fleet, 12);
  });

  it('a canary that is a share goes on by itself where none of it failed, and waits where one did', async () => {
    const canary = { share: 0.25, afterwards: 'go-on' } as const;
    await fleet.script(
      `UPDATE migration.completion_models SET is_enabled = false WHERE id = '${fleetId(2, 'new')}'`,
    );
    const tenants = (numbers: number[]): string[] => numbers.map((n) => fleetId(n, 'tenant'));
    const well = await runAll(fleet.site, { tenants: tenants([3, 4, 5, 6, 2]), canary });
    assert.deepEqual([well.canarySize, well.status, well.succeeded, well.failed], [2, 'failed', 4, 1]);
    const ill = await runAll(fleet.site, { tenants: tenants([2, 7, 8, 9]), canary });
    assert.deepEqual(
      [ill.canarySize, ill.status, ill.succeeded, ill.failed, ill.pending],
      [1, 'waiting', 0, 1, 3],
    );
  });

  it('too many failures stop a run; resumed, they do not count again', async () => {
    await fleet.script(
      `UPDATE migration.completion_models SET is_enabled = false WHERE id = ANY ('{${[1, 2, 3, 9].map((n) => fleetId(n, 'new')).join(',')}}')`,
    );
    const runId = await createRun(fleet.site, runRequest({ waveSize: 2, maxFailures: 1 }));
    const stopped = await workUntilStill(fleet.site, runId);
    assert.deepEqual([stopped.status, stopped.failed, stopped.succeeded], ['stopped', 2, 0]);
    await resumeRun(fleet.site, { runId, actor });
    const ended = await workUntilStill(fleet.site, runId, {});
    assert.deepEqual([ended.status, ended.failed, ended.pending], ['stopped', 4, 2]);
    await resumeRun(fleet.site, { runId, actor });
    const done = await workUntilStill(fleet.site, runId);
    assert.deepEqual([done.status, done.failed, done.succeeded], ['failed', 4, 8]);
  });

  it('what does not pass by itself stops a run with its cause; mended and resumed it goes on', async () => {
    const runId = await createRun(fleet.site, runRequest({ waveSize: 4 }));
    for (const [broken, mended, cause] of [
      [
        'REVOKE UPDATE ON migration.run_workers FROM drover_operator',
        'GRANT UPDATE ON migration.run_workers TO drover_operator',
        /^NOT_PERMITTED: .*run_workers/,
      ],
      [
        'REVOKE SELECT ON migration.run_tenants FROM drover_operator',
        'GRANT SELECT ON migration.run_tenants TO drover_operator',
        /^NOT_PERMITTED: .*run_tenants/,
      ],
      [
        'ALTER TABLE migration.run_tenants RENAME COLUMN claimed_until TO until',
        'ALTER TABLE migration.run_tenants RENAME COLUMN until TO claimed_until',
        /^DATABASE_ERROR: .*claimed_until/,
      ],
      [
        'REVOKE INSERT ON migration.run_events FROM drover_operator',
        'GRANT INSERT ON migration.run_events TO drover_operator',
        /^NOT_PERMITTED: .*run_events/,
      ],
    ] as const) {
      await fleet.script(broken);
      const problems: unknown[] = [];
      const stopped = await workThrough(fleet.site, runId, { onProblem: (error) => problems.push(error) });
      assert.equal(stopped.status, 'stopped');
      assert.match(stopped.statusReason ?? '', cause);
      assert.ok(problems.length < 5, `${problems.length} attempts`);
      await fleet.script(mended);
      await resumeRun(fleet.site, { runId, actor });
    }
    assert.equal((await workUntilStill(fleet.site, runId)).status, 'succeeded');
    await assertExactlyOnce(fleet, 12);
  });

  it('a run that cannot even be stopped ends the work on it with the cause', async () => {
    const runId = await createRun(fleet.site, runRequest());
    await fleet.script('REVOKE UPDATE ON migration.runs FROM drover_operator');
    await refusedWith(workThrough(fleet.site, runId), 'NOT_PERMITTED');
    await fleet.script('GRANT UPDATE ON migration.runs TO drover_operator');
    assert.equal((await workThrough(fleet.site, runId)).status, 'succeeded');
  });

  it('a worker for all runs tells of one that cannot be stopped, and works on the others', async () => {
    const [ill, well] = [
      await createRun(fleet.site, runRequest({ tenants: [fleetId(2, 'tenant')] })),
      await createRun(fleet.site, runRequest({ tenants: [fleetId(3, 'tenant')] })),
    ];
    await fleet.script(`CREATE FUNCTION migration.ill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ill'; END $$;
      CREATE TRIGGER ill BEFORE UPDATE ON migration.runs FOR EACH ROW WHEN (OLD.id = '${ill}') EXECUTE FUNCTION migration.ill()`);
    const problems: unknown[] = [];
    const told: number[] = [];
    const worker = startWorker(fleet.site, {
      pollMs: 20,
      onProblem: (error) => problems.push(error),
      onWave: () => void told.push(problems.length),
    });
    const ended = await waitForRun(fleet.site, well, { pollMs: 20 });
    await worker.stop();
    await fleet.script('DROP FUNCTION migration.ill() CASCADE');
    assert.equal(ended.status, 'succeeded');
    assert.deepEqual(told, [1], 'before the wave of the other');
    assert.match(String(problems[0]), /ill/);
    assert.equal((await workThrough(fleet.site, ill)).status, 'succeeded');
  });

  it('a run that was cancelled stays so, whatever keeps workers from it', async () => {
    const runId = await createRun(fleet.site, runRequest({ waveSize: 4 }));
    const until = (
      time: string,
    ): string => `UPDATE migration.run_tenants SET status = 'claimed', claim = gen_random_uuid(), worker = 'w',
      claimed_until = statement_timestamp() + interval '${time}' WHERE tenant_id = '${fleetId(2, 'tenant')}'`;
    await fleet.script(until('1 hour'));
    assert.equal((await cancelRun(fleet.site, { runId, actor })).status, 'cancelling');
    await fleet.script(`REVOKE INSERT ON migration.run_events FROM drover_operator; ${until('-1 hour')}`);
    await refusedWith(workThrough(fleet.site, runId), 'NOT_PERMITTED');
    const { status, statusReason, throttleReason } = await getRun(fleet.site, runId);
    assert.deepEqual([status, statusReason], ['cancelling', `cancelled by ${actor}`]);
    assert.match(throttleReason ?? '', /^NOT_PERMITTED: .*run_events/);
    await refusedWith(resumeRun(fleet.site, { runId, actor }), 'RUN_CONFLICT');
    await fleet.script('GRANT INSERT ON migration.run_events TO drover_operator');
    const ended = await workThrough(fleet.site, runId);
    assert.deepEqual([ended.status, ended.succeeded, ended.throttleReason], ['cancelled', 0, null]);
  });

  it('a busy database makes a run wait, and it goes on when it is idle', async () => {
    const runId = await createRun(fleet.site, runRequest({ waveSize: 4, throttle: { maxLatencyMs: 0 } }));
    const worker: Worker = startWorker(fleet.site, { only: runId, pollMs: 20 });
    await waitUntil(async () => (await getRun(fleet.site, runId)).throttleReason !== null, 'the run waits');
    const held = await getRun(fleet.site, runId);
    assert.match(held.throttleReason ?? '', /a small statement takes/);
    assert.deepEqual([held.status, held.succeeded], ['running', 0]);
    const workers = await listWorkers(fleet.site, runId);
    assert.deepEqual(
      workers.map(({ id }) => id),
      [worker.id],
      'who works on it is known',
    );
    await fleet.script(
      `UPDATE migration.runs SET options = jsonb_set(options, '{throttle,maxLatencyMs}', '60000')`,
    );
    const ended = await waitForRun(fleet.site, runId, { pollMs: 20 });
    await worker.stop();
    assert.deepEqual([ended.status, ended.throttleReason], ['succeeded', null]);
    assert.deepEqual(await listWorkers(fleet.site, runId), []);
  });

  it('orders that do not fit the state of a run are refused and say why', async () => {
    const done = await runAll(fleet.site);
    const order = { runId: done.id, actor };
    for (const tell of [pauseRun, resumeRun, continueRun, cancelRun])
      await refusedWith(tell(fleet.site, order), 'RUN_CONFLICT');
    const missing = '00000000-0000-4000-8000-000000000009';
    for (const runId of [missing, 'no run'])
      await refusedWith(pauseRun(fleet.site, { runId, actor }), 'RUN_NOT_FOUND');
    const idle = await createRun(fleet.site, runRequest({ tenants: [fleetId(1, 'tenant')] }));
    await refusedWith(createRollback(fleet.site, { runId: idle, actor }), 'RUN_CONFLICT');
  });

  it('what was taken back is not taken back again, until that is taken back', async () => {
    const run = await runAll(fleet.site);
    const undo = await createRollback(fleet.site, { runId: run.id, actor });
    await refusedWith(createRollback(fleet.site, { runId: run.id, actor }), 'RUN_CONFLICT');
    await workUntilStill(fleet.site, undo);
    const again = await refusedWith(createRollback(fleet.site, { runId: run.id, actor }), 'RUN_CONFLICT');
    assert.match(again.message, /taken back already/);
  });

  it('a row whose old value the database refuses is left in its tenant, and all others are taken back', async () => {
    const start = await digestFleet(fleet.database);
    const run = await runAll(fleet.site);
    await fleet.script(
      `ALTER TABLE migration.assistants ADD CONSTRAINT planted CHECK (name <> 'Assistant 1' OR completion_model_id <> '${fleetId(3, 'old')}') NOT VALID`,
    );
    const undo = await workUntilStill(fleet.site, await createRollback(fleet.site, { runId: run.id, actor }));
    const left = (await tenantsOf(fleet.site, undo.id)).filter(({ code }) => code !== null);
    assert.deepEqual([undo.status, undo.succeeded], ['succeeded', 12]);
    assert.deepEqual(
      left.map(({ tenant, code, details }) => [tenant, code, details['left']]),
      [[fleetId(3, 'tenant'), 'ROWS_LEFT', 2]],
      'the row, and the link of its space, which it needs',
    );
    await fleet.script(`
      ALTER TABLE migration.assistants DROP CONSTRAINT planted;
      DELETE FROM migration.space_completion_models WHERE tenant_id = '${fleetId(3, 'tenant')}' AND model_id = '${fleetId(3, 'new')}';
      UPDATE migration.assistants SET completion_model_id = '${fleetId(3, 'old')}', parameters = '{"temperature": 0.5}' WHERE tenant_id = '${fleetId(3, 'tenant')}' AND name = 'Assistant 1'`);
    assert.deepEqual(await digestFleet(fleet.database), start);
  });

  it('a rollback spares what somebody changed since, and says so', async () => {
    const run = await runAll(fleet.site);
    await fleet.script(
      `UPDATE migration.assistants SET parameters = '{"temperature": 0.9}' WHERE tenant_id = '${fleetId(3, 'tenant')}' AND name = 'Assistant 1'`,
    );
    const undo = await workUntilStill(fleet.site, await createRollback(fleet.site, { runId: run.id, actor }));
    const third = (await tenantsOf(fleet.site, undo.id)).find(
      ({ tenant }) => tenant === fleetId(3, 'tenant'),
    );
    assert.deepEqual(
      [undo.status, third?.code, third?.completion, third?.details['left']],
      ['succeeded', 'ROWS_LEFT', 'partial', 2],
      'the row, and the link of its space, which it needs',
    );
  });
});

describe('claims', () => {
  it('a worker whose claim was taken over cannot commit, and the tenant is moved once', async () => {
    const fleet = await openFleet('server', 6);
    try {
      const runId = await createRun(fleet.site, runRequest({ waveSize: 6 }));
      // The first worker waits for a lock of the database until its claim, which it cannot renew so fast, has run out.
      const open = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const holder = fleet.database.transaction({}, async (tx) => {
        await tx.run('LOCK TABLE migration.apps IN SHARE MODE');
        open.resolve();
        await release.promise;
      });
      await open.promise;
      const slow = startWorker(fleet.site, { only: runId, pollMs: 10 });
      await waitUntil(
        async () =>
          (await fleet.many(`SELECT FROM migration.run_tenants WHERE status = 'claimed'`)).length === 6,
        'a claim',
      );
      const [first] = await fleet.many<{ claim: string }>(
        'SELECT DISTINCT claim::text FROM migration.run_tenants',
      );
      await fleet.script(`UPDATE migration.run_tenants SET claimed_until = now() - interval '1 second'`);
      const other = startWorker(fleet.site, { only: runId, pollMs: 10 });
      await waitUntil(
        async () =>
          (await fleet.many('SELECT FROM migration.run_tenants WHERE claim <> $1::uuid', [first?.claim]))
            .length === 6,
        'a second claim',
      );
      release.resolve();
      await holder;
      const ended = await waitForRun(fleet.site, runId, { pollMs: 20 });
      await Promise.all([slow.stop(), other.stop()]);
      assert.deepEqual([ended.status, ended.succeeded], ['succeeded', 6]);
      await assertExactlyOnce(fleet, 6);
    } finally {
      await fleet.drop();
    }
  });
});
