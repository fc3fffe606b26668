/** `--fix DIR`: what mends the findings, as files that an administrator reads and runs. Nothing is run here. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { quoted, shellWord } from '../../engine/plan/shell-text.ts';
import { DroverError } from '../../errors.ts';
import type { Mend } from '../../isolation/mends/mend.ts';
import { mendFileNames, mendFiles, mendMark } from '../../isolation/mends/mend-files.ts';
import { readText, writeText } from '../terminal/files.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';

/** What the folder holds that was not written by an earlier `--fix` is never touched. @throws FILE_EXISTS before anything is judged */
export function checkFixFolder(folder: string): void {
  if (!existsSync(folder)) return;
  const others = readdirSync(folder).filter(
    (name) => !mendFileNames.includes(name) || !readText(join(folder, name)).startsWith(mendMark),
  );
  const [first] = others;
  if (first === undefined) return;
  const message = `${folder} holds ${first}, which drover doctor --fix did not write. Name a new folder, or an empty one.`;
  throw new DroverError('FILE_EXISTS', message, { file: join(folder, first) });
}

export interface Fixed {
  readonly findings: readonly IsolationFinding[];
  readonly mends: readonly Mend[];
  /** The database as a word of a command; nothing for an embedded one, which psql does not reach. */
  readonly place: string | undefined;
}

/** Writes the files, and says in which order they are run. */
export function writeFix(terminal: Terminal, folder: string, { findings, mends, place }: Fixed): void {
  const files = mendFiles(mends);
  mkdirSync(folder, { recursive: true });
  for (const name of mendFileNames) rmSync(join(folder, name), { force: true });
  for (const { name, text } of files) writeText(join(folder, name), text, { keep: false });
  const out = inLines(terminal);
  const withSql = mends.filter(({ steps }) => steps.length > 0).length;
  out();
  out(`Mends: SQL for ${withSql} of ${findings.length} findings, in ${files.length} files in ${folder}`);
  for (const line of withoutSql(findings, mends)) out(line);
  if (files.length === 0) return;
  out(
    'Nothing was run. Read them, and run them in this order; then once more --fix, as a mend may wait for another:',
  );
  // A line that is pasted is not broken, however narrow the terminal is.
  for (const { name } of files) terminal.out(`  ${runLine(join(folder, name), place)}`);
}

/** Findings that no file mends, by rule: silence would be taken for a mend. */
function withoutSql(findings: readonly IsolationFinding[], mends: readonly Mend[]): string[] {
  const mended = new Set(
    mends.filter(({ steps }) => steps.length > 0).map(({ rule, at }) => keyOf({ rule, at })),
  );
  const open = findings.filter((each) => !mended.has(keyOf(each)));
  const rules = Map.groupBy(open, ({ rule }) => rule);
  return [...rules].map(
    ([rule, some]) => `No SQL for ${some.length} of ${rule}: \`drover doctor explain ${rule}\``,
  );
}

function keyOf({ rule, at }: Pick<IsolationFinding, 'rule' | 'at'>): string {
  return JSON.stringify([rule, at.kind, at.schema, at.name, at.part]);
}

function runLine(file: string, place: string | undefined): string {
  // A name that begins with a dash would be an option, and one with a colon is a file none the less.
  const path = file.startsWith('-') ? `./${file}` : file;
  if (place === undefined) return `${path}: statement by statement, as \`exec\` of PGlite takes them`;
  return `psql -X -v ON_ERROR_STOP=1 -d ${place} -f ${/^[\w./@-]+$/.test(path) ? shellWord(path) : quoted(path)}`;
}
