/** Which model somebody means: exactly one, or a refusal that helps. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Config } from '../../src/engine/rules/config.ts';
import type { ModelFacts } from '../../src/engine/models/model.ts';
import { modelFromText, type Selection, selectModel } from '../../src/engine/models/select.ts';
import { model } from './build-snapshot.ts';

function named(key: string, components: Record<string, string>, tenant: string | null = 'acme'): ModelFacts {
  return { ...model(key, ''), components, tenant };
}

const sonnet = named('k1', { name: 'claude-3-7-sonnet', family: 'claude', provider: 'anthropic' });
const hosted = named('k2', { name: 'claude-3-7-sonnet', family: 'hosted', provider: 'azure' });
const mini = named('k3', { name: 'gpt-4o-mini', family: 'openai', provider: 'openai' });
const everybodys = named('g1', { name: 'gpt-4o-mini', family: 'openai', provider: 'openai' }, null);

function keyOf(selection: Selection): string | undefined {
  return 'model' in selection ? selection.model.key : selection.refused;
}

describe('a model of a table', () => {
  const all = [sonnet, hosted, mini];
  it('is meant by its key, name, family/name or provider/name', () => {
    for (const text of ['k3', 'gpt-4o-mini', 'openai/gpt-4o-mini', '  gpt-4o-mini '])
      assert.equal(keyOf(selectModel(all, text, { side: 'source' })), 'k3');
    assert.equal(keyOf(selectModel(all, 'hosted/claude-3-7-sonnet', { side: 'source' })), 'k2');
    assert.equal(keyOf(selectModel(all, 'anthropic/claude-3-7-sonnet', { side: 'source' })), 'k1');
  });

  it('is refused with a list where the name fits several', () => {
    const selection = selectModel(all, 'claude-3-7-sonnet', { side: 'source' });
    assert.ok('refused' in selection && selection.refused === 'MODEL_AMBIGUOUS');
    assert.equal(selection.fits.length, 2);
    assert.match(selection.message, /\[k1\].*\[k2\].*family\/name/);
    const elsewhere = named('k4', { ...sonnet.components, provider: 'bedrock' });
    const doubles = selectModel([sonnet, elsewhere], 'claude/claude-3-7-sonnet', { side: 'source' });
    assert.match('refused' in doubles ? doubles.message : '', /its key or as provider\/name/);
    assert.equal(
      keyOf(selectModel([sonnet, elsewhere], 'bedrock/claude-3-7-sonnet', { side: 'source' })),
      'k4',
    );
  });

  it('is refused with ten of many, and a doubt whether the rows of that table are models', () => {
    const agents = Array.from({ length: 31 }, (_, at) => ({
      ...named(`a${at}`, { name: 'gpt-4o' }, null),
      table: 'public.assistants',
    }));
    const refused = selectModel(agents, 'gpt-4o', { side: 'source' });
    assert.ok('refused' in refused);
    assert.equal(refused.fits.length, 31);
    assert.match(refused.message, /fits 31 models: .*\[.*a9\] global and 21 more\. Say which by its key\./);
    assert.match(
      refused.message,
      /If the rows of public\.assistants use models and are none, take it out of model\.tables/,
    );
    assert.doesNotMatch(refused.message, /a10/);
  });

  it("is everybody's where the tenant has one of the same name, and the tenant's own where there is no other", () => {
    assert.equal(keyOf(selectModel([mini, everybodys], 'gpt-4o-mini', { side: 'source' })), 'g1');
    assert.equal(keyOf(selectModel([mini], 'gpt-4o-mini', { side: 'source' })), 'k3');
    assert.equal(keyOf(selectModel([mini, everybodys], 'k3', { side: 'source' })), 'k3');
  });

  it("goes on as it began: from everybody's to everybody's, and from the tenant's own to its own", () => {
    const from = (source: ModelFacts, candidates: readonly ModelFacts[]): string | undefined =>
      keyOf(selectModel(candidates, 'gpt-4o-mini', { side: 'target', source }));
    const other = named('g2', { name: 'o1' }, null);
    assert.equal(from(sonnet, [everybodys, mini]), 'k3');
    assert.equal(from(sonnet, [everybodys]), 'g1');
    assert.equal(from(other, [everybodys, mini]), 'g1');
    assert.equal(from(other, [mini]), 'k3');
  });

  it('is not guessed: a near miss is shown and refused', () => {
    const fitsOf = (text: string): readonly string[] => {
      const selection = selectModel(all, text, { side: 'source' });
      assert.ok('refused' in selection && selection.refused === 'MODEL_NOT_FOUND', text);
      return selection.fits.map((fit) => fit.split(' ')[0] ?? '');
    };
    assert.deepEqual(fitsOf('GPT-4o-mini'), ['gpt-4o-mini']);
    assert.deepEqual(fitsOf('gpt4omini'), ['gpt-4o-mini']);
    assert.deepEqual(fitsOf('other/gpt-4o-mini'), ['gpt-4o-mini']);
    assert.deepEqual(fitsOf('claude-3-7'), ['claude-3-7-sonnet', 'claude-3-7-sonnet']);
    assert.deepEqual(fitsOf('llama'), []);
    assert.deepEqual(fitsOf(''), []);
  });

  it('is answered alike whether it is missing or another tenant has it', () => {
    const text = (candidates: readonly ModelFacts[]): string => {
      const selection = selectModel(candidates, 'llama-70b', { side: 'source' });
      return 'refused' in selection ? selection.message : '';
    };
    assert.equal(text([sonnet]), text([hosted, sonnet].slice(1)));
    assert.equal(text([]), 'source: this tenant has no model "llama-70b".');
  });
});

describe('a model without a table', () => {
  const config: Config = {
    version: 1,
    tenant: { root: 'none' },
    model: {
      identity: ['provider', 'name'],
      spellings: { provider: { openai: ['vendor/openai', 'OpenAI'] } },
    },
  };
  const components = (text: string, given = config): unknown => {
    const selection = modelFromText(given, { kind: 'completion', text });
    return 'model' in selection ? selection.model.components : selection.refused;
  };

  it('is read as provider and name, in any known spelling', () => {
    const expected = { provider: 'openai', name: 'gpt-4o' };
    for (const text of ['openai/gpt-4o', 'OpenAI/gpt-4o', 'vendor/openai/gpt-4o'])
      assert.deepEqual(components(text), expected, text);
    assert.deepEqual(components('mistral/a/b'), { provider: 'mistral', name: 'a/b' });
  });

  it('needs its provider where that is part of its name', () => {
    assert.equal(components('gpt-4o'), 'MODEL_NOT_FOUND');
  });

  it('is its name alone where nothing else is known', () => {
    const byName = { ...config, model: { identity: ['name'] } };
    assert.deepEqual(components('org/gpt-4o', byName), { name: 'org/gpt-4o' });
  });
});
