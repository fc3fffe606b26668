/** Whether two matchers take the same id is decided, and the example is one that both really take. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { automatonOf, compileAutomaton } from '../../src/registry/match/automaton.ts';
import { compileMatchers, patternOf } from '../../src/registry/match/matcher.ts';
import type { Matcher } from '../../src/registry/match/matcher.ts';
import { loadRegistry } from '../../src/registry/load/load.ts';
import type { Loaded } from '../../src/registry/load/load.ts';
import { findWitness } from '../../src/registry/match/overlap.ts';
import { PatternError, firstCharacters, parsePattern } from '../../src/registry/match/pattern.ts';
import { armMatchers } from '../../src/registry/load/registry.ts';
import type { Provider } from '../../src/registry/load/shape.ts';

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

/** Arms that go by name, as a registry has them; JSON is YAML. */
const armsByName = fc.array(
  fc.record({
    matchers: fc.array(matcher as fc.Arbitrary<Provider['matchers'][number]>, { minLength: 1, maxLength: 2 }),
    secrets: fc.subarray(['A', 'B', 'C'], { minLength: 1 }),
    vendor: fc.constantFrom('one', 'two'),
    separators: fc.option(fc.subarray<'/' | ':' | '-'>(['/', ':', '-'], { minLength: 1 }), {
      nil: undefined,
    }),
  }),
  { minLength: 2, maxLength: 3 },
);

function registryOf(arms: typeof armsByName extends fc.Arbitrary<infer Arms> ? Arms : never): Loaded {
  const source = 'https://example.org';
  const own = arms.map(({ matchers, secrets, vendor }, at) => ({ id: `p${at}`, label: 'P', vendor, protocol: 'openai-chat', secrets, variable: 'A', matchers, source }));
  const runtime = { id: 'desk', label: 'Desk', kind: 'closed', source, arms: arms.map(({ separators }, at) => ({ provider: `p${at}`, separators })) };
  return loadRegistry([{ file: 'x.yaml', text: JSON.stringify({ schema: 1, version: '1', providers: own, runtimes: [runtime] }) }]);
} // prettier-ignore

test('a registry loads only where no id is anybody’s guess, and a refusal names an id that both arms take', () => {
  const tally = { ok: 0, overlap: 0 };
  fc.assert(
    fc.property(armsByName, (arms) => {
      const all = arms.flatMap(({ matchers, separators }) => armMatchers({ separators }, { matchers }));
      const ids = all.flatMap((a) => all.flatMap((b) => findWitness(patternOf(a), patternOf(b)) ?? []));
      const taking = (value: string): number[] => arms.flatMap(({ matchers, separators }, at) => compileMatchers(armMatchers({ separators }, { matchers })).takes(value) ? [at] : []);
      const decided = (a: number, b: number): boolean => arms[a]?.vendor === arms[b]?.vendor && !arms[a]?.secrets.some((name) => arms[b]?.secrets.includes(name));
      const loaded = registryOf(arms);
      if (loaded.kind === 'ok') {
        tally.ok += 1;
        for (const value of ids) for (const a of taking(value)) for (const b of taking(value)) assert.ok(a === b || decided(a, b), value);
        return;
      }
      for (const { message } of loaded.problems) {
        const said = /^desk: p(\d) .* and p(\d) .* both take (\S+)$/.exec(message);
        if (said === null) assert.match(message, /going by name reaches nothing/);
        else {
          tally.overlap += 1;
          const [a, b] = [Number(said[1]), Number(said[2])];
          assert.ok(!decided(a, b));
          assert.ok([a, b].every((at) => taking(said[3] ?? '').includes(at)), message);
        }
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(tally.ok > 20 && tally.overlap > 20, JSON.stringify(tally));
}); // prettier-ignore

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
