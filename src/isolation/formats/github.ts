/** Annotations of GitHub Actions: a command on a line of its own. */
import { shownObject } from '../ground.ts';
import { filterText } from '../filter.ts';
import type { FormatInput } from './input.ts';

export const githubWords = { error: 'error', warning: 'warning', info: 'notice' } as const;

export function githubText({ report, places }: FormatInput): string {
  const lines = report.findings.map(({ severity, rule, at, message }) => {
    const title = githubProperty(`${rule} ${shownObject(at)}`);
    const made = places?.(at);
    const file = made === undefined ? '' : `file=${githubProperty(made.file)},line=${made.line},`;
    return `::${githubWords[severity]} ${file}title=${title}::${githubData(`${at.kind} ${shownObject(at)}: ${message}`)}`;
  });
  const unverified = report.verdicts.filter(({ verdict }) => verdict === 'unverified').length;
  const rest = `${unverified} uses of tables by application roles are unverified; ${report.ignored.length} findings are ignored`;
  const left = filterText(report);
  const all = left === undefined ? rest : `${rest}. ${left}`;
  return [...lines, `::notice title=drover doctor::${githubData(all)}`, ''].join('\n');
}

/** A name may hold anything: a line break would begin another command. */
export function githubData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

export function githubProperty(text: string): string {
  return githubData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
