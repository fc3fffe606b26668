/** The report as Markdown, for a comment or a page. */
import { filterText } from '../filter.ts';
import { shownObject } from '../ground.ts';
import { serverName } from '../server-name.ts';
import type { FormatInput } from './input.ts';

export function markdownText({ report }: FormatInput): string {
  const { findings, ignored, baselined = [], rules, verdicts, damage } = report;
  const skipped = rules.filter(({ state }) => state === 'skipped');
  const count = (wanted: string): number => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const left = filterText(report);
  const lines = [
    `# Isolation of ${code(report.database)}`,
    '',
    `${serverName(report)}, seen as ${code(report.login)}; ownership is ${report.ownership}.`,
    ...(report.nothingToJudge === undefined ? [] : ['', `Nothing to judge: ${report.nothingToJudge}.`]),
    ...(left === undefined ? [] : ['', `${plain(left)}.`]),
    '',
    `${findings.length} findings, ${baselined.length} known by the baseline, ${ignored.length} ignored. ` +
      `Uses of tables: ${count('proven')} proven, ${count('leak')} leaks, ${count('unverified')} unverified. No finding is no proof.`,
    ...table(
      ['severity', 'rule', 'object', 'what'],
      findings.map(({ severity, rule, at, message }) => [
        severity,
        rule,
        code(shownObject(at)),
        plain(message),
      ]),
    ),
    ...list(
      'Ignored',
      ignored.map(({ rule, at, ignored: why }) => `${rule} ${code(shownObject(at))}: ${plain(why ?? '')}`),
    ),
    ...list(
      'Skipped',
      skipped.map(({ rule, reason }) => `${rule}: ${plain(reason ?? '')}`),
    ),
    ...list(
      'Not counted',
      (damage?.unseen ?? []).map(
        ({ table: id, by, reason }) => `${code(id)} (${plain(by)}): ${plain(reason)}`,
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return ['', line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function list(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : ['', `## ${title}`, '', ...items.map((item) => `- ${item}`)];
}

/** Text in which nothing is markup, on one line. */
function plain(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]<>#|~]/g, (sign) => `\\${sign}`)
    .replaceAll(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, ' ');
}

/** A name. It stays text whatever it holds. */
function code(text: string): string {
  return `**${plain(text)}**`;
}
