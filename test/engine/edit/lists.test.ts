/** Lists follow one rule, in a text, in an array and in a document: the target once, in the order of preference; undone exactly. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type DocumentValue, revertDocument, rewriteDocument } from '../../../src/engine/edit/documents.ts';
import type { Edit, ValueRule } from '../../../src/engine/edit/value-rule.ts';

const comma: ValueRule = {
  place: 't.c',
  shape: 'comma',
  components: ['{name}'],
  mappings: [
    { from: ['old'], to: ['new'] },
    { from: ['older'], to: ['new'] },
  ],
};
const bars: ValueRule = { ...comma, shape: 'bars' };
const list: ValueRule = { ...comma, shape: 'list', pointer: '' };
const newest = [{ from: ['new'], to: ['newest'] }];

const textual = (text: string): DocumentValue => ({ text, elements: null });
const array = (elements: readonly (string | null)[]): DocumentValue => ({ text: '', elements });

function rewritten(
  value: DocumentValue,
  rules: readonly ValueRule[],
): { value: DocumentValue; edits: readonly Edit[] } {
  const result = rewriteDocument(value, rules);
  assert.ok(result.kind === 'edited');
  return result;
}

function reverted(value: DocumentValue, edits: readonly Edit[]) {
  const result = revertDocument(value, edits);
  assert.ok(result.kind === 'reverted');
  return result;
}

const lists: Readonly<Record<string, string>> = {
  'a, old,c': 'a, new,c',
  ' old ': ' new ',
  old: 'new',
  'a,\told\n, b': 'a,\tnew\n, b',
  'new, old': 'new',
  'old, new': 'new',
  'old, a, new, b': 'new, a, b',
  ' old,new , b ': ' new, b ',
  'a, new , old  ': 'a, new  ',
  '  old,new, b,c ': '  new, b,c ',
  'old,older': 'new',
  'a,a,,new,new,old': 'a,a,,new',
  'a,a,new,new': 'a,a,new,new',
  'older than old': 'older than old',
  '': '',
};

describe('lists in a text', () => {
  for (const [before, after] of Object.entries(lists)) {
    for (const [rule, write] of [
      [comma, (text: string) => text],
      [bars, (text: string) => text.replaceAll(',', '|')],
    ] as const) {
      it(`${JSON.stringify(write(before))} becomes ${JSON.stringify(write(after))}, and back`, () => {
        const { value, edits } = rewritten(textual(write(before)), [rule]);
        assert.equal(value.text, write(after));
        assert.equal(edits.length, before === after ? 0 : 1);
        assert.equal(reverted(value, edits).value.text, write(before));
      });
    }
  }

  it('are undone where only spaces changed since, and left where an element did', () => {
    const { edits } = rewritten(textual('a, old'), [comma]);
    assert.equal(reverted(textual('a,new'), edits).value.text, 'a, old');
    const back = reverted(textual('a,new,mine'), edits);
    assert.equal(back.value.text, 'a,new,mine');
    assert.deepEqual(back.skipped, [{ edit: edits[0], reason: 'the list was changed since' }]);
  });
});

const element = fc.constantFrom('old', 'older', 'new', 'newest', 'x', '', null);

/** The list cut where source or target first stands: before it nothing changes, behind it neither stands any more. */
function expected(values: readonly (string | null)[]): (string | null)[] {
  if (!values.includes('old') && !values.includes('older')) return [...values];
  const concerned = ['old', 'older', 'new'];
  const first = values.findIndex((value) => concerned.includes(value ?? ''));
  const behind = values.slice(first).filter((value) => !concerned.includes(value ?? ''));
  return [...values.slice(0, first), 'new', ...behind];
}

describe('arrays', () => {
  it('hold the target once, where the first of source and target stood, and everything else as it was', () => {
    fc.assert(
      fc.property(fc.array(element), (values) => {
        assert.deepEqual(rewritten(array(values), [list]).value.elements, expected(values));
      }),
      { numRuns: 500 },
    );
  });

  it('and lists in a text are undone through several rules', () => {
    fc.assert(
      fc.property(fc.array(element), fc.array(fc.constantFrom('', ' ', '\t')), (values, gaps) => {
        const moved = rewritten(array(values), [list, { ...list, mappings: newest }]);
        assert.deepEqual(reverted(moved.value, moved.edits).value.elements, values);
        for (const [rule, separator] of [
          [comma, ','],
          [bars, '|'],
        ] as const) {
          const text = values
            .map((value, at) => `${gaps[at] ?? ''}${value ?? ''}${gaps[at + 1] ?? ''}`)
            .join(separator);
          const after = rewritten(textual(text), [rule, { ...rule, mappings: newest }]);
          assert.equal(reverted(after.value, after.edits).value.text, text);
          const once = rewritten(textual(text), [rule]).value;
          assert.deepEqual(
            once.text.split(separator).map((part) => part.trim()),
            text === '' ? [''] : expected(values).map((value) => value ?? ''),
          );
          assert.deepEqual(rewritten(once, [rule]).edits, []);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keep NULL apart from texts, and stay where they were changed since', () => {
    const { value, edits } = rewritten(array([null, 'old', 'null']), [list]);
    assert.deepEqual(value.elements, [null, 'new', 'null']);
    const back = reverted(array(['null', 'new', 'null']), edits);
    assert.deepEqual(back.value.elements, ['null', 'new', 'null']);
    assert.deepEqual(back.skipped, [{ edit: edits[0], reason: 'the value was changed since' }]);
  });

  it('have elements that are documents, lists or texts, each edited by itself', () => {
    const values = ['{"model": "old"}', 'a,old', '--model=old', null];
    const rules: ValueRule[] = [
      { ...list, shape: 'scalar', pointer: '/*/~json/model' },
      { ...comma, pointer: '/*' },
      { ...comma, shape: 'inside', pointer: '/2' },
    ];
    const { value, edits } = rewritten(array(values), rules);
    assert.deepEqual(value.elements, ['{"model": "new"}', 'a,new', '--model=new', null]);
    const changed = array(['{"model": "new"}', 'mine', '--model=new', null]);
    assert.deepEqual(reverted(changed, edits).value.elements, [
      '{"model": "old"}',
      'mine',
      '--model=old',
      null,
    ]);
  });
});
