/** `--within DAYS`: does a model that is named end soon, or has one ended? The status is the answer, for a check of a pull request. */
import { endOf } from '../../engine/inventory/report.ts';
import type { ModelReport } from '../../engine/inventory/report.ts';
import { daysBetween } from '../../engine/models/retirements.ts';
import { isComplete } from '../../postgres/inventory/inventory.ts';
import { exitStatus } from '../session.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { wrapLine } from '../terminal/wrap.ts';
import type { TakenInventory } from '../../site/inventory.ts';

/** 2: one does. 1: none does, and not everything could be read. 0: none does. */
export function sayWithin(terminal: Terminal, shown: TakenInventory, days: number): number {
  const named = shown.reports.filter(({ count, schema }) => count > 0 || schema.length > 0);
  const ending = named.filter((report) => endsWithin(report, shown.today, days));
  const open = named.filter((report) => !ending.includes(report) && endOf(report.model) === undefined);
  const complete = isComplete(shown.found) && shown.samplePercent === undefined;
  const lines = [
    ending.length === 0
      ? `No model that was found ends within ${days} days, as far as their ends are known.`
      : `Within ${days} days or before: ${idsOf(ending)}.`,
    ...(open.length === 0 ? [] : [`Nobody says when these end: ${idsOf(open)}.`]),
    ...(complete ? [] : ['Not everything was read, so this is no all-clear.']),
  ];
  for (const line of lines.flatMap((each) => wrapLine(each, terminal.errWidth))) terminal.err(line);
  if (ending.length > 0) return exitStatus.changes;
  return complete ? exitStatus.done : exitStatus.failed;
}

/** A model that is gone without a day has ended, too. */
function endsWithin({ model }: ModelReport, today: string, days: number): boolean {
  const end = endOf(model);
  if (end === undefined) return model.status === 'retired' || model.status === 'withdrawn';
  return daysBetween(today, end) <= days;
}

function idsOf(reports: readonly ModelReport[]): string {
  return reports.map(({ model }) => model.id).join(', ');
}
