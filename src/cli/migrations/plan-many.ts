/** `drover plan --all-tenants`. */
import { planRun } from '../../fleet/plan-run.ts';
import type { PlannedRun } from '../../fleet/plan-run.ts';
import type { RunRequest } from '../../fleet/request.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { readRunRequest } from '../runs/options.ts';
import type { TenantsOptions } from '../runs/options.ts';
import { exitStatus } from '../session.ts';
import type { Session } from '../session.ts';
import { showPlannedRun } from '../runs/show-run.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Shows what would become of each tenant; returns the exit status. */
export async function planMany(
  session: Session,
  site: Site,
  options: TenantsOptions & { readonly rehearse?: boolean },
): Promise<number> {
  const { terminal } = session;
  const plan = await planWatched(terminal, site, await readRunRequest(site, options), options.rehearse);
  if (options.json === true) terminal.out(JSON.stringify(plan, null, 2));
  else showPlannedRun(terminal, plan);
  if (plan.ready > 0) return exitStatus.changes;
  return plan.failed > 0 ? exitStatus.failed : exitStatus.done;
}

/** Plans, and says from time to time how far it is. */
export function planWatched(
  terminal: Terminal,
  site: Site,
  request: Omit<RunRequest, 'actor'>,
  rehearse = false,
): Promise<PlannedRun> {
  const onTenant = (done: number, total: number): void => {
    if (done < total) terminal.err(`  planned ${done} of ${total} tenants`);
  };
  return planRun(site, request, { onTenant, rehearse });
}
