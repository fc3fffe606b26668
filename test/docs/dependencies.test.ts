/** docs/decisions/0000-dependencies.md has a line for every dependency, with its licence, and every version is exact. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

type Versions = Readonly<Record<string, string>>;

const read = (path: string): string => readFileSync(path, 'utf8');
const manifest = (path: string): Readonly<Record<string, Versions>> =>
  JSON.parse(read(path)) as Readonly<Record<string, Versions>>;
const { dependencies, devDependencies } = manifest('package.json');
const { optionalDependencies } = manifest('test/toolchain/package.json');
const page = read('docs/decisions/0000-dependencies.md');
const lines = [...page.matchAll(/^\| (`[^|]+) \| ([\w.-]+) \|/gm)].flatMap(([, names = '', licence = '']) =>
  [...names.matchAll(/`([^`]+)`/g)].map((each) => [each[1] ?? '', licence] as const),
);

test('every dependency has a line, and every line is a dependency', () => {
  const used = Object.keys({ ...dependencies, ...devDependencies });
  assert.deepEqual(lines.map(([name]) => name).toSorted(), used.toSorted());
});

test('each was looked at, in the version that is in use', () => {
  const looked = [...page.matchAll(/^\| \d{4}-\d\d-\d\d \| `([^`]+)` (\S+) \|/gm)].map(
    ([, name = '', version = '']) => `${name} ${version}`,
  );
  const used = Object.entries({ ...dependencies, ...devDependencies }).map((each) => each.join(' '));
  assert.deepEqual(looked.toSorted(), used.toSorted());
});

test('licences are those of the packages', () => {
  for (const [name, licence] of lines) {
    const file = `node_modules/${name}/package.json`;
    assert.ok(existsSync(file), name);
    assert.equal((JSON.parse(read(file)) as { license?: string }).license, licence, name);
  }
});

test('versions are exact', () => {
  for (const [name, version] of Object.entries({
    ...dependencies,
    ...devDependencies,
    ...optionalDependencies,
  }))
    assert.match(version, /^(npm:@[\w/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/, name);
});
