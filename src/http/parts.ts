/** What runs in a server beside the API. A part may bring checks of readiness and figures of its own. */
import type { Logger } from 'pino';
import { startWorker, type Worker } from '../fleet/worker.ts';
import type { Platform } from '../platform/open.ts';
import type { Check } from './health.ts';
import type { Gauge } from './metrics.ts';

export interface Part {
  readonly name: string;
  readonly checks?: readonly Check[];
  readonly gauges?: readonly Gauge[];
  /** Called when the application is built, before it listens. */
  readonly start?: () => Promise<void> | void;
  /** Called when the server stops: finish or put down what is under way. */
  readonly stop?: () => Promise<void>;
}

/** The parts of a server, in the order in which they start; they stop together. */
export function partsOf(platform: Platform, log: Logger): Part[] {
  return [runs(platform, log)];
}

/** A worker that carries out runs; it finishes the wave under way before it stops. */
function runs({ site }: Platform, log: Logger): Part {
  let worker: Worker | undefined;
  return {
    name: 'runs',
    start: () => {
      worker = startWorker(site, {
        onProblem: (error) => log.warn({ err: error }, 'the worker cannot work'),
      });
    },
    stop: async () => worker?.stop(),
  };
}
