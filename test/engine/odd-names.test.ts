/** Names that JavaScript gives to members of every object are names of models like any other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelFromText } from '../../src/engine/models/select.ts';
import { ownMember } from '../../src/engine/own.ts';
import { mappingsOf, tupleWriter } from '../../src/engine/rules/mapping.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { buildCatalog } from './build-catalog.ts';

const names = [
  'constructor',
  'toString',
  '__proto__',
  'hasOwnProperty',
  'valueOf',
  'x'.repeat(10_000),
  'אבג مرحبا',
  'a\u0001\u001Fb',
  '\uD800',
];

const catalog = buildCatalog({
  firms: { id: 'uuid!', name: 'text' },
  agents: { id: 'uuid!', firm_id: 'uuid! -> firms.id', model: 'text', provider: 'text' },
});

function configFor(listed: boolean): Config {
  return {
    version: 1,
    model: {
      identity: ['provider', 'name'],
      ...(listed ? { spellings: { name: { plain: ['other'] } } } : {}),
    },
    tenant: { root: 'firms', column: 'firm_id' },
    places: [{ at: 'agents.model', partner: 'provider' }],
  };
}

for (const listed of [false, true])
  for (const name of names)
    test(`a model and a provider called ${JSON.stringify(name.slice(0, 20))}${listed ? ', with spellings' : ''}`, () => {
      const config = configFor(listed);
      const { rules } = resolveRules(catalog, config);
      const [place] = rules.places;
      const [source, target] = [`${name}/${name}`, 'b/plain'].map((text) =>
        modelFromText(config, { kind: 'completion', text }),
      );
      assert.ok(place !== undefined && source !== undefined && 'model' in source);
      assert.ok(target !== undefined && 'model' in target);
      const pair = { source: source.model, target: target.model };
      const [first] = mappingsOf(place, pair, config);
      assert.deepEqual(first, { from: [name, name], to: ['plain', 'b'] });
      assert.deepEqual(tupleWriter(place, config)(source.model)[0], [name, name]);
    });

test('a record has only what is its own', () => {
  assert.equal(ownMember({ a: 1 }, 'constructor'), undefined);
  assert.equal(ownMember({ a: 1 }, 'a'), 1);
  assert.equal(ownMember(undefined, 'a'), undefined);
});
