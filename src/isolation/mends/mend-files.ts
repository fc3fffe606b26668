/** Mends as files for an administrator: one for each phase, and one to look at before. Nothing here writes or runs them. */
import { shownObject } from '../ground.ts';
import type { Mend, MendPhase, MendStep } from './mend.ts';
import { stepsInOrder } from './mends.ts';

export interface MendFile {
  readonly name: string;
  readonly text: string;
  readonly steps: number;
}

/** The first line of each: by it a file is known as one that may be written anew. */
export const mendMark = '-- Written by drover doctor --fix.';

const fileNames: Readonly<Record<'before' | MendPhase, string>> = {
  before: '0-before.sql',
  expand: '1-expand.sql',
  validate: '2-validate.sql',
  bind: '3-bind.sql',
  contract: '4-contract.sql',
};

/** Every name that such a file may have. */
export const mendFileNames: readonly string[] = Object.values(fileNames);

const about: Readonly<Record<MendPhase, string>> = {
  expand: 'Adds; nobody is disturbed.',
  validate: 'Reads what is there and changes no row; others write meanwhile. It stops where rows do not fit.',
  bind: 'Binds new rows.',
  contract: 'Takes away what the application may still use: run it when nothing does any more.',
};

/** Files in the order in which they are run; those that would be empty are left out. The first one only reads. */
export function mendFiles(mends: readonly Mend[]): MendFile[] {
  const steps = stepsInOrder(mends);
  const phases = (['expand', 'validate', 'bind', 'contract'] as const).flatMap((phase) => {
    const ofPhase = steps.filter((step) => step.phase === phase);
    if (ofPhase.length === 0) return [];
    const text = [mendMark, comment(about[phase]), ...ofPhase.map(stepText)].join('\n\n');
    return [{ name: fileNames[phase], text: `${text}\n`, steps: ofPhase.length }];
  });
  return [...beforeFile(mends), ...phases];
}

function beforeFile(mends: readonly Mend[]): MendFile[] {
  const notes = mends.flatMap(({ rule, at, steps, note }) =>
    note === undefined
      ? []
      : [comment(`${rule} ${shownObject(at)}${steps.length === 0 ? ': no SQL' : ''}: ${note}`)],
  );
  const asked = [...new Set(mends.flatMap(({ refusing }) => refusing ?? []))];
  if (notes.length === 0 && asked.length === 0) return [];
  const head =
    asked.length === 0 ? [] : [comment('Rows that would refuse a step. Each of these returns none.')];
  const text = [mendMark, ...notes, ...head, ...asked.map(ended)].join('\n\n');
  return [{ name: fileNames.before, text: `${text}\n`, steps: 0 }];
}

function stepText({ what, sql, transactional, locks, scans }: MendStep): string {
  const held = locks.map(
    ({ lock, tables }) => `${lock}${tables.length === 0 ? ' on an index' : ` on ${tables.join(', ')}`}`,
  );
  const how = [
    held.length === 0 ? 'no lock that others wait for' : `locks: ${held.join('; ')}`,
    ...(scans ? ['reads the whole table'] : []),
    ...(transactional ? [] : ['each statement by itself, outside of any transaction']),
  ];
  const statements = sql.map(ended);
  return [
    comment(`${what} (${how.join('; ')})`),
    ...(transactional ? ['BEGIN;', ...statements, 'COMMIT;'] : statements),
  ].join('\n');
}

function ended(sql: string): string {
  return `${sql.replace(/;\s*$/, '')};`;
}

/** One line, whatever a name holds: a line break in it would begin a statement. */
function comment(text: string): string {
  return `-- ${text.replaceAll(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, '\u{fffd}')}`;
}
