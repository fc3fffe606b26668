/** A limit that nothing can keep would make a run wait for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paceOf } from '../../src/cli/runs/options.ts';

test('a trivial statement takes some time', () => {
  assert.throws(() => paceOf({ maxLatency: '0' }), /--max-latency takes a number above 0, not "0"/);
  assert.deepEqual(paceOf({ maxLatency: '0.5' }), { throttle: { maxLatencyMs: 0.5 } });
});
