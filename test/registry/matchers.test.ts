/** A matcher takes what its forms say, and an id that two arms of a runtime take is found before the registry loads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadRegistryFolder } from '../../src/registry/load/folder.ts';
import { loadRegistry } from '../../src/registry/load/load.ts';
import type { Loaded } from '../../src/registry/load/load.ts';
import { compileMatchers, findSharedId } from '../../src/registry/load/matchers.ts';
import type { IdMatcher } from '../../src/registry/load/matchers.ts';
import { armMatchers } from '../../src/registry/load/registry.ts';
import type { Provider } from '../../src/registry/load/shape.ts';

/** Over few characters, so that chance meets overlaps as often as not. */
const form = fc
  .array(fc.constantFrom('a', 'a', 'A', '-', '/', '1', '12', '#', '-*', '/*', '#*'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
  .filter((text) => !/\*.|#[#\d]|\d#/.test(text)); // prettier-ignore

const matcher: fc.Arbitrary<IdMatcher> = fc.oneof(
  fc.record({ forms: fc.array(form, { minLength: 1, maxLength: 2 }), ignoreCase: fc.boolean() }),
  fc.record({
    word: fc.constantFrom('a', 'ab', 'b-', 'A', 'a.', 'a1'),
    after: fc.subarray(['/', ':', '-'], { minLength: 1 }),
    ignoreCase: fc.boolean(),
  }),
);

/** Every id of up to four of these characters. */
const shortIds = ['a', 'b', 'A', '-', '/', '1', '2'].reduce<string[]>(
  (ids, _, __, characters) =>
    ids.length > 1000 ? ids : ['', ...ids].flatMap((id) => characters.map((character) => id + character)),
  [],
);

/** A second reading of a form, character by character. */
function fits(text: string, id: string): boolean {
  if (text === '' || id === '') return text === id;
  if (text === '*') return /^[a-zA-Z0-9._-]+$/.test(id);
  if (!text.startsWith('#')) return text[0] === id[0] && fits(text.slice(1), id.slice(1));
  const rest = id.replace(/^[0-9]+/, '');
  return rest !== id && fits(text.slice(1), rest);
}

test('a form takes what a second reading of it takes', () => {
  fc.assert(
    fc.property(form, (text) => {
      const { takes } = compileMatchers([{ forms: [text] }]);
      for (const id of shortIds) assert.equal(takes(id), fits(text, id), id);
    }),
    { numRuns: 300 },
  );
});

test('a shared id is taken by both matchers; where none is found, no short id is taken by both', () => {
  const tally = { shared: 0, none: 0 };
  fc.assert(
    fc.property(matcher, matcher, (a, b) => {
      const [left, right] = [compileMatchers([a]), compileMatchers([b])];
      const shared = findSharedId(a, b);
      tally[shared === undefined ? 'none' : 'shared'] += 1;
      if (shared === undefined) assert.ok(!shortIds.some((id) => left.takes(id) && right.takes(id)));
      else assert.ok(left.takes(shared) && right.takes(shared), shared);
      assert.equal(findSharedId(b, a) === undefined, shared === undefined);
    }),
    { numRuns: 2000 },
  );
  assert.ok(tally.shared > 100 && tally.none > 100, JSON.stringify(tally));
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

type ArmsByName = typeof armsByName extends fc.Arbitrary<infer Arms> ? Arms : never;

function registryOf(arms: ArmsByName): Loaded {
  const source = 'https://example.org';
  const own = arms.map(({ matchers, secrets, vendor }, at) => ({ id: `p${at}`, label: 'P', vendor, protocol: 'openai-chat', secrets, variable: 'A', matchers, source }));
  const runtime = { id: 'desk', label: 'Desk', kind: 'closed', source, arms: arms.map(({ separators }, at) => ({ provider: `p${at}`, separators })) };
  return loadRegistry([{ file: 'x.yaml', text: JSON.stringify({ schema: 1, version: '1', providers: own, runtimes: [runtime] }) }]);
} // prettier-ignore

test('a registry loads only where every id has one arm or the secrets decide; a refusal names an id that both arms take', () => {
  const tally = { ok: 0, overlap: 0 };
  fc.assert(
    fc.property(armsByName, (arms) => {
      const tests = arms.map(({ matchers, separators }) => compileMatchers(armMatchers({ separators }, { matchers })));
      const taking = (id: string): number[] => [...tests.keys()].filter((at) => tests[at]?.takes(id));
      const decided = (a: number, b: number): boolean => arms[a]?.vendor === arms[b]?.vendor && !arms[a]?.secrets.some((name) => arms[b]?.secrets.includes(name));
      const loaded = registryOf(arms);
      if (loaded.kind === 'ok') {
        tally.ok += 1;
        for (const id of shortIds) for (const a of taking(id)) for (const b of taking(id)) assert.ok(a === b || decided(a, b), id);
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

test('a word takes ids behind its separators only, with at least one character after the separator', () => {
  const { takes } = compileMatchers([{ word: 'claude', after: ['-', '/'] }]);
  assert.deepEqual(
    ['claude-x', 'claude/x', 'claudette', 'claude', 'claude-', 'Claude-x', 'xclaude-x', 'claude:x', 'claude- x', 'claude-ä', ''].filter(takes),
    ['claude-x', 'claude/x'],
  ); // prettier-ignore
  const anyCase = compileMatchers([{ word: 'claude', after: ['-'], ignoreCase: true }]);
  assert.ok(anyCase.takes('CLAUDE-x') && !anyCase.takes('CLAUDETTE'));
  const dotted = compileMatchers([{ word: 'a.b', after: ['-'] }]);
  assert.ok(dotted.takes('a.b-x') && !dotted.takes('axb-x'), 'a word is literal');
});

test('the built-in forms take the models of OpenAI and of Qwen, and nothing that only begins like them', () => {
  const loaded = loadRegistryFolder();
  assert.ok(loaded.kind === 'ok');
  const taken = (provider: string, ids: readonly string[]): string[] => {
    const { matchers = [] } = loaded.registry.providers.find(({ id }) => id === provider) ?? {};
    return ids.filter(compileMatchers(matchers).takes);
  };
  const gpt = ['gpt-4', 'gpt-4o', 'gpt-4.1-mini', 'gpt-10', 'gpt-3.5-turbo-0125', 'o1', 'o3-mini', 'o4-mini-2025-04-16'];
  assert.deepEqual(taken('openai', [...gpt, 'gpt-oss-20b', 'gpt-', 'gpt4', 'GPT-4', 'o', 'o3x', 'o-3', 'o3-', 'omni-1', 'gpt-4/x', 'gpt-4:free', 'o3-mini?']), gpt);
  const qwen = ['qwen-max', 'Qwen-Max', 'qwen3-32b', 'qwen2.5-72b-instruct', 'QWEN3.5-plus', 'qwq-32b', 'qvq-max', 'qwen/any'];
  assert.deepEqual(taken('alibaba', [...qwen, 'qwen', 'qwenlong-l1', 'qwen2.5', 'qwen2.-x', 'qwen.5-x', 'qwen-', 'QWQ-32b', 'qwen3-32b:free', 'qwen-max/x']), qwen);
}); // prettier-ignore

test('an endless id is read once', () => {
  const { takes } = compileMatchers([{ forms: ['#-*', '#.#-*', '#a#b#c', 'a#*'] }]);
  for (const part of ['1', '1.', '1a', '1a1b', 'a'])
    assert.equal(takes(`${part.repeat(100_000)}!`), false, part);
  assert.ok(takes(`${'1'.repeat(100_000)}-${'x'.repeat(100_000)}`));
  assert.ok(takes(`a1${'x'.repeat(100_000)}`));
});
