import { given } from '../../engine/given.ts';
import { refuseUnreasoned } from '../../postgres/move/admission.ts';
import type { Command } from 'commander';
import { refusing } from '../../engine/finding.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { previewOnline } from '../../postgres/move/online.ts';
import { planMove } from '../../postgres/move/plan.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { applyMany } from './apply-many.ts';
import type { ApplyManyOptions } from './apply-many.ts';
import { askToGoOn } from '../terminal/ask.ts';
import { readPlanFile } from '../terminal/files.ts';
import { applyWithProgress, planLines, questionOf } from './move.ts';
import {
  actorOf,
  readIntent,
  withReason,
  withJson,
  withMove,
  withWhere,
  waitingOn,
  withWait,
} from '../options.ts';
import type { ActorOptions, ReadsIntent, TenantOption, WaitOption } from '../options.ts';
import { type AskedIntent, intentOn } from '../../site/intent.ts';
import { isRun, withPace, withTenants } from '../runs/options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { showMoveResult } from './show-result.ts';
import { completeIn, noteUnderWay, previewLines } from '../under-way.ts';
import type { Preview } from '../under-way.ts';
import { resolveUnit } from '../../site/tenant.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, usage, whereWords } from '../../site/where.ts';
import type { Where } from '../../site/where.ts';

type ApplyOptions = ApplyManyOptions & ActorOptions & WaitOption & { readonly online?: boolean };

/** `drover apply`: shows a plan, asks, and applies it. */
export const apply: Verb = {
  name: 'apply',
  summary: 'move a tenant: by a plan file, or planned now; shows the plan and asks',
  define: (command) =>
    withWhere(
      withReason(
        withPace(
          withTenants(
            withWait(
              withMove(
                withApply(command).option(
                  '--online',
                  'commit documents in parts, for large tables: not all at once',
                ),
              ),
            ),
          ),
        ).option('--detach', 'only make the run; `drover serve` or `drover worker` works on it'),
      ),
    ).addHelpText(
      'after',
      '\nExit status: 0 done, or nothing to do · otherwise nothing was changed: 1 not done, 130 stopped' +
        '\nWith --online parts may be committed then: the same command goes on, `drover rollback` takes back.' +
        '\nMany tenants: 0 through · 1 tenants failed · 2 it waits for `drover runs` · 130 paused by Ctrl-C',
    ),
  run: (session, command) => applyPlan(session, command, readIntent),
};

/** What is asked before an apply, and where it is written down. */
export function withApply(command: Command): Command {
  return withJson(command.argument('[plan]', 'a file that `drover plan --out` wrote'))
    .option('--yes', 'do not ask')
    .option('--force', 'pass the errors that may be forced; needs --reason');
}

/** Shows the plan of what the options ask for, asks, and applies it. */
export async function applyPlan(session: Session, command: Command, read: ReadsIntent): Promise<number> {
  const options = command.opts<ApplyOptions>();
  const file = command.args[0] === undefined ? undefined : planFromFile(command.args[0], command);
  const intent = file?.intent ?? read(options);
  const actor = actorOf(options, session);
  refuseUnreasoned({ ...options, ...given({ allowUnknown: intent.allowUnknown }) }, optionWords);
  const where = resolveWhere(options, session.environment);
  const many = isRun(options);
  if (many && file !== undefined) throw usage('A plan file is about one tenant; leave it out with many.');
  if (!many) refusePace(command);
  if (many && options.online === true)
    throw usage(
      '--online is for one tenant: move those with many documents one by one with it, the others then with --all-tenants without it.',
    );
  if (many && options.wait !== undefined)
    throw usage('--wait is for one tenant; a run comes back to tenants that wait for a lock.');
  return withSite(where, { mayWrite: true }, async (site) => {
    if (many) {
      await noteUnderWay(session, site, { tenant: undefined, where });
      return applyMany(session, site, { options, actor, where });
    }
    const plan = file ?? (await planNow(site, intent, options));
    const online = options.online === true ? await previewOnline(site, plan) : undefined;
    if (online === undefined) await noteUnderWay(session, site, { tenant: plan.intent.tenant, where });
    return (await isWanted(session, plan, { options, online }))
      ? applyShown(session, waitingOn(site, options), {
          plan,
          actor,
          options,
          where,
          unlessWorse: file === undefined && options.yes === true,
          goesOn: online?.underWay !== undefined,
        }).catch((error: unknown) => {
          throw completeIn(error, where);
        })
      : exitStatus.failed;
  });
}

const optionWords = { force: '--force', allowUnknown: '--allow-unknown', reason: '--reason TEXT' };

/** One tenant has no waves. */
function refusePace(command: Command): void {
  const names = ['wave', 'canary', 'goOn', 'maxFailures', 'maxLag', 'maxActive', 'maxLatency', 'detach'];
  const given = names.filter((name) => command.getOptionValueSource(name) === 'cli');
  if (given.length > 0)
    throw usage(
      '--wave, --canary, limits and --detach are for many tenants: add --all-tenants or --tenants.',
    );
}

/** What moves is said once: in the file or by options. */
function planFromFile(path: string, command: Command): Plan {
  const given = [
    'table',
    'from',
    'to',
    'merge',
    'map',
    'allTenants',
    'tenant',
    'shared',
    'kind',
    'types',
    'parameters',
    'answer',
    'leaveAsks',
    'allowUnknown',
  ].filter((name) => command.getOptionValueSource(name) === 'cli');
  const written = given.map((name) => name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`));
  if (given.length > 0)
    throw usage(`The plan file says what moves; leave out ${written.map((name) => `--${name}`).join(', ')}.`);
  return readPlanFile(path);
}

async function planNow(site: Site, intent: AskedIntent, options: TenantOption): Promise<Plan> {
  const tenant = await resolveUnit(site, options);
  return planMove(site, intentOn(site, intent, tenant));
}

/** Shows the plan and asks, where there is something to ask about. */
async function isWanted(
  { terminal }: Session,
  plan: Plan,
  { options, online }: { readonly options: ApplyOptions; readonly online: Preview | undefined },
): Promise<boolean> {
  if (options.json !== true)
    for (const line of planLines(plan, { style: terminal.errStyle, width: terminal.errWidth }))
      terminal.err(line);
  for (const line of online === undefined ? [] : previewLines(plan, online, terminal.errWidth))
    terminal.err(line);
  if (plan.steps.length === 0 || refusing(plan.findings, options.force).length > 0) return true;
  const wanted = await askToGoOn(terminal, {
    message: questionOf(plan),
    yes: options.yes === true,
  });
  if (!wanted) terminal.err('Not applied; nothing was changed.');
  return wanted;
}

interface ShownPlan {
  readonly plan: Plan;
  readonly actor: string;
  readonly options: ApplyOptions;
  readonly where: Where;
  /** May rows have changed meanwhile? Not where somebody chose this plan, or was asked about it. */
  readonly unlessWorse: boolean;
  /** A migration in parts is under way, which has to be ended even where no rows are left to move. */
  readonly goesOn: boolean;
}

/** A refused plan goes to the engine as well: it is what refuses, and it keeps a record of that. */
async function applyShown(
  session: Session,
  site: Site,
  { plan, actor, options, where, unlessWorse, goesOn }: ShownPlan,
): Promise<number> {
  const { terminal } = session;
  const force = options.force === true;
  if (!goesOn && plan.steps.length === 0 && refusing(plan.findings, force).length === 0) {
    terminal.err('Nothing to do.');
    if (options.json === true) terminal.out(JSON.stringify({ status: 'nothing-to-do', planHash: plan.hash }));
    return exitStatus.done;
  }
  const result = await applyWithProgress(session, site, {
    intent: plan.intent,
    plan,
    force,
    unlessWorse,
    actor,
    reason: options.reason,
    online: options.online === true,
  });
  if (!goesOn && !result.replayed && result.planHash !== plan.hash)
    terminal.err(
      'Rows changed after the plan was shown, and nothing of it got worse. What follows is what was done.',
    );
  if (options.json === true) terminal.out(JSON.stringify(result, null, 2));
  else {
    terminal.err();
    showMoveResult(terminal, result);
    terminal.err(
      terminal.errStyle.muted(
        `Take it back with: drover rollback ${result.migrationId} ${whereWords(where)}`,
      ),
    );
  }
  return exitStatus.done;
}
