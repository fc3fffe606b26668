import { startWorkers } from '../../fleet/worker.ts';
import { problemText } from '../failure.ts';
import { countUpTo, withWhere } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';

/** `drover worker`: works on runs until Ctrl-C; any number of them beside each other. */
export const worker: Verb = {
  name: 'worker',
  summary: 'work on runs over many tenants, until Ctrl-C; any number of processes may',
  waits: true,
  define: (command) =>
    withWhere(
      command.option(
        '--count <count>',
        'so many workers in this process (two, or one where waves would wait for each other)',
        countUpTo(mostWorkers),
      ),
    ),
  run: (session, command) => {
    const options = command.opts<WhereOptions & { readonly count?: number }>();
    return withSite(resolveWhere(options, session.environment), { mayWrite: true }, async (site) => {
      const workers = startWorkers(
        site,
        {
          onProblem: (error) => say(session, problemText(error)),
          onWave: (run, ended) => say(session, `Run ${run.id}: ${ended.length} tenants, ${run.pending} left`),
        },
        options.count,
      );
      const { count } = workers;
      say(session, `Working on runs with ${count} worker${count === 1 ? '' : 's'}; Ctrl-C ends it.`);
      await session.interruption.wait();
      await workers.stop();
      return exitStatus.done;
    });
  },
};

function say({ terminal }: Session, text: string): void {
  terminal.err(text);
}

/** More would only wait for connections. */
const mostWorkers = 6;
