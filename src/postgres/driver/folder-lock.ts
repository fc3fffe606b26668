/**
 * One process per database folder. PGlite does not lock its folder, and two processes in it lose rows silently.
 *
 * The lock is one that the operating system holds for us and lets go of when the process ends, however it ends:
 * an exclusive transaction in a SQLite file, the only such lock that Node.js offers without native code. So there
 * is nothing stale to take over, no race in doing so, and a reused process number cannot be mistaken for the
 * holder; it also holds between containers that share a volume. `drover.pid` beside it only says who it is.
 *
 * Never open `drover.lock` in any other way in this process: closing any handle of a file gives up all POSIX
 * locks that the process has on it.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DroverError } from '../../errors.ts';

/** SQLITE_BUSY */
const busy = 5;

/** Takes the folder for this process and returns how to let go of it; EMBEDDED_IN_USE when it is taken. */
export function lockFolder(folder: string): () => void {
  const lock = new DatabaseSync(join(folder, 'drover.lock'));
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw isBusy(error) ? inUse(folder) : error;
  }
  const pidFile = join(folder, 'drover.pid');
  writeFileSync(pidFile, JSON.stringify({ pid: process.pid, host: hostname() }));
  return () => {
    rmSync(pidFile, { force: true });
    lock.close();
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === busy;
}

function inUse(folder: string): DroverError {
  const holder = readHolder(folder);
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
  const message =
    `The database folder ${folder} is open in ${who}, and only one process may use it at a time. ` +
    'Wait until it has finished or stop it, or choose another folder with --data; ' +
    'for several processes at once use a PostgreSQL server with --database.';
  return new DroverError('EMBEDDED_IN_USE', message, { folder, ...holder });
}

function readHolder(folder: string): { pid: number; host: string } | undefined {
  try {
    const { pid, host } = JSON.parse(readFileSync(join(folder, 'drover.pid'), 'utf8')) as Record<
      string,
      unknown
    >;
    return { pid: Number(pid), host: String(host) };
  } catch {
    // The holder may be just about to write it.
    return undefined;
  }
}
