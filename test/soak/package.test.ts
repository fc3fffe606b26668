/**
 * The package as a person gets it: packed, installed from the tarball into an empty prefix, and tried on each supported Node.js and on
 * one that is too old. Needs the registry of npm.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { createInterface } from 'node:readline';
import { examplePlace } from '../cli/drover-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'drover-package-'));
const prefix = join(folder, 'prefix');
const program = join(prefix, 'bin', 'drover');
const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
const supported = ['22.18.0', '24.21.0'];
const tooOld = '20.19.0';

/** Without anything of this repository. */
const env = { PATH: process.env.PATH ?? '', HOME: folder, TMPDIR: folder };

function npm(...words: string[]): string {
  return execFileSync('npm', words, { encoding: 'utf8' });
}

function nodeOf(version: string): string {
  const at = join(folder, version);
  if (!existsSync(at)) {
    const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
    npm('install', '--prefix', at, `${name}@${version}`, ...quiet);
  }
  const [found] = globSync(`${at}/node_modules/node-*/bin/node*`);
  assert.ok(found, version);
  return found;
}

function drover(node: string, ...words: string[]) {
  const cwd = join(folder, 'here');
  mkdirSync(cwd, { recursive: true });
  return spawnSync(node, [program, ...words], { cwd, env, encoding: 'utf8' });
}

describe('drover from its tarball', () => {
  before(() => {
    npm('pack', '--pack-destination', folder, '--loglevel=error');
    const [tarball = ''] = globSync(join(folder, 'drover-*.tgz'));
    npm('install', '--global', '--prefix', prefix, tarball, ...quiet);
  });

  it('takes at most 100 MB, and 35 MB to download', () => {
    const files = globSync(`${prefix}/**/*`).map((path) => statSync(path));
    const blocks = files.reduce((sum, { blocks: used }) => sum + used * 512, 0);
    assert.ok(blocks < 100e6, `${Math.round(blocks / 1e6)} MB on disk`);
    const tar = execFileSync('tar', ['-czf', '-', '-C', prefix, '.'], { maxBuffer: 2 ** 30 });
    assert.ok(tar.length < 35e6, `${Math.round(tar.length / 1e6)} MB packed`);
  });

  for (const version of supported) {
    describe(`on Node.js ${version}`, () => {
      it('runs the demo, and Node.js says nothing of its own', () => {
        const { status, stderr } = drover(nodeOf(version), 'demo');
        assert.equal(status, 0, stderr);
        assert.doesNotMatch(stderr, /Warning/);
      });

      it('takes an inventory of a database that it did not create', async () => {
        const place = await examplePlace('server', 'b-text-pairs');
        const database = place.where.slice(0, 2);
        const { status, stdout, stderr } = drover(nodeOf(version), 'inventory', ...database);
        await place.drop();
        assert.equal(status, 0, stderr);
        assert.match(stdout, /rows/);
      });

      it('serves the API and its page, and stops', async () => {
        const words = ['serve', '--port', '0', '--data', join(folder, `data-${version}`)];
        const child = spawn(nodeOf(version), [program, ...words], { cwd: folder, env });
        child.stdout.resume();
        const url = await addressOf(child.stderr);
        for (const path of ['/livez', '/readiness', '/docs', '/docs/errors.md', '/openapi.json'])
          assert.equal((await fetch(url + path)).status, 200, path);
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        assert.deepEqual(await ended, [0, null]);
      });
    });
  }

  it('is a library with types, for a program that compiles by itself', () => {
    const at = join(folder, 'program');
    mkdirSync(at);
    const [tarball = ''] = globSync(join(folder, 'drover-*.tgz'));
    writeFileSync(join(at, 'package.json'), '{ "type": "module" }');
    npm('install', '--prefix', at, tarball, ...quiet);
    const [, program = ''] =
      /```js\n([\s\S]*?)```/.exec(readFileSync('docs/guides/library.md', 'utf8')) ?? [];
    writeFileSync(join(at, 'program.ts'), `${program}\nexport {};\n`);
    const options = '--noEmit --strict --module nodenext --target es2024 --types node'.split(' ');
    const roots = ['--typeRoots', resolve('node_modules/@types')];
    const tsc = [resolve('node_modules/typescript/bin/tsc'), ...options, ...roots, join(at, 'program.ts')];
    const { status, stdout } = spawnSync(process.execPath, tsc, { cwd: at, encoding: 'utf8' });
    assert.equal(status, 0, stdout);
    const loads = "import('drover').then((it) => console.log(Object.keys(it).join()))";
    const loaded = execFileSync(nodeOf('22.18.0'), ['-e', loads], { cwd: at, encoding: 'utf8' });
    assert.match(loaded, /apply,inventory,openSite,plan,rollback/);
  });

  it('says in one sentence that a Node.js is too old, and how to get one', () => {
    const { status, stdout, stderr } = drover(nodeOf(tooOld), 'demo');
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(
      stderr,
      /^NODE_TOO_OLD: Drover needs Node\.js 22\.18 or newer, and this is 20\.19\.0\. Install a newer one.*\n$/,
    );
  });
});

async function addressOf(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) {
    const [, url] = /serves (http:\S+) from/.exec(line) ?? [];
    if (url !== undefined) return url;
    assert.doesNotMatch(line, /Warning/);
  }
  throw new Error('the server ended');
}
