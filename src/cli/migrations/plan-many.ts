/** `drover plan --all-tenants`. */
import { planRun } from '../../fleet/plan-run.ts';
import type { PlannedRun, PlannedTenant, Planning } from '../../fleet/plan-run.ts';
import { given } from '../../engine/given.ts';
import type { RunRequest } from '../../fleet/request.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { readRunRequest } from '../runs/options.ts';
import type { TenantsOptions } from '../runs/options.ts';
import { exitStatus } from '../session.ts';
import type { Session } from '../session.ts';
import { plannedHead, plannedLine, showPlannedRun, showPlannedSum } from '../runs/show-run.ts';
import type { ListOption } from '../options.ts';
import { isForPrograms, listInParts } from '../terminal/table.ts';
import type { ListInParts } from '../terminal/table.ts';
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
  const request = await readRunRequest(site, options);
  const { rehearse } = options;
  const planTo = (list?: { readonly add: (one: PlannedTenant) => void }): Promise<PlannedRun> =>
    planWatched(terminal, site, { request, rehearse, take: list?.add });
  let plan: PlannedRun;
  if (options.json === true) {
    const list = jsonInParts(terminal);
    plan = await planTo(list);
    const { tenants: _, ...rest } = plan;
    list.end({ ...rest, underWay });
  } else if (isForPrograms(terminal, options.csv)) {
    const list = listInParts(terminal, plannedHead, options.csv);
    plan = await planTo({ add: (one) => list.add(plannedLine(one, where)) });
    list.end();
    showPlannedSum(onErrorStream(terminal), plan);
  } else {
    plan = await planTo();
    showPlannedRun(terminal, plan, where);
  }
  if (plan.ready > 0) return exitStatus.changes;
  return plan.failed > 0 ? exitStatus.failed : exitStatus.done;
}

/** One document, each tenant once it is planned: the list of a large fleet is never in memory. Nothing is written before the first. */
function jsonInParts({ out }: Terminal): ListInParts<PlannedTenant, object> {
  let before: string | undefined;
  return {
    add: (one) => {
      out(before === undefined ? '{\n  "tenants": [' : `${before},`);
      before = JSON.stringify(one, null, 2).replaceAll(/^/gm, '    ');
    },
    end: (rest) => {
      if (before === undefined) return out(JSON.stringify({ tenants: [], ...rest }, null, 2));
      out(`${before}\n  ],`);
      out(JSON.stringify(rest, null, 2).slice('{\n'.length));
    },
  };
}

interface Watched {
  readonly request: Omit<RunRequest, 'actor'>;
  readonly rehearse?: boolean | undefined;
  readonly take?: Planning['take'] | undefined;
}

/** Plans, and says from time to time how far it is. */
export function planWatched(
  terminal: Terminal,
  site: Site,
  { request, rehearse = false, take }: Watched,
): Promise<PlannedRun> {
  const { doing, err, isWatched } = terminal;
  const onTenant = (done: number, total: number): void => {
    if (done < total && !isWatched) err(`  planned ${done} of ${total} tenants`);
    doing(`Planned ${done} of ${total} tenants`, { share: total === 0 ? 1 : done / total });
  };
  return planRun(site, request, { onTenant, rehearse, ...given({ take }) }).finally(doing);
}
