/** Comma lists and arrays follow one rule: replaced, or dropped where the target is there, and undone exactly. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { revertArray, revertComma, rewriteArray, rewriteComma } from '../../../src/engine/edit/lists.ts';
import type { ValueRule } from '../../../src/engine/edit/value-rule.ts';

const rule: ValueRule = {
  place: 't.c',
  shape: 'comma',
  components: ['{name}'],
  mappings: [
    { from: ['old'], to: ['new'] },
    { from: ['older'], to: ['new'] },
  ],
};
const second: ValueRule = { ...rule, place: 't.d', mappings: [{ from: ['new'], to: ['newest'] }] };

const comma: Readonly<Record<string, string>> = {
  'a, old,c': 'a, new,c',
  ' old ': ' new ',
  old: 'new',
  'a,\told\n, b': 'a,\tnew\n, b',
  'new, old': 'new',
  'old, new': 'new',
  ' old,new , b ': ' new , b ',
  'a, new , old  ': 'a, new  ',
  '  old,new, b,c ': '  new, b,c ',
  'old,older': 'new',
  'a,a,,new,new,old': 'a,a,,new,new',
  'older than old': 'older than old',
  '': '',
};

describe('comma lists', () => {
  for (const [before, after] of Object.entries(comma)) {
    it(`${JSON.stringify(before)} becomes ${JSON.stringify(after)}, and back`, () => {
      const result = rewriteComma(before, [rule]);
      assert.equal(result.text, after);
      assert.equal(result.edits.length, before === after ? 0 : 1);
      assert.equal(revertComma(result.text, result.edits).text, before);
    });
  }

  it('are undone where only spaces changed since, and left where an element did', () => {
    const { edits } = rewriteComma('a, old', [rule]);
    assert.equal(revertComma('a,new', edits).text, 'a, old');
    const back = revertComma('a,new,mine', edits);
    assert.equal(back.text, 'a,new,mine');
    assert.deepEqual(back.skipped, [{ edit: edits[0], reason: 'the list was changed since' }]);
  });
});

const element = fc.constantFrom('old', 'older', 'new', 'newest', 'x', '', null);

function expected(values: readonly (string | null)[]): (string | null)[] {
  const kept = values.filter((value) => value !== 'old' && value !== 'older');
  if (kept.length === values.length) return [...values];
  const first = values.findIndex((value) => value === 'old' || value === 'older');
  const before = values.slice(0, first);
  return values.includes('new') ? kept : [...before, 'new', ...kept.slice(first)];
}

describe('arrays', () => {
  it('hold the target once in the place of the first source, and everything else as it was', () => {
    fc.assert(
      fc.property(fc.array(element), (values) => {
        assert.deepEqual(rewriteArray(values, [rule]).values, expected(values));
      }),
      { numRuns: 1000 },
    );
  });

  it('and comma lists are undone through several rules', () => {
    fc.assert(
      fc.property(fc.array(element), fc.array(fc.constantFrom('', ' ', '\t')), (values, gaps) => {
        const moved = rewriteArray(values, [rule, second]);
        assert.deepEqual(revertArray(moved.values, moved.edits), {
          values,
          reverted: moved.edits.toReversed(),
          skipped: [],
        });
        const text = values
          .map((value, at) => `${gaps[at] ?? ''}${value ?? ''}${gaps[at + 1] ?? ''}`)
          .join(',');
        const list = rewriteComma(text, [rule, second]);
        assert.equal(revertComma(list.text, list.edits).text, text);
        assert.deepEqual(rewriteComma(rewriteComma(text, [rule]).text, [rule]).edits, []);
      }),
      { numRuns: 1000 },
    );
  });

  it('keep NULL apart from texts, and stay where they were changed since', () => {
    const { values, edits } = rewriteArray([null, 'old', 'null'], [rule]);
    assert.deepEqual(values, [null, 'new', 'null']);
    const changed = ['null', 'new', 'null'];
    assert.deepEqual(revertArray(changed, edits), {
      values: changed,
      reverted: [],
      skipped: [{ edit: edits[0], reason: 'the array was changed since' }],
    });
  });
});
