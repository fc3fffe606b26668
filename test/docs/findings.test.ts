/** docs/findings.md describes the findings that the engine can make: each of them, and no others. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const makers = [
  'src/engine/models/compatibility.ts',
  'src/engine/planner/findings.ts',
  'src/engine/planner/inventory-findings.ts',
  'src/engine/planner/parameter-findings.ts',
  'src/engine/planner/row-findings.ts',
  'src/engine/planner/subject-findings.ts',
  'src/engine/models/resolution-findings.ts',
  'src/engine/tenantize/ask.ts',
  'src/engine/tenantize/questions.ts',
  'src/engine/tenantize/stray-questions.ts',
  'src/engine/tenantize/values.ts',
];
const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8').replaceAll('\r\n', '\n');

interface Described {
  readonly code: string;
  readonly severity: string;
}

/** Every literal that is written like a code: in those files nothing else is. */
function codesOf(source: string): string[] {
  return [
    ...new Set(
      [...source.matchAll(/(['"`])([A-Z][A-Z0-9]{5,}|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\1/g)].map(
        (each) => each[2] ?? '',
      ),
    ),
  ];
}

function rowsOf(document: string): Described[] {
  return [...document.matchAll(/^\| ([A-Z0-9_]+) \| ([^|]+) \|/gm)].map((each) => ({
    code: each[1] ?? '',
    severity: each[2] ?? '',
  }));
}

/** One sentence for each difference. */
function compare(source: string, document: string): string[] {
  const codes = codesOf(source);
  const described = rowsOf(document).map(({ code }) => code);
  return [
    ...codes
      .filter((code) => !described.includes(code))
      .map((code) => `docs/findings.md does not describe ${code}`),
    ...described.filter((code) => !codes.includes(code)).map((code) => `there is no finding ${code}`),
    ...described.filter((code, at) => described.indexOf(code) !== at).map((code) => `${code} is there twice`),
  ];
}

describe('findings are those of docs/findings.md', () => {
  const source = makers.map(read).join('\n');
  const document = read('docs/findings.md');

  it('all of them, and no others', () => {
    assert.ok(codesOf(source).length > 30);
    assert.deepEqual(compare(source, document), []);
  });

  it('with a severity that there is, and as many that may be forced as the source says', () => {
    const rows = rowsOf(document);
    for (const { code, severity } of rows) assert.match(severity, /^(error|warning|info)\b/, code);
    const forceable = source.match(/forceable: true/g) ?? [];
    assert.equal(rows.filter(({ severity }) => severity === 'error, force').length, forceable.length);
  });

  it('are made in the files that are compared, and nowhere else', () => {
    const others = globSync('src/**/*.ts')
      .map((path) => path.replaceAll('\\', '/'))
      .filter(
        (path) =>
          !makers.includes(path) &&
          // The rules of the doctor have pages of their own: docs/isolation.
          !path.startsWith('src/isolation/') &&
          /(\bseverity: |\bfinding\(\s*)['"`](error|warning|info)['"`](?! \|)|\bquestion\(\s*['"`][A-Z]/.test(
            read(path),
          ),
      );
    assert.deepEqual(others, []);
  });

  it('notices a code without description, the reverse, and one that is there twice', () => {
    assert.equal(compare("'A_A', 'B_B'", '| A_A | info |').length, 1);
    assert.equal(compare("'A_A'", '| A_A | info |\n| B_B | info |').length, 1);
    assert.equal(compare("'A_A'", '| A_A | info |\n| A_A | info |').length, 1);
    assert.deepEqual(compare("code: x ? 'A_A' : 'B_B'", '| A_A | info |\n| B_B | error |'), []);
  });
});
