/**
 * Three public generators read openapi.json: what they write compiles in strict mode, and the clients work against the server. They are
 * installed into a folder of their own, with the TypeScript that they need. Needs the registry of npm.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';

const folder = mkdtempSync(join(tmpdir(), 'drover-generators-'));
// npm's own programs run on the Node.js of this test.
const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`;

function run(program: string, words: readonly string[], variables: Record<string, string> = {}): string {
  const env = { ...process.env, PATH: path, ...variables };
  return execFileSync(program, words, {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function bin(name: string, ...words: string[]): string {
  try {
    return run(join(folder, 'node_modules', '.bin', name), words);
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${name}: ${stdout}${stderr}`, { cause: error });
  }
}

describe('clients that generators make from openapi.json', () => {
  let http: HttpPlatform;
  let url = '';
  before(async () => {
    http = await httpPlatform('server');
    url = await http.app.listen({ host: '127.0.0.1', port: 0 });
    cpSync('test/generators', folder, { recursive: true });
    cpSync('openapi.json', join(folder, 'openapi.json'));
    run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']);
    mkdirSync(join(folder, 'out'));
  });
  after(() => http.close());

  it('are written', () => {
    bin('openapi-typescript', 'openapi.json', '-o', 'out/schema.ts');
    bin('openapi-ts', '-i', 'openapi.json', '-o', 'out/hey');
    const output = { target: './out/orval.ts', client: 'fetch', baseUrl: url };
    const config = `export default ${JSON.stringify({ drover: { input: './openapi.json', output } })};\n`;
    writeFileSync(join(folder, 'orval.config.mjs'), config);
    bin('orval', '--config', 'orval.config.mjs');
  });

  it('compile', () => {
    const options =
      '--noEmit --strict --skipLibCheck --allowJs --checkJs --module esnext --moduleResolution bundler --target es2024';
    bin('tsc', ...options.split(' '), '--lib', 'es2024,dom,dom.iterable', '--types', 'node', 'drive.js');
  });

  it('give the same answers and the same refusals', async () => {
    bin('esbuild', 'drive.js', '--bundle', '--format=esm', '--platform=node', '--outfile=drive.mjs');

    const env = { ...process.env, DROVER_URL: url, DROVER_KEY: http.keys.admin };
    const { stdout } = await promisify(execFile)(process.execPath, ['drive.mjs'], { cwd: folder, env });
    const { answers, refusals } = JSON.parse(stdout) as {
      answers: { items: unknown[] }[];
      refusals: string[];
    };
    assert.equal(answers[0]?.items.length, 2);
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.deepEqual(refusals, ['REQUEST_INVALID', 'REQUEST_INVALID', 'REQUEST_INVALID']);
  });
});
