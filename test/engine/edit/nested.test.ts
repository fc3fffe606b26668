/** Documents in strings, lists in strings, and names of members: what is inside is edited as if it stood alone, and nothing else moves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { editedValue, editsAgain, rewriteDocument } from '../../../src/engine/edit/documents.ts';
import { revertJson } from '../../../src/engine/edit/revert-json.ts';
import { type RewrittenJson, rewriteJson } from '../../../src/engine/edit/rewrite-json.ts';
import type { Edit, ValueRule } from '../../../src/engine/edit/value-rule.ts';
import { formattedJson } from './random-json.ts';

const rule: ValueRule = {
  place: 't.c',
  shape: 'scalar',
  pointer: '',
  components: ['{name}'],
  mappings: [
    { from: ['old'], to: ['ne"w'] },
    { from: ['older'], to: ['new'] },
  ],
};
const at = (pointer: string, more: Partial<ValueRule> = {}): ValueRule => ({ ...rule, pointer, ...more });

function rewritten(text: string, rules: readonly ValueRule[]): RewrittenJson {
  const result = rewriteJson(text, rules);
  assert.ok(!('invalid' in result), text);
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

/** A text as the pieces of a JSON string, each character spelled in one of the ways that JSON has. */
function spelled(text: string, choice: readonly boolean[]): string[] {
  return text.split('').map((unit, n) => {
    const escape = `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    return choice[n % Math.max(1, choice.length)] === true ? escape : JSON.stringify(unit).slice(1, -1);
  });
}

function samePrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

function reversed(text: string): string {
  return text.split('').reverse().join('');
}

interface Inner {
  readonly text: string;
  readonly after: string;
  readonly spelling: readonly boolean[];
  /** Is each change a replacement? Then what stands before the first and behind the last is easy to say. */
  readonly replaced: boolean;
}

/** The string changes as its text does, alone; what stands before and behind the change keeps its spelling; all can be undone. */
function agrees(inner: Inner, outer: (literal: string) => string, rules: readonly ValueRule[]): void {
  const { text, after, spelling, replaced } = inner;
  const pieces = spelled(text, spelling);
  const before = outer(`"${pieces.join('')}"`);
  const moved = rewritten(before, rules);
  if (after === text) return assert.equal(moved.text, before);
  const start = samePrefix(text, after);
  const end = Math.min(samePrefix(reversed(text), reversed(after)), text.length - start);
  const [head = '', tail = ''] = outer('"\0"').split('\0');
  if (replaced) {
    assert.ok(moved.text.startsWith(head + pieces.slice(0, start).join('')), moved.text);
    assert.ok(moved.text.endsWith(pieces.slice(text.length - end).join('') + tail), moved.text);
  }
  const literal = moved.text.slice(head.length - 1, moved.text.length - tail.length + 1);
  assert.equal(JSON.parse(literal), after);
  const back = reverted(moved.text, moved.edits);
  assert.deepEqual(back.skipped, []);
  assert.equal(back.text, before);
}

const pointers = fc.constantFrom('', '/*', '/**', '/x', '/**/x');
const choices = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
const dense = fc.constantFrom(
  '{"x":"old"}',
  '["old", "x", "older"]',
  String.raw`{"x" : "\u006fld", "y": ["older"]}`,
  '{"old":1,"x":{"older": "old"}}',
);
const documents = fc.oneof(dense, formattedJson());

describe('a document in a string', () => {
  it('is edited as if it stood alone, to any depth', () => {
    const rules = fc.record({
      pointer: pointers,
      shape: fc.constantFrom('scalar' as const, 'list' as const),
    });
    fc.assert(
      fc.property(documents, rules, choices, choices, (inner, { pointer, shape }, one, two) => {
        const after = rewritten(inner, [at(pointer, { shape })]).text;
        const replaced = shape === 'scalar';
        const once = (literal: string): string => `{ "n":1,"s" : ${literal}, "old":["old"] }`;
        agrees({ text: inner, after, spelling: one, replaced }, once, [at(`/s/~json${pointer}`, { shape })]);
        const middle = `{"t": "${spelled(inner, two).join('')}"}`;
        const moved = rewritten(middle, [at(`/t/~json${pointer}`, { shape })]).text;
        const deep = [at(`/s/~json/t/~json${pointer}`, { shape })];
        agrees({ text: middle, after: moved, spelling: one, replaced }, once, deep);
      }),
      { numRuns: 400 },
    );
  });

  it('is left where the string holds none', () => {
    for (const text of ['{"s":"no"}', '{"s":"{old"}', '{"s":{"m":"old"}}', '{"s":5}'])
      assert.deepEqual(rewritten(text, [at('/s/~json/**')]).edits, []);
  });

  it('is undone beside what somebody changed in the same string, and left where the value itself was changed', () => {
    const before = String.raw`{"s":"{\"m\":\"old\",\"n\":\"older\"}"}`;
    const { text, edits } = rewritten(before, [at('/s/~json/*')]);
    assert.deepEqual(
      edits.map((edit) => [edit.pointer, edit.before, editedValue(edit, 'after')]),
      [
        ['/s/~json/m', String.raw`\"old\"`, 'ne"w'],
        ['/s/~json/n', String.raw`\"older\"`, 'new'],
      ],
    );
    const changed = text.replace(String.raw`\"new\"`, String.raw`\"mine\", \"o\":1`);
    const back = reverted(changed, edits);
    assert.equal(back.text, String.raw`{"s":"{\"m\":\"old\",\"n\":\"mine\", \"o\":1}"}`);
    assert.deepEqual(
      back.skipped.map(({ edit, reason }) => [edit.pointer, reason]),
      [['/s/~json/n', 'the value was changed since']],
    );
  });
});

describe('a text in a string', () => {
  const words = fc.array(
    fc.constantFrom('old', 'older', 'new', ',', '|', ' ', '\n', '=', '"', '-', 'é', '.', '/', 'x: '),
    { maxLength: 12 },
  );
  it('is edited as the text of a column is', () => {
    fc.assert(
      fc.property(
        words,
        fc.constantFrom('comma' as const, 'bars' as const, 'inside' as const),
        choices,
        (some, shape, choice) => {
          const inner = some.join('');
          const { pointer: _pointer, ...plain } = at('', { shape });
          const column = rewriteDocument({ text: inner, elements: null }, [plain]);
          assert.ok(column.kind === 'edited');
          const replaced = shape === 'inside';
          const text = { text: inner, after: column.value.text, spelling: choice, replaced };
          agrees(text, (literal) => `["old",  ${literal} ]`, [at('/1', { shape })]);
        },
      ),
      { numRuns: 400 },
    );
  });

  const inside: Readonly<Record<string, string>> = {
    'model: old\n': 'model: new\n',
    '- {vendor: x, name: old}': '- {vendor: x, name: new}',
    '--model=old': '--model=new',
    'MODEL=v/old #old': 'MODEL=v/new #new',
    'older old-1 1.old old.5 old_ xold': 'older old-1 1.old old.5 old_ xold',
    'old. (old) "old"': 'new. (new) "new"',
    用old吗: '用new吗',
    'v:old': 'w:new',
  };
  for (const [before, after] of Object.entries(inside)) {
    it(`${JSON.stringify(before)} becomes ${JSON.stringify(after)}`, () => {
      const mappings = [
        { from: ['old'], to: ['new'] },
        { from: ['v:old'], to: ['w:new'] },
      ];
      const { text, edits } = rewritten(JSON.stringify(before), [at('', { shape: 'inside', mappings })]);
      assert.equal(JSON.parse(text), after);
      assert.equal(reverted(text, edits).text, JSON.stringify(before));
    });
  }
});

/** The text with other names of members. */
function renamedTokens(text: string, names: ReadonlyMap<string, string>): string {
  return text.replaceAll(/("(?:[^"\\]|\\.)*")(\s*:)?/g, (all, name: string, colon: string | undefined) => {
    const to = colon === undefined ? undefined : names.get(String(JSON.parse(name)));
    return to === undefined ? all : `${JSON.stringify(to)}${colon}`;
  });
}

/** Does an object have several members of one name? */
function hidesMembers(text: string): boolean {
  let members = 0;
  JSON.parse(text, (_, value: unknown) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      members += Object.keys(value).length;
    return value;
  });
  return members < (text.match(/"(?:[^"\\]|\\.)*"\s*:/g) ?? []).length;
}

describe('a name of a member', () => {
  const names = [
    { from: ['old'], to: ['fresh'] },
    { from: ['older'], to: ['fresher'] },
  ];
  const everywhere = at('/**/~key', { mappings: names });
  const becomes = new Map([
    ['old', 'fresh'],
    ['older', 'fresher'],
  ]);

  it('moves wherever it stands, and neither its value nor the order nor any other byte does', () => {
    fc.assert(
      fc.property(documents, (text) => {
        fc.pre(!hidesMembers(text));
        const moved = rewritten(text, [everywhere]);
        assert.equal(moved.text, renamedTokens(text, becomes));
        const back = reverted(moved.text, moved.edits);
        assert.deepEqual([back.text, back.skipped], [text, []]);
        const again = reverted(back.text, editsAgain(back.reverted));
        assert.deepEqual([again.text, again.skipped], [moved.text, []]);
        assert.equal(reverted(again.text, editsAgain(again.reverted)).text, text);
      }),
      { numRuns: 400 },
    );
  });

  it('keeps what somebody changed in the value since, and stays where the old name is there again', () => {
    const { text, edits } = rewritten('{"l":{"old":{"n":5},"x":1}}', [at('/l/~key', { mappings: names })]);
    assert.equal(text, '{"l":{"fresh":{"n":5},"x":1}}');
    assert.deepEqual([edits[0]?.pointer, edits[0]?.before], ['/l/~key/fresh', '"old"']);
    assert.equal(reverted(text.replace('5', '6'), edits).text, '{"l":{"old":{"n":6},"x":1}}');
    const both = reverted('{"l":{"fresh":1,"old":2}}', edits);
    assert.deepEqual(
      both.skipped.map(({ reason }) => reason),
      ['a member of the old name is there again'],
    );
    const gone = reverted('{"l":{"x":1}}', edits);
    assert.deepEqual(
      gone.skipped.map(({ reason }) => reason),
      ['the member is no longer there'],
    );
  });

  it('is never given twice: nothing moves, or the redundant member goes', () => {
    const collision = '{"a": {"old": 1, "fresh" : 2}, "b": {"old": 3}}';
    const kept = rewritten(collision, [everywhere]);
    assert.deepEqual([kept.text, kept.edits, kept.colliding.get('t.c')], [collision, [], 1]);
    const dropping = { ...everywhere, dropRedundant: true };
    const dropped = rewritten(collision, [dropping]);
    assert.equal(dropped.text, '{"a": {"fresh" : 2}, "b": {"fresh": 3}}');
    assert.equal(reverted(dropped.text, dropped.edits).text, collision);
    const behind = rewritten('{"fresh":1 , "x":{ } , "old" : [2] }', [dropping]);
    assert.equal(behind.text, '{"fresh":1 , "x":{ } }');
    assert.equal(reverted(behind.text, behind.edits).text, '{"fresh":1 , "x":{ } , "old" : [2] }');
  });

  it('is given once where two sources have one target', () => {
    const same = at('/~key', {
      mappings: [
        { from: ['old'], to: ['n'] },
        { from: ['older'], to: ['n'] },
      ],
    });
    assert.equal(rewritten('{"old":1,"older":2}', [same]).colliding.get('t.c'), 1);
    assert.equal(rewritten('{"old":1,"older":2}', [{ ...same, dropRedundant: true }]).text, '{"n":1}');
  });

  it('moves with members that it hides, so that no older value comes to light', () => {
    const { text, edits } = rewritten('{"old":1, "old":2}', [everywhere]);
    assert.equal(text, '{"fresh":1, "fresh":2}');
    assert.equal(reverted(text, edits).text, '{"old":1, "old":2}');
  });

  it('moves in a document in a string, beside values of the same objects', () => {
    const before = String.raw`{"s":"{\"old\":{\"m\":\"old\"}}"}`;
    const values = at('/s/~json/*/m', { mappings: names });
    const keys = at('/s/~json/~key', { mappings: names });
    for (const rules of [
      [values, keys],
      [keys, values],
    ]) {
      const { text, edits } = rewritten(before, rules);
      assert.equal(text, String.raw`{"s":"{\"fresh\":{\"m\":\"fresh\"}}"}`);
      const back = reverted(text, edits);
      assert.equal(back.text, before);
      assert.equal(reverted(before, editsAgain(back.reverted)).text, text);
    }
  });
});
