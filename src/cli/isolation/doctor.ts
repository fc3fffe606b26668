import { Option } from 'commander';
import type { Command } from 'commander';
import type { Severity } from '../../engine/finding.ts';
import { given } from '../../engine/given.ts';
import type { IsolationReport } from '../../engine/isolation/report.ts';
import { DroverError } from '../../errors.ts';
import { baselineOf, readBaseline, withBaseline } from '../../isolation/baseline.ts';
import { reportFormats } from '../../isolation/formats/format.ts';
import { askToGoOn } from '../terminal/ask.ts';
import { readText, writeText } from '../terminal/files.ts';
import { examine } from '../../site/doctor.ts';
import type { DoctorOptions } from '../../site/doctor.ts';
import { withJson, withRegistry } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb, VerbGroup } from '../session.ts';
import { onErrorStream } from '../terminal/terminal.ts';
import { explain } from './explain.ts';
import { checkFixFolder, writeFix } from './fix.ts';
import { rules } from './rules.ts';
import { showReport } from './show-report.ts';

const examination: Verb = {
  name: 'doctor',
  summary: 'what lets one tenant reach another’s rows',
  define: (command) =>
    withRegistry(
      withJson(command)
        .option('--database <url>', 'postgres://… or pglite:FOLDER')
        .option('--data <folder>', 'embedded database with Drover’s own schema (default: ./drover-data)')
        .option('--config <file>', 'what Drover must know about that database (default: drover.config.yaml)'),
    )
      .addOption(
        new Option(
          '--probe <how>',
          'try whether rows are reached; write makes rows and takes them back',
        ).choices(['read', 'write']),
      )
      .option('--yes', 'do not ask before a probe that writes')
      .addOption(
        new Option(
          '--damage <how>',
          'count rows that have crossed; large tables as a sample, in full, or not',
        )
          .choices(['sample', 'full', 'none'])
          .default('sample'),
      )
      .addOption(
        new Option('--format <name>', 'the form of the report')
          .choices(['text', ...Object.keys(reportFormats)])
          .conflicts('json'),
      )
      .option('--out <file>', 'write the report there')
      .addOption(
        new Option('--fail-on <severity>', 'status 2 from this severity on')
          .choices(['error', 'warning', 'info', 'never'])
          .default('error'),
      )
      .option('--require-proof', 'status 2 where anything is unverified, skipped or not counted')
      .option('--baseline <file>', 'findings that are known and not counted')
      .option('--update-baseline', 'write the findings to the baseline')
      .option('--fix <folder>', 'write what mends the findings as files of SQL; nothing is run'),
  run: runDoctor,
};

/** `drover doctor …`: isolation judged from the catalogue, and the rules that do it. */
export const doctor: VerbGroup = {
  name: 'doctor',
  summary: 'judge what lets one tenant reach another’s rows',
  self: examination,
  verbs: [rules, explain],
};

interface ReportOptions extends JsonOption {
  readonly probe?: 'read' | 'write';
  readonly yes?: true;
  readonly damage: 'sample' | 'full' | 'none';
  readonly format?: string;
  readonly out?: string;
  readonly failOn: Severity | 'never';
  readonly requireProof?: true;
  readonly baseline?: string;
  readonly updateBaseline?: true;
  readonly fix?: string;
}

async function runDoctor(session: Session, command: Command): Promise<number> {
  const { terminal, environment, version } = session;
  const options = command.opts<DoctorOptions & ReportOptions>();
  const { probe, damage, baseline, updateBaseline, out, fix } = options;
  if (out !== undefined && (options.format ?? 'text') === 'text' && options.json !== true)
    throw new DroverError('USAGE_INVALID', '--out needs --json or a --format other than text.');
  if (updateBaseline === true && baseline === undefined)
    throw new DroverError('USAGE_INVALID', '--update-baseline needs --baseline FILE, which it writes.');
  if (fix !== undefined) checkFixFolder(fix);
  if (probe === 'write' && !(await mayWrite(session, options))) return exitStatus.failed;
  const about = await examine(options, environment, { ...given({ probe }), damage, now: new Date() });
  const { report: examined } = about;
  if (baseline !== undefined && updateBaseline === true)
    writeText(baseline, baselineOf(examined), { keep: false });
  const report =
    baseline === undefined ? examined : withBaseline(examined, readBaseline(readText(baseline), baseline));
  const format = options.json === true ? 'json' : (options.format ?? 'text');
  const written = reportFormats[format]?.({ report, version });
  if (written === undefined) showReport(terminal, report);
  else if (out === undefined) terminal.out(written.trimEnd());
  if (out !== undefined && written !== undefined) writeText(out, written, { keep: false });
  if (fix !== undefined) {
    const { findings } = report;
    // Beside a report that a program reads they are no data.
    const shown = written === undefined ? terminal : onErrorStream(terminal);
    writeFix(shown, fix, { findings, mends: about.mends(findings), place: about.place });
  }
  return isRefused(report, options) ? exitStatus.changes : exitStatus.done;
}

/** A probe that writes holds locks for a moment, and sequences advance. */
function mayWrite({ terminal }: Session, { yes }: ReportOptions): Promise<boolean> {
  const message =
    'The probe makes rows of two tenants, tries to reach them as each application role, and takes everything back. Sequences advance, ' +
    'dead rows stay until the next vacuum, and where policies leak it holds locks on other tenants’ rows for a moment. Go on?';
  return askToGoOn(terminal, { message, yes: yes === true });
}

const ranks = { error: 3, warning: 2, info: 1 } as const;

function isRefused(report: IsolationReport, { failOn, requireProof }: ReportOptions): boolean {
  const isOpen =
    report.verdicts.some(({ verdict }) => verdict !== 'proven') ||
    report.rules.some(({ state }) => state === 'skipped') ||
    report.notRead.length > 0 ||
    (report.damage?.unseen.length ?? 0) > 0;
  if (requireProof === true && report.nothingToJudge === undefined && isOpen) return true;
  return failOn !== 'never' && report.findings.some(({ severity }) => ranks[severity] >= ranks[failOn]);
}
