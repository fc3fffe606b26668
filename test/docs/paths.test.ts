/** What the documents point at is there: files in backticks, links, and the functions that the architecture names. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { describe, it } from 'node:test';
import { unfilledIn } from './pages.ts';

const documents = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md')].map((path) =>
  path.replaceAll('\\', '/'),
);
const read = (path: string): string => readFileSync(path, 'utf8');

/** Paths from the root of the project; those with a placeholder (NNNN, *, NAME) are patterns. */
function pathsIn(text: string): string[] {
  const inline = text.replaceAll(/```[^]*?```/g, '');
  const found = inline.matchAll(/`((?:src|test|docs|migrations|schema|examples|bench|bin)\/[\w./-]*)`/g);
  return [...found].map((each) => each[1] ?? '').filter((path) => !/NNNN|NAME/.test(path));
}

function linksIn(document: string): string[] {
  const found = read(document).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g);
  return [...found]
    .map((each) => each[1] ?? '')
    .filter((link) => !/^\w+:/.test(link))
    .map((link) => normalize(join(dirname(document), link)));
}

describe('the documents', () => {
  for (const document of documents) {
    it(`${document} points at files that are there`, () => {
      const missing = [...pathsIn(read(document)), ...linksIn(document)].filter((path) => !existsSync(path));
      assert.deepEqual(missing, []);
    });
  }

  it('the architecture names functions that are there', () => {
    const sources = globSync('src/**/*.ts').map(read).join('\n');
    const names = [...read('docs/architecture.md').matchAll(/`([a-z]+[A-Z]\w+)`/g)].map(
      (each) => each[1] ?? '',
    );
    assert.ok(names.length > 30);
    assert.deepEqual(
      names.filter((name) => !new RegExp(`\\b${name}\\b`).test(sources)),
      [],
    );
  });

  it('commands leave no word to the reader that no test fills in', () => {
    for (const document of documents) assert.deepEqual(unfilledIn(read(document)), [], document);
    assert.deepEqual(unfilledIn('```sh\ncurl -X POST x\ndrover rekey plan --from KEY # A KEY\n```\n'), [
      'KEY',
    ]);
    assert.deepEqual(
      unfilledIn('```console\n$ drover plan --tenant TENANT --place PLACE\nNOT FOUND\n```\n'),
      ['PLACE'],
    );
  });

  it('count what there is', () => {
    const numbers = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
    const said = (page: string, pattern: RegExp): number =>
      numbers.indexOf((pattern.exec(read(page))?.[1] ?? '').toLowerCase());
    const examples = globSync('examples/attached/*/').length;
    assert.equal(said('README.md', /\[(\w+) worked examples\]/), examples);
    assert.equal(said('examples/attached/README.md', /^# (\w+) databases/), examples);
    const concepts = read('docs/guides/attached.md').match(/^## \d+\. /gm)?.length;
    assert.equal(said('README.md', /configuration in (\w+) concepts/), concepts);
  });

  it('a path that is not there is noticed', () => {
    assert.deepEqual(pathsIn('`src/engine/nowhere.ts` and `src/cli/commands/NAME.ts`'), [
      'src/engine/nowhere.ts',
    ]);
  });
});
