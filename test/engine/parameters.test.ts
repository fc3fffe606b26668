/** Parameters are kept, mapped by declared meaning or dropped, and nothing is changed without being said. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ModelFacts, namedModel, type ParameterSupport } from '../../src/engine/models/model.ts';
import { translateParameters } from '../../src/engine/models/parameters.ts';

type Support = Readonly<Record<string, ParameterSupport>>;

function model(parameters?: Support): ModelFacts {
  const facts = namedModel({ kind: 'completion', components: { name: 'm' } });
  return parameters === undefined ? facts : { ...facts, parameters };
}

const effort = { levels: ['low', 'medium', 'high'], meaning: { low: 0.1, medium: 0.3, high: 0.5 } };
const successor = {
  levels: ['low', 'medium', 'high', 'max'],
  meaning: { low: 0.2, medium: 0.5, high: 0.8, max: 1 },
};

interface Case {
  readonly name: string;
  readonly from?: Support;
  readonly to: Support;
  readonly before: string;
  readonly after: string;
  readonly changes: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: 'keeps what the target supports, byte for byte',
    to: { temperature: { min: 0, max: 2 }, seed: {} },
    before: '{"seed" : 12345678901234567890,\n "temperature": 0.70}',
    after: '{"seed" : 12345678901234567890,\n "temperature": 0.70}',
    changes: ['seed kept 12345678901234567890 12345678901234567890', 'temperature kept 0.70 0.70'],
  },
  {
    name: 'drops what the target does not know and keeps the spelling of the rest',
    to: { seed: {} },
    before: '{"seed":12345678901234567890,"top_k":5}',
    after: '{"seed": 12345678901234567890}',
    changes: ['seed kept 12345678901234567890 12345678901234567890', 'top_k dropped 5 undefined'],
  },
  {
    name: 'clamps into the range of the target',
    to: { temperature: { min: 0, max: 1 }, top_p: { min: 0.1 }, penalty: { max: 2 } },
    before: '{"temperature":1.5,"top_p":0,"penalty":1e400}',
    after: '{"temperature": 1, "top_p": 0.1, "penalty": 2}',
    changes: ['temperature clamped 1.5 1', 'top_p clamped 0 0.1', 'penalty clamped 1e400 2'],
  },
  {
    name: 'renames by the aliases of the target',
    to: { max_output_tokens: { max: 4096, aliases: ['max_tokens'] } },
    before: '{"max_tokens":1000}',
    after: '{"max_output_tokens": 1000}',
    changes: ['max_tokens renamed max_tokens max_output_tokens'],
  },
  {
    name: 'renames by the aliases of the source, and says so when the value changes too',
    from: { max_tokens: { aliases: ['limit', 'max_output_tokens'] } },
    to: { max_output_tokens: { max: 4096 } },
    before: '{"limit":9000}',
    after: '{"max_output_tokens": 4096}',
    changes: ['limit renamed limit max_output_tokens', 'max_output_tokens clamped 9000 4096'],
  },
  {
    name: 'prefers the parameter that has the name of the target already',
    to: { max_output_tokens: { aliases: ['max_tokens'] } },
    before: '{"max_tokens":1,"max_output_tokens":2}',
    after: '{"max_output_tokens": 2}',
    changes: ['max_tokens dropped 1 undefined', 'max_output_tokens kept 2 2'],
  },
  {
    name: 'translates a word by what it means and not by how it is spelled',
    from: { effort },
    to: { effort: successor },
    before: '{"effort":"high"}',
    after: '{"effort": "medium"}',
    changes: ['effort rescaled "high" "medium"'],
  },
  {
    name: 'takes the weaker of two levels that are equally near',
    from: { effort: { levels: ['mid'], meaning: { mid: 0.5 } } },
    to: { effort: { levels: ['low', 'high'], meaning: { low: 0.25, high: 0.75 } } },
    before: '{"effort":"mid"}',
    after: '{"effort": "low"}',
    changes: ['effort rescaled "mid" "low"'],
  },
  {
    name: 'keeps a word that means the same',
    from: { effort },
    to: { effort },
    before: '{"effort":"high"}',
    after: '{"effort":"high"}',
    changes: ['effort kept "high" "high"'],
  },
  {
    name: 'says where nobody declares what a word means',
    from: { effort: { levels: ['low', 'high'] } },
    to: { effort: { levels: ['low', 'high'] } },
    before: '{"effort":"high"}',
    after: '{"effort":"high"}',
    changes: ['effort unknown-kept "high" "high"'],
  },
  {
    name: 'drops a word that the target does not take and nobody explains',
    to: { effort: { levels: ['low', 'high'] } },
    before: '{"effort":"extreme"}',
    after: '{}',
    changes: ['effort dropped "extreme" undefined'],
  },
  {
    name: 'turns a number into a level by where it lies in the range of the source',
    from: { budget: { min: 0, max: 32000, aliases: ['effort'] } },
    to: { effort: successor },
    before: '{"budget":16000}',
    after: '{"effort": "medium"}',
    changes: ['budget renamed budget effort', 'effort rescaled 16000 "medium"'],
  },
  {
    name: 'turns a level into a number where the target counts',
    from: { effort: { ...effort, aliases: ['budget'] } },
    to: { budget: { min: 1000, max: 11000 } },
    before: '{"effort":"high"}',
    after: '{"budget": 6000}',
    changes: ['effort renamed effort budget', 'budget rescaled "high" 6000'],
  },
  {
    name: 'drops what is no number where the target counts, and keeps null',
    to: { budget: { max: 5 }, top_p: { max: 1 } },
    before: '{"budget":true,"top_p":null}',
    after: '{"top_p": null}',
    changes: ['budget dropped true undefined', 'top_p kept null null'],
  },
  {
    name: 'is not led astray by names that objects have of themselves',
    to: { seed: {} },
    before: '{"constructor":1,"__proto__":2,"toString":"x"}',
    after: '{}',
    changes: [
      'constructor dropped 1 undefined',
      '__proto__ dropped 2 undefined',
      'toString dropped "x" undefined',
    ],
  },
  {
    name: 'is not led astray by values that objects have of themselves',
    from: { effort, budget: effort },
    to: { effort: successor, budget: { max: 100 } },
    before: '{"effort":"constructor","budget":"toString"}',
    after: '{}',
    changes: ['effort dropped "constructor" undefined', 'budget dropped "toString" undefined'],
  },
  { name: 'has nothing to do for null', to: {}, before: 'null', after: 'null', changes: [] },
  {
    name: 'drops everything where the target takes nothing',
    to: {},
    before: '{"a":[1,{"b":2}]}',
    after: '{}',
    changes: ['a dropped [1,{"b":2}] undefined'],
  },
];

describe('translating parameters', () => {
  for (const { name, from, to, before, after, changes } of cases) {
    it(name, () => {
      const result = translateParameters(before, { source: model(from), target: model(to) });
      assert.ok('changes' in result);
      assert.equal(result.document, after);
      assert.deepEqual(
        result.changes.map((change) => `${change.name} ${change.change} ${change.before} ${change.after}`),
        changes,
      );
    });
  }

  it('does nothing the second time, as far as the target goes', () => {
    const to = model({ max_output_tokens: { max: 4096, aliases: ['max_tokens'] }, effort: successor });
    const once = translateParameters('{"max_tokens":9000,"effort":"high"}', {
      source: model({ effort }),
      target: to,
    });
    assert.ok('changes' in once);
    const twice = translateParameters(once.document, { source: to, target: to });
    assert.ok('changes' in twice);
    assert.equal(twice.document, once.document);
  });

  it('says so where nobody knows what the target supports, instead of guessing', () => {
    assert.deepEqual(translateParameters('{"a":1}', { source: model({ a: {} }), target: model() }), {
      unknown: 'target-parameters',
    });
  });

  it('refuses what is not an object', () => {
    for (const text of ['[1]', '"x"', '7', 'true', '{'])
      assert.ok('invalid' in translateParameters(text, { source: model(), target: model({}) }), text);
  });
});
