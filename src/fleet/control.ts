/** What a person may order of a run. An order takes effect between two waves. The run and the audit log say who gave it. */
import { given } from '../engine/given.ts';
import { DroverError } from '../errors.ts';
import { recordOrder } from '../postgres/runs/orders.ts';
import { withRun } from '../postgres/runs/change-run.ts';
import type { RunRecord, RunStatus } from '../postgres/runs/runs.ts';
import type { RunChange } from '../postgres/runs/change-run.ts';
import { prepareState } from '../postgres/scope/site.ts';
import type { Site } from '../postgres/scope/site.ts';
import { advanceLocked } from './advance.ts';

export interface OrderedBy {
  readonly runId: string;
  readonly actor: string;
  /** Why, for whoever looks at the run or its orders later. */
  readonly reason?: string;
}

interface OrderRule {
  /** What is asked for, as a word of a message and of the audit log. */
  readonly done: 'paused' | 'resumed' | 'continued' | 'cancelled';
  readonly from: readonly RunStatus[];
  /** In these the order is obeyed already. */
  readonly already: readonly RunStatus[];
  readonly hint: string;
  readonly change: (run: RunRecord, order: OrderedBy) => RunChange;
}

/** No further wave is begun. @throws RUN_NOT_FOUND, RUN_CONFLICT */
export function pauseRun(site: Site, order: OrderedBy): Promise<RunRecord> {
  return obey(site, order, {
    done: 'paused',
    from: ['queued', 'running'],
    already: ['paused'],
    hint: 'only a run that is running can be paused',
    change: (_, order) => ({
      status: 'paused',
      statusReason: `paused ${byWhom(order)}`,
      throttleReason: null,
    }),
  });
}

/** Goes on after a pause, or after too many failures. The failures so far do not count again. @throws RUN_NOT_FOUND, RUN_CONFLICT */
export function resumeRun(site: Site, order: OrderedBy): Promise<RunRecord> {
  return obey(site, order, {
    done: 'resumed',
    from: ['paused', 'stopped'],
    already: ['running', 'queued'],
    hint: 'a run whose canary is done is continued, and one that has ended stays as it is',
    change: ({ failed }) => ({ status: 'running', statusReason: null, failuresExcused: failed }),
  });
}

/** Releases the tenants after the canary. @throws RUN_NOT_FOUND, RUN_CONFLICT */
export function continueRun(site: Site, order: OrderedBy): Promise<RunRecord> {
  return obey(site, order, {
    done: 'continued',
    from: ['waiting'],
    already: [],
    hint: 'only a run that waits after its canary can be continued',
    change: ({ failed }) => ({
      status: 'running',
      statusReason: null,
      canaryReleased: true,
      failuresExcused: failed,
    }),
  });
}

/** Ends the run: what is under way is finished, the other tenants are skipped. @throws RUN_NOT_FOUND, RUN_CONFLICT */
export function cancelRun(site: Site, order: OrderedBy): Promise<RunRecord> {
  return obey(site, order, {
    done: 'cancelled',
    from: ['queued', 'running', 'waiting', 'paused', 'stopped'],
    already: ['cancelling', 'cancelled'],
    hint: 'it has ended',
    change: (_, order) => ({
      status: 'cancelling',
      statusReason: `cancelled ${byWhom(order)}`,
      throttleReason: null,
    }),
  });
}

function byWhom({ actor, reason }: OrderedBy): string {
  return `by ${actor}${reason === undefined ? '' : `: ${reason}`}`;
}

async function obey(site: Site, order: OrderedBy, rule: OrderRule): Promise<RunRecord> {
  await prepareState(site);
  return withRun(site, order.runId, async (tx, run) => {
    if (rule.already.includes(run.status)) return run;
    if (!rule.from.includes(run.status))
      throw new DroverError(
        'RUN_CONFLICT',
        `Run ${run.id} is ${run.status} and cannot be ${rule.done}: ${rule.hint}.`,
        { run: run.id, status: run.status },
      );
    const { runId, actor, reason } = order;
    const detail = { from: run.status, ...given({ reason }) };
    await recordOrder(tx, site, { runId, what: rule.done, actor, detail });
    return advanceLocked(tx, site, { run, change: rule.change(run, order) });
  });
}
