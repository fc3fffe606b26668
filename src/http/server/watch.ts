/** The part of a server that looks, from time to time, whether something names the source of a move again. */
import type { Logger } from 'pino';
import { lookForLate } from '../../fleet/watch.ts';
import type { Site } from '../../postgres/scope/site.ts';
import type { Gauge } from '../contract.ts';

/** A part of the server. */
interface WatchPart {
  readonly name: string;
  readonly gauges: readonly Gauge[];
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

/** @param everyMs between two looks, the first one after as long; never where it is 0 */
export function watching(
  site: Site,
  { everyMs, log }: { readonly everyMs: number; readonly log: Logger },
): WatchPart {
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let isOver = false;
  let last: { readonly rows: number; readonly unwatched: number } | undefined;
  const look = async (): Promise<void> => {
    try {
      const seen = await lookForLate(site, { isOver: () => isOver });
      if (isOver) return;
      const rows = seen.late.reduce((sum, { count }) => sum + count, 0);
      last = { rows, unwatched: seen.unwatched.length };
      for (const one of seen.late) log.warn({ late: one }, 'rows came to name the source of a move after it');
      for (const one of seen.unwatched) log.warn({ unwatched: one }, 'a move is not watched');
    } catch (error) {
      // What an earlier look saw says nothing of now.
      last = undefined;
      log.warn({ err: error }, 'nobody could look whether rows came late');
    }
  };
  return {
    name: 'watch',
    gauges: [
      {
        name: 'drover_late_rows',
        help: 'Rows that came to name the source of a move after it, as of the last look.',
        // Without a label: keys of models would be as many as tenants, and names of models are theirs.
        read: () => Promise.resolve(last === undefined ? [] : [{ value: last.rows }]),
      },
      {
        name: 'drover_unwatched_moves',
        help: 'Moves that could not be looked after at the last look: of their rows nothing is known.',
        read: () => Promise.resolve(last === undefined ? [] : [{ value: last.unwatched }]),
      },
    ],
    start: () => {
      if (everyMs === 0) return;
      timer = setInterval(() => {
        looking ??= look().finally(() => (looking = undefined));
      }, everyMs).unref();
    },
    stop: async () => {
      isOver = true;
      clearInterval(timer);
      await looking;
    },
  };
}
