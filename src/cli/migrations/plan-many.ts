/** `drover plan --all-tenants`. */
import { planRun } from '../../fleet/plan-run.ts';
import type { PlannedRun } from '../../fleet/plan-run.ts';
import type { RunRequest } from '../../fleet/request.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { readRunRequest } from '../runs/options.ts';
import type { TenantsOptions } from '../runs/options.ts';
import { exitStatus } from '../session.ts';
import type { Session } from '../session.ts';
import { plannedTable, showPlannedRun, showPlannedSum } from '../runs/show-run.ts';
import type { ListOption } from '../options.ts';
import { isForPrograms, showList } from '../terminal/table.ts';
import { onErrorStream } from '../terminal/terminal.ts';
import type { Where } from '../../site/where.ts';
import type { UnderWayJson } from '../under-way.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Shows what would become of each tenant; returns the exit status. */
export async function planMany(
  session: Session,
  site: Site,
  {
    options,
    underWay,
    where,
  }: {
    readonly options: TenantsOptions & ListOption & { readonly rehearse?: boolean };
    readonly underWay: UnderWayJson[] | null;
    readonly where: Where;
  },
): Promise<number> {
  const { terminal } = session;
  const plan = await planWatched(terminal, site, await readRunRequest(site, options), options.rehearse);
  if (options.json === true) writeJson(terminal, { ...plan, underWay });
  else if (isForPrograms(terminal, options.csv)) {
    showPlannedSum(onErrorStream(terminal), plan);
    showList(terminal, plannedTable(plan, where), options.csv);
  } else showPlannedRun(terminal, plan, where);
  if (plan.ready > 0) return exitStatus.changes;
  return plan.failed > 0 ? exitStatus.failed : exitStatus.done;
}

/** One document, tenant by tenant: as one text a large fleet would be in memory several times over. */
function writeJson(
  { out }: Terminal,
  { tenants, ...plan }: PlannedRun & { readonly underWay: UnderWayJson[] | null },
): void {
  const [head = ''] = JSON.stringify({ ...plan, tenants: [] }, null, 2).split(/\]\n\}$/);
  out(head);
  for (const [at, one] of tenants.entries()) {
    const text = JSON.stringify(one, null, 2).replaceAll(/^/gm, '    ');
    out(at === tenants.length - 1 ? text : `${text},`);
  }
  out('  ]\n}');
}

/** Plans, and says from time to time how far it is. */
export function planWatched(
  terminal: Terminal,
  site: Site,
  request: Omit<RunRequest, 'actor'>,
  rehearse = false,
): Promise<PlannedRun> {
  const { doing, err, isWatched } = terminal;
  const onTenant = (done: number, total: number): void => {
    if (done < total && !isWatched) err(`  planned ${done} of ${total} tenants`);
    doing(`Planned ${done} of ${total} tenants`, { share: total === 0 ? 1 : done / total });
  };
  return planRun(site, request, { onTenant, rehearse }).finally(doing);
}
