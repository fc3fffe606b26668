/** Every spelling of a model on some runtime is known, and a reference that moves keeps its spelling. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelFacts } from '../../src/engine/models/model.ts';
import { spellingPairs } from '../../src/engine/models/spelling.ts';
import { findMeant } from '../../src/registry/load/routes.ts';
import { allPairs } from '../../src/registry/verdict/pairs.ts';
import { loadRegistryFolder } from '../../src/registry/load/folder.ts';
import { knowledgeOf } from '../../src/registry/known/knowledge.ts';
import { spellingsOf } from '../../src/registry/known/spellings.ts';
import { namesMeant } from '../../src/registry/known/any-spelling.ts';
import { loaded as small } from './small-registry.ts';

const builtIn = loadRegistryFolder();
assert.ok(builtIn.kind === 'ok');
const { registry, routes } = builtIn;

function row(name: string, loaded = builtIn): ModelFacts {
  assert.ok(loaded.kind === 'ok');
  const spellings = knowledgeOf(loaded).find('completion', name)?.spellings;
  const bare = { kind: 'completion', components: { name }, enabled: true, deprecated: false, retired: false };
  return { ...bare, capabilities: {}, ...(spellings === undefined ? {} : { spellings }) };
}

describe('the spellings of models', () => {
  const spellings = spellingsOf(builtIn);

  it('have every id of every arm, for the model that it means', () => {
    const pairs = allPairs(builtIn);
    assert.ok(pairs.length > 400);
    for (const { runtime, model: id } of pairs) {
      const listed = routes.runtimes.get(runtime)?.listed.get(id)?.arms[0]?.model;
      const model = listed ?? findMeant(routes, id);
      assert.ok(model !== undefined, id);
      const texts = (spellings.get(model) ?? []).map(({ text }) => text);
      assert.ok(texts.includes(id), `${runtime} ${id}`);
    }
  });

  it('mean one model each', () => {
    const owner = new Map<string, string>();
    for (const [{ id }, all] of spellings)
      for (const { text } of all) {
        assert.equal(owner.get(text) ?? id, id, text);
        owner.set(text, id);
      }
  });

  it('lead a writer of a workspace to every name that a row of the model may have', () => {
    for (const model of registry.models)
      for (const { text } of spellings.get(model) ?? [])
        for (const name of [model.id, ...(model.aliases ?? [])].flatMap((each) => [
          each,
          `${model.vendor}/${each}`,
        ]))
          assert.ok(namesMeant(builtIn, text).includes(name), `${text} is ${name}`);
  });

  it('are found in any case, because some matchers ignore case', () => {
    const ids = ['MINIMAX-M2.5', 'minimax/MINIMAX-M2.5', 'minimax-m2.5', 'GLM-4.6', 'Kimi-K2.6', 'Qwen3-Max'];
    for (const text of ids) {
      const model = findMeant(routes, text);
      assert.ok(model !== undefined, text);
      assert.ok(namesMeant(builtIn, text).includes(model.id), `${text} is ${model.id}`);
    }
  });

  it('keep the prefix, as the target’s vendor spells it', () => {
    const pairs = (from: string, to: string): Record<string, string> =>
      Object.fromEntries(spellingPairs(row(from), row(to)).map((pair) => [pair.from, pair.to]));
    const within = pairs('claude-3-7-sonnet', 'claude-sonnet-4-5');
    assert.equal(within['anthropic/claude-3-7-sonnet-20250219'], 'anthropic/claude-sonnet-4-5');
    assert.equal(within['claude-3-7-sonnet-20250219'], 'claude-sonnet-4-5');
    const across = pairs('glm-4.6', 'gpt-5.4');
    assert.equal(across['z-ai/glm-4.6'], 'openai/gpt-5.4');
    assert.equal(pairs('glm-4.6', 'kimi-k2.6')['zai:glm-4.6'], 'moonshot:kimi-k2.6');
    assert.equal(
      pairs('glm-4.6', 'of-our-own')['zai/glm-4.6'],
      'zai/of-our-own',
      'found, and left for a person',
    );
  });

  it('include ids of a runtime’s own making, which become the plain id of the target', () => {
    const pairs = spellingPairs(row('acme-1', small()), row('acme-2', small()));
    assert.deepEqual(
      pairs.find(({ from }) => from === 'Special'),
      { from: 'Special', to: 'acme-2' },
    );
  });
});
