/** How a run gets on: one bar where somebody watches, a line from time to time where nobody does. */
import { SingleBar } from 'cli-progress';
import type { RunRecord } from '../../postgres/runs/runs.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface RunView {
  readonly show: (run: RunRecord) => void;
  readonly end: () => void;
}

/** Shows progress on the error stream. */
export function showRunProgress(terminal: Terminal): RunView {
  return terminal.isWatched ? barView(terminal) : lineView(terminal);
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

/** At most one line for every tenth of the tenants, and one where something else changes. */
function lineView({ err }: Terminal): RunView {
  let last = '';
  const show = (run: RunRecord): void => {
    const tenth = Math.floor((10 * (run.total - run.pending)) / Math.max(1, run.total));
    const now = JSON.stringify([tenth, run.status, run.throttleReason]);
    if (now !== last) err(`  ${progressText(run)}`);
    last = now;
  };
  return { show, end: () => undefined };
}

function barView({ streams, errStyle }: Terminal): RunView {
  let current: RunRecord | undefined;
  const width = (streams.stderr.columns ?? 80) < 80 ? 12 : 30;
  const bar = new SingleBar({
    stream: streams.stderr,
    hideCursor: true,
    barsize: width,
    format: (_, params) => {
      const done = params.total === 0 ? 1 : params.value / params.total;
      const full = Math.round(done * width);
      const drawn = '━'.repeat(full) + '╌'.repeat(width - full);
      return `  ${errStyle.good(drawn)} ${current === undefined ? '' : progressText(current)}`;
    },
  });
  const show = (run: RunRecord): void => {
    const begun = current !== undefined;
    current = run;
    if (!begun) bar.start(run.total, run.total - run.pending);
    else bar.update(run.total - run.pending);
  };
  return { show, end: () => bar.stop() };
}
