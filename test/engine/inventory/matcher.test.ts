/** A model is found wherever its name stands by itself, and nowhere else, however it is written and whatever is around it. */
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { createMatcher } from '../../../src/engine/inventory/matcher.ts';
import { likePatterns, likeTest } from '../../../src/engine/inventory/rough-pattern.ts';
import type { Term } from '../../../src/engine/inventory/term.ts';
import { inventoryModels } from '../../../src/registry/known/inventory-models.ts';
import { loadRegistryFolder } from '../../../src/registry/load/folder.ts';
import { findNaively } from './naive-oracle.ts';

const loaded = loadRegistryFolder();
assert.ok(loaded.kind === 'ok');
const registry = inventoryModels(loaded);
const termsOf = (...texts: string[]): Term[] => texts.map((text) => ({ model: text, text, by: 'name' }));

test('a text without the rough pieces of the terms names none of them', () => {
  const names = [
    'gpt-4o',
    'o1',
    'Claude 3.7_Sonnet',
    'a/b:c@d',
    'größe-1',
    '100%_x',
    'qwen\\max',
    'e\u0301-2',
    '[x](y)',
    '.*',
  ];
  const terms = termsOf(...names);
  const { find } = createMatcher(terms);
  const patterns = likePatterns(terms);
  assert.ok(patterns !== undefined);
  const mayName = likeTest(patterns);
  const separator = fc.constantFrom('-', '.', '_', ' ', '/', ':', '\u2011', '\u{1f642}', '');
  const written = fc
    .tuple(fc.constantFrom(...names), separator, fc.boolean())
    .map(([name, other, isUpper]) => (isUpper ? name.toUpperCase() : name).replaceAll(/[-._ ]/g, other));
  const text = fc.array(
    fc.oneof(written, fc.constantFrom(...names), fc.string({ maxLength: 4 }), separator),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(text, fc.boolean(), (parts, isJson) => {
      const value = isJson ? JSON.stringify(parts) : parts.join('');
      if (find(value).length > 0) assert.ok(mayName(value) || value.includes(String.raw`\u`), value);
    }),
    { numRuns: 3000 },
  );
});

describe('boundaries', () => {
  const { find } = createMatcher(termsOf('gpt-4o', 'gpt-4o-mini', 'openai/gpt-4o', 'gpt-4'));
  const named = (text: string): string[] => find(text).map(({ term, form }) => `${term.text} ${form}`);

  it('find what stands by itself', () => {
    assert.deepEqual(named('gpt-4o'), ['gpt-4o exact']);
    assert.deepEqual(named('  GPT-4o\n'), ['gpt-4o exact']);
    assert.deepEqual(named('openai/gpt-4o'), ['openai/gpt-4o exact']);
    const inside = [
      'custom:gpt-4o',
      '--model=gpt-4o',
      'model: gpt-4o',
      'https://x/deployments/gpt-4o/chat',
      '["gpt-4o"]',
    ];
    for (const text of [...inside, 'use gpt-4o.', '使用gpt-4o模型', 'a,gpt-4o,b', 'gpt-4o:free', '(gpt-4o)'])
      assert.deepEqual(named(text), ['gpt-4o inside'], text);
    assert.deepEqual(named('gpt-4o and gpt-4o-mini'), ['gpt-4o inside', 'gpt-4o-mini inside']);
  });

  it('leave other names alone', () => {
    for (const text of [
      'gpt-4o_mini',
      'my-gpt-4o',
      'my_gpt-4o',
      'v.gpt-4o',
      'gpt-4o.5',
      'xgpt-4o',
      'égpt-4o',
      'gpt-4oß',
      'gpt-4omni',
      '',
    ])
      assert.deepEqual(named(text), [], text);
    assert.deepEqual(named('gpt-4o-mini'), ['gpt-4o-mini exact']);
    assert.deepEqual(named('gpt-4o-turbo'), []);
  });

  it('tell a snapshot that nobody knows from the model', () => {
    const [found] = find('openai/gpt-4o-2031-01-01');
    assert.deepEqual(
      [found?.term.text, found?.snapshot, found?.written],
      ['openai/gpt-4o', true, 'openai/gpt-4o-2031-01-01'],
    );
    assert.deepEqual(find('gpt-4o-2031-01-01-x'), []);
  });

  it('take every name for an ordinary one', () => {
    const odd = createMatcher(
      termsOf('constructor', '__proto__', '', 'моя-модель', 'a b', '"', 'x'.repeat(10_000)),
    );
    for (const text of ['constructor', '__proto__', '', 'моя-модель', 'A B', '"', 'x'.repeat(10_000)])
      assert.equal(odd.find(text)[0]?.form, 'exact', text.slice(0, 20));
    assert.deepEqual(
      odd.find('see моя-модель, and __proto__').map(({ term }) => term.text),
      ['моя-модель', '__proto__'],
    );
    assert.deepEqual(odd.find('toString'), []);
    assert.equal(odd.find('\ud800 a b')[0]?.written, 'a b');
  });
});

const someTerms = fc.subarray([...registry.terms], { minLength: 1, maxLength: 12 });
const glue = fc.constantFrom(
  '',
  ' ',
  '-',
  '_',
  '.',
  '/',
  ':',
  ',',
  '"',
  '\n',
  'x',
  '4',
  '=',
  '@',
  'é',
  '語',
  '\\n',
  '-2024-05-01',
  '-0613',
  '@20250101',
  '.5',
  '🙂',
);

/** Terms, pieces of them and other characters in a row. */
function textOf(terms: readonly Term[]): fc.Arbitrary<string> {
  const word = fc
    .constantFrom(...terms)
    .chain(({ text }) =>
      fc.oneof(
        { weight: 4, arbitrary: fc.constant(text) },
        { weight: 1, arbitrary: fc.constant(text.toUpperCase()) },
        { weight: 1, arbitrary: fc.nat(text.length).map((end) => text.slice(0, end)) },
        { weight: 1, arbitrary: fc.nat(text.length).map((start) => text.slice(start)) },
      ),
    );
  return fc
    .array(fc.tuple(glue, word, glue), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.flat().join(''));
}

const runs = { numRuns: 300 };

it('finds what a search without patterns finds, term by term and place by place', () => {
  const cases = someTerms.chain((terms) => fc.record({ terms: fc.constant(terms), text: textOf(terms) }));
  fc.assert(
    fc.property(cases, ({ terms, text }) => {
      const { find } = createMatcher(terms);
      const found = find(text).map(({ term, at, written, snapshot }) => ({
        text: term.text,
        at,
        written,
        snapshot,
      }));
      assert.deepEqual(
        found.map(({ at, written, snapshot }) => ({ at, written, snapshot })),
        naively(text, terms),
      );
    }),
    runs,
  );
});

function naively(text: string, terms: readonly Term[]): { at: number; written: string; snapshot: boolean }[] {
  const leading = text.length - text.trimStart().length;
  const whole = terms.some((term) => term.text.toLowerCase() === text.trim().toLowerCase());
  if (whole) return [{ at: leading, written: text.trim(), snapshot: false }];
  return findNaively(text, terms).map(({ at, written, snapshot }) => ({ at, written, snapshot }));
}

it('looks at every raw value that names something, in a document as its escapes write it', () => {
  const cases = someTerms.chain((terms) => fc.record({ terms: fc.constant(terms), text: textOf(terms) }));
  fc.assert(
    fc.property(
      cases,
      fc.constantFrom('', '7', 'gpt-', '\u00e9', '\\'),
      fc.nat(2),
      fc.boolean(),
      (of, around, depth, slashes) => {
        const { terms, text } = of;
        const { find, sieve } = createMatcher(terms);
        if (find(text).length === 0) return;
        const json = Array.from({ length: depth }).reduce<string>(
          (inner) => JSON.stringify({ a: inner }),
          text,
        );
        const value = Buffer.from(slashes ? json.replaceAll('/', String.raw`\/`) : json);
        // Other fields of the row stand around it.
        const bytes = Buffer.concat([Buffer.from(around), value, Buffer.from(around)]);
        const start = Buffer.byteLength(around);
        assert.ok(sieve?.(bytes, start, start + value.length), JSON.stringify({ json, terms }));
      },
    ),
    runs,
  );
});

it('keeps back what names nothing, whatever stands beside the value', () => {
  const sieve = createMatcher(registry.terms).sieve;
  const passes = (text: string, from = 0, to = 0): boolean | undefined => {
    const bytes = Buffer.from(text);
    return sieve?.(bytes, from, bytes.length - to);
  };
  for (const text of [
    '',
    'g',
    'o',
    'mygpt-4o',
    'gpt-4omni',
    'a text of no model',
    '{"type": "text", "u": "\\u00e9"}',
  ])
    assert.equal(passes(text), false, text);
  for (const text of ['o3', 'ao3\\no3', 'o3-2025-04-16', '{"m":"\\u0067pt-4o"}', 'us.GPT-4O'])
    assert.equal(passes(text), true, text);
  assert.equal(passes('gpt-4o-mini', 1), false);
  assert.equal(passes('o3', 0, 1), false);
  assert.equal(passes('xgpt-4ox', 1, 1), true);
});

it('finds every form that the registry knows as a whole', () => {
  const { find } = createMatcher(registry.terms);
  for (const { text, model } of registry.terms)
    assert.deepEqual(
      find(text).map((found) => [found.term.model, found.form]),
      [[model, 'exact']],
      text,
    );
  const whose = (text: string): string | undefined => find(text)[0]?.term.model;
  assert.equal(whose('us.anthropic.claude-3-haiku-20240307-v1:0'), 'claude-3-haiku-20240307');
  assert.equal(
    whose('arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-5-sonnet-20241022-v2:0'),
    'claude-3-5-sonnet-20241022',
  );
  assert.equal(whose('claude-sonnet-4-5@20250929'), 'claude-sonnet-4-5');
  assert.equal(whose('anthropic/claude-sonnet-4.5'), 'claude-sonnet-4-5');
  assert.equal(whose('azure/gpt-35-turbo'), 'gpt-3.5-turbo');
  assert.equal(whose('gpt-oss-120b'), 'openai/gpt-oss-120b');
  assert.equal(whose('GPT_4O'), 'gpt-4o');
  assert.equal(whose('compound'), undefined);
});
