/** Past migrations, for people. */
import type { Finding } from '../../engine/finding.ts';
import { changeCount, printable } from '../../engine/plan/row-text.ts';
import type {
  RecordedChange,
  MigrationDetail,
  MigrationRecord,
  StepRecord,
} from '../../postgres/records/history.ts';
import type { NamedRecord } from '../../site/records.ts';
import { showTable } from '../terminal/table.ts';
import type { TableContent } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { minuteText } from '../terminal/times.ts';
import { inLines, wrapLine } from '../terminal/wrap.ts';

/** One line each, newest first. */
export function showMigrations({ out, style, width }: Terminal, records: readonly NamedRecord[]): void {
  if (records.length === 0) return out('No migrations yet.');
  for (const record of records) {
    for (const line of wrapLine(`${style.bold(record.id)}  ${statusOf(record)}`, width)) out(line);
    const summary = [
      minuteText(record.startedAt),
      printable(record.tenantName),
      changeCount(record.migratedCount),
      `by ${printable(record.actor)}`,
    ].join('  ');
    for (const line of wrapLine(`  ${summary}`, width)) out(line);
    for (const line of wrapLine(`  ${modelsOf(record)}`, width)) out(style.muted(line));
  }
}

/** Who moved what, when and why, and the steps. */
export function showMigration(terminal: Terminal, record: MigrationDetail): void {
  const { style } = terminal;
  const out = inLines(terminal);
  const what =
    record.kind === 'rollback' ? `Rollback of ${record.parentId ?? ''}` : `${wordOf(record)} ${record.id}`;
  out(`${style.bold(what)}  ${statusOf(record)}`);
  out(`  ${modelsOf(record)}`);
  const reason = record.reason === null ? '' : `: ${printable(record.reason)}`;
  out(
    `  by ${printable(record.actor)}, ${minuteText(record.startedAt)}${reason}${record.forced ? ' (forced)' : ''}`,
  );
  if (record.errorMessage !== null)
    out(`  ${style.error(record.errorCode ?? 'error')}: ${printable(record.errorMessage)}`);
  if (record.steps.length > 0) {
    out();
    showTable(terminal, stepTable(record));
  }
}

/** The steps of one. */
export function stepTable({ steps: all }: MigrationDetail): TableContent {
  const rows = inOneLine(all).map(({ steps, operation, entity, expected, actual }) => [
    steps,
    operation,
    entity,
    expected,
    actual ?? '',
  ]);
  return { head: ['step', 'what', 'of', 'planned', 'done'], rows };
}

/** Many, for programs: what `history --json` has of each, as far as a line can hold it. */
export function migrationTable(records: readonly NamedRecord[]): TableContent {
  const name = ({ name: own, key }: MigrationRecord['to']): string => own ?? key ?? '';
  const rows = records.map((record) => [
    record.id,
    record.startedAt,
    record.tenant,
    record.tenantName,
    record.kind,
    record.status,
    record.completion ?? '',
    record.rolledBack ? 'yes' : '',
    record.migratedCount,
    name(record.from),
    name(record.to),
    record.actor,
    record.reason ?? '',
  ]);
  const models = ['from', 'to', 'by', 'reason'];
  const standing = ['kind', 'status', 'completion', 'rolled back'];
  return { head: ['migration', 'began', 'tenant', 'name', ...standing, 'row changes', ...models], rows };
}

/** Every changed value of one, for programs. */
export function changeTable(changes: readonly RecordedChange[]): TableContent {
  const text = (value: unknown): string => (value === null ? '' : JSON.stringify(value));
  const rows = changes.map(({ step, table, action, key, before, after }) => [
    step,
    table,
    action,
    key,
    text(before),
    text(after),
  ]);
  return { head: ['step', 'table', 'action', 'key', 'before', 'after'], rows };
}

function wordOf({ kind }: MigrationRecord): string {
  if (kind === 'merge') return 'Merge';
  return kind === 'rekey' ? 'Re-key' : 'Migration';
}

interface StepLine extends Pick<StepRecord, 'operation' | 'entity' | 'expected' | 'actual'> {
  /** `7`, or `1-7`: parts of a migration that were committed one by one. */
  readonly steps: string;
}

/** Steps of the same kind on the same table that follow each other. */
function inOneLine(steps: readonly StepRecord[]): StepLine[] {
  const lines: (StepLine & { readonly like: string })[] = [];
  for (const { step, operation, table, entity, expected, actual } of steps) {
    const like = `${operation} ${table}`;
    const before = lines.at(-1);
    if (before === undefined || before.like !== like) {
      lines.push({ steps: String(step), operation, entity, expected, actual, like });
      continue;
    }
    lines[lines.length - 1] = {
      ...before,
      steps: `${before.steps.split('-', 1)[0] ?? ''}-${step}`,
      expected: before.expected + expected,
      actual: (before.actual ?? 0) + (actual ?? 0),
    };
  }
  return lines;
}

/** Findings and what stayed or was skipped, as they were stored. */
export function showStoredResult(terminal: Terminal, { result }: MigrationDetail): void {
  const { style } = terminal;
  const out = inLines(terminal);
  const findings = listOf<Finding>(result, 'findings');
  const heading = (text: string, rows: readonly unknown[]): void => {
    if (rows.length > 0) terminal.out(`\n${style.heading(text)}`);
  };
  heading('Findings', findings);
  for (const { severity, code, message } of findings) {
    out(`  ${style[severity](severity.padEnd(7))} ${code}: ${printable(message)}`);
  }
  const stayed = listOf<{ place: string; count: number; reason: string }>(result, 'leftBehind');
  heading('Stayed', stayed);
  for (const { place, count, reason } of stayed) out(`  ${printable(place)}: ${count} (${reason})`);
  const skipped = listOf<{ table: string; key: string; reason: string }>(result, 'skipped');
  heading('Skipped', skipped);
  for (const { table, key, reason } of skipped)
    out(`  ${printable(table)} ${printable(key)}: ${printable(reason)}`);
}

function listOf<T>(result: unknown, member: string): readonly T[] {
  const value: unknown =
    typeof result === 'object' && result !== null ? (result as Record<string, unknown>)[member] : undefined;
  return Array.isArray(value) ? (value as T[]) : [];
}

/** Every changed value, as the journal has it. */
export function showChanges(terminal: Terminal, changes: readonly RecordedChange[]): void {
  const { style } = terminal;
  const out = inLines(terminal);
  terminal.out(`\n${style.heading('Changes')}`);
  for (const { table, action, key, before, after } of changes) {
    out(`  ${printable(table)} ${style.bold(printable(key))} ${action}`);
    if (before !== null) out(`    ${style.error('-')} ${printable(JSON.stringify(before))}`);
    if (after !== null) out(`    ${style.good('+')} ${printable(JSON.stringify(after))}`);
  }
}

function statusOf({ status, completion, rolledBack, kind }: MigrationRecord): string {
  if (status !== 'succeeded') return status.replaceAll('_', ' ');
  if (rolledBack) return 'rolled back';
  if (kind === 'rollback') return completion === 'partial' ? 'succeeded, some rows skipped' : 'succeeded';
  return `succeeded, ${completion ?? 'unknown'}`;
}

function modelsOf({ from, to, kind }: MigrationRecord): string {
  const models = `${printable(from.name ?? from.key ?? '?')} → ${printable(to.name ?? to.key ?? '?')}`;
  return kind === 'rollback' ? `back from ${models}` : models;
}
