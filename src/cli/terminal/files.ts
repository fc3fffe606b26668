/** Files that a command reads and writes, with errors that name the path and the reason. */
import { sha256 } from '../../postgres/catalogue/digest.ts';
import { readPlan } from '../../engine/planner/plan-file.ts';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { shellWord } from '../../engine/plan/shell-text.ts';
import { DroverError } from '../../errors.ts';

/** A plan that `drover plan --out` wrote. @throws FILE_UNREADABLE, PLAN_INVALID */
export function readPlanFile(path: string): Plan {
  const plan = readPlan(readText(path), sha256);
  if (!('invalid' in plan)) return plan;
  const message = `${path} cannot be used: ${plan.invalid}. Make a new one with \`drover plan … --out ${shellWord(path)}\`.`;
  throw new DroverError('PLAN_INVALID', message, { file: path });
}

/** The text of a file. @throws FILE_UNREADABLE */
export function readText(path: string): string {
  return readBytes(path).toString('utf8');
}

/** A file as it is. @throws FILE_UNREADABLE */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unusable(path, 'read', cause);
  }
}

interface FileWriting {
  /** A file that is there is not overwritten. */
  readonly keep: boolean;
  /** The file says what is in rows of tenants: only who writes it may read it. */
  readonly isPrivate?: boolean;
}

/** Writes a file whole. @throws FILE_EXISTS, FILE_UNREADABLE */
export function writeText(path: string, text: string, { keep, isPrivate = false }: FileWriting): void {
  try {
    writeFileSync(path, text, { flag: keep ? 'wx' : 'w', mode: isPrivate ? 0o600 : 0o666 });
    if (isPrivate) chmodSync(path, 0o600);
  } catch (cause) {
    if (reasonOf(cause) !== 'EEXIST') throw unusable(path, 'written', cause);
    const message = `${path} is there already; --force overwrites it, --stdout only shows the proposal.`;
    throw new DroverError('FILE_EXISTS', message, { file: path }, { cause });
  }
}

/** An error of the file system in Drover's words; undefined for any other error. */
export function fileError(error: unknown): DroverError | undefined {
  if (!(error instanceof Error && 'syscall' in error && 'path' in error)) return undefined;
  return unusable(String(error.path), 'used', error);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  EACCES: 'it is not permitted',
  EPERM: 'it is not permitted',
  EROFS: 'nothing can be written there',
  EISDIR: 'it is a folder',
  EEXIST: 'it is no folder',
  ENOTDIR: 'it, or what it lies in, is no folder',
  ENOSPC: 'the disk is full',
};

function unusable(path: string, what: string, cause: unknown): DroverError {
  const code = reasonOf(cause);
  return new DroverError(
    'FILE_UNREADABLE',
    `${path} cannot be ${what}: ${reasons[code] ?? code}.`,
    { file: path },
    { cause },
  );
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
}
