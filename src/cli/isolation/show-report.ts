/** A report of the doctor as a person reads it: what was judged and how, the findings, and what nobody knows. */
import { serverName } from '../../isolation/server-name.ts';
import type { IsolationFinding, IsolationReport } from '../../engine/isolation/report.ts';
import { filterText } from '../../isolation/filter.ts';
import { listed, shownObject } from '../../isolation/ground.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';

/** Prints the report. That nothing was found is never printed as isolated. */
export function showReport(terminal: Terminal, report: IsolationReport): void {
  const out = inLines(terminal);
  out(`${report.database}, ${serverName(report)}, seen as ${report.login}`);
  if (report.nothingToJudge !== undefined) return out(`Nothing to judge: ${report.nothingToJudge}.`);
  for (const line of groundLines(report)) out(line);
  for (const finding of report.findings) showFinding(terminal, finding);
  if (report.findings.length > 0) out();
  for (const line of closingLines(report)) out(line);
}

const rolesFrom: Readonly<Record<IsolationReport['rolesFrom'], string>> = {
  configuration: 'by the configuration',
  session: 'by database.session',
  login: 'the login',
  logins: 'every login that may touch a tenant’s table',
  unknown: '',
};

function groundLines(report: IsolationReport): string[] {
  const { owned, global, unknown } = report.tables;
  const roles =
    report.applicationRoles.length === 0
      ? 'no application role is known'
      : `application roles ${listed(report.applicationRoles)} (${rolesFrom[report.rolesFrom]})`;
  const trusted = report.trusted.length === 0 ? '' : `; trusted ${listed(report.trusted)}`;
  return [
    `Tables: ${owned} of tenants, ${global} global, ${unknown} of unknown ownership; ${roles}${trusted}`,
    ...(report.ownership === 'proposed'
      ? [
          'Ownership is proposed and not declared: `drover init` writes the proposal down, and a configuration decides.',
        ]
      : []),
  ];
}

function showFinding(terminal: Terminal, { severity, rule, at, message, also }: IsolationFinding): void {
  const { out, style } = terminal;
  const mark = severity === 'error' ? style.error : severity === 'warning' ? style.warning : style.muted;
  const lines = inLines(terminal);
  out();
  lines(`${mark(severity)} ${style.bold(rule)} ${at.kind} ${shownObject(at)}`);
  lines(`  ${message}`);
  if (also.length > 0)
    lines(`  also: ${also.map((each) => `${each.rule} (${shownObject(each.at)})`).join(', ')}`);
}

function closingLines(report: IsolationReport): string[] {
  const { findings, ignored, rules, notRead, verdicts, baselined = [] } = report;
  const count = (wanted: string): number => findings.filter(({ severity }) => severity === wanted).length;
  const told = (wanted: string): string => `${count(wanted)} ${wanted}${count(wanted) === 1 ? '' : 's'}`;
  const left = filterText(report);
  const skipped = rules.filter(({ state }) => state === 'skipped');
  return [
    `${told('error')}, ${told('warning')}, ${count('info')} to know; ${rules.length - skipped.length} rules judged`,
    ...(left === undefined ? [] : [left]),
    ...(baselined.length > 0 ? [`Known by the baseline: ${baselined.length}`] : []),
    ...ignored.map((each) => `Ignored: ${each.rule} ${shownObject(each.at)}: ${each.ignored ?? ''}`),
    ...skipped.map(({ rule, reason }) => `Skipped: ${rule}: ${reason ?? ''}`),
    ...notRead.map(({ at, reason }) => `Not read: the policy ${shownObject(at)}: ${reason}`),
    ...damageLines(report.damage),
    verdictLine(report.probe, verdicts),
    ...(findings.length > 0 ? ['`drover doctor explain RULE` says why, and what mends it.'] : []),
  ];
}

/** What was counted, and what was not: a sample is no count, and what nobody sees is not 0. */
function damageLines(damage: IsolationReport['damage']): string[] {
  if (damage === undefined) return [];
  const { tables, found, unseen } = damage;
  const sampled = tables.filter(({ sampled: rows }) => rows !== undefined).length;
  const rows = found.reduce((sum, each) => sum + each.rows, 0);
  const whole = `${tables.length - sampled} tables read in full, ${sampled} as a sample`;
  return [
    `Damage: ${rows} rows stand where they must not; ${whole}`,
    ...unseen.map(({ table, by, reason }) => `Not counted: ${table} (${by}): ${reason}`),
  ];
}

function verdictLine(probe: IsolationReport['probe'], verdicts: IsolationReport['verdicts']): string {
  const count = (wanted: string): number => verdicts.filter(({ verdict }) => verdict === wanted).length;
  if (probe === undefined)
    return `Unverified: ${count('unverified')} uses of tables by application roles. Rules find faults; they prove nothing.`;
  const counts = `${count('proven')} proven by running, ${count('leak')} leaks, ${count('unverified')} unverified`;
  return `Uses of tables by application roles: ${counts}.`;
}
