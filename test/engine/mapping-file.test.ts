/** A file of keys is read whole, and every line that cannot be read is named. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { mostPairs, readMapping } from '../../src/engine/plan/mapping-file.ts';

/** Lines and messages, shortened to what tells them apart. */
function problemsOf(text: string): string[] {
  const { problems } = readMapping(text);
  return problems.map(({ line, message }) => `${line} ${message}`);
}

describe('a file of keys', () => {
  it('is CSV with LF or CRLF, quotes, columns in any order and a last line with or without its end', () => {
    const same = [
      { line: 2, from: 'a', to: 'b' },
      { line: 3, from: 'x "y", z', to: ' c ' },
    ];
    for (const text of [
      'from,to\na,b\n"x ""y"", z", c \n',
      'from,to\r\na,b\r\n"x ""y"", z", c ',
      '"to","from"\n"b","a"\n c ,"x ""y"", z"',
    ])
      assert.deepEqual(readMapping(text), { entries: same, problems: [], tenants: false });
    assert.deepEqual(readMapping('tenant,from,to\n7,"a\nb",c\n8,d,e').entries, [
      { line: 2, from: 'a\nb', to: 'c', tenant: '7' },
      { line: 4, from: 'd', to: 'e', tenant: '8' },
    ]);
  });

  it('that cannot be read says why, line by line', () => {
    assert.deepEqual(problemsOf(''), ['1 the file is empty']);
    assert.deepEqual(problemsOf('from,to\n'), ['1 there is a header and no pair']);
    for (const header of ['a,b', 'from', 'from,to,from', 'from,to,note', 'From,To', 'from;to'])
      assert.match(problemsOf(`${header}\na,b\n`).join(), /^1 the header is/, header);
    assert.deepEqual(problemsOf('from,to\na\nb,c,d\n\ne,f\n'), [
      '2 it has 1 fields, and the header 2',
      '3 it has 3 fields, and the header 2',
      '4 it has 1 fields, and the header 2',
    ]);
    assert.deepEqual(problemsOf('from,to\n"a,b\nc,d\n'), ['2 a quote is opened and not closed']);
    assert.deepEqual(problemsOf('from,to\n"a"x,b\nc"d,e\nf\rg,h\ni\n'), [
      '2 something follows a closing quote within the field',
      '3 a quote or a carriage return stands within a field that is not in quotes',
      '4 a quote or a carriage return stands within a field that is not in quotes',
      '5 it has 1 fields, and the header 2',
    ]);
    assert.deepEqual(problemsOf('from,to,tenant\na,b,\n'), ['2 tenant is empty']);
    const long = Array.from({ length: mostPairs + 1 }, (_, at) => `${at},n${at}`);
    assert.deepEqual(problemsOf(`from,to\n${long.join('\n')}`), [
      `${mostPairs + 2} there are more than ${mostPairs} pairs: divide the file`,
    ]);
  });

  it('gives back what was written, whatever the keys are', () => {
    const key = fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed() && !text.includes('\0'));
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.tuple(key, key), { minLength: 1 }), (pairs) => {
        const text = `from,to\r\n${pairs.map((pair) => pair.map(quoted).join(',')).join('\r\n')}`;
        const { entries, problems } = readMapping(text);
        assert.deepEqual(problems, []);
        assert.deepEqual(
          entries.map(({ from, to }) => [from, to]),
          pairs,
        );
      }),
    );
  });
});
