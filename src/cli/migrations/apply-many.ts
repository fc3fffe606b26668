/** `drover apply --all-tenants`. */
import { createRun } from '../../fleet/create.ts';
import type { RunRequest } from '../../fleet/request.ts';
import { changeCount } from '../../engine/plan/row-text.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { askToGoOn } from '../terminal/ask.ts';
import { workRun } from '../runs/work-run.ts';
import { planWatched } from './plan-many.ts';
import { readRunRequest } from '../runs/options.ts';
import type { PaceOptions, TenantsOptions } from '../runs/options.ts';
import { exitStatus } from '../session.ts';
import type { Session } from '../session.ts';
import { showPlannedRun } from '../runs/show-run.ts';
import { onErrorStream } from '../terminal/terminal.ts';
import type { Where } from '../../site/where.ts';

export interface ApplyManyOptions extends TenantsOptions, PaceOptions {
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly reason?: string;
  readonly detach?: boolean;
}

/** Plans and asks where somebody is to be asked, makes the run, and works on it; returns the exit status. */
export async function applyMany(
  session: Session,
  site: Site,
  { options, actor, where }: { options: ApplyManyOptions; actor: string; where: Where },
): Promise<number> {
  const { terminal } = session;
  const { reason, force = false } = options;
  const request: RunRequest = {
    ...(await readRunRequest(site, options)),
    actor,
    confirm: true,
    force,
    ...(reason === undefined ? {} : { reason }),
  };
  const answered = await askAbout(session, site, { options, request, where });
  if (answered !== 'go on') return answered;
  const runId = await createRun(site, request);
  terminal.err(`Run ${runId}`);
  if (options.detach !== true)
    return workRun(session, site, { runId, actor, where, json: options.json === true });
  if (options.json === true) terminal.out(JSON.stringify({ id: runId, status: 'queued' }));
  return exitStatus.done;
}

/**
 * Plans and asks. With --yes nothing is planned here, because planning many tenants takes long. Returns the exit status where the
 * command ends here.
 */
async function askAbout(
  { terminal }: Session,
  site: Site,
  { options, request, where }: { options: ApplyManyOptions; request: RunRequest; where: Where },
): Promise<'go on' | number> {
  if (options.yes === true) return 'go on';
  const plan = await planWatched(terminal, site, { request });
  showPlannedRun(onErrorStream(terminal), plan, where);
  if (plan.ready === 0) {
    terminal.err('Nothing to do.');
    return plan.failed > 0 ? exitStatus.failed : exitStatus.done;
  }
  const wanted = await askToGoOn(terminal, {
    message: `Make ${changeCount(plan.count)} in ${plan.ready} tenants?`,
    yes: false,
  });
  if (wanted) return 'go on';
  terminal.err('Not applied; nothing was changed.');
  return exitStatus.failed;
}
