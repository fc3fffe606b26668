/** Runs and what became of their tenants, for people. */
import { wantedLabel } from '../../engine/models/resolve.ts';
import { changeCount, printable } from '../../engine/plan/row-text.ts';
import type { PlannedRun, PlannedTenant } from '../../fleet/plan-run.ts';
import type { RunOrders } from '../../postgres/runs/orders.ts';
import type { RunTenant } from '../../postgres/runs/tenants.ts';
import type { RunRecord } from '../../postgres/runs/runs.ts';
import { progressText } from './progress.ts';
import { showTable } from '../terminal/table.ts';
import type { TableContent } from '../terminal/table.ts';
import type { Style, Terminal } from '../terminal/terminal.ts';
import { minuteText } from '../terminal/times.ts';
import { inLines, wrapLine } from '../terminal/wrap.ts';
import { whereWords } from '../../site/where.ts';
import type { Where } from '../../site/where.ts';

/** A few lines each, newest first. */
export function showRuns({ out, style, width }: Terminal, runs: readonly RunRecord[]): void {
  if (runs.length === 0) return out('No runs yet.');
  for (const run of runs) {
    for (const line of wrapLine(`${style.bold(run.id)}  ${statusOf(run, style)}`, width)) out(line);
    const summary = `${minuteText(run.createdAt)}  ${progressText(run)}  ${changeCount(run.migratedCount)}  by ${printable(run.actor)}`;
    for (const line of [
      ...wrapLine(`  ${summary}`, width),
      ...wrapLine(`  ${modelsOf(run)}`, width).map(style.muted),
    ])
      out(line);
  }
}

/** Many, for programs: what `runs --json` has of each, as far as a line can hold it. */
export function runTable(runs: readonly RunRecord[]): TableContent {
  const rows = runs.map((run) => [
    run.id,
    run.createdAt,
    run.kind,
    run.status,
    run.completion ?? '',
    run.total,
    run.pending,
    run.succeeded,
    run.failed,
    run.skipped,
    run.migratedCount,
    nameOf(run.from),
    nameOf(run.to),
    run.actor,
    run.reason ?? '',
  ]);
  const counts = ['tenants', 'pending', 'succeeded', 'failed', 'skipped', 'row changes'];
  return {
    head: ['run', 'made', 'kind', 'status', 'completion', ...counts, 'from', 'to', 'by', 'reason'],
    rows,
  };
}

/** The tenants of a run, for programs. */
export function tenantTable(tenants: readonly RunTenant[], where: Where): TableContent {
  const rows = tenants.map((one) => [
    one.tenant,
    one.tenantName,
    one.status,
    one.completion ?? '',
    one.migratedCount,
    one.migrationId ?? '',
    one.code ?? '',
    completeCommand(one, where) ?? '',
  ]);
  const why = ['migration', 'code', 'message'];
  return { head: ['tenant', 'name', 'status', 'completion', 'row changes', ...why], rows };
}

export const plannedHead = ['tenant', 'name', 'status', 'completion', 'row changes', 'code', 'message'];

/** What a run would do to a tenant, for programs. */
export function plannedLine(one: PlannedTenant, where: Where): TableContent['rows'][number] {
  const message = completeCommand(one, where) ?? findingsOf(one.findings);
  return [one.tenant, one.tenantName, one.status, one.completion ?? '', one.count, one.code ?? '', message];
}

/** What it is about, how it stands, and its tenants, or some of them. */
export function showRun(
  terminal: Terminal,
  run: RunRecord,
  {
    tenants,
    shown = tenants,
    where,
  }: {
    readonly tenants: readonly RunTenant[];
    readonly shown?: readonly RunTenant[];
    readonly where: Where;
  },
): void {
  const { style, width } = terminal;
  const out = inLines(terminal);
  const what =
    run.kind === 'rollback' ? `Rollback of run ${run.parentId ?? ''}: run ${run.id}` : `Run ${run.id}`;
  out(`${style.bold(what)}  ${statusOf(run, style)}`);
  const lines = [
    modelsOf(run),
    `by ${printable(run.actor)}, ${minuteText(run.createdAt)}${run.reason === null ? '' : `: ${printable(run.reason)}`}`,
    `${progressText(run)}; ${changeCount(run.migratedCount)}`,
    ...(run.statusReason === null ? [] : [printable(run.statusReason)]),
  ];
  for (const line of lines.flatMap((text) => wrapLine(`  ${text}`, width))) out(line);
  for (const text of openPlaces(tenants))
    for (const line of wrapLine(`  ${text}`, width)) out(style.muted(line));
  if (shown.length > 0) out();
  const rows = shown.map((one) => tenantRow({ ...one, message: completeCommand(one, where) }));
  showRows(terminal, rows);
}

/** Where nothing prevents new ones; said once for all tenants. */
function openPlaces(tenants: readonly RunTenant[]): string[] {
  const open = tenants.flatMap(({ findings }) => findings.filter(({ code }) => code === 'NOT_FENCED'));
  return [...new Set(open.map(({ message }) => printable(message)))];
}

/** Who ordered what of it; that somebody made it is said with the run. */
export function showOrders({ out, width }: Terminal, { orders, totalOrders }: RunOrders): void {
  if (totalOrders > orders.length) out(`  the newest ${orders.length} of ${totalOrders} orders:`);
  for (const { action, actor, at, reason } of orders)
    if (action !== 'run.created') {
      const why = reason === null ? '' : `: ${printable(reason)}`;
      for (const line of wrapLine(`  ${minuteText(at)}  ${action} by ${printable(actor)}${why}`, width))
        out(line);
    }
}

/** Of a run that ended: what did not succeed or not wholly, so that somebody can do something about it. */
export function notComplete(tenants: readonly RunTenant[]): RunTenant[] {
  const told: readonly (string | null)[] = [
    'ROWS_LEFT',
    'SHARED_ROWS_LEFT',
    'TENANTS_FAILED',
    'SOURCE_IN_USE',
    'TENANT_SUSPENDED',
  ];
  return tenants.filter(
    ({ status, code, completion }) => status === 'failed' || completion === 'partial' || told.includes(code),
  );
}

/** What a run would do, tenant by tenant. */
export function showPlannedRun(terminal: Terminal, plan: PlannedRun, where: Where): void {
  showRows(
    terminal,
    plan.tenants.map((one) => [
      one.tenantName,
      one.status === 'ready' ? 'would move' : one.status,
      one.count,
      completeCommand(one, where) ?? findingsOf(one.findings),
    ]),
  );
  terminal.out();
  showPlannedSum(terminal, plan);
}

/** What a run would do, in one line. */
export function showPlannedSum({ out, style, width }: Terminal, plan: PlannedRun): void {
  const parts = [`${plan.ready} of ${plan.total} tenants would move`, changeCount(plan.count)];
  if (plan.failed > 0) parts.push(style.error(`${plan.failed} would fail`));
  if (plan.skipped > 0) parts.push(`${plan.skipped} skipped`);
  for (const line of wrapLine(parts.join(', '), width)) out(line);
}

/** The message of a unit. What remains of shared rows ends with the command that moves them, which lacks the database. */
function completeCommand(
  { code, message }: Pick<RunTenant, 'code' | 'message'>,
  where: Where,
): string | null {
  return code === 'SHARED_ROWS_LEFT' && message?.includes('drover apply') === true
    ? `${message} ${whereWords(where)}`
    : message;
}

type RunLine = readonly [name: string, status: string, changes: number, note: string];

function showRows(terminal: Terminal, rows: readonly RunLine[]): void {
  if (rows.length === 0) return;
  const head = ['tenant', 'status', 'row changes', 'note'];
  showTable(terminal, { head, rows });
}

function tenantRow({
  tenantName,
  status,
  migratedCount,
  code,
  message,
  findings,
  completion,
}: RunTenant): RunLine {
  if (code === null && completion === 'partial')
    return [tenantName, 'partial', migratedCount, whatStays(findings)];
  const why = code === null ? findingsOf(findings) : `${code}: ${message ?? ''}`;
  return [tenantName, status, migratedCount, why];
}

/** Of what is more than information the sentences that say what stays; the record of the tenant has all of it. */
function whatStays(findings: RunTenant['findings']): string {
  const said = findings.filter(({ severity, code }) => severity !== 'info' && code === 'ASK_OPEN');
  return said.length === 0 ? findingsOf(findings) : said.map(({ message }) => message).join(' ');
}

/** Codes of what is more than information. */
function findingsOf(findings: readonly { severity: string; code: string }[]): string {
  const codes = findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
  return [...new Set(codes)].join(', ');
}

function statusOf({ status, completion }: RunRecord, style: Style): string {
  const word = completion === null ? status : `${status}, ${completion}`;
  if (status === 'succeeded') return completion === 'complete' ? style.good(word) : style.warning(word);
  return status === 'failed' || status === 'stopped' ? style.error(word) : style.warning(word);
}

function modelsOf({ from, to }: RunRecord): string {
  return `${printable(nameOf(from))} → ${printable(nameOf(to))}`;
}

function nameOf({ name, family }: RunRecord['from']): string {
  return wantedLabel({ name, second: family });
}
