/** How far an inventory is: one line that changes where somebody watches, a line every ten seconds where nobody does. */
import type { InventoryProgress } from '../../postgres/inventory/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { bytesText, durationText } from './amounts.ts';

const quietMs = 10_000;
const clearLine = '\r\u001b[K';

export function watchProgress({ err, errWidth, isWatched, streams }: Terminal): {
  readonly show: (progress: InventoryProgress) => void;
  readonly end: () => void;
} {
  if (isWatched) {
    const write = (text: string): void => void streams.stderr.write(clearLine + text);
    return { show: (progress) => write(progressLine(progress).slice(0, errWidth - 1)), end: () => write('') };
  }
  let last = performance.now();
  return {
    show: (progress) => {
      if (performance.now() - last < quietMs) return;
      last = performance.now();
      err(progressLine(progress));
    },
    end: () => undefined,
  };
}

/** `Reading: 1.2 of 3.4 GB, 12 of 40 tables, about 20 s left (public.messages)` */
function progressLine(progress: InventoryProgress): string {
  const { doneBytes, totalBytes, doneTables, tables, reading, leftMs } = progress;
  const left = leftMs === undefined ? '' : `, about ${durationText(leftMs)} left`;
  const now = reading.length === 0 ? '' : ` (${reading.join(', ')})`;
  return `Reading: ${bytesText(doneBytes)} of ${bytesText(totalBytes)}, ${doneTables} of ${tables} tables${left}${now}`;
}
