/** A file of keys is read whole, and every line that cannot be read is named. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { mostPairs, readMapping } from '../../src/cli/migrations/mapping-file.ts';

/** Lines and messages, shortened to what tells them apart. */
function problemsOf(text: string): string[] {
  const { problems } = readMapping(Buffer.from(text));
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
      assert.deepEqual(readMapping(Buffer.from(text)), { entries: same, problems: [], tenants: false });
    assert.deepEqual(readMapping(Buffer.from('tenant,from,to\n7,"a\nb",c\n8,d,e')).entries, [
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
    const unread = ': what follows was not read';
    for (const [line, message] of [
      ['"a,b', 'a quote is opened and not closed'],
      ['"a"x,b', 'something follows a closing quote within the field'],
      ['c"d,e', 'a quote stands within a field that is not in quotes'],
    ]) {
      const text = `from,to\nx\n"m\nn",o\n${line}\nc,d,e\n`;
      assert.deepEqual(problemsOf(text), ['2 it has 1 fields, and the header 2', `5 ${message}${unread}`]);
      assert.deepEqual(problemsOf(`${line}\nfrom,to\n`), [`1 ${message}${unread}`]);
    }
    assert.deepEqual(problemsOf('from,to,tenant\na,b,\n'), ['2 tenant is empty']);
    const long = Array.from({ length: mostPairs + 1 }, (_, at) => `${at},n${at}`);
    assert.deepEqual(problemsOf(`from,to\n${long.join('\n')}`), [
      `${mostPairs + 2} there are more than ${mostPairs} pairs: divide the file`,
    ]);
  });

  it('gives back what was written, whatever the keys are, and says on which line it begins', () => {
    const breaks = fc.constantFrom('\n', '\r\n', '\r', 'a\r\nb', '"\n"');
    const key = fc
      .array(fc.oneof(fc.string({ unit: 'grapheme' }), breaks), { maxLength: 4 })
      .map((parts) => parts.join(''))
      .filter((text) => text.isWellFormed() && !text.includes('\0'));
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.tuple(key, key), { minLength: 1 }), (pairs) => {
        const lines = pairs.map((pair) => pair.map(quoted).join(','));
        const text = `from,to\r\n${lines.join('\r\n')}`;
        const begin = lines.map(
          (_, at) => ['from,to', ...lines.slice(0, at)].join('\n').split('\n').length + 1,
        );
        const { entries, problems } = readMapping(Buffer.from(text));
        assert.deepEqual(problems, []);
        assert.deepEqual(
          entries.map(({ line, from, to }) => [line, from, to]),
          pairs.map((pair, at) => [begin[at], ...pair]),
        );
      }),
    );
  });
});
