/** Whether two matchers take the same id is decided, and the example is one that both really take. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { automatonOf, compileAutomaton } from '../../src/registry/automaton.ts';
import { compileMatchers, patternOf } from '../../src/registry/matcher.ts';
import type { Matcher } from '../../src/registry/matcher.ts';
import { findWitness } from '../../src/registry/overlap.ts';
import { PatternError, firstCharacters, parsePattern } from '../../src/registry/pattern.ts';

/** Patterns over three letters, so that chance meets overlaps as often as not. */
const pattern = fc.letrec<{ part: string; whole: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('a', 'b', 'c', '[ab]', '[^a]', '\\.', '-'),
    fc.tuple(fc.constantFrom('a', 'b', '[bc]', '(a|bc)'), fc.constantFrom('?', '*', '+', '{2}', '{1,3}', '{2,}')).map((two) => two.join('')),
    fc.tuple(tie('part'), tie('part')).map(([a, b]) => `(${a}|${b})`),
    fc.tuple(tie('part'), tie('part')).map(([a, b]) => a + b),
  ),
  whole: tie('part').map((part) => `^${part}$`),
})).whole; // prettier-ignore

const id = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '-', 'A'), minLength: 1, maxLength: 6 });

const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  pattern.map((text) => ({ pattern: text })),
  fc.record({
    word: fc.constantFrom('a', 'ab', 'abc', 'b-', 'A'),
    after: fc.subarray(['/', ':', '-'], { minLength: 1 }),
    ignoreCase: fc.boolean(),
  }),
);

test('our own reading of a pattern is that of a regular expression', () => {
  fc.assert(
    fc.property(pattern, id, (text, value) => {
      const ours = compileAutomaton(parsePattern(text, false))(value);
      assert.equal(ours, new RegExp(text).test(value), `${text} ${value}`);
    }),
    { numRuns: 2000 },
  );
});

test('a witness is taken by both; where there is none, no id is', () => {
  fc.assert(
    fc.property(matcher, matcher, fc.array(id, { maxLength: 20 }), (a, b, ids) => {
      const [left, right] = [compileMatchers([a]), compileMatchers([b])];
      const witness = findWitness(patternOf(a), patternOf(b));
      if (witness === undefined) assert.ok(!ids.some((each) => left.takes(each) && right.takes(each)));
      else assert.ok(left.takes(witness) && right.takes(witness), witness);
      assert.equal(findWitness(patternOf(b), patternOf(a))?.length, witness?.length);
    }),
    { numRuns: 3000 },
  );
});

test('whatever is taken begins with a character that was announced', () => {
  fc.assert(
    fc.property(matcher, id, (each, value) => {
      const first = firstCharacters(patternOf(each));
      if (compileMatchers([each]).takes(value)) assert.ok(first === undefined || first.has(value.charAt(0)));
    }),
    { numRuns: 2000 },
  );
});

test('a word owns ids behind its separators only, and at least one character of them', () => {
  const { takes } = compileMatchers([{ word: 'claude', after: ['-', '/'] }]);
  assert.deepEqual(
    ['claude-x', 'claude/x', 'claudette', 'claude', 'claude-', 'Claude-x', 'xclaude-x', 'claude:x', 'claude- x'].filter(takes),
    ['claude-x', 'claude/x'],
  ); // prettier-ignore
  const anyCase = compileMatchers([{ word: 'claude', after: ['-'], ignoreCase: true }]);
  assert.ok(anyCase.takes('CLAUDE-x') && !anyCase.takes('CLAUDETTE'));
  const dotted = compileMatchers([{ word: 'a.b', after: ['-'] }]);
  assert.ok(dotted.takes('a.b-x') && !dotted.takes('axb-x'), 'a word is literal');
});

test('what is not understood is refused, not guessed', () => {
  for (const text of ['x', '^x', '^(x$', '^x)$', '^[x$', '^[]$', '^[z-a]$', '^*$', '^a{3,2}$', '^a{1000}$', '^\\b$', '^(?=x)x$', '^a b$', '^ü$', '^a\\$'])
    assert.throws(() => parsePattern(text, false), PatternError, text); // prettier-ignore
});

test('an id is read once, also where a regular expression would try for ages; an id of another alphabet is no id', () => {
  const endless = `${'a'.repeat(200)}!`;
  for (const text of ['^(a+)+$', '^(a|a)+$', '^(a|ab|b)*(a*)*$']) {
    const takes = compileAutomaton(parsePattern(text, false));
    assert.deepEqual([takes(endless), takes(endless.slice(0, -1)), takes('ä'), takes('a\u0000'), takes('')], [false, true, false, false, text.endsWith('*$')], text); // prettier-ignore
  }
  assert.throws(() => automatonOf(parsePattern('^((a{60}){60}){60}$', false)), PatternError);
});

test('ids that are made up to fill the memory do not, and what was forgotten is found again', () => {
  // 2^15 states, more than are kept.
  const takes = compileAutomaton(parsePattern('^.*a.{14}$', false));
  for (let at = 0; at < 60_000; at += 1) {
    const bits = ((at * 7919) % 2 ** 18)
      .toString(2)
      .padStart(18, '0')
      .replaceAll('0', 'a')
      .replaceAll('1', 'b');
    assert.equal(takes(bits), bits.at(-15) === 'a', bits);
  }
});
