/** JUnit XML: a test for each rule, and one for each use of a table. What was not judged or not proven is skipped, never passed. */
import type { IsolationReport } from '../../engine/isolation/report.ts';
import { filterText } from '../filter.ts';
import { shownObject } from '../ground.ts';
import type { FormatInput } from './input.ts';

interface JunitCase {
  readonly name: string;
  readonly failure?: string;
  readonly skipped?: string;
}

export function junitText({ report }: FormatInput): string {
  const suites = [suite('rules', ruleCases(report)), suite('verdicts', verdictCases(report))];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="drover doctor">',
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function ruleCases(report: IsolationReport): JunitCase[] {
  const { rules, findings } = report;
  const left = filterText(report);
  const ids = new Set(rules.map(({ rule }) => rule));
  const others = [...new Set(findings.map(({ rule }) => rule))].filter((rule) => !ids.has(rule));
  const states = [...rules, ...others.map((rule) => ({ rule, state: 'judged' as const, reason: undefined }))];
  const cases = states.map(({ rule, state, reason }): JunitCase => {
    if (state === 'skipped') return { name: rule, skipped: reason ?? '' };
    const found = findings.filter((each) => each.rule === rule && each.severity !== 'info');
    if (found.length === 0) return { name: rule };
    return {
      name: rule,
      failure: found
        .map(({ severity, at, message }) => `${severity} ${shownObject(at)}: ${message}`)
        .join('\n'),
    };
  });
  return left === undefined ? cases : [...cases, { name: 'the rest', skipped: left }];
}

function verdictCases({ verdicts }: IsolationReport): JunitCase[] {
  return verdicts.map(({ table, command, role, verdict, reason }) => {
    const name = `${role}: ${command.toUpperCase()} ${table}`;
    if (verdict === 'proven') return { name };
    return verdict === 'leak' ? { name, failure: reason } : { name, skipped: reason };
  });
}

function suite(name: string, cases: readonly JunitCase[]): string {
  const count = (is: (one: JunitCase) => boolean): number => cases.filter(is).length;
  const failures = count(({ failure }) => failure !== undefined);
  const skipped = count(({ skipped: reason }) => reason !== undefined);
  const lines = cases.map((one) => {
    const head = `    <testcase classname="${name}" name="${escaped(one.name)}"`;
    if (one.failure !== undefined)
      return `${head}><failure message="${escaped(one.failure.split('\n')[0] ?? '')}">${escaped(one.failure)}</failure></testcase>`;
    if (one.skipped !== undefined) return `${head}><skipped message="${escaped(one.skipped)}"/></testcase>`;
    return `${head}/>`;
  });
  const head = `  <testsuite name="${name}" tests="${cases.length}" failures="${failures}" skipped="${skipped}" errors="0">`;
  return [head, ...lines, '  </testsuite>'].join('\n');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters that XML cannot hold become a sign for them. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"]/g, (sign) => entities[sign] ?? sign)
    .replaceAll(/\p{Cc}/gu, (sign) => (sign === '\n' || sign === '\t' ? sign : '�'));
}
