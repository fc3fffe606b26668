/** SARIF 2.1.0, as code scanning takes it. A finding is about an object of a database, so its location is a logical one. */
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { filterText } from '../filter.ts';
import { shownObject } from '../ground.ts';
import { listedRules } from '../listed-rules.ts';
import type { FormatInput } from './input.ts';

const levels = { error: 'error', warning: 'warning', info: 'note' } as const;

/** The file that code scanning shows a finding at, where an object stands in none. */
const configurationFile = 'drover.config.yaml';

export function sarifText({ report, version }: FormatInput): string {
  const { findings, ignored, baselined = [] } = report;
  const known = new Set(baselined);
  const left = filterText(report);
  const rules = listedRules();
  const results = [...findings, ...baselined, ...ignored].map((finding) =>
    resultOf(
      finding,
      rules.findIndex(({ id }) => id === finding.rule),
      known.has(finding),
    ),
  );
  const driver = {
    name: 'drover doctor',
    version,
    informationUri: 'https://www.npmjs.com/package/drover',
    rules: rules.map(({ id, summary, severity }) => ({
      id,
      shortDescription: { text: summary },
      fullDescription: { text: summary },
      help: { text: `drover doctor explain ${id}`, markdown: `\`drover doctor explain ${id}\`` },
      defaultConfiguration: { level: levels[severity === 'by reach' ? 'error' : severity] },
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
        ...(left === undefined ? {} : { properties: { leftOut: left } }),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf(finding: IsolationFinding, ruleIndex: number, isKnown: boolean): object {
  const { rule, severity, at, message, fingerprint, ignored } = finding;
  return {
    ruleId: rule,
    ruleIndex,
    level: levels[severity],
    message: { text: `${at.kind} ${shownObject(at)}: ${message}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: configurationFile }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: shownObject(at), kind: at.kind }],
      },
    ],
    partialFingerprints: { 'droverDoctor/v1': fingerprint },
    ...(isKnown ? { baselineState: 'unchanged' } : {}),
    ...(ignored === undefined ? {} : { suppressions: [{ kind: 'external', justification: ignored }] }),
  };
}
