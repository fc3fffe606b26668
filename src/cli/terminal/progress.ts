/** How a migration gets on: a bar per step where somebody watches, a line per finished step where nobody does. */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../../postgres/move/execute.ts';
import type { Terminal } from './terminal.ts';

export interface ProgressView {
  readonly show: (progress: Progress) => void;
  /** Leaves the last bar as it is, and gives the cursor back. */
  readonly end: () => void;
}

/** Shows progress on the error stream. */
export function showProgress(terminal: Terminal): ProgressView {
  return terminal.isWatched ? barView(terminal) : lineView(terminal);
}

/** A step may be one statement over many rows, of which the server tells nothing until it is done: then the time shows that it lives. */
const silenceMs = 30_000;

function lineView({ err }: Terminal): ProgressView {
  let last: Progress | undefined;
  let began = 0;
  const timer = setInterval(() => {
    if (last !== undefined) err(`  ${label(last)}: at work for ${seconds(began)}`);
  }, silenceMs);
  timer.unref();
  const finish = (): void => {
    if (last !== undefined) err(`  ${label(last)}: ${last.rows} of ${last.expected}`);
    last = undefined;
  };
  const show = (progress: Progress): void => {
    if (progress.step !== last?.step) {
      finish();
      began = Date.now();
    }
    last = progress;
  };
  const end = (): void => {
    clearInterval(timer);
    finish();
  };
  return { show, end };
}

function barView(terminal: Terminal): ProgressView {
  let bar: SingleBar | undefined;
  let step = -1;
  const show = (progress: Progress): void => {
    if (progress.step !== step) {
      bar?.stop();
      step = progress.step;
      bar = startBar(terminal, progress);
    }
    bar?.update(progress.rows);
  };
  return { show, end: () => bar?.stop() };
}

function startBar({ streams, errStyle }: Terminal, progress: Progress): SingleBar {
  const began = Date.now();
  const narrow = (streams.stderr.columns ?? 80) < 80;
  const bar = new SingleBar({
    stream: streams.stderr,
    hideCursor: true,
    barsize: narrow ? 12 : 20,
    // A step without rows is finished when it begins; the library would show 0 of 0 as nothing done.
    format: (options, params) => {
      const done = params.total === 0 ? 1 : params.progress;
      const full = Math.round(done * (options.barsize ?? 0));
      const drawn = '━'.repeat(full) + '╌'.repeat((options.barsize ?? 0) - full);
      const long = done < 1 && Date.now() - began > 2000 ? `, ${seconds(began)}` : '';
      const name = label(progress).padEnd(narrow ? 26 : 42);
      return `  ${name} ${errStyle.good(drawn)} ${params.value}/${params.total}${long}`;
    },
  });
  bar.start(progress.expected, 0);
  return bar;
}

function seconds(since: number): string {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

function label({ step, steps, operation, entity }: Progress): string {
  return `${step}/${steps} ${operation} ${entity}`;
}
