/** What the registry tells plans: a database without columns for limits and dates gets the same findings as one that has them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareModels } from '../../src/engine/compatibility.ts';
import type { ModelFacts } from '../../src/engine/model.ts';
import { withKnowledge } from '../../src/engine/model-knowledge.ts';
import type { Said } from '../../src/engine/model-knowledge.ts';
import { rankTargets } from '../../src/engine/suggest.ts';
import { finish } from '../../src/registry/load.ts';
import { knowledgeOf } from '../../src/registry/knowledge.ts';
import type { Model } from '../../src/registry/shape.ts';

function entry(id: string, more: Partial<Model> = {}): Model {
  return {
    id,
    name: id,
    vendor: 'acme',
    family: 'owl',
    kind: 'completion',
    lifecycle: { status: 'active' },
    source: 'https://example.org/models',
    checked: '2026-11-21',
    ...more,
  };
}

const { registry } = finish({
  version: 'test',
  levels: {},
  providers: [],
  runtimes: [],
  models: [
    entry('owl-1', {
      aliases: ['owl-one'],
      context: 200_000,
      input: ['text', 'image'],
      prices: { input: 1, output: 2 },
      lifecycle: { status: 'deprecated', shutdown: '2026-12-01', replacement: 'owl-2' },
    }),
    entry('owl-2', { context: 100_000, input: ['text'], prices: { input: 5, output: 9 } }),
    entry('owl-3', { context: 300_000 }),
  ],
});
const knowledge = knowledgeOf({ registry });

function row(name: string, more: Partial<ModelFacts> = {}): ModelFacts {
  const components = { name };
  return {
    kind: 'completion',
    key: name,
    components,
    enabled: true,
    deprecated: false,
    retired: false,
    capabilities: {},
    ...more,
  };
}

function known(model: ModelFacts, said: Said = new Set()): ModelFacts {
  return withKnowledge(model, { knowledge, said });
}

describe('what the registry knows of a model', () => {
  it('fills in what the database has no column for', () => {
    const model = known(row('owl-1'));
    assert.deepEqual(
      [model.context, model.capabilities, model.shutdown, model.priceIn, model.deprecated],
      [200_000, { vision: true, audio: false }, '2026-12-01', 1, true],
    );
  });

  it('leaves what the database has a column for, an empty value included', () => {
    const said = new Set(['context', 'shutdown', 'vision', 'deprecated']);
    const model = known(row('owl-1', { context: 8_000 }), said);
    assert.deepEqual(
      [model.context, model.shutdown, model.capabilities, model.deprecated],
      [8_000, undefined, { audio: false }, false],
    );
  });

  it('gives no price where the database has prices of its own: they may be of another currency', () => {
    assert.equal(known(row('owl-1'), new Set(['price_in'])).priceOut, undefined);
  });

  it('goes by id, alias and vendor/id, and not by the name of another vendor or kind', () => {
    assert.equal(known(row('owl-one')).context, 200_000);
    assert.equal(known(row('acme/owl-1')).context, 200_000);
    assert.equal(known(row('other/owl-1')).context, undefined);
    assert.equal(known(row('owl-1', { kind: 'embedding' })).context, undefined);
    assert.equal(known(row('owl-11')).context, undefined);
  });

  it('makes the findings that the columns would make', () => {
    const codes = compareModels(known(row('owl-1')), known(row('owl-2')), { today: '2026-11-21' }).map(
      ({ code }) => code,
    );
    assert.ok(codes.includes('CONTEXT_LOWER'), codes.join());
    assert.deepEqual(compareModels(row('owl-1'), row('owl-2'), { today: '2026-11-21' }), []);
  });

  it('puts what the vendor recommends first', () => {
    const names = (models: ModelFacts[]): (string | undefined)[] =>
      rankTargets(models[0] ?? row('?'), models, { today: '2026-11-21' }).map(
        ({ model }) => model.components['name'],
      );
    const rows = ['owl-1', 'owl-3', 'owl-2'].map((name) => row(name));
    assert.deepEqual(names(rows.map((one) => known(one, new Set(['context', 'vision'])))), [
      'owl-2',
      'owl-3',
    ]);
    assert.deepEqual(names(rows), ['owl-2', 'owl-3'].toSorted());
  });
});
