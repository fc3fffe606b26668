import { Option } from 'commander';
import type { Command } from 'commander';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { Severity } from '../../engine/finding.ts';
import { given } from '../../engine/given.ts';
import type { IsolationReport } from '../../engine/isolation/report.ts';
import { DroverError } from '../../errors.ts';
import { baselineOf } from '../../isolation/baseline.ts';
import { filtered } from '../../isolation/filter.ts';
import { reportFormats } from '../../isolation/formats/format.ts';
import { readText, writeText } from '../terminal/files.ts';
import type { ExaminedDatabase } from '../../site/doctor.ts';
import { readSources } from '../../site/lint.ts';
import { withJson } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb, VerbGroup } from '../session.ts';
import { onErrorStream } from '../terminal/terminal.ts';
import { diff } from './diff.ts';
import { checkRule, explain } from './explain.ts';
import { checkFixFolder, writeFix } from './fix.ts';
import { look, withLook } from './look.ts';
import type { LookOptions } from './look.ts';
import { rules } from './rules.ts';
import { isAtLeast } from './severity.ts';
import { showReport } from './show-report.ts';

const examination: Verb = {
  name: 'doctor',
  summary: 'what lets one tenant reach another’s rows',
  define: (command) =>
    withLook(withJson(command))
      .option('--rule <rule>', 'only findings of this rule; may be repeated', repeated)
      .option('--table <table>', 'only what is about this table; may be repeated', repeated)
      .addOption(
        new Option('--format <name>', 'the form of the report')
          .choices(['text', ...Object.keys(reportFormats)])
          .conflicts('json'),
      )
      .option('--out <file>', 'write the report there')
      .addOption(
        new Option('--fail-on <severity>', 'status 2 from this severity on (default: error)').choices([
          'error',
          'warning',
          'info',
          'never',
        ]),
      )
      .option('--require-proof', 'status 2 where anything is unverified, skipped or not counted')
      .option('--baseline <file>', 'findings that are known and not counted')
      .option('--update-baseline', 'write the findings to the baseline')
      .option('--sources <folder>', 'files of SQL that make the objects: where sarif and github show them')
      .option('--fix <folder>', 'write what mends the findings as files of SQL; nothing is run'),
  run: runDoctor,
};

/** `drover doctor …`: isolation judged from the catalogue, and the rules that do it. */
export const doctor: VerbGroup = {
  name: 'doctor',
  summary: 'judge what lets one tenant reach another’s rows',
  self: examination,
  verbs: [rules, explain, diff],
};

interface ReportOptions extends LookOptions, JsonOption {
  readonly rule?: readonly string[];
  readonly table?: readonly string[];
  readonly format?: string;
  readonly out?: string;
  readonly failOn?: Severity | 'never';
  readonly requireProof?: true;
  readonly baseline?: string;
  readonly updateBaseline?: true;
  readonly fix?: string;
  readonly sources?: string;
}

async function runDoctor(session: Session, command: Command): Promise<number> {
  const { terminal, version } = session;
  const options = command.opts<ReportOptions>();
  const { updateBaseline, out, fix, rule, table, sources } = options;
  if (out !== undefined && (options.format ?? 'text') === 'text' && options.json !== true)
    throw new DroverError('USAGE_INVALID', '--out needs --json or a --format other than text.');
  if (updateBaseline === true && (rule ?? table) !== undefined)
    throw new DroverError('USAGE_INVALID', 'A baseline is of all findings: leave out --rule and --table.');
  for (const each of rule ?? []) checkRule(each);
  if (fix !== undefined) checkFixFolder(fix);
  const places = sources === undefined ? undefined : await readSources(sources);
  const about = await look(session, options);
  if (about === undefined) return exitStatus.failed;
  const tables = table === undefined ? undefined : tablesOf(about, table);
  const { report: examined, says } = about;
  const { baseline = says.baseline, failOn = says.failOn ?? 'error' } = options;
  if (updateBaseline === true) writeText(baselineFile(baseline), baselineOf(examined), { keep: false });
  const whole = baseline === undefined ? examined : about.knowing(readText(baseline), baseline);
  const report = filtered(whole, given({ rules: rule, tables }));
  const format = options.json === true ? 'json' : (options.format ?? 'text');
  const written = reportFormats[format]?.({ report, version, ...given({ places }) });
  if (written === undefined) showReport(terminal, report);
  else if (out === undefined) terminal.out(written.trimEnd());
  if (out !== undefined && written !== undefined) writeText(out, written, { keep: false });
  if (fix !== undefined) {
    const { findings } = report;
    // Beside a report that a program reads they are no data.
    const shown = written === undefined ? terminal : onErrorStream(terminal);
    writeFix(shown, fix, { findings, mends: await about.mends(findings), place: about.place });
  }
  return isRefused(report, { failOn, requireProof: options.requireProof })
    ? exitStatus.changes
    : exitStatus.done;
}

/** @throws USAGE_INVALID where a name means no table: nothing found would be said of nothing */
function tablesOf({ tableOf }: ExaminedDatabase, names: readonly string[]): TableId[] {
  return names.map((name) => {
    const id = tableOf(name);
    if (id !== undefined) return id;
    const message = `--table ${name}: there is no such table among those that are judged.`;
    throw new DroverError('USAGE_INVALID', message, { table: name });
  });
}

/** @throws USAGE_INVALID where nobody says which file it is */
function baselineFile(baseline: string | undefined): string {
  if (baseline !== undefined) return baseline;
  const message = '--update-baseline needs --baseline FILE, or isolation.baseline, which it writes.';
  throw new DroverError('USAGE_INVALID', message);
}

function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function isRefused(
  report: IsolationReport,
  {
    failOn,
    requireProof,
  }: Required<Pick<ReportOptions, 'failOn'>> & { readonly requireProof: true | undefined },
): boolean {
  const isOpen =
    report.verdicts.some(({ verdict }) => verdict !== 'proven') ||
    report.rules.some(({ state }) => state === 'skipped') ||
    report.notRead.length > 0 ||
    (report.damage?.unseen.length ?? 0) > 0;
  if (requireProof === true && report.nothingToJudge === undefined && isOpen) return true;
  return report.findings.some(({ severity }) => isAtLeast(severity, failOn));
}
