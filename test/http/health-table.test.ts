/** The status that follows from all checks, cell by cell. Each check is asked by itself, and not too often. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadinessCheck, CheckResult } from '../../src/http/contract.ts';
import { judge, type ReadinessReport, watchHealth } from '../../src/http/routes/health/checks.ts';
import { checkRetirementFeed } from '../../src/http/server/parts.ts';
import { loaded as smallRegistry } from '../registry/small-registry.ts';

const table: Readonly<Record<string, Readonly<Record<CheckResult['status'], ReadinessReport['status']>>>> = {
  critical: { ok: 'ready', skipped: 'ready', stale: 'degraded', fail: 'not-ready' },
  other: { ok: 'ready', skipped: 'ready', stale: 'degraded', fail: 'degraded' },
};

const statuses = ['ok', 'skipped', 'stale', 'fail'] as const;
const order: readonly ReadinessReport['status'][] = ['ready', 'degraded', 'not-ready'];

describe('readiness', () => {
  it('of nothing is ready', () => assert.equal(judge([]), 'ready'));

  for (const kind of ['critical', 'other'] as const) {
    for (const status of statuses) {
      it(`of a ${kind} check that is ${status} is ${table[kind]?.[status]}`, () => {
        assert.equal(judge([{ critical: kind === 'critical', status }]), table[kind]?.[status]);
      });
    }
  }

  it('of several checks is the worst of them, in any order', () => {
    const cells = statuses.flatMap((status) => [true, false].map((critical) => ({ critical, status })));
    for (const one of cells) {
      for (const two of cells) {
        const worst = Math.max(order.indexOf(judge([one])), order.indexOf(judge([two])));
        assert.equal(judge([one, two]), order[worst]);
      }
    }
  });
});

describe('a check', () => {
  const check = (change: Partial<ReadinessCheck>): ReadinessCheck => ({
    name: 'one',
    critical: true,
    run: () => Promise.resolve({ status: 'ok' }),
    ...change,
  });
  const never = (): Promise<never> => new Promise(() => undefined);

  it('that throws fails, and the others keep their own results', async () => {
    const broken = check({ name: 'broken', critical: false, run: () => Promise.reject(new Error('no')) });
    const { status, checks } = await watchHealth([check({}), broken])();
    assert.equal(status, 'degraded');
    assert.deepEqual([checks['one']?.status, checks['broken']?.status], ['ok', 'fail']);
  });

  it('that hangs fails in time, is not started again meanwhile, and delays no other', async () => {
    let started = 0;
    const hangs = check({
      name: 'hangs',
      run: () => {
        started += 1;
        return never();
      },
    });
    const read = watchHealth([hangs, check({})], { limitMs: 20 });
    const [first, second] = [await read(), await read()];
    assert.deepEqual([first.status, second.status, started], ['not-ready', 'not-ready', 1]);
    assert.equal(first.checks['one']?.status, 'ok');
  });

  it('that is late after a good result is stale, if it is declared so', async () => {
    let [now, answer] = [0, true];
    const run = (): Promise<{ status: 'ok' }> => (answer ? Promise.resolve({ status: 'ok' }) : never());
    const read = watchHealth([check({ late: 'stale', run })], { limitMs: 20, now: () => now });
    assert.equal((await read()).status, 'ready');
    [now, answer] = [10_000, false];
    assert.equal((await read()).status, 'degraded');
    const strict = watchHealth([check({ run: never })], { limitMs: 20 });
    assert.equal((await strict()).status, 'not-ready');
  });

  it('is asked anew only when its result is old', async () => {
    let [now, runs] = [0, 0];
    const run = (): Promise<{ status: 'ok' }> => {
      runs += 1;
      return Promise.resolve({ status: 'ok' });
    };
    const read = watchHealth([check({ run, holdsMs: 1000 })], { now: () => now });
    await read();
    now = 999;
    await read();
    assert.equal(runs, 1);
    now = 1000;
    await read();
    assert.equal(runs, 2);
  });

  it('that failed is asked anew after two seconds, however long a good result holds', async () => {
    let [now, fails] = [0, true];
    const run = (): Promise<CheckResult> => Promise.resolve({ status: fails ? 'fail' : 'ok' });
    const read = watchHealth([check({ run, holdsMs: 10_000 })], { now: () => now });
    assert.equal((await read()).status, 'not-ready');
    [now, fails] = [2000, false];
    assert.equal((await read()).status, 'ready');
    [now, fails] = [11_999, true];
    assert.equal((await read()).status, 'ready');
  });
});

describe('the look at when models end', () => {
  const look = (days: number, today: string): CheckResult['status'] =>
    checkRetirementFeed(smallRegistry(), { days, today }).status;

  it('is fine up to the days that are allowed, stale a day later, and skipped where nobody asks', () => {
    assert.deepEqual(
      [look(90, '2026-04-01'), look(90, '2026-04-02'), look(0, '2036-01-01'), look(1, '2020-01-01')],
      ['ok', 'stale', 'skipped', 'ok'],
    );
  });

  it('counts the newest page of all, also that of an end alone', () => {
    const loaded = smallRegistry();
    const [first, ...rest] = loaded.registry.models;
    assert.ok(first);
    const younger = { ...first, lifecycle: { ...first.lifecycle, checked: '2027-01-02' } };
    const changed = { ...loaded, registry: { ...loaded.registry, models: [younger, ...rest] } };
    const asked = { days: 90, today: '2027-04-01' };
    assert.equal(checkRetirementFeed(loaded, asked).status, 'stale');
    assert.equal(checkRetirementFeed(changed, asked).status, 'ok');
    assert.match(checkRetirementFeed(loaded, asked).detail ?? '', /for \d+ days, since \d{4}-\d\d-\d\d/);
    assert.equal(checkRetirementFeed({ kind: 'invalid', problems: [] }, asked).status, 'skipped');
  });
});
