/** The report as one page of HTML: no script, and nothing that a browser would fetch. */
import { filterText } from '../filter.ts';
import { shownObject } from '../ground.ts';
import { serverName } from '../server-name.ts';
import type { FormatInput } from './input.ts';

const style =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}table{border-collapse:collapse;width:100%}' +
  'td,th{border:1px solid #8886;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}' +
  '.error,.leak{color:#b00020}.warning,.unverified{color:#8a5a00}.proven{color:#176b2c}';

export function htmlText({ report, version }: FormatInput): string {
  const { findings, ignored, baselined = [], rules, notRead, verdicts, damage } = report;
  const count = (wanted: string): number => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const left = filterText(report);
  const lines = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>Isolation of ${escaped(report.database)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    `<h1>Isolation of ${name(report.database)}</h1>`,
    paragraph(
      `${serverName(report)}, seen as ${report.login}; ownership is ${report.ownership}. Drover ${version}.`,
    ),
    ...(report.nothingToJudge === undefined
      ? []
      : [paragraph(`Nothing to judge: ${report.nothingToJudge}.`)]),
    ...(left === undefined ? [] : [paragraph(`${left}.`)]),
    paragraph(
      `${findings.length} findings, ${baselined.length} known by the baseline, ${ignored.length} ignored. Uses of tables: ` +
        `${count('proven')} proven, ${count('leak')} leaks, ${count('unverified')} unverified. No finding is no proof.`,
    ),
    ...table(
      'Findings',
      ['severity', 'rule', 'object', 'what'],
      findings.map(({ severity, rule, at, message }) => [
        mark(severity),
        escaped(rule),
        name(`${at.kind} ${shownObject(at)}`),
        name(message),
      ]),
    ),
    ...table(
      'Uses of tables',
      ['verdict', 'role', 'command', 'table', 'why'],
      verdicts.map(({ verdict, role, command, table: id, reason }) => [
        mark(verdict),
        name(role),
        command.toUpperCase(),
        name(id),
        name(reason),
      ]),
    ),
    ...table(
      'Not counted',
      ['table', 'by', 'why'],
      (damage?.unseen ?? []).map(({ table: id, by, reason }) => [name(id), name(by), name(reason)]),
    ),
    ...table(
      'Ignored',
      ['rule', 'object', 'why'],
      ignored.map(({ rule, at, ignored: why = '' }) => [escaped(rule), name(shownObject(at)), name(why)]),
    ),
    ...table(
      'Skipped and not read',
      ['what', 'why'],
      [
        ...rules
          .filter(({ state }) => state === 'skipped')
          .map(({ rule, reason = '' }) => [escaped(rule), name(reason)]),
        ...notRead.map(({ at, reason }) => [name(shownObject(at)), name(reason)]),
      ],
    ),
    '</body>',
    '</html>',
  ];
  return `${lines.join('\n')}\n`;
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const cells = (kind: 'td' | 'th', all: readonly string[]): string =>
    `<tr>${all.map((cell) => `<${kind}>${cell}</${kind}>`).join('')}</tr>`;
  return [
    `<h2>${title}</h2>`,
    '<table>',
    cells('th', head),
    ...rows.map((row) => cells('td', row)),
    '</table>',
  ];
}

function mark(word: string): string {
  return `<span class="${word}">${word}</span>`;
}

function paragraph(text: string): string {
  return `<p>${name(text)}</p>`;
}

/** It turns the direction of nothing but itself. */
function name(text: string): string {
  return `<bdi>${escaped(text)}</bdi>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign)
    .replaceAll(/[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, '\u{fffd}');
}
