/** What must be new in a plan before somebody who agreed to an earlier one is asked again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whatIsWorse } from '../../src/engine/planner/worse.ts';
import { buildPlan, buildSnapshot, plainGroups, rows } from './build-snapshot.ts';

const seen = buildPlan(buildSnapshot());

test('more or fewer rows of the same kinds are not worse', () => {
  for (const more of [1, 900]) {
    const now = buildPlan(
      buildSnapshot({
        groups: [rows({ 'agents.model_id': 'L' }, more), rows({ 'messages.model_id': 'H' }, more)],
      }),
    );
    assert.notEqual(now.hash, seen.hash);
    assert.deepEqual(whatIsWorse(seen, now), []);
  }
});

test('a new kind of live row, a new error and a lower word are worse, and not the other way round', () => {
  const asked = buildPlan(buildSnapshot({ groups: [...plainGroups, rows({ 'agents.model_id': 'A' }, 1)] }));
  assert.deepEqual(whatIsWorse(seen, asked), [
    'ASK_OPEN agents.model_id',
    'agents.model_id (ask)',
    'partial',
  ]);
  assert.deepEqual(whatIsWorse(asked, seen), []);
});

test('another model is worse, whatever the rest says', () => {
  const now = { ...seen, target: { ...seen.target, components: { name: 'another' } } };
  assert.equal(whatIsWorse(seen, now).length, 1);
});
