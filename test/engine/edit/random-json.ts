/** Random JSON documents as text: any formatting, escapes, number spellings, names that occur twice. */
import fc from 'fast-check';

/** The texts that the tests move; short, so that they occur often. */
const words = ['old', 'older', 'new', 'newer', '7', '8', 'x', 'a/b', '~', '*', '', '__proto__'] as const;

const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '  \r\n ');

function spelledString(text: string): fc.Arbitrary<string> {
  const escaped = text
    .split('')
    .map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
  return fc.constantFrom(JSON.stringify(text), JSON.stringify(text), `"${escaped}"`);
}

const string = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words).chain(spelledString) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)) },
);

const number = fc.constantFrom('7', '8', '7.0', '-0', '1e400', '1E-7', '12345678901234567890', '0.10');

function joined(parts: readonly string[], gaps: readonly string[]): string {
  return parts.map((part, at) => `${gaps[at * 2] ?? ''}${part}${gaps[at * 2 + 1] ?? ''}`).join(',');
}

function container(open: string, close: string, part: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(part, { maxLength: 5 }), fc.array(space, { minLength: 11, maxLength: 11 }))
    .map(([parts, gaps]) => `${open}${parts.length === 0 ? (gaps[10] ?? '') : joined(parts, gaps)}${close}`);
}

/** A valid document with random formatting around it. */
export function formattedJson(): fc.Arbitrary<string> {
  const { document } = fc.letrec<{ document: string; member: string }>((tie) => ({
    document: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'json', withCrossShrink: true },
      fc.oneof(string, number, fc.constantFrom('true', 'false', 'null')),
      container('[', ']', tie('document')),
      container('{', '}', tie('member')),
    ),
    member: fc
      .tuple(string, space, space, tie('document'))
      .map(([key, before, after, value]) => `${key}${before}:${after}${value}`),
  }));
  return fc.tuple(space, document, space).map((parts) => parts.join(''));
}

/** Documents of which some are damaged: a character removed, doubled or replaced. */
export function nearlyJson(): fc.Arbitrary<string> {
  const damage = fc.constantFrom(
    '',
    ',',
    '"',
    '}',
    ']',
    '[',
    ':',
    '\\',
    '0',
    '-',
    '.',
    'e',
    '\u0000',
    '\u00a0',
    'n',
    '/',
  );
  return fc
    .tuple(formattedJson(), fc.nat(), damage, fc.constantFrom(0, 1))
    .map(([text, at, piece, removed]) => {
      const place = at % (text.length + 1);
      return `${text.slice(0, place)}${piece}${text.slice(place + removed)}`;
    });
}

/** What a pointer leads to in a parsed value. */
export function valueOf(value: unknown, pointer: string): unknown {
  const steps = pointer === '' ? [] : pointer.slice(1).split('/');
  return steps.reduce<unknown>((at, step) => {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  }, value);
}
