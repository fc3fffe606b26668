/** Dockerfile, compose.yaml and action.yml fit each other and the program. Nothing here needs an engine for containers: steps that are commands run as they are. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { loadEnvironment, loadServerSettings } from '../../src/config.ts';
import { droverHere } from '../cli/drover-here.ts';
import { examplePlace } from '../cli/drover-process.ts';
import { statusOfStep } from './workflow-steps.ts';
import type { Job, Workflow } from './workflow-steps.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly stop_grace_period?: string;
  readonly healthcheck?: unknown;
}

/** Each option of a command is one that its help lists. */
async function assertKnown(words: readonly string[]): Promise<void> {
  const { status, stdout } = await droverHere([words[0] ?? '', '--help']);
  assert.equal(status, 0, words.join(' '));
  for (const word of words.filter((each) => each.startsWith('--')))
    assert.match(stdout, new RegExp(`${word}(?![\\w-])`), word);
}

test('the image runs as a person without rights, says whether it lives, and is made of what is there', async () => {
  const lines = read('Dockerfile')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line));
  const of = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
  assert.ok(last.includes('USER node'));
  assert.ok(
    last.indexOf('USER node') > last.findLastIndex((line) => line.startsWith('RUN ')),
    'nothing is run after it',
  );
  assert.deepEqual(of('ADD'), []);
  for (const base of of('FROM')) assert.match(base, /^node:24-slim( AS \w+)?$/);
  assert.match(of('HEALTHCHECK')[0] ?? '', /CMD \["node"/);
  const probe = JSON.parse(/CMD (\[.*\])$/.exec(of('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]') as string[];
  const server = createServer(
    (request, response) => void response.writeHead(request.url === '/livez' ? 200 : 404).end(),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port: PORT } = server.address() as AddressInfo;
  assert.equal(await statusOf(probe, PORT), 0);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await statusOf(probe, PORT), 1);
  const settings = Object.fromEntries(
    of('ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('=') as [string, string])),
  );
  const { host, port } = loadServerSettings({ ...settings, DROVER_SECRET_KEY: 'ab'.repeat(32) });
  assert.deepEqual([host, port], ['0.0.0.0', 3000]);
  const peers = Object.keys(
    (JSON.parse(read('package.json')) as { peerDependencies: object }).peerDependencies,
  );
  for (const peer of peers)
    assert.ok(
      of('RUN').some((line) => line.includes(`${peer}@`)),
      peer,
    );
});

test('the Dockerfile has nothing that a linter objects to', () => {
  const objections = (text: string): unknown[] => validate(text).map(({ message }) => message);
  assert.deepEqual(objections(read('Dockerfile')), []);
  assert.equal(objections(`${read('Dockerfile')}\nCMD ["serve"]\nUSE node\n`).length, 2);
});

test('continuous integration builds and runs them where an engine is, by a script that there is', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const [, script = ''] = /^if docker info .*\n +npm run (\w+)$/m.exec(read('.ci/run')) ?? [];
  const [file = ''] = /test\/\S+/.exec(scripts[script] ?? '') ?? [];
  assert.ok(existsSync(file), script);
  for (const path of ['/livez', '/readiness']) assert.ok(read(file).includes(`'${path}'`), path);
});

async function statusOf([, ...words]: readonly string[], port: number): Promise<unknown> {
  const child = spawn(process.execPath, words, { env: { PORT: String(port) }, stdio: 'ignore' });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status;
}

test('the services are the commands, with a root that nobody writes to, and wait for each other', async () => {
  const { services } = parse(read('compose.yaml'), { merge: true }) as { services: Record<string, Service> };
  const { postgres, ...own } = services;
  assert.deepEqual(Object.keys(own), ['serve', 'worker']);
  assert.ok(postgres?.healthcheck !== undefined);
  for (const [name, service] of Object.entries(own)) {
    const { command = [], environment = {}, depends_on: needs = {} } = service;
    await assertKnown(command);
    const values = Object.entries(environment).map(([key, value]) => [
      key,
      value.replaceAll(/\$\{[^}]+\}/g, 'ab'.repeat(32)),
    ]);
    const variables = Object.fromEntries(values) as Record<string, string>;
    assert.match(loadEnvironment(variables).databaseUrl ?? '', /^postgres:.*@postgres:5432/, name);
    const { stopTimeoutMs } = loadServerSettings(variables);
    assert.ok(Number.parseInt(service.stop_grace_period ?? '', 10) * 1000 > stopTimeoutMs + 10_000, name);
    assert.deepEqual([service.read_only, service.tmpfs, service.cap_drop], [true, ['/tmp'], ['ALL']], name);
    for (const need of Object.keys(needs)) assert.ok(need in services, need);
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/);
  }
});

test('the action hands over what it declares, and its command is one', async () => {
  const text = read('action.yml');
  const { inputs, runs } = parse(text) as {
    inputs: Record<string, unknown>;
    runs: { using: string; steps: { run?: string; shell?: string; env?: Record<string, string> }[] };
  };
  const used = [...text.matchAll(/inputs\.([\w-]+)/g)].map(([, name = '']) => name);
  assert.deepEqual(used.toSorted(), Object.keys(inputs).toSorted());
  assert.equal(runs.using, 'composite');
  const script = runs.steps.find(({ run }) => run !== undefined);
  // What a caller hands over reaches the shell as a variable, never as a part of the script.
  assert.doesNotMatch(script?.run ?? '', /\$\{\{/);
  for (const [, name = ''] of (script?.run ?? '').matchAll(/\$(\w+)/g))
    assert.ok(name in (script?.env ?? {}), name);
  const [, words = ''] = /"drover@\$VERSION" (.*)/.exec(script?.run ?? '') ?? [];
  await assertKnown(words.split(' '));
  assert.ok(existsSync('SECURITY.md'));
});

test('the steps of action and workflow end with status 2 where a model ends, and 0 where none does', async () => {
  const place = await examplePlace('server', 'e-settings');
  const [, url = ''] = place.where;
  const { inputs, runs } = parse(read('action.yml')) as {
    inputs: Record<string, { default?: string }>;
    runs: { steps: { run?: string; env?: Record<string, string> }[] };
  };
  const given = (text: string): string =>
    text.replaceAll(/\$\{\{ inputs\.(\w+) \}\}/g, (_, name: string) =>
      name === 'database' ? url : (inputs[name]?.default ?? ''),
    );
  const workflow = parse(read('examples/github/models-that-end.yml')) as Workflow;
  const page = parse(/```yaml\n([\s\S]*?)```/.exec(read('docs/guides/deploying.md'))?.[1] ?? '') as Job;
  const [job] = Object.values(workflow.jobs);
  assert.deepEqual({ env: job?.env, steps: job?.steps }, page, 'the page shows the job of the workflow');
  const steps = [...runs.steps, ...(page.steps as typeof runs.steps)].filter(({ run }) => run !== undefined);
  assert.equal(steps.length, 2);
  for (const { run = '', env = {} } of steps) {
    const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, given(value)]));
    const own = { DROVER_DATABASE: url, ...variables };
    assert.equal(await statusOfStep(run, own), 2, run);
    assert.equal(
      await statusOfStep(run.replace(/--within \S+/, '--within 60 --model claude-sonnet-4-6'), own),
      0,
      run,
    );
  }
  await place.drop();
});

test('the image is built from all that the package is made of', () => {
  const ignored = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const { files } = JSON.parse(read('package.json')) as { files: string[] };
  const needed = [
    'src',
    'tsconfig.build.json',
    'package.json',
    'package-lock.json',
    ...files.map((path) => path.split('/')[0] ?? ''),
  ];
  for (const path of needed.filter((each) => each !== 'dist')) {
    assert.ok(existsSync(path), path);
    assert.ok(!ignored.some((line) => line.replaceAll(/^\/|\/$/g, '') === path), path);
  }
});
