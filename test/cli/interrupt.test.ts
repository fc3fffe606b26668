/** Ctrl-C while a migration runs takes back what was done, says so, and leaves a record. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { waitUntil } from '../support/guarantee.ts';
import { demoPlace, drover, program, scratch } from './drover-process.ts';
import { countWaiters } from './table-locks.ts';
import { digestTenants } from './tenant-rows.ts';

const move = ['--from', 'claude-3-7-sonnet', '--to', 'claude-haiku-4-5', '--tenant', 'Alder Clinic'];

test('stopped in the middle: the start, status 130, and a record', async () => {
  const demo = await demoPlace('server');
  if (!('url' in demo.target)) throw new Error('a server has a URL');
  const start = await demo.look(digestTenants);
  const blocker = new pg.Client({ connectionString: demo.target.url });
  await blocker.connect();
  await blocker.query(
    'BEGIN; LOCK TABLE migration.assistants IN ACCESS SHARE MODE; LOCK TABLE migration.assistants IN SHARE MODE',
  );

  let interrupt = (): void => undefined;
  const heard = Promise.withResolvers<void>();
  const stopped = drover(['apply', ...demo.where, ...move, '--yes'], {
    onStart: (press) => (interrupt = press),
    onStderr: (text) => void (text.includes('Stopping.') && heard.resolve()),
  });
  await waitUntil(async () => (await countWaiters(blocker)) > 0, 'another connection waits for the lock');
  interrupt();
  await Promise.race([heard.promise, stopped]);
  await blocker.query('ROLLBACK');
  await blocker.end();

  const { status, stdout, stderr } = await stopped;
  assert.equal(status, 130, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /INTERRUPTED: .*nothing was changed/);
  assert.deepEqual(await demo.look(digestTenants), start);
  const { migrations } = JSON.parse((await drover(['history', '--json', ...demo.where])).stdout) as {
    migrations: { status: string; errorCode: string }[];
  };
  assert.deepEqual(
    migrations.map(({ status, errorCode }) => [status, errorCode]),
    [['failed', 'INTERRUPTED']],
  );
  await demo.drop();
});

describe('the launcher, where Node.js is too old to run Drover itself', () => {
  /** A launcher, alone or below a shell, with a child that writes both their numbers and each signal that it gets. */
  const launch = async (
    shell: readonly string[] = [],
  ): Promise<{ launcher: ChildProcess; job: number; child: number; heard: () => string[] }> => {
    const entry = scratch('entry.mjs');
    await writeFile(
      entry,
      `for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => console.log(signal));
       setInterval(() => undefined, 1000);
       console.log(process.pid, process.ppid);`,
    );
    const module = pathToFileURL(join(dirname(program), 'node-version.mjs')).href;
    const call = `const { rerun } = await import(${JSON.stringify(module)}); rerun(process.execPath, ${JSON.stringify(entry)}, [])`;
    const [command, ...words] = [...shell, process.execPath, '--input-type=module', '-e', call];
    const launcher = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    launcher.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    await waitUntil(() => text.includes('\n'), 'the child runs');
    const [child = 0, job = 0] = text.split(/\s/).map(Number);
    return { launcher, job, child, heard: () => text.split('\n').slice(1, -1) };
  };
  const stateOf = (pid: number): string =>
    execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  const isGone = (pid: number): boolean => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  };

  test('passes each signal on, once', async () => {
    const { launcher, child, heard } = await launch();
    const sent: string[] = [];
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      launcher.kill(signal);
      sent.push(signal);
      await waitUntil(() => heard().length >= sent.length, signal);
    }
    assert.deepEqual(heard(), sent);
    process.kill(child, 'SIGKILL');
    await once(launcher, 'exit');
    assert.equal(launcher.signalCode, 'SIGKILL', 'it ends as its child did');
  });

  test('stops with its child, and goes on with it', async () => {
    // As a terminal does it: a shell that lives on, and a group of the job's own.
    const jobs = ['bash', '-c', 'set -m; "$@" < /dev/null & read -r', 'jobs'];
    const { launcher: shell, child, heard, job } = await launch(jobs);
    const states = (): string => [job, child].map(stateOf).join('');
    try {
      process.kill(job, 'SIGTSTP');
      await waitUntil(() => states() === 'TT', 'both are stopped');
      process.kill(job, 'SIGCONT');
      await waitUntil(() => !states().includes('T'), 'both go on');
      process.kill(job, 'SIGINT');
      await waitUntil(() => heard().length > 0, 'SIGINT');
    } finally {
      // First, and where nothing can throw: while the shell lives, the run of all tests does not end.
      shell.stdin?.end();
      // The launcher ends with its child, and may be gone before it is told to.
      for (const pid of [child, job]) if (!isGone(pid)) process.kill(pid, 'SIGKILL');
    }
    await once(shell, 'exit');
  });

  test('takes its child with it, however it ends', async () => {
    const { launcher, child } = await launch();
    launcher.kill('SIGKILL');
    await waitUntil(() => isGone(child), 'the child is gone');
  });
});
