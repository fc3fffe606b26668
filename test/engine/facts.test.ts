/** A plan that has grown stale says what has changed, by name. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changedFacts } from '../../src/engine/planner/facts.ts';
import type { Snapshot } from '../../src/engine/plan/snapshot.ts';
import { buildPlan, buildSnapshot, plainGroups, rows, source, target, uncovered } from './build-snapshot.ts';

const before = buildPlan(buildSnapshot());

function changes(more: Partial<Snapshot>): string[] {
  return changedFacts(before, buildPlan(buildSnapshot({ more })));
}

describe('changed facts', () => {
  it('are none where the facts are the same, whatever the examples of rows', () => {
    const named = plainGroups.map((group) => ({ ...group, sample: [{ key: '1', name: 'Ann' }] }));
    assert.deepEqual(changedFacts(before, buildPlan(buildSnapshot({ groups: named }))), []);
  });

  it('name models, tenant, definitions and occurrences that no place covers', () => {
    assert.deepEqual(changes({ source: { ...source, enabled: false } }), ['source: changed']);
    assert.deepEqual(changes({ target: { ...target, retired: true } }), ['target: changed']);
    assert.deepEqual(changes({ tenant: { key: 'acme', name: 'Acme Ltd' } }), ['tenant: changed']);
    assert.deepEqual(changes({ definitions: { configuration: 'c', 'public.new': 'x' } }), [
      'definition of public.new: new',
    ]);
    assert.deepEqual(changes({ definitions: {} }), ['definition of configuration: gone']);
    assert.deepEqual(changes({ uncovered: [uncovered('public.notes', 'text')] }), [
      'occurrences that no place covers: changed',
    ]);
  });

  it('name the places whose rows are others, although they are as many', () => {
    const other = [rows({ 'agents.model_id': 'L' }, 2, { digest: 'others' }), ...plainGroups.slice(1)];
    assert.deepEqual(changedFacts(before, buildPlan(buildSnapshot({ groups: other }))), [
      'rows of agents.model_id: changed',
    ]);
    assert.deepEqual(changedFacts(before, buildPlan(buildSnapshot({ groups: other.slice(0, 1) }))), [
      'rows of agents.model_id: changed',
      'rows of messages.model_id: gone',
    ]);
  });
});
