/** The blocks of commands that call the API, each document in one shell as printed: nothing of it is refused. Needs curl. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { demoId } from '../../src/platform/demo/ids.ts';
import { program, scratch } from '../cli/drover-process.ts';

/** The blocks of a document that call the API. */
function blocksOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const fenced = [...text.matchAll(/```(?:sh|console)\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  const indented = [...text.matchAll(/(?:^ {4}\S.*\n)+/gm)].map(([block]) => block);
  return [...fenced, ...indented].filter((block) => /^\s*(curl|drv) /m.test(block));
}

describe('commands of the documents', () => {
  let server: ChildProcess;
  let [url, key] = ['', ''];
  before(async () => {
    const words = [program, 'serve', '--port', '0', '--data', scratch('data')];
    const { PATH = '', TMPDIR = tmpdir() } = process.env;
    const child = spawn(process.execPath, words, {
      env: { PATH, TMPDIR },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server = child;
    for await (const line of createInterface({ input: child.stderr })) {
      url ||= /serves (http:\S+) from/.exec(line)?.[1] ?? '';
      key ||= /^ +sysadmin .*(drover_\S+)$/.exec(line)?.[1] ?? '';
      if (key !== '') break;
    }
    assert.ok(url !== '' && key !== '');
  });
  after(async () => {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
  });

  /** What the text leaves to the reader, and where the server is here. */
  function here(block: string): string {
    return block
      .replaceAll('KEY=drover_…', `KEY=${key}`)
      .replace(/^npm start.*$/m, '')
      .replaceAll(/(http:\/\/127\.0\.0\.1|localhost):3000/g, url)
      .replaceAll('sk-…', 'sk-test');
  }

  for (const path of [
    'README.md',
    'docs/guides/http.md',
    'docs/guides/routing.md',
    'docs/guides/resources.md',
  ])
    it(`${path} is answered as printed`, async () => {
      const blocks = blocksOf(path);
      assert.ok(blocks.length > 0);
      const script = blocks.map(here).join('\n');
      const env = {
        PATH: process.env.PATH ?? '',
        KEY: key,
        URL: `${url}/api/v1`,
        SPACE: demoId(1, 'spaces', 0),
      };
      const cwd = mkdtempSync(join(tmpdir(), 'drover-documents-'));
      const { stdout, stderr } = await promisify(execFile)('sh', ['-c', script], {
        cwd,
        env,
        timeout: 90_000,
      });
      assert.doesNotMatch(stdout, /"type":"\/docs\/errors\.md/, stdout);
      assert.doesNotMatch(stderr, /curl: \(/);
      const calls = script.match(/^\s*(curl|drv) /gm)?.length ?? 0;
      const answers = stdout.match(/^\{|\}\{|^(id|event): /gm)?.length ?? 0;
      assert.ok(answers >= calls, `${answers} answers to ${calls} commands: ${stdout}`);
    });
});
