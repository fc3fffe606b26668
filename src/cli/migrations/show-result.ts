/** What a migration or a rollback did, for people. */
import { modelLabel } from '../../engine/models/model.ts';
import { accountsText } from '../../engine/plan/accounts.ts';
import { completionLine } from '../../engine/planner/render.ts';
import type { LeftBehind } from '../../engine/plan/plan-types.ts';
import { changeCount, firstNames, printable } from '../../engine/plan/row-text.ts';
import type { MoveResult } from '../../postgres/records/move-result.ts';
import type { RollbackResult } from '../../postgres/undo/result.ts';
import { showTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines, wrapLine } from '../terminal/wrap.ts';

/** What moved, what stayed and why, and how to take it back. */
export function showMoveResult(terminal: Terminal, result: MoveResult): void {
  const { style } = terminal;
  const out = inLines(terminal);
  const models = `${printable(modelLabel(result.source))} → ${printable(modelLabel(result.target))}`;
  const total = Object.values(result.counts).reduce((sum, rows) => sum + rows, 0);
  if (result.replayed)
    out(style.warning('This plan was applied before; this is what it did then. Nothing was done now.'));
  out(`${style.good(`Made ${changeCount(total)}`)} in ${seconds(result.durationMs)}`);
  for (const line of wrapLine(`  ${models}`, terminal.width)) out(line);
  const rows = Object.entries(result.counts).map(([entity, count]) => [entity, count] as const);
  if (rows.length > 0)
    showTable(terminal, {
      head: ['what moved', 'row changes'],
      rows,
    });
  if (result.inParts !== undefined)
    out(`${changeCount(result.inParts)} of these committed in parts, before the last transaction.`);
  showLeftBehind(terminal, result.leftBehind);
  out();
  for (const part of wrapLine(`${accountsText(result.accounts)}.`, terminal.width)) out(part);
  const line = completionLine(result);
  for (const part of wrapLine(result.completion === 'complete' ? line : style.warning(line), terminal.width))
    out(part);
  for (const { message } of result.findings.filter(({ code }) => code === 'NOT_FENCED'))
    for (const part of wrapLine(printable(message), terminal.width)) out(style.muted(part));
  out(`Migration ${style.bold(result.migrationId)}`);
}

function showLeftBehind(terminal: Terminal, entries: readonly LeftBehind[]): void {
  const { out, style, width } = terminal;
  if (entries.length === 0) return;
  const rows = entries.map(
    ({ place, count, reason, live }) => [place, count, live ? `${reason}, live` : reason] as const,
  );
  out();
  showTable(terminal, {
    head: ['what stayed', 'rows', 'why'],
    rows,
  });
  for (const { place, message, rows: named, count } of entries.filter(({ live }) => live)) {
    const names = firstNames(named, { shown: 5, total: count });
    for (const line of wrapLine(style.muted(` ${printable(place)}: ${printable(message)}: ${names}`), width))
      out(line);
  }
}

/** What was restored, and what was left because somebody changed it since. */
export function showRollbackResult(terminal: Terminal, result: RollbackResult): void {
  const { style } = terminal;
  const out = inLines(terminal);
  out(
    `${style.good(`Took back ${changeCount(result.restored)}`)} of migration ${result.parentId} in ${seconds(result.durationMs)}`,
  );
  if (result.skippedCount > 0) {
    out(style.warning(`${changeCount(result.skippedCount)} left as they are:`));
    const rows = result.skipped.map(({ table, key, reason }) => [table, key, reason]);
    showTable(terminal, { head: ['table', 'key', 'why'], rows });
    if (result.skippedCount > rows.length)
      out(style.muted(`  and ${result.skippedCount - rows.length} more`));
  }
  out(`Rollback ${style.bold(result.migrationId)}; it can itself be rolled back.`);
}

/** `0.42 s`. */
function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(2)} s`;
}
