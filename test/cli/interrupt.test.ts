/** Ctrl-C while a migration runs takes back what was done, says so, and leaves a record. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { waitUntil } from '../support/guarantee.ts';
import { demoPlace, drover } from './drover-process.ts';
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
