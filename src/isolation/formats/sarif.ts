/** SARIF 2.1.0, as code scanning takes it. A finding is about an object of a database, so its location is a logical one. */
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { filterText } from '../filter.ts';
import { shownObject } from '../ground.ts';
import { listedRules } from '../listed-rules.ts';
import type { SourcePlace } from '../source-place.ts';
import type { FormatInput } from './input.ts';

export const sarifLevels = { error: 'error', warning: 'warning', info: 'note' } as const;

/** The file that code scanning shows a finding at, where no file makes its object. */
const configurationFile = 'drover.config.yaml';

export function sarifText({ report, version, places }: FormatInput): string {
  const { findings, ignored, baselined = [] } = report;
  const known = new Set(baselined);
  const left = filterText(report);
  const rules = listedRules();
  const results = [...findings, ...baselined, ...ignored].map((finding) =>
    resultOf(
      finding,
      rules.findIndex(({ id }) => id === finding.rule),
      { isKnown: known.has(finding), made: places?.(finding.at) },
    ),
  );
  return sarifLog({
    name: 'drover doctor',
    version,
    rules: rules.map(({ id, summary, severity }) => ({
      id,
      summary,
      help: `drover doctor explain ${id}`,
      level: sarifLevels[severity === 'by reach' ? 'error' : severity],
    })),
    results,
    ...(left === undefined ? {} : { leftOut: left }),
  });
}

interface SarifContent {
  readonly name: string;
  readonly version: string;
  readonly rules: readonly {
    readonly id: string;
    readonly summary: string;
    readonly help: string;
    readonly level: string;
  }[];
  readonly results: readonly object[];
  readonly leftOut?: string;
}

/** The whole file around its results. */
export function sarifLog({ name, version, rules, results, leftOut }: SarifContent): string {
  const driver = {
    name,
    version,
    informationUri: 'https://www.npmjs.com/package/drover',
    rules: rules.map(({ id, summary, help, level }) => ({
      id,
      shortDescription: { text: summary },
      fullDescription: { text: summary },
      help: { text: help, markdown: `\`${help}\`` },
      defaultConfiguration: { level },
    })),
  };
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver },
        columnKind: 'utf16CodeUnits',
        results,
        ...(leftOut === undefined ? {} : { properties: { leftOut } }),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf(
  finding: IsolationFinding,
  ruleIndex: number,
  { isKnown, made }: { readonly isKnown: boolean; readonly made: SourcePlace | undefined },
): object {
  const { rule, severity, at, message, fingerprint, ignored } = finding;
  return {
    ruleId: rule,
    ruleIndex,
    level: sarifLevels[severity],
    message: { text: `${at.kind} ${shownObject(at)}: ${message}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: made === undefined ? configurationFile : encodeURI(made.file) },
          region: { startLine: made?.line ?? 1 },
        },
        logicalLocations: [{ fullyQualifiedName: shownObject(at), kind: at.kind }],
      },
    ],
    partialFingerprints: { 'droverDoctor/v1': fingerprint },
    ...(isKnown ? { baselineState: 'unchanged' } : {}),
    ...(ignored === undefined ? {} : { suppressions: [{ kind: 'external', justification: ignored }] }),
  };
}
