/**
 * One process for each database folder. PGlite does not lock its folder, and two processes in one folder lose rows silently.
 *
 * The operating system holds the lock and lets go of it when the process ends, however it ends. The lock is an exclusive transaction
 * in a SQLite file, the only such lock that Node.js offers without native code. A lock therefore cannot be left behind, and nobody
 * can take another process with the same number for its holder. It also holds between containers that share a volume. The file
 * `drover.pid` beside it only says who the holder is.
 *
 * Never open `drover.lock` in any other way in this process: closing any handle of a file gives up all POSIX locks that the process
 * has on it.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DroverError } from '../../errors.ts';

/** SQLITE_BUSY */
const busy = 5;

/** Takes the folder for this process and returns how to let go of it. @throws EMBEDDED_IN_USE */
export function lockFolder(folder: string): () => void {
  const { DatabaseSync } = loadSqlite();
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

/** Older Node.js says at the first use that SQLite may change. Whoever reads that can do nothing about it. */
function loadSqlite() {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
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
    // The holder may be writing it at this moment.
    return undefined;
  }
}
