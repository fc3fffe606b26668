/** The forms of a lint for programs: files and lines are what each of them is about. */
import { githubData, githubProperty, githubWords } from '../formats/github.ts';
import { sarifLevels, sarifLog } from '../formats/sarif.ts';
import { listedRules } from '../listed-rules.ts';
import { hash } from 'node:crypto';
import { canonicalText } from '../../engine/canonical.ts';
import type { LintFinding, LintReport } from './finding.ts';
import { statementRules } from './rules.ts';

interface LintFormatInput {
  readonly report: LintReport;
  readonly version: string;
  /** As it was named: paths below it are those of the repository. */
  readonly folder: string;
}

export const lintFormats: Readonly<Record<string, (input: LintFormatInput) => string>> = {
  json: ({ report }) => `${JSON.stringify(report, null, 2)}\n`,
  sarif: sarifText,
  github: githubText,
};

function pathIn(folder: string, file: string): string {
  return `${folder.replace(/^\.\//, '').replace(/\/+$/, '')}/${file}`;
}

function githubText({ report, folder }: LintFormatInput): string {
  const lines = report.findings.map(({ severity, rule, at, file, line, message }) => {
    const place = `file=${githubProperty(pathIn(folder, file))},line=${line},title=${githubProperty(`${rule} ${at}`)}`;
    return `::${githubWords[severity]} ${place}::${githubData(`${at}: ${message}`)}`;
  });
  const { notRun } = report;
  const how =
    notRun === undefined ? 'judged on a scratch database' : `judged by syntax alone: ${notRun.reason}`;
  const rest = `${report.statements} statements of ${report.files} files, ${how}; ${report.ignored.length} findings are ignored`;
  return [...lines, `::notice title=drover lint::${githubData(rest)}`, ''].join('\n');
}

function sarifText({ report, version, folder }: LintFormatInput): string {
  const rules = [
    ...listedRules().map(({ id, summary, severity }) => ({
      id,
      summary,
      help: `drover doctor explain ${id}`,
      level: sarifLevels[severity === 'by reach' ? 'error' : severity],
    })),
    ...Object.entries(statementRules).map(([id, summary]) => ({
      id,
      summary,
      help: summary,
      level: 'warning',
    })),
  ];
  const results = [...report.findings, ...report.ignored].map((finding) => ({
    ruleId: finding.rule,
    ruleIndex: rules.findIndex(({ id }) => id === finding.rule),
    level: sarifLevels[finding.severity],
    message: { text: `${finding.at}: ${finding.message}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(pathIn(folder, finding.file)) },
          region: { startLine: finding.line },
        },
        logicalLocations: [{ fullyQualifiedName: finding.at }],
      },
    ],
    partialFingerprints: { 'droverLint/v1': fingerprintOf(finding) },
    ...(finding.ignored === undefined
      ? {}
      : { suppressions: [{ kind: 'inSource', justification: finding.ignored }] }),
  }));
  return sarifLog({ name: 'drover lint', version, rules, results });
}

/** The same on another line. */
function fingerprintOf({ rule, file, at }: LintFinding): string {
  return hash('sha256', canonicalText([rule, file, at])).slice(0, 32);
}
