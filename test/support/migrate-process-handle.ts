/** Starts processes that migrate (migrate-process.ts), listens to them, and kills them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import { waitUntil, within } from './guarantee.ts';
import type { ProcessOutcome, ProcessTask } from './migrate-process.ts';

export interface MigrateProcess {
  /** Lets it begin. */
  go(): void;
  /** Its next line; undefined when it has ended. */
  line(): Promise<string | undefined>;
  outcome(): Promise<ProcessOutcome>;
  /** kill -9, and waits until nothing of it is left, on the server either. */
  kill(): Promise<void>;
}

const program = join(import.meta.dirname, 'migrate-process.ts');
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A process that has opened its databases and waits. */
export async function startMigrateProcess(task: ProcessTask): Promise<MigrateProcess> {
  // A map of many keys is longer than an argument may be.
  const file = join(mkdtempSync(join(tmpdir(), 'drover-task-')), 'task.json');
  writeFileSync(file, JSON.stringify(task));
  const child = spawn(process.execPath, [program, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  const ended = once(child, 'exit').then(() => {
    rmSync(dirname(file), { recursive: true });
    return running.delete(child);
  });
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string | undefined> => {
    const { done, value } = await within(lines.next(), 'a line of a process that migrates');
    return done === true ? undefined : value;
  };
  assert.equal(await line(), 'open');
  return {
    go: () => void child.stdin.write('go\n'),
    line,
    outcome: async () => JSON.parse((await line()) ?? '{"code": "KILLED", "message": ""}') as ProcessOutcome,
    kill: async () => {
      child.kill('SIGKILL');
      await within(ended, 'the end of a killed process');
      await within(untilGone(task.target), 'the end of its connections');
    },
  };
}

/** The server notices the end of a process when it next writes to it or reads from it; until then its work may go on. */
async function untilGone(target: DatabaseTarget): Promise<void> {
  if (!('url' in target)) return;
  const client = new pg.Client({ connectionString: target.url });
  await client.connect();
  try {
    await waitUntil(async () => {
      const { rowCount } = await client.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'drover-test-process'`,
      );
      return rowCount === 0;
    }, 'the connections of a killed process are gone');
  } finally {
    await client.end();
  }
}
