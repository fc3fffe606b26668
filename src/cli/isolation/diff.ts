/** `drover doctor diff A B`: what became of the isolation from one report to another, or to a database as it is now. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { Command } from 'commander';
import type { IsolationReport } from '../../engine/isolation/report.ts';
import { DroverError } from '../../errors.ts';
import { diffReports } from '../../isolation/diff.ts';
import type { JsonOption } from '../options.ts';
import { withJson } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { readText } from '../terminal/files.ts';
import { inLines } from '../terminal/wrap.ts';
import { look, withLook } from './look.ts';
import type { LookOptions } from './look.ts';

export const diff: Verb = {
  name: 'diff',
  summary: 'what became safer or more dangerous between two reports, or a report and a database',
  define: (command) =>
    withLook(withJson(command))
      .argument('<before>', 'a report that --json wrote')
      .argument('[after]', 'another one; without it the database is judged'),
  run: runDiff,
};

async function runDiff(session: Session, command: Command): Promise<number> {
  const { terminal } = session;
  // An option that `doctor` has as well is read there, wherever it stands.
  const options = command.optsWithGlobals<LookOptions & JsonOption>();
  const [first = '', second] = command.args;
  const before = readReport(first);
  const named = (['database', 'data', 'config', 'probe'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (second !== undefined && named !== undefined)
    throw new DroverError(
      'USAGE_INVALID',
      `A second report and --${named} are two things to compare with; give one.`,
    );
  const after = second === undefined ? (await look(session, options))?.report : readReport(second);
  if (after === undefined) return exitStatus.failed;
  const found = diffReports(before, after);
  if (options.json === true) terminal.out(JSON.stringify(found, null, 2));
  else {
    const out = inLines(terminal);
    for (const weight of ['dangerous', 'review', 'safe'] as const)
      for (const text of found[weight]) out(`${weight}: ${text}`);
    out(`${found.dangerous.length} dangerous, ${found.review.length} to review, ${found.safe.length} safe`);
  }
  return found.dangerous.length + found.review.length > 0 ? exitStatus.changes : exitStatus.done;
}

/** The schema of a report, which programs that read one use, too. */
const reportSchema = new URL('../../../schema/doctor.schema.json', import.meta.url);

/** @throws FILE_UNREADABLE, REPORT_INVALID also for a part of a report: what it left out would be taken for mended */
function readReport(path: string): IsolationReport {
  const text = readText(path);
  const read = parsed(text);
  const validate = new Ajv().compile<IsolationReport>(
    JSON.parse(readFileSync(reportSchema, 'utf8')) as object,
  );
  if (!validate(read)) {
    const [error] = validate.errors ?? [];
    throw invalid(
      path,
      `is no report of drover doctor --json: ${error?.instancePath || 'it'} ${error?.message ?? ''}`,
    );
  }
  if (read.filter !== undefined)
    throw invalid(path, 'holds a part of a report: make one without --rule and --table');
  return read;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function invalid(path: string, why: string): DroverError {
  return new DroverError('REPORT_INVALID', `${path} ${why}.`, { file: path });
}
