/** Every spelling of the source is found, and the target is written in the same style. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Config } from '../../src/engine/rules/config.ts';
import { mappingsOf, textsNaming } from '../../src/engine/rules/mapping.ts';
import type { ModelFacts } from '../../src/engine/models/model.ts';
import type { Place } from '../../src/engine/rules/place.ts';
import { buildSnapshot, config as plainConfig, model, source, target } from './build-snapshot.ts';

function placeOf(...templates: string[]): Place {
  const [place] = buildSnapshot().rules.places;
  assert.ok(place !== undefined);
  return { ...place, columns: templates.map((template, at) => ({ column: `c${at}`, template })) };
}

function named(provider: string, name: string): ModelFacts {
  return { ...model('k', name), components: { provider, name } };
}

function spelled(spellings: NonNullable<NonNullable<Config['model']>['spellings']>): Config {
  return { ...plainConfig, model: { spellings } };
}

const pair = { source: named('openai', 'gpt-4o'), target: named('anthropic', 'haiku') };

describe('mappings', () => {
  it('lead from the key to the key', () => {
    assert.deepEqual(mappingsOf(placeOf('{key}'), { source, target }, plainConfig), [
      { from: [source.key], to: [target.key] },
    ]);
  });

  it('keep the style of each spelling, and fall back to the plain one', () => {
    const config = spelled({
      provider: { openai: ['vendor/openai', 'OpenAI'], anthropic: ['vendor/anthropic'] },
    });
    assert.deepEqual(mappingsOf(placeOf('{provider}/{name}'), pair, config), [
      { from: ['openai/gpt-4o'], to: ['anthropic/haiku'] },
      { from: ['vendor/openai/gpt-4o'], to: ['vendor/anthropic/haiku'] },
      { from: ['OpenAI/gpt-4o'], to: ['anthropic/haiku'] },
    ]);
  });

  it('leave a provider that stays the same in its own spelling', () => {
    const config = spelled({ provider: { openai: ['OpenAI'] } });
    const same = { source: pair.source, target: named('openai', 'gpt-5') };
    assert.deepEqual(mappingsOf(placeOf('{name}', '{provider}'), same, config), [
      { from: ['gpt-4o', 'openai'], to: ['gpt-5', 'openai'] },
      { from: ['gpt-4o', 'OpenAI'], to: ['gpt-5', 'OpenAI'] },
    ]);
  });

  it('are none where a component is missing, or nothing would change', () => {
    assert.deepEqual(mappingsOf(placeOf('{family}'), pair, plainConfig), []);
    assert.deepEqual(
      mappingsOf(placeOf('{provider}'), { source: pair.source, target: pair.source }, plainConfig),
      [],
    );
  });

  it('never map one value twice, never a value to itself, and each to a spelling of the target', () => {
    const word = fc.constantFrom<string[]>('a', 'b', 'A', 'B', 'a/b');
    const others = fc.uniqueArray(word, { maxLength: 3 });
    fc.assert(
      fc.property(word, word, others, others, (from, to, first, second) => {
        const config = spelled({ name: { [from]: first, ...(from === to ? {} : { [to]: second }) } });
        const all = mappingsOf(
          placeOf('{name}'),
          { source: named('p', from), target: named('p', to) },
          config,
        );
        const values = all.map((mapping) => mapping.from[0]);
        assert.equal(new Set(values).size, values.length);
        for (const mapping of all) {
          assert.notDeepEqual(mapping.from, mapping.to);
          assert.ok([from, ...first].includes(mapping.from[0] ?? ''));
          assert.ok([to, ...second].includes(mapping.to[0] ?? ''));
        }
      }),
    );
  });

  it('lead from every spelling of a class, whichever of them the source carries', () => {
    const config = spelled({ provider: { openai: ['plug/openai', 'OpenAI'] } });
    for (const provider of ['openai', 'plug/openai', 'OpenAI'])
      assert.deepEqual(
        mappingsOf(
          placeOf('{name}', '{provider}'),
          { source: named(provider, 'gpt-4o'), target: named(provider, 'gpt-5') },
          config,
        ),
        ['openai', 'plug/openai', 'OpenAI'].map((each) => ({ from: ['gpt-4o', each], to: ['gpt-5', each] })),
      );
  });
});

describe('the texts that name a model', () => {
  it('are the name, the name behind its provider, and the forms that places use, in every spelling', () => {
    const config = spelled({ provider: { openai: ['OpenAI'] } });
    const texts = textsNaming(pair.source, config, [placeOf('x:{name}')]);
    assert.deepEqual(texts.toSorted(), ['OpenAI/gpt-4o', 'gpt-4o', 'openai/gpt-4o', 'x:gpt-4o']);
  });
});
