/** A document uses a model exactly where a migration of that model would change the document. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tupleFinder } from '../../src/engine/rules/documents.ts';
import type { Place } from '../../src/engine/rules/place.ts';

const place: Place = {
  id: 'apps.pipeline/nodes/*/model',
  table: 'public.apps',
  entity: 'apps',
  column: 'pipeline',
  kind: 'completion',
  role: 'reference',
  carrier: 'json',
  shape: 'scalar',
  columns: [{ column: 'pipeline', template: '{name}' }],
  json: { pointer: '/nodes/*/model' },
  byKey: false,
  conditions: {},
  copies: [],
  companions: {},
  collision: 'ask',
  listed: true,
};
const tuples = [['a'], ['b'], ['c/d']];
const find = (text: string, at: Place = place): number[] => tupleFinder(at, tuples)({ text, elements: null });

describe('what a document names', () => {
  it('every model that the path leads to, each once', () => {
    assert.deepEqual(find('{"nodes": [{"model": "a"}, {"model": "c/d"}, {"model": "a"}]}'), [0, 2]);
  });

  it('also where JSON writes it with escapes', () => {
    assert.deepEqual(find('{"nodes": [{"model": "\\u0062"}, {"model": "c\\/d"}]}'), [1, 2]);
  });

  it('not elsewhere in the document, not as part of a word, and nothing where it is no JSON', () => {
    assert.deepEqual(find('{"title": "a", "nodes": [{"model": "aa"}, {"name": "b"}]}'), []);
    assert.deepEqual(find('{"nodes": [{"model": "a"'), []);
  });

  it('objects only where all members fit', () => {
    const fields = { provider: 'p', name: 'n' };
    const pairs = tupleFinder({ ...place, json: { pointer: '/model', fields } }, [
      ['x', 'a'],
      ['y', 'a'],
    ]);
    assert.deepEqual(pairs({ text: '{"model": {"p": "y", "n": "a"}}', elements: null }), [1]);
    assert.deepEqual(pairs({ text: '{"model": {"p": "z", "n": "a"}}', elements: null }), []);
  });

  it('elements of arrays and of comma lists', () => {
    const { json: _json, ...whole } = place;
    const array = tupleFinder({ ...whole, carrier: 'array', shape: 'list' }, tuples);
    assert.deepEqual(array({ text: '{b,x,a}', elements: ['b', 'x', 'a'] }), [1, 0]);
    assert.deepEqual(find('x, b ,a', { ...whole, carrier: 'text', shape: 'comma' }), [1, 0]);
    assert.deepEqual(find('x|b|a', { ...whole, carrier: 'text', shape: 'bars' }), [1, 0]);
    assert.deepEqual(find('--model=b, c/d', { ...whole, carrier: 'text', shape: 'inside' }), [1, 2]);
  });
});
