/** The status of a run follows from the counts of its tenants, the same for every worker. Without a database. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { overLimits } from '../../src/fleet/worker.ts';
import { canarySizeOf, optionsOf } from '../../src/fleet/request.ts';
import { decideRun, isFinal } from '../../src/fleet/status.ts';
import type { TenantCounts } from '../../src/postgres/runs/tenants.ts';
import type { RunOptions, RunStatus } from '../../src/postgres/runs/runs.ts';

const options: RunOptions = {
  parameters: 'reset',
  answers: {},
  leaveAsks: false,
  confirm: true,
  force: false,
  waveSize: 10,
  throttle: {},
};
const still: TenantCounts = {
  total: 10,
  pending: 5,
  open: 5,
  claimed: 0,
  succeeded: 5,
  failed: 0,
  skipped: 0,
  migratedCount: 0,
  completion: 'partial',
  canaryOpen: 0,
};
const run = { status: 'running' as RunStatus, options, canaryReleased: true, failuresExcused: 0 };

const cases: [
  what: string,
  change: Partial<typeof run>,
  now: Partial<TenantCounts>,
  status: RunStatus | undefined,
][] = [
  ['a run that is queued begins', { status: 'queued' }, {}, 'running'],
  ['a run that runs goes on', {}, {}, undefined],
  ['a run with nothing left and no failure succeeded', {}, { open: 0 }, 'succeeded'],
  ['a run with nothing left and a failure failed', {}, { open: 0, failed: 1 }, 'failed'],
  ['a queued run with nothing to do has succeeded', { status: 'queued' }, { open: 0 }, 'succeeded'],
  ['a paused run whose last wave ends is over', { status: 'paused' }, { open: 0 }, 'succeeded'],
  ['a paused run stays paused', { status: 'paused' }, {}, undefined],
  ['a waiting run stays waiting', { status: 'waiting', canaryReleased: false }, {}, undefined],
  [
    'a cancelling run waits for what is under way',
    { status: 'cancelling' },
    { open: 1, claimed: 1 },
    undefined,
  ],
  [
    'a cancelling run with nothing under way is cancelled',
    { status: 'cancelling' },
    { open: 0 },
    'cancelled',
  ],
  ['a cancelled run stays so', { status: 'cancelled' }, { open: 0 }, undefined],
  ['a canary under way goes on', { canaryReleased: false }, { canaryOpen: 1 }, undefined],
  ['a canary that is done waits', { canaryReleased: false }, {}, 'waiting'],
  [
    'one that may go on does',
    { canaryReleased: false, options: { ...options, canary: { tenants: 1, afterwards: 'go-on' } } },
    {},
    'running',
  ],
  [
    'one that may go on does not after a failure',
    { canaryReleased: false, options: { ...options, canary: { tenants: 1, afterwards: 'go-on' } } },
    { failed: 1 },
    'waiting',
  ],
  [
    'failures up to the limit are allowed',
    { options: { ...options, maxFailures: 2 } },
    { failed: 2 },
    undefined,
  ],
  [
    'more failures than the limit stop',
    { options: { ...options, maxFailures: 2 } },
    { failed: 3 },
    'stopped',
  ],
  [
    'failures that were excused do not count',
    { failuresExcused: 2, options: { ...options, maxFailures: 2 } },
    { failed: 4 },
    undefined,
  ],
  ['no limit, no stop', {}, { failed: 1000 }, undefined],
];

describe('the status of a run', () => {
  for (const [what, change, now, status] of cases)
    it(what, () => assert.equal(decideRun({ ...run, ...change }, { ...still, ...now }).status, status));

  it('is never changed once it is final, and always final when nothing is left', () => {
    const status = fc.constantFrom<RunStatus>(
      'queued',
      'running',
      'waiting',
      'paused',
      'stopped',
      'cancelling',
      'cancelled',
      'succeeded',
      'failed',
    );
    const counts = fc.record({ open: fc.nat(3), failed: fc.nat(3), canaryOpen: fc.nat(3) });
    const known = fc.record({ status, canaryReleased: fc.boolean(), failuresExcused: fc.nat(2) });
    fc.assert(
      fc.property(known, counts, fc.option(fc.nat(3), { nil: undefined }), (change, now, maxFailures) => {
        const before = {
          ...run,
          ...change,
          options: maxFailures === undefined ? options : { ...options, maxFailures },
        };
        const due = decideRun(before, { ...still, ...now });
        if (isFinal(before)) assert.deepEqual(due, {});
        else if (now.open === 0) assert.ok(due.status !== undefined && isFinal({ status: due.status }));
        else assert.ok(due.status === undefined || !isFinal({ status: due.status }));
      }),
    );
  });
});

describe('limits', () => {
  const calm = { replicationLagMs: null, replicationLagBytes: null, activeStatements: 0, latencyMs: 1 };

  it('what is above one is named with it; what cannot be measured is above none', () => {
    assert.equal(
      overLimits({ maxReplicationLagMs: 1, maxLatencyMs: 1, maxActiveStatements: 0 }, calm),
      undefined,
    );
    assert.match(
      overLimits({ maxReplicationLagMs: 100 }, { ...calm, replicationLagMs: 1500 }) ?? '',
      /lags: 1500 ms \(limit 100\)/,
    );
    assert.match(
      overLimits({ maxReplicationLagBytes: 10 }, { ...calm, replicationLagBytes: 20 }) ?? '',
      /20 bytes/,
    );
    assert.match(
      overLimits({ maxActiveStatements: 2 }, { ...calm, activeStatements: 3 }) ?? '',
      /3 \(limit 2\)/,
    );
  });

  it('a share becomes a number of those that are visited', () => {
    const request = { from: 'a', to: 'b', actor: 'x' };
    assert.equal(optionsOf({ ...request, maxFailureShare: 0.1 }, 55).maxFailures, 5);
    assert.equal(canarySizeOf({ share: 0.1, afterwards: 'wait' }, 55), 6);
    assert.equal(canarySizeOf({ tenants: 100, afterwards: 'wait' }, 55), 55);
    for (const wrong of [
      { maxFailureShare: 2 },
      { maxFailures: -1 },
      { waveSize: 1.5 },
      { canary: { afterwards: 'wait' } },
      { throttle: { maxLatencyMs: NaN } },
    ] as const)
      assert.throws(() => optionsOf({ ...request, ...wrong }, 10), /RUN_INVALID|whole|number|share|limit/);
  });
});
