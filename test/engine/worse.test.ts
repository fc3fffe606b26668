/** What must be new in a plan before somebody who agreed to an earlier one is asked again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whatIsWorse } from '../../src/engine/planner/worse.ts';
import { finding } from '../../src/engine/finding.ts';
import type { SchemaOccurrence } from '../../src/engine/inventory/occurrence.ts';
import type { Snapshot } from '../../src/engine/plan/snapshot.ts';
import { buildPlan, buildSnapshot, plainGroups, rows, source, target } from './build-snapshot.ts';

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
  // Nothing is left to ask, but nobody has seen yet that the source will be retired.
  assert.deepEqual(whatIsWorse(asked, seen), ['retire public.models']);
});

const named: SchemaOccurrence = {
  part: 'default',
  object: 'public.agents.model_id',
  model: '',
  spelling: 'old-1',
  written: 'old-1',
  snapshot: false,
  text: "'old-1'::text",
  mend: 'ALTER TABLE public.agents ALTER model_id SET DEFAULT $TO',
  live: true,
};

test('whatever is not about rows is worse, one way and the other', () => {
  const others: Partial<Snapshot>[] = [
    { target: { ...target, retired: true } },
    { source: { ...source, enabled: false } },
    { tenant: { key: 'acme', name: 'Acme Ltd' } },
    { definitions: { configuration: 'another' } },
    { definitions: { configuration: 'c', 'public.new': 'x' } },
    { unread: [{ what: 'schema', name: 'billing', tables: 2 }] },
    { hidden: [{ table: 'agents', why: 'no right to read', columns: undefined, grant: 'GRANT' }] },
    { schema: [named] },
  ];
  for (const more of others) {
    const now = buildPlan(buildSnapshot({ more }));
    assert.notDeepEqual(whatIsWorse(seen, now), [], JSON.stringify(more));
    assert.notDeepEqual(whatIsWorse(now, seen), [], JSON.stringify(more));
  }
});

test('a step that nobody has seen is worse: rows that a merge would remove', () => {
  const step = seen.steps[0];
  assert.ok(step);
  const now = {
    ...seen,
    steps: [...seen.steps, { ...step, operation: 'merge', table: 'links' } as typeof step],
  };
  assert.deepEqual(whatIsWorse(seen, now), ['merge links']);
  assert.deepEqual(whatIsWorse(now, seen), []);
});

test('one warning more of the same code at the same place is worse', () => {
  const lost = finding('warning', 'MERGE_LOSES', 'A setting is lost.', { place: 'links.model_id' });
  const once = { ...seen, findings: [lost] };
  assert.deepEqual(whatIsWorse(once, { ...seen, findings: [lost, lost] }), ['MERGE_LOSES links.model_id']);
  assert.deepEqual(whatIsWorse({ ...seen, findings: [lost, lost] }, once), []);
});
