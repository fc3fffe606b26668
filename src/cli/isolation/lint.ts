/** `drover lint DIR`: what a folder of migrations would do to isolation, before a database runs it. */
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Severity } from '../../engine/finding.ts';
import { DroverError } from '../../errors.ts';
import { lintFormats } from '../../isolation/lint/formats.ts';
import type { LintReport } from '../../isolation/lint/finding.ts';
import { lint as lintFolder } from '../../site/lint.ts';
import type { LintOptions } from '../../site/lint.ts';
import { withJson } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { writeText } from '../terminal/files.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';
import { isAtLeast } from './severity.ts';

interface LintCommandOptions extends LintOptions, JsonOption {
  readonly format?: string;
  readonly out?: string;
  readonly failOn: Severity | 'never';
}

export const lint: Verb = {
  name: 'lint',
  summary: 'what migrations would do to isolation, before a database runs them',
  define: (command) =>
    withJson(command)
      .argument('<folder>', 'the folder of the migrations, in the order of their paths')
      .option('--base <file>', 'SQL of what is there before them, such as pg_dump --schema-only writes')
      .option('--config <file>', 'whose the tables are (default: drover.config.yaml)')
      .option('--database <url>', 'a database whose tables say how many rows are locked')
      .addOption(
        new Option('--format <name>', 'the form of the report')
          .choices(['text', ...Object.keys(lintFormats)])
          .conflicts('json'),
      )
      .option('--out <file>', 'write the report there')
      .addOption(
        new Option('--fail-on <severity>', 'status 2 from this severity on')
          .choices(['error', 'warning', 'info', 'never'])
          .default('error'),
      ),
  run: runLint,
};

async function runLint({ terminal, environment, version }: Session, command: Command): Promise<number> {
  const options = command.opts<LintCommandOptions>();
  const { out, failOn } = options;
  const format = options.json === true ? 'json' : (options.format ?? 'text');
  if (out !== undefined && format === 'text')
    throw new DroverError('USAGE_INVALID', '--out needs --json or a --format other than text.');
  const report = await lintFolder(command.args[0] ?? '', options, { environment, now: new Date() });
  const written = lintFormats[format]?.({ report, version, folder: command.args[0] ?? '' });
  if (written === undefined) showLint(terminal, report);
  else if (out === undefined) terminal.out(written.trimEnd());
  if (out !== undefined && written !== undefined) writeText(out, written, { keep: false });
  return report.findings.some(({ severity }) => isAtLeast(severity, failOn))
    ? exitStatus.changes
    : exitStatus.done;
}

function showLint(terminal: Terminal, report: LintReport): void {
  const { findings, ignored, notRun, notRead, files, statements } = report;
  const out = inLines(terminal);
  for (const { severity, rule, at, file, line, message } of findings)
    out(`${file}:${line}: ${severity} ${rule} ${at}: ${message}`);
  for (const { rule, at, file, line, ignored: reason = '' } of ignored)
    out(`${file}:${line}: ignored ${rule} ${at}: ${reason}`);
  for (const { file, reason } of notRead) out(`${file}: not read: ${reason}`);
  out(`${findings.length} findings in ${statements} statements of ${files} files`);
  out(
    notRun === undefined
      ? 'The files ran on a scratch database, and the doctor judged what they made.'
      : `${notRun.file}:${notRun.line} does not run on a scratch database: ${notRun.reason}. So all is judged by its syntax alone.`,
  );
}
