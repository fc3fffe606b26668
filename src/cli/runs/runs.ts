import { Argument, type Command } from 'commander';
import { given } from '../../engine/given.ts';
import { cancelRun, continueRun, pauseRun, resumeRun } from '../../fleet/control.ts';
import type { OrderedBy } from '../../fleet/control.ts';
import { createRollback } from '../../fleet/create.ts';
import { waitForRun } from '../../fleet/follow.ts';
import { changeCount } from '../../engine/plan/row-text.ts';
import { listRunTenants } from '../../postgres/runs/tenants.ts';
import { listOrders } from '../../postgres/runs/orders.ts';
import { getRun, listRuns } from '../../postgres/runs/runs.ts';
import type { RunRecord } from '../../postgres/runs/runs.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { askToGoOn } from '../terminal/ask.ts';
import { workRun, statusOf } from './work-run.ts';
import { actorOf, countUpTo, withList, withReason, withWhere } from '../options.ts';
import type { ActorOptions, ListOption } from '../options.ts';
import { paceOf, withPace } from './options.ts';
import type { PaceOptions } from './options.ts';
import { progressText, showRunProgress } from './progress.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { runTable, showOrders, showRun, showRuns, tenantTable } from './show-run.ts';
import { isForPrograms, showList } from '../terminal/table.ts';
import { onErrorStream } from '../terminal/terminal.ts';
import { noteUnderWay } from '../under-way.ts';
import type { UnderWayJson } from '../under-way.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, usage } from '../../site/where.ts';
import type { Where, WhereOptions } from '../../site/where.ts';

const actions = ['list', 'show', 'watch', 'pause', 'resume', 'continue', 'cancel', 'rollback'] as const;
type RunsAction = (typeof actions)[number];

interface RunsOptions extends WhereOptions, ListOption, ActorOptions, PaceOptions {
  readonly limit: number;
  readonly yes?: boolean;
  readonly detach?: boolean;
}

/** `drover runs`: migrations over many tenants, and what to tell them. */
export const runs: Verb = {
  name: 'runs',
  summary: 'list runs over many tenants; show, watch, pause, resume, continue, cancel, roll back one',
  define: (command) =>
    withWhere(
      withReason(
        withPace(
          withList(
            command
              .addArgument(new Argument('[action]', 'what to do').choices(actions).default('list'))
              .argument('[run]', 'the id of one, as `drover runs` shows it'),
          )
            .option('--limit <count>', 'of list: at most so many', countUpTo(10_000), 20)
            .option('--yes', 'of rollback: do not ask')
            .option('--detach', 'leave the work to other workers')
            .optionsGroup('Of rollback:'),
        ),
      ),
    ).addHelpText(
      'after',
      '\nExit status: 0 done · 1 tenants failed, or not done · 2 it waits for somebody · 130 paused',
    ),
  run,
};

async function run(session: Session, command: Command): Promise<number> {
  const options = command.opts<RunsOptions>();
  const [action, id] = command.processedArgs as [RunsAction, string | undefined];
  refuseUseless(command, action);
  const where = resolveWhere(options, session.environment);
  if (action === 'list')
    return withSite(where, { mayWrite: false }, async (site) => {
      const underWay = await noteUnderWay(session, site, { tenant: undefined, where });
      return showMany(session, site, { options, underWay });
    });
  if (id === undefined) throw usage(`Which run? drover runs ${action} RUN; \`drover runs\` lists them.`);
  return withSite(where, { mayWrite: action !== 'show' }, (site) =>
    acts[action](session, site, { runId: id, options, where }),
  );
}

const ordering = ['reason', 'actor'];
const pace = ['wave', 'canary', 'goOn', 'maxFailures', 'maxLag', 'maxActive', 'maxLatency'];

/** The options that an action heeds, beside `--json` and those that say which database. */
const heeded: Readonly<Record<RunsAction, readonly string[]>> = {
  list: ['limit', 'csv'],
  show: ['csv'],
  watch: ['actor'],
  pause: ordering,
  resume: [...ordering, 'detach'],
  continue: [...ordering, 'detach'],
  cancel: [...ordering, 'detach'],
  rollback: [...ordering, ...pace, 'yes', 'detach'],
};

/** What would be taken without effect is refused. @throws USAGE_INVALID */
function refuseUseless(command: Command, action: RunsAction): void {
  const some = new Set(Object.values(heeded).flat());
  const useless = command.options.filter((option) => {
    const name = option.attributeName();
    return some.has(name) && !heeded[action].includes(name) && command.getOptionValueSource(name) === 'cli';
  });
  if (useless.length === 0) return;
  const names = useless.map(({ long }) => long ?? '').join(', ');
  const takers = actions.filter((each) =>
    useless.every((option) => heeded[each].includes(option.attributeName())),
  );
  const way = takers.length === 0 ? '' : `; it is for ${takers.join(', ')}`;
  throw usage(`drover runs ${action} does nothing with ${names}${way}.`);
}

interface RunCommand {
  readonly runId: string;
  readonly options: RunsOptions;
  readonly where: Where;
}

type Act = (session: Session, site: Site, asked: RunCommand) => Promise<number>;

const acts: Readonly<Record<Exclude<RunsAction, 'list'>, Act>> = {
  show: async (session, site, { runId, options, where }) => {
    const { terminal } = session;
    const found = await getRun(site, runId);
    const underWay = await noteUnderWay(session, site, { tenant: undefined, where });
    const tenants = await listRunTenants(site, { runId: found.id, limit: 1_000_000 });
    const orders = await listOrders(site, found.id);
    const { json, csv } = options;
    if (json === true) terminal.out(JSON.stringify({ ...found, ...orders, underWay, tenants }, null, 2));
    else if (isForPrograms(terminal, csv)) {
      showRun(onErrorStream(terminal), found, { tenants, shown: [], where });
      showOrders(onErrorStream(terminal), orders);
      showList(terminal, tenantTable(tenants, where), csv);
    } else {
      showRun(terminal, found, { tenants, where });
      showOrders(terminal, orders);
    }
    return exitStatus.done;
  },
  watch,
  pause: (session, site, asked) => order(session, site, { ...asked, tell: pauseRun, works: false }),
  cancel,
  resume: (session, site, asked) => order(session, site, { ...asked, tell: resumeRun, works: true }),
  continue: (session, site, asked) => order(session, site, { ...asked, tell: continueRun, works: true }),
  rollback,
};

async function showMany(
  { terminal }: Session,
  site: Site,
  { options, underWay }: { readonly options: RunsOptions; readonly underWay: UnderWayJson[] | null },
): Promise<number> {
  const { limit, json, csv } = options;
  const found = await listRuns(site, { limit });
  if (json === true) terminal.out(JSON.stringify({ runs: found, underWay }, null, 2));
  else if (isForPrograms(terminal, csv)) showList(terminal, runTable(found), csv);
  else showRuns(terminal, found);
  return exitStatus.done;
}

/** A folder belongs to one process. No worker can be there, so the process that watches works. */
async function watch(session: Session, site: Site, asked: RunCommand): Promise<number> {
  if (site.state.database.engine === 'embedded') return work(session, site, asked);
  const { terminal } = session;
  const view = showRunProgress(terminal);
  const found = await waitForRun(site, asked.runId, { onLook: view.show }).finally(view.end);
  show(session, found, asked);
  return statusOf(found);
}

function work(session: Session, site: Site, { runId, options, where }: RunCommand): Promise<number> {
  return workRun(session, site, {
    runId,
    actor: actorOf(options, session),
    where,
    json: options.json === true,
  });
}

interface OrderCommand extends RunCommand {
  readonly tell: (site: Site, order: OrderedBy) => Promise<RunRecord>;
  /** There is work afterwards. */
  readonly works: boolean;
}

async function order(session: Session, site: Site, { tell, works, ...asked }: OrderCommand): Promise<number> {
  const { reason } = asked.options;
  const found = await tell(site, {
    runId: asked.runId,
    actor: actorOf(asked.options, session),
    ...given({ reason }),
  });
  if (works && asked.options.detach !== true) return work(session, site, asked);
  show(session, found, asked);
  return exitStatus.done;
}

function show({ terminal }: Session, found: RunRecord, { options: { json }, where }: RunCommand): void {
  if (json === true) terminal.out(JSON.stringify(found, null, 2));
  else showRun(terminal, found, { tenants: [], where });
}

/** The claims of a dead worker are given back by a worker, so this process works until nothing is under way. */
async function cancel(session: Session, site: Site, asked: RunCommand): Promise<number> {
  const status = await order(session, site, { ...asked, tell: cancelRun, works: true });
  return (await getRun(site, asked.runId)).status === 'cancelled' ? exitStatus.done : status;
}

async function rollback(session: Session, site: Site, asked: RunCommand): Promise<number> {
  const { terminal } = session;
  const { options } = asked;
  const parent = await getRun(site, asked.runId);
  if (options.json !== true) terminal.err(`Run ${parent.id}: ${progressText(parent)}`);
  const wanted = await askToGoOn(terminal, {
    message: `Take back what it did in ${parent.succeeded} tenants (${changeCount(parent.migratedCount)})?`,
    yes: options.yes === true,
  });
  if (!wanted) {
    terminal.err('Not taken back; nothing was changed.');
    return exitStatus.failed;
  }
  const runId = await createRollback(site, {
    runId: parent.id,
    actor: actorOf(options, session),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...paceOf(options),
  });
  terminal.err(`Run ${runId}`);
  if (options.detach !== true) return work(session, site, { ...asked, runId });
  show(session, await getRun(site, runId), asked);
  return exitStatus.done;
}
