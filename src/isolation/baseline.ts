/** A baseline: findings that are known, so that only new ones are counted. Its keys are fingerprints, which no row and no text changes. */
import type { IsolationFinding, IsolationReport } from '../engine/isolation/report.ts';
import { DroverError } from '../errors.ts';
import { shownObject } from './ground.ts';
import { byWeight, reportedFinding } from './judge.ts';
import { listedRules } from './listed-rules.ts';
import { whyUnseen } from './looked-for.ts';
import type { FindingSettings } from './observed.ts';

interface Known {
  readonly fingerprint: string;
  readonly rule: string;
  readonly at: string;
}

/** The findings of the report as the text of a file, in their order. */
export function baselineOf({ findings, baselined = [] }: IsolationReport): string {
  const known = [...findings, ...baselined]
    .map(({ fingerprint, rule, at }): Known => ({ fingerprint, rule, at: shownObject(at) }))
    .sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  return `${JSON.stringify({ version: 1, findings: known }, null, 2)}\n`;
}

/** Reads such a file. @throws BASELINE_INVALID */
export function readBaseline(text: string, file: string): readonly Known[] {
  const read = parsed(text);
  if (isBaseline(read)) return read.findings;
  const message = `${file} is no baseline of drover doctor. Make one with --update-baseline.`;
  throw new DroverError('BASELINE_INVALID', message, { file });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isBaseline(read: unknown): read is { readonly findings: readonly Known[] } {
  if (typeof read !== 'object' || read === null || !('findings' in read) || !('version' in read))
    return false;
  const { findings, version } = read;
  const isKnown = (each: unknown): boolean =>
    typeof each === 'object' &&
    each !== null &&
    ['fingerprint', 'rule', 'at'].every(
      (name) => typeof (each as Record<string, unknown>)[name] === 'string',
    );
  return version === 1 && Array.isArray(findings) && findings.every(isKnown);
}

/** The report with what is known apart, and with a finding for what of the baseline was looked for and is there no more. */
export function withBaseline(
  report: IsolationReport,
  known: readonly Known[],
  settings: FindingSettings,
): IsolationReport {
  const fingerprints = new Set(known.map(({ fingerprint }) => fingerprint));
  const isKnown = ({ fingerprint }: IsolationFinding): boolean => fingerprints.has(fingerprint);
  const found = new Set([...report.findings, ...report.ignored].map(({ fingerprint }) => fingerprint));
  const rules = new Set(listedRules().map(({ id }) => id));
  const stale = known
    .filter(({ fingerprint }) => !found.has(fingerprint))
    .filter((each) => !rules.has(each.rule) || whyUnseen(each, report) === undefined)
    .map(({ rule, at }) =>
      reportedFinding(settings, {
        rule: 'baseline-stale',
        severity: 'info',
        at: { kind: 'configuration', schema: '', name: 'isolation.baseline', part: `${rule} ${at}` },
        message: `The baseline has ${rule} at ${at}, which is found no more.`,
      }),
    );
  const isIgnored = ({ ignored }: IsolationFinding): boolean => ignored !== undefined;
  const counted = [
    ...report.findings.filter((each) => !isKnown(each)),
    ...stale.filter((each) => !isIgnored(each)),
  ];
  return {
    ...report,
    findings: counted.sort(byWeight),
    ignored: [...report.ignored, ...stale.filter(isIgnored)].sort(byWeight),
    baselined: report.findings.filter(isKnown),
  };
}
