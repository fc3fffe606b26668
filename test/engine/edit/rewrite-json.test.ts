/**
 * Editing JSON as text: exactly the references move, every other byte stays, and everything can be taken back unless
 * somebody changed it since.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { visitJson } from '../../../src/engine/inventory/leaves.ts';
import { editsAgain } from '../../../src/engine/edit/documents.ts';
import { meaningOf, revertJson } from '../../../src/engine/edit/revert-json.ts';
import { findSpot, matchingSpots, pointerOf } from '../../../src/engine/edit/json-pointer.ts';
import { type Layer, outermostLayer, type Spot, spanInValue } from '../../../src/engine/edit/layers.ts';
import { rewriteJson } from '../../../src/engine/edit/rewrite-json.ts';
import type { Edit, ValueRule } from '../../../src/engine/edit/value-rule.ts';
import { moved, parseSpelled } from './json-oracle.ts';
import { formattedJson } from './random-json.ts';

const oldToNew = [
  { from: ['old'], to: ['new'] },
  { from: ['older'], to: ['new'] },
  { from: ['7'], to: ['8'] },
];
const scalar = (pointer: string): ValueRule => ({
  place: `t.c${pointer}`,
  shape: 'scalar',
  pointer,
  components: ['{name}'],
  mappings: oldToNew,
});
const list = (pointer: string): ValueRule => ({
  ...scalar(pointer),
  place: `t.c${pointer} list`,
  shape: 'list',
});
const object = (pointer: string): ValueRule => ({
  ...scalar(pointer),
  place: `t.c${pointer} fields`,
  fields: { provider: 'x', name: 'a/b' },
  components: ['provider', 'name'],
  mappings: [
    { from: ['old', '7'], to: ['new', '8'] },
    { from: ['old', 'old'], to: ['old', 'new'] },
    { from: ['', 'old'], to: ['new', 'new'] },
  ],
});
/** By key, with what else names the model: another provider's models have the same one, and nothing else. */
const keyed = (pointer: string, beside: 'name' | 'provider'): ValueRule => ({
  ...object(pointer),
  fields: { key: 'a/b', [beside]: 'x' },
  components: ['key', beside],
  mappings: [{ from: ['7', 'old'], to: ['8', 'new'] }],
});

function rewritten(text: string, rules: readonly ValueRule[]): { text: string; edits: Edit[] } {
  const result = rewriteJson(text, rules);
  assert.ok(!('invalid' in result));
  return result;
}

function reverted(
  text: string,
  edits: readonly Edit[],
): Exclude<ReturnType<typeof revertJson>, { invalid: string }> {
  const result = revertJson(text, edits);
  assert.ok(!('invalid' in result));
  return result;
}

function layered(text: string): Layer {
  const layer = outermostLayer(text);
  assert.ok(!('invalid' in layer));
  return layer;
}

const pointers = fc.constantFrom('', '/*', '/**', '/x', '/*/*', '/**/x', '/x/**', '/~2', '/a~1b', '/**/*/x');
const rule = fc
  .tuple(pointers, fc.constantFrom(scalar, list, object))
  .map(([pointer, make]) => make(pointer));
const listOfObjects = pointers.map((pointer): ValueRule => ({ ...object(pointer), shape: 'list' }));
const keyedObjects = fc
  .tuple(pointers, fc.constantFrom('name' as const, 'provider' as const))
  .map(([pointer, beside]) => keyed(pointer, beside));
const rules = fc.array(fc.oneof(rule, rule, listOfObjects, keyedObjects), { minLength: 1, maxLength: 3 });
/** Half of the documents are made to hold references that the rules can reach. */
const dense = fc
  .array(
    fc.constantFrom(
      '"old"',
      '"new"',
      '"older"',
      ' "x" ',
      '7',
      '{"x":"old","a/b":7}',
      '{"x":"old","apiKeyRef":"x"}',
      '{"x" : "old" , "a/b":"old"}',
      '["old","new"]',
      '[ "older" , ["old", "old"] ]',
      'null',
    ),
    { maxLength: 6 },
  )
  .chain((parts) => fc.constantFrom(`[${parts.join(', ')}]`, `{"x":[${parts.join(',\n')}], "a/b": "old"}`));
const documents = fc.oneof(formattedJson(), dense);

const token = /"(?:[^"\\]|\\.)*"|[-+0-9.eE]+|true|false|null|[{}[\],:]|\s+/g;

function tokensOf(text: string): string[] {
  return text.match(token) ?? [];
}

/** Another value for a node that no edit concerns. Undefined where every node is concerned. */
function editElsewhere(
  text: string,
  edits: readonly Edit[],
  choice: number,
): { pointer: string; text: string } | undefined {
  const touched = edits.flatMap((edit) => [edit.pointer, ...Object.keys(edit.beside ?? {})]);
  const free = matchingSpots(layered(text), ['any']).filter((spot) => {
    const pointer = pointerOf(spot);
    return !touched.some(
      (other) => `${other}/`.startsWith(`${pointer}/`) || `${pointer}/`.startsWith(`${other}/`),
    );
  });
  const spot = free[choice % Math.max(1, free.length)];
  return spot === undefined ? undefined : { pointer: pointerOf(spot), text: replaceValue(text, spot) };
}

function replaceValue(text: string, { layer, node }: Spot): string {
  const { start, end } = spanInValue(layer, node);
  return `${text.slice(0, start)}"elsewhere"${text.slice(end)}`;
}

describe('rewriting JSON', () => {
  it('changes the meaning of a document exactly as moving its references does', () => {
    fc.assert(
      fc.property(documents, rules, (text, some) => {
        assert.deepEqual(parseSpelled(rewritten(text, some).text), moved(parseSpelled(text), some));
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves every byte alone that is not a moved value', () => {
    const kept = fc.array(
      fc.tuple(pointers, fc.constantFrom(scalar, object)).map(([pointer, make]) => make(pointer)),
      { minLength: 1, maxLength: 2 },
    );
    fc.assert(
      fc.property(documents, kept, (text, some) => {
        const [before, after] = [tokensOf(text), tokensOf(rewritten(text, some).text)];
        assert.equal(before.length, after.length);
        const changed = before.flatMap((part, at) =>
          part === after[at] ? [] : [[JSON.parse(part), JSON.parse(after[at] ?? '')]],
        );
        for (const [from, to] of changed)
          assert.ok(
            [
              ['old', 'new'],
              ['older', 'new'],
              [7, 8],
              ['7', '8'],
            ].some((pair) => pair[0] === from && pair[1] === to),
            `${from} → ${to}`,
          );
      }),
      { numRuns: 500 },
    );
  });

  it('is undone to the same bytes, and made again, however many rules there were', () => {
    fc.assert(
      fc.property(documents, rules, (text, some) => {
        const after = rewritten(text, some);
        const back = reverted(after.text, after.edits);
        assert.equal(back.text, text);
        assert.deepEqual(back.skipped, []);
        assert.equal(back.reverted.length, after.edits.length);
        assert.equal(reverted(text, editsAgain(back.reverted)).text, after.text);
      }),
      { numRuns: 1000 },
    );
  });

  it('does nothing the second time', () => {
    fc.assert(
      fc.property(documents, rule, (text, one) => {
        const once = rewritten(text, [one]).text;
        assert.deepEqual(rewritten(once, [one]), { text: once, edits: [], colliding: new Map() });
      }),
      { numRuns: 500 },
    );
  });

  it('is undone beside an edit that somebody else made, and keeps that edit', () => {
    fc.assert(
      fc.property(documents, rule, fc.nat(), (text, one, choice) => {
        const after = rewritten(text, [one]);
        const edited = editElsewhere(after.text, after.edits, choice);
        fc.pre(edited !== undefined);
        const original = findSpot(layered(text), edited.pointer);
        assert.ok(original !== undefined);
        assert.equal(reverted(edited.text, after.edits).text, replaceValue(text, original));
      }),
      { numRuns: 500 },
    );
  });

  it('is undone where only spaces and spellings changed', () => {
    fc.assert(
      fc.property(documents, rules, (text, some) => {
        const after = rewritten(text, some);
        const compact = tokensOf(after.text)
          .filter((part) => part.trim() !== '')
          .join('');
        const back = reverted(compact, after.edits);
        assert.deepEqual(back.skipped, []);
        assert.equal(meaningOf(back.text), meaningOf(text));
      }),
      { numRuns: 500 },
    );
  });

  it('leaves a value that somebody changed since, says so, and takes the others back', () => {
    fc.assert(
      fc.property(documents, pointers, fc.nat(), (text, pointer, choice) => {
        const after = rewritten(text, [scalar(pointer)]);
        const victim = after.edits[choice % Math.max(1, after.edits.length)];
        fc.pre(victim !== undefined);
        const spot = findSpot(layered(after.text), victim.pointer);
        assert.ok(spot !== undefined);
        const back = reverted(replaceValue(after.text, spot), after.edits);
        assert.deepEqual(back.skipped, [{ edit: victim, reason: 'the value was changed since' }]);
        const original = findSpot(layered(text), victim.pointer);
        assert.ok(original !== undefined);
        assert.equal(back.text, replaceValue(text, original));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what counts as a reference in JSON', () => {
  const cases: readonly (readonly [name: string, rule: ValueRule, before: string, after: string])[] = [
    ['a string', scalar('/m'), '{"m" : "old" }', '{"m" : "new" }'],
    ['a string spelled with escapes', scalar('/m'), String.raw`{"m":"\u006fld"}`, '{"m":"new"}'],
    ['a number that is an id stays a number', scalar('/m'), '{"m": 7}', '{"m": 8}'],
    ['an id as a string stays a string', scalar('/m'), '{"m": "7"}', '{"m": "8"}'],
    ['not a number spelled otherwise', scalar('/m'), '{"m": 7.0}', '{"m": 7.0}'],
    ['not a part of a string', scalar('/m'), '{"m": "older than old"}', '{"m": "older than old"}'],
    ['not a member name', scalar('/**'), '{"old": 1}', '{"old": 1}'],
    [
      'not JSON within a string',
      scalar('/**'),
      String.raw`{"m": "{\"m\":\"old\"}"}`,
      String.raw`{"m": "{\"m\":\"old\"}"}`,
    ],
    [
      'not a member that another of the same name hides',
      scalar('/m'),
      '{"m":"old","m":"x"}',
      '{"m":"old","m":"x"}',
    ],
    ['the last of members with one name', scalar('/m'), '{"m":"x","m":"old"}', '{"m":"x","m":"new"}'],
    ['a list element', list('/l'), '{"l": [ "a", "old" , "b" ]}', '{"l": [ "a", "new" , "b" ]}'],
    ['not a string where a list is expected', list('/l'), '{"l": "old"}', '{"l": "old"}'],
    [
      'a list with the target drops the source in front',
      list('/l'),
      '{"l": [ "old", "new" , "b" ]}',
      '{"l": [ "new" , "b" ]}',
    ],
    [
      'a list with the target drops the source behind',
      list('/l'),
      '{"l": ["new" , "old" ]}',
      '{"l": ["new" ]}',
    ],
    [
      'two spellings in one list become one target',
      list('/l'),
      '["old", "older"]'.replace(/^/, '{"l":').concat('}'),
      '{"l":["new"]}',
    ],
    [
      'a list keeps its order: the target stands where the first of both stood',
      list(''),
      '["old","a","new","a"]',
      '["new","a","a"]',
    ],
    [
      'other duplicates stay, and the target is there once',
      list(''),
      '["a","a","new","new","old"]',
      '["a","a","new"]',
    ],
    ['a list without the source stays', list(''), '["a","new","new"]', '["a","new","new"]'],
    [
      'both members of an object',
      object('/m'),
      '{"m":{"a/b":7,"x":"old","t":1}}',
      '{"m":{"a/b":8,"x":"new","t":1}}',
    ],
    [
      'only the member that differs',
      object('/m'),
      '{"m":{"a/b":"old","x":"old"}}',
      '{"m":{"a/b":"new","x":"old"}}',
    ],
    [
      'not an object of which one member differs',
      object('/m'),
      '{"m":{"a/b":7,"x":"other"}}',
      '{"m":{"a/b":7,"x":"other"}}',
    ],
    [
      'a missing member where the component is empty',
      object('/m'),
      '{"m":{"a/b":"old"}}',
      '{"m":{"a/b":"new"}}',
    ],
    [
      'a null member where the component is empty',
      object('/m'),
      '{"m":{"x":null,"a/b":"old"}}',
      '{"m":{"x":null,"a/b":"new"}}',
    ],
    [
      'not false where the component is empty',
      object('/m'),
      '{"m":{"x":false,"a/b":"old"}}',
      '{"m":{"x":false,"a/b":"old"}}',
    ],
    [
      'a name without the key',
      keyed('/**', 'name'),
      '{"m":{"x":"old","a/b":null}}',
      '{"m":{"x":"new","a/b":null}}',
    ],
    ['not a provider without the key', keyed('/**', 'provider'), '{"m":{"x":"old"}}', '{"m":{"x":"old"}}'],
    [
      'objects in a list',
      { ...object('/l'), shape: 'list' },
      '{"l":[{"a/b":7,"x":"old"},"old"]}',
      '{"l":[{"a/b":8,"x":"new"},"old"]}',
    ],
  ];
  for (const [name, one, before, after] of cases) {
    it(name, () => assert.equal(rewritten(before, [one]).text, after));
  }

  it('a target id that is no number is written as a string', () => {
    const one = { ...scalar('/m'), mappings: [{ from: ['7'], to: ['model-8'] }] };
    assert.equal(rewritten('{"m":7}', [one]).text, '{"m":"model-8"}');
  });

  it('answers text that is not JSON with the reason and the position', () => {
    assert.deepEqual(rewriteJson('{"m":', [scalar('/m')]), {
      invalid: 'expected a value but found the end of the text',
      position: 5,
    });
    assert.ok('invalid' in rewriteJson('nothing', []));
    assert.ok('invalid' in revertJson('nothing', []));
  });

  it('reports one edit per value, and for lists within lists the outermost', () => {
    const { edits } = rewritten('{"l":[["old"],"old"],"m":[ "old" ]}', [list('/**')]);
    assert.deepEqual(edits, [
      { place: 't.c/** list', pointer: '/l', before: '[["old"],"old"]', after: '[["new"],"new"]' },
      { place: 't.c/** list', pointer: '/m', before: '[ "old" ]', after: '[ "new" ]' },
    ]);
  });

  it('moves a reference ten thousand levels down and back', () => {
    const deep = `${'{"a":['.repeat(10_000)}"old"${']}'.repeat(10_000)}`;
    const after = rewritten(deep, [scalar('/**')]);
    assert.equal(after.text, deep.replace('old', 'new'));
    assert.equal(reverted(after.text, after.edits).text, deep);
  });
});

describe('taking JSON edits back', () => {
  const pair = object('/m');

  it('leaves both members of a pair where somebody changed one', () => {
    const after = rewritten('{"m":{"x":"old","a/b":7}}', [pair]);
    const changed = after.text.replace('"new"', '"azure"');
    const back = reverted(changed, after.edits);
    assert.equal(back.text, changed);
    assert.equal(back.skipped.length, 2);
  });

  it('leaves the moved member where somebody changed the one that had stayed', () => {
    const after = rewritten('{"m":{"x":"old","a/b":"old"}}', [pair]);
    const back = reverted('{"m":{"x":"azure","a/b":"new"}}', after.edits);
    assert.equal(back.text, '{"m":{"x":"azure","a/b":"new"}}');
    assert.deepEqual(
      back.skipped.map(({ reason }) => reason),
      ['the value beside it at /m/x was changed since'],
    );
  });

  it('leaves a list to which somebody added something', () => {
    const after = rewritten('{"l":["old"]}', [list('/l')]);
    const back = reverted('{"l":["new","mine"]}', after.edits);
    assert.equal(back.text, '{"l":["new","mine"]}');
    assert.deepEqual(
      back.skipped.map(({ reason }) => reason),
      ['the value was changed since'],
    );
  });

  it('says so where the value is gone', () => {
    const after = rewritten('{"m":"old","n":1}', [scalar('/m')]);
    const back = reverted('{"n":1}', after.edits);
    assert.equal(back.text, '{"n":1}');
    assert.deepEqual(
      back.skipped.map(({ reason }) => reason),
      ['the value is no longer there'],
    );
  });
});

it('leaves no value that names the source after a move of all', () => {
  fc.assert(
    fc.property(documents, (text) => {
      const left: string[] = [];
      visitJson(rewritten(text, [scalar('/**')]).text, '', {
        isModel: () => false,
        visit: ({ text: leaf, path, isMember }) => {
          const pointer = path ?? '';
          if (!isMember && !pointer.includes('~json') && ['old', 'older', '7'].includes(leaf))
            left.push(pointer);
        },
      });
      assert.deepEqual(left, []);
    }),
    { numRuns: 500 },
  );
});
