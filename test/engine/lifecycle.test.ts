/** Silence of one takes nothing back that another says of a model's end. Of two days the earlier one counts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isEnding, noteOfRow, statusOf, withLifecycle } from '../../src/engine/models/lifecycle.ts';
import { type LifecycleNote, type ModelFacts, namedModel } from '../../src/engine/models/model.ts';

const stays = namedModel({ kind: 'completion', components: { name: 'm' } });

const day = fc.option(fc.constantFrom('2026-01-01', '2026-06-30', '2027-02-28'), { nil: undefined });
const note = fc
  .record({
    by: fc.constantFrom('database' as const, 'registry' as const),
    status: fc.constantFrom(
      'active' as const,
      'deprecated' as const,
      'withdrawn' as const,
      'retired' as const,
    ),
    shutdown: day,
    announced: day,
  })
  .map(
    (each) =>
      Object.fromEntries(
        Object.entries(each).filter(([, value]) => value !== undefined),
      ) as unknown as LifecycleNote,
  );

describe('the end of a model', () => {
  it('does not depend on the order of notes, and no further note puts it off', () => {
    fc.assert(
      fc.property(fc.array(note, { maxLength: 3 }), note, (some, another) => {
        const before = withLifecycle(stays, some);
        const after = withLifecycle(stays, [...some, another]);
        const turned = withLifecycle(stays, [another, ...some]);
        const end = (model: ModelFacts): unknown[] => [model.shutdown, model.announced, statusOf(model)];
        assert.deepEqual(end(after), end(turned));
        assert.ok((after.shutdown ?? '9') <= (before.shutdown ?? '9'));
        assert.ok(!before.retired || after.retired);
        assert.ok(!isEnding(before) || isEnding(after));
      }),
    );
  });

  it('is unknown where nobody says anything, and is what the row says where only the row speaks', () => {
    assert.deepEqual(withLifecycle(stays, [noteOfRow(stays)]), stays);
    const both = { ...stays, deprecated: true, retired: true };
    const { deprecated, retired } = withLifecycle(both, [noteOfRow(both)]);
    assert.deepEqual(
      [deprecated, retired, statusOf(withLifecycle(both, [noteOfRow(both)]))],
      [true, true, 'retired'],
    );
  });

  it('is coming for a model with a last day, although a note calls the model active', () => {
    assert.equal(statusOf({ ...stays, shutdown: '2030-01-01' }), 'deprecated');
  });
});
