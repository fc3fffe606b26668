/**
 * Ctrl-C while a transaction is open. The first one is noticed between statements: the work ends with an error, so that
 * the transaction rolls back and the record of the migration is closed. The second ends the process at once; the
 * database then rolls back by itself, because the connection is gone.
 */
import { DroverError } from '../errors.ts';
import type { Terminal } from './terminal/terminal.ts';

export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): unknown;
}

export interface Interruption {
  /** Runs work that calls `check` where it can be stopped. `words`: what is said of what was done by then. */
  guard<T>(work: (check: () => void) => Promise<T>, words?: StopWords): Promise<T>;
  /** Runs work and says once that somebody wants it to stop; how is up to the work. */
  heed<T>(about: { say: string; asked: () => void }, work: () => Promise<T>): Promise<T>;
  /** Resolves at the first signal; a Ctrl-C after it ends the process at once. */
  wait(): Promise<void>;
  /** Ends the process, whatever is still open. */
  readonly leave: (status: number) => void;
  /** What SIGHUP asks for, from here on: to read again what the process was started with. */
  onHangUp(listener: () => void): void;
}

/** What becomes of what was done, while it stops and afterwards. */
interface StopWords {
  readonly stopping: string;
  readonly stopped: string;
}

const atomicWords: StopWords = {
  stopping: 'What was done so far is taken back',
  stopped: 'Stopped. The transaction was rolled back and nothing was changed.',
};

interface InterruptionInput {
  readonly signals: SignalSource;
  readonly terminal: Terminal;
  /** Ends the process. */
  readonly leave: (status: number) => void;
}

/** Listens only while guarded work runs; outside it a signal ends the process as usual. */
export function createInterruption({ signals, terminal, leave }: InterruptionInput): Interruption {
  const heed: Interruption['heed'] = async (about, work) => {
    let asked = false;
    const listener = (): void => {
      if (asked) {
        terminal.doing();
        return leave(130);
      }
      asked = true;
      terminal.err(about.say);
      about.asked();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) signals.on(signal, listener);
    try {
      return await work();
    } finally {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) signals.off(signal, listener);
    }
  };
  return {
    async guard(work, words = atomicWords) {
      let asked = false;
      const check = (): void => {
        if (asked) throw new DroverError('INTERRUPTED', words.stopped);
      };
      const say = `Stopping. ${words.stopping}; press Ctrl-C again to leave at once.`;
      return heed({ say, asked: () => (asked = true) }, () => work(check));
    },
    heed,
    leave,
    onHangUp: (listener) => void signals.on('SIGHUP', listener),
    wait: () =>
      new Promise((resolve) => {
        let asked = false;
        const stop = (): void => {
          if (!asked)
            terminal.err('Stopping: what is under way is finished. Press Ctrl-C again to leave at once.');
          asked = true;
          resolve();
        };
        // SIGTERM may come twice: to the group of processes, and handed on by the parent.
        signals.on('SIGTERM', stop);
        signals.on('SIGINT', () => (asked ? leave(130) : stop()));
      }),
  };
}
