/** The reader accepts exactly what JSON.parse accepts, knows where everything stands, and never throws. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { meaningOf } from '../../../src/engine/edit/revert-json.ts';
import { findSpot, matchingSpots, parsePattern, pointerOf } from '../../../src/engine/edit/json-pointer.ts';
import { type JsonNode, parseJson, scalarText } from '../../../src/engine/edit/json-text.ts';
import { type Layer, outermostLayer, type Spot } from '../../../src/engine/edit/layers.ts';
import { formattedJson, nearlyJson, valueOf } from './random-json.ts';

function parsed(text: string): JsonNode {
  const root = parseJson(text);
  assert.ok(!('invalid' in root), `${text} is not read as JSON`);
  return root;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function layered(text: string): Layer {
  const layer = outermostLayer(text);
  assert.ok(!('invalid' in layer));
  return layer;
}

function spots(text: string, pattern = '/**'): Spot[] {
  return matchingSpots(layered(text), parsePattern(pattern).steps);
}

function pointers(text: string, pattern?: string): string[] {
  return spots(text, pattern).map((spot) => pointerOf(spot));
}

describe('reading JSON', () => {
  it('sees what JSON.parse sees, at its place', () => {
    fc.assert(
      fc.property(formattedJson(), (text) => {
        const layer = layered(text);
        const value: unknown = JSON.parse(text);
        for (const spot of matchingSpots(layer, ['any'])) {
          const { node } = spot;
          const raw = text.slice(node.start, node.end);
          assert.deepEqual(JSON.parse(raw), valueOf(value, pointerOf(spot)));
          assert.equal(findSpot(layer, pointerOf(spot))?.node, node);
          if (node.kind === 'string') assert.equal(scalarText(text, node), JSON.parse(raw));
        }
      }),
    );
  });

  it('refuses exactly what JSON.parse refuses', () => {
    fc.assert(
      fc.property(nearlyJson(), (text) => {
        const root = parseJson(text);
        assert.equal('invalid' in root, !isJson(text), text);
        if ('invalid' in root) assert.ok(root.position >= 0 && root.position <= text.length);
      }),
      { numRuns: 400 },
    );
  });

  const invalid: readonly (readonly [text: string, reason: RegExp, position: number])[] = [
    ['', /expected a value but found the end of the text/, 0],
    ['{"a":1,}', /expected a member name/, 7],
    ['[1,]', /expected a value/, 3],
    ['{"a" 1}', /expected a colon but found "1"/, 5],
    ['[1 2]', /expected a comma or \]/, 3],
    ['{"a":1 "b"', /expected a comma or \}/, 7],
    ['[1] 2', /expected the end of the document/, 4],
    ['"a\nb"', /control character/, 2],
    [String.raw`"\x"`, /escape/, 1],
    ['"open', /string without an end/, 0],
    ['\ufeff{}', /expected a value/, 0],
    ['-', /expected a number/, 0],
    ['nul', /expected a value/, 0],
  ];
  for (const [text, reason, position] of invalid) {
    it(`says where ${JSON.stringify(text)} stops being JSON`, () => {
      const result = parseJson(text);
      assert.ok('invalid' in result);
      assert.match(result.invalid, reason);
      assert.equal(result.position, position);
    });
  }

  it('sees only the last of several members with one name, and keeps the order of the text', () => {
    const text = '{"a":{"x":1},"b":2,"a":{"y":3}}';
    assert.deepEqual(pointers(text), ['', '/b', '/a', '/a/y']);
  });

  it('reads what is nested a hundred thousand levels deep, and strings of megabytes', () => {
    const deep = `${'[{"a":'.repeat(50_000)}"x"${'}]'.repeat(50_000)}`;
    assert.equal(spots(deep, '/**/a').length, 50_000);
    assert.equal(meaningOf('no JSON'), 'no JSON');
    assert.equal(meaningOf(deep), deep);
    const escaped = JSON.stringify('"\\é\n'.repeat(1_000_000));
    assert.equal(scalarText(escaped, parsed(escaped)), JSON.parse(escaped));
  });
});

describe('pointer patterns', () => {
  const text = '{"a":{"b":[{"c":1},{"c":2}]},"*":{"c":3},"x/y":{"~":4},"c":5,"":6}';
  const cases: Readonly<Record<string, readonly string[]>> = {
    '': [''],
    '/': ['/'],
    '/a/b/*/c': ['/a/b/0/c', '/a/b/1/c'],
    '/a/b/1/c': ['/a/b/1/c'],
    '/a/b/01/c': [],
    '/**/c': ['/a/b/0/c', '/a/b/1/c', '/*/c', '/c'],
    '/a/**/b': ['/a/b'],
    '/**/**/b': ['/a/b'],
    '/~2/c': ['/*/c'],
    '/*/c': ['/*/c'],
    '/x~1y/~0': ['/x~1y/~0'],
    '/~01': [],
  };
  for (const [pattern, expected] of Object.entries(cases)) {
    it(`${pattern === '' ? 'nothing' : pattern} leads to ${expected.length === 0 ? 'nothing' : expected.join(' ')}`, () => {
      assert.deepEqual(pointers(text, pattern), expected);
    });
  }

  it('leads from a pointer with any depth to every value, each once', () => {
    fc.assert(
      fc.property(formattedJson(), (document) => {
        const found = pointers(document, '/**/**');
        assert.equal(new Set(found).size, found.length);
        assert.deepEqual(found, pointers(document));
      }),
    );
  });

  it('refuses a pattern that does not begin at the document', () => {
    assert.throws(() => parsePattern('a/b'), /begins with/);
  });
});

describe('the meaning of JSON', () => {
  const equal: readonly (readonly [string, string])[] = [
    ['1.50', '15e-1'],
    ['100', '1E2'],
    ['-0', '0.00'],
    ['{"a":1,"b":[2]}', ' { "b" : [ 2.0 ] , "a" : 1 } '],
    ['{"a":0,"a":1}', '{"a":1}'],
    [String.raw`"\u0061"`, '"a"'],
    ['1e400', '10e399'],
    ['12345678901234567890', '12345678901234567890.0'],
  ];
  for (const [one, other] of equal)
    it(`${one} means ${other}`, () => assert.equal(meaningOf(one), meaningOf(other)));

  const different: readonly (readonly [string, string])[] = [
    ['"1"', '1'],
    ['12345678901234567890', '12345678901234567891'],
    ['1e400', '1e401'],
    ['-1', '1'],
    ['[1,2]', '[2,1]'],
    ['{"a":1}', '{"a":null}'],
    ['null', '"null"'],
  ];
  for (const [one, other] of different) {
    it(`${one} does not mean ${other}`, () => assert.notEqual(meaningOf(one), meaningOf(other)));
  }
});
