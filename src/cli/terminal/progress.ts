/** How a migration gets on: a line for each finished step, and what is under way. */
import type { Progress } from '../../postgres/move/execute.ts';
import { amountLines } from './status-line.ts';
import type { Amount } from './status-line.ts';
import type { Terminal } from './terminal.ts';

interface ProgressView {
  readonly show: (progress: Progress) => void;
  /** Says what the last step did. */
  readonly end: () => void;
}

/** Shows progress on the error stream. Before the first step and after the last one the time shows that it lives. */
export function showProgress({ doing, err, errStyle, errWidth, isWatched }: Terminal): ProgressView {
  let last: Progress | undefined;
  doing('Taking locks, and reading the facts again');
  const finish = (): void => {
    if (last === undefined) return;
    if (!isWatched) err(`  ${label(last)}: ${last.rows} of ${last.expected}`);
    else
      for (const line of amountLines(label(last), amountOf(last), { width: errWidth, paint: errStyle.good }))
        err(line);
    last = undefined;
  };
  const show = (progress: Progress): void => {
    if (progress.step !== last?.step) finish();
    last = progress;
    if (progress.step === progress.steps && progress.rows === progress.expected)
      doing('Looking for what is left, and committing');
    else doing(label(progress), amountOf(progress));
  };
  const end = (): void => {
    finish();
    doing();
  };
  return { show, end };
}

/** A step without rows is finished when it begins. */
function amountOf({ rows, expected }: Progress): Amount {
  return { said: `${rows}/${expected}`, share: expected === 0 ? 1 : Math.min(1, rows / expected) };
}

function label({ step, steps, operation, entity }: Progress): string {
  return `${step}/${steps} ${operation} ${entity}`;
}
