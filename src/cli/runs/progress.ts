/** How a run gets on: what is done by now where somebody watches, a line from time to time where nobody does. */
import type { RunRecord } from '../../postgres/runs/runs.ts';
import type { Terminal } from '../terminal/terminal.ts';

interface RunView {
  readonly show: (run: RunRecord) => void;
  readonly end: () => void;
}

/**
 * Shows progress on the error stream: at most one line for every tenth of the tenants, and one where something else changes. Between
 * two of them, as while a wave waits for a lock, the time since the last tenant ended shows that it lives.
 */
export function showRunProgress({ doing, err, isWatched }: Terminal): RunView {
  let last = '';
  const show = (run: RunRecord): void => {
    const share = run.total === 0 ? 1 : (run.total - run.pending) / run.total;
    const now = JSON.stringify([Math.floor(10 * share), run.status, run.throttleReason]);
    if (now !== last && !isWatched) err(`  ${progressText(run)}`);
    last = now;
    doing(progressText(run), { share });
  };
  return { show, end: () => doing() };
}

/** 120 of 500 tenants, 3 failed, 7 skipped; waits: a replica lags … */
export function progressText(run: RunRecord): string {
  const { total, pending, failed, skipped, throttleReason } = run;
  const parts = [
    `${total - pending} of ${total} tenants`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return `${parts.join(', ')}${throttleReason === null ? '' : `; waits: ${throttleReason}`}`;
}
