/**
 * A value of any size and depth is edited and taken back, or said to be too large; nothing ends in a stack that ran out. Each carrier and
 * shape in sizes ten-fold.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { revertDocument, rewriteDocument } from '../../../src/engine/edit/documents.ts';
import { isTooMuch, largest } from '../../../src/engine/edit/size.ts';
import type { ValueShape, ValueRule } from '../../../src/engine/edit/value-rule.ts';
import { createMatcher } from '../../../src/engine/inventory/matcher.ts';
import { Tally } from '../../../src/engine/inventory/tally.ts';
import { decoderOf, encodeParameter } from '../../../src/postgres/sql/values.ts';

const [from, to] = ['gpt-4o', 'gpt-5'];

function rule(
  pointer: string | undefined,
  shape: ValueShape = 'scalar',
  more: Partial<ValueRule> = {},
): ValueRule {
  const mappings = [{ from: [from], to: [to] }];
  return {
    place: 'p',
    shape,
    components: ['name'],
    mappings,
    ...(pointer === undefined ? {} : { pointer }),
    ...more,
  };
}

const both = {
  fields: { name: 'm', provider: 'p' },
  components: ['name', 'provider'],
  mappings: [{ from: [from, 'a'], to: [to, 'b'] }],
};

/** A value with `n` of something, the rule that edits it, and how many edits there are. */
type Case = (n: number) => { text: string; rule: ValueRule; edits: number };

const repeated = (item: string, n: number): string => `[${Array.from({ length: n }, () => item).join(',')}]`;

const cases: Readonly<Record<string, Case>> = {
  'a list of values': (n) => ({ text: repeated(`"${from}"`, n), rule: rule('/*'), edits: n }),
  'a list as a whole': (n) => ({ text: repeated(`"${from}"`, n), rule: rule('', 'list'), edits: 1 }),
  'lists in a list': (n) => ({
    text: `[${repeated(`["${from}","x"]`, n)}]`,
    rule: rule('/**', 'list'),
    edits: n,
  }),
  'objects with two members': (n) => ({
    text: repeated(`{"m":"${from}","p":"a"}`, n),
    rule: rule('', 'list', both),
    edits: 2 * n,
  }),
  'names of members': (n) => ({ text: repeated(`{"${from}":1}`, n), rule: rule('/*/~key'), edits: n }),
  'values in a string': (n) => ({
    text: JSON.stringify({ s: repeated(`"${from}"`, n) }),
    rule: rule('/s/~json/*'),
    edits: n,
  }),
  'one value far down': (n) => ({
    text: `${'{"a":'.repeat(n)}"${from}"${'}'.repeat(n)}`,
    rule: rule('/**'),
    edits: 1,
  }),
  'one value in many lists': (n) => ({
    text: `${'['.repeat(n)}"${from}"${']'.repeat(n)}`,
    rule: rule('/**'),
    edits: 1,
  }),
  'a long string beside it': (n) => ({
    text: JSON.stringify({ m: from, s: 'x\n"'.repeat(n * 10) }),
    rule: rule('/m'),
    edits: 1,
  }),
  'names in a text': (n) => ({ text: `${from} `.repeat(n), rule: rule(undefined, 'inside'), edits: 1 }),
  'a list in a text': (n) => ({ text: `x${`,${from}`.repeat(n)}`, rule: rule(undefined, 'comma'), edits: 1 }),
};

describe('a value of any size', () => {
  for (const [name, make] of Object.entries(cases))
    it(name, () => {
      for (const n of [1, 10, 100, 1000, 10_000]) assertExact(make(n));
    });

  it('has more edits than a call has arguments', () => {
    assertExact(cases['a list of values']?.(130_000));
  });

  it('has a name at each of many levels', () => {
    const depth = 2000;
    assertExact({
      text: `${`{"m":"${from}","a":`.repeat(depth)}1${'}'.repeat(depth)}`,
      rule: rule('/**/m'),
      edits: depth,
    });
  });

  it('is counted as deep as it is', () => {
    const matcher = createMatcher([{ text: from, model: from, by: 'name' }]);
    const id = { schema: 'public', name: 't' };
    const tally = new Tally({
      table: `${id.schema}.${id.name}`,
      columns: [{ name: 'c', kind: 'jsonb', isLink: false }],
      matcher,
      samples: 1,
    });
    tally.add(() => '1', [cases['one value far down']?.(10_000).text]);
    assert.equal(tally.occurrences().length, 1);
  });
});

describe('what is too large', () => {
  it('is said to be where it has too many values, also in a string', () => {
    const text = JSON.stringify([`[${'1,'.repeat(largest.values)}1]`]);
    const result = rewriteDocument({ text, elements: null }, [rule('/*/~json/*')]);
    assert.deepEqual([result.kind, 'tooLarge' in result && result.tooLarge], ['unreadable', true]);
  });

  it('is said to be where the journal could not keep its edits', () => {
    const edit = { pointer: '/a'.repeat(1000), before: from, after: to };
    assert.equal(isTooMuch(Array.from({ length: 1000 }, () => edit)), false);
    assert.equal(isTooMuch(Array.from({ length: 100_000 }, () => edit)), true);
  });
});

describe('a list from the database', () => {
  it('has elements of any length', () => {
    const values = ['x'.repeat(13_000_000), 'NULL', null, ''];
    const text = encodeParameter(values) ?? '';
    assert.deepEqual(decoderOf(1009)(text), values);
  });
});

function assertExact(made: ReturnType<Case> | undefined): void {
  assert.ok(made !== undefined);
  const { text, rule: own, edits } = made;
  const edited = rewriteDocument({ text, elements: null }, [own]);
  assert.equal(edited.kind, 'edited');
  assert.equal(edited.edits.length, edits);
  assert.ok(edited.value.text.includes(to));
  const undone = revertDocument(edited.value, edited.edits);
  assert.equal(undone.kind, 'reverted');
  assert.ok(undone.value.text === text && undone.skipped.length === 0, 'taken back to the byte');
}
