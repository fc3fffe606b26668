import type { Command } from 'commander';
import { refusing } from '../../engine/finding.ts';
import { given } from '../../engine/given.ts';
import { sha256 } from '../../postgres/catalogue/digest.ts';
import { sealPlan, writePlan } from '../../engine/planner/plan-file.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { shellWord } from '../../engine/plan/shell-text.ts';
import { DroverError } from '../../errors.ts';
import { explainPlan } from '../../postgres/move/explain.ts';
import { planMove } from '../../postgres/move/plan.ts';
import { refusalText, rehearseMove } from '../../postgres/move/rehearse.ts';
import type { Rehearsal } from '../../postgres/move/rehearse.ts';
import { writeText } from '../terminal/files.ts';
import { planLines, planTable } from './move.ts';
import { intentOn } from '../../site/intent.ts';
import { readIntent, withList, withMove, withWhere } from '../options.ts';
import type { ListOption, ReadsIntent } from '../options.ts';
import { planMany } from './plan-many.ts';
import { isRun, withTenants } from '../runs/options.ts';
import type { TenantsOptions } from '../runs/options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { resolveUnit } from '../../site/tenant.ts';
import { noteUnderWay } from '../under-way.ts';
import type { UnderWayJson } from '../under-way.ts';
import { showList } from '../terminal/table.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, usage } from '../../site/where.ts';

interface PlanOptions extends TenantsOptions, ListOption {
  readonly out?: string;
  readonly sql?: boolean;
  readonly rehearse?: boolean;
}

/** `drover plan`: what a move would do. It writes nothing to the database. */
export const plan: Verb = {
  name: 'plan',
  summary: 'show what a move would change, what stays, and what to know; writes nothing',
  define: (command) => withWhere(withTenants(withMove(withPlan(command)))).addHelpText('after', planStatuses),
  run: (session, command) => planFor(session, command, readIntent),
};

/** How a plan is shown. */
export function withPlan(command: Command): Command {
  return withList(command)
    .option('--out <file>', 'also write the plan to a file, for `drover apply FILE`')
    .option('--sql', 'also print the statements that each step would run')
    .option('--rehearse', 'also try all of it, and take it back; needs the rights of apply');
}

export const planStatuses =
  '\nExit status: 0 nothing to do · 2 there are changes · 1 it cannot be done, or would be refused';

/** Shows the plan of what the options ask for. */
export async function planFor(session: Session, command: Command, read: ReadsIntent): Promise<number> {
  const options = command.opts<PlanOptions>();
  const intent = read(options);
  if (isRun(options)) return planAll(session, options);
  const where = resolveWhere(options, session.environment);
  const answer = await withSite(where, { mayWrite: options.rehearse === true }, async (site) => {
    const tenant = await resolveUnit(site, options);
    const underWay = await noteUnderWay(session, site, { tenant, where });
    const plan = await planMove(site, intentOn(site, intent, tenant));
    const sql = options.sql === true ? await explainPlan(site, plan) : undefined;
    const tries = options.rehearse === true && refusing(plan.findings).length === 0;
    return { plan, underWay, sql, rehearsal: tries ? await rehearseMove(site, plan.intent) : undefined };
  });
  const { plan: made, underWay, sql, rehearsal } = answer;
  if (options.out !== undefined)
    writeText(options.out, writePlan(made, sha256), { keep: false, isPrivate: true });
  showPlan(session, { made, underWay, sql, rehearsal }, options);
  refuse(made);
  refuseRehearsed(rehearsal);
  return made.steps.length === 0 ? exitStatus.done : exitStatus.changes;
}

function planAll(session: Session, options: PlanOptions): Promise<number> {
  if (options.out !== undefined || options.sql === true)
    throw usage('--out and --sql are about the plan of one tenant; leave them out with many.');
  const where = resolveWhere(options, session.environment);
  return withSite(where, { mayWrite: options.rehearse === true }, async (site) => {
    const underWay = await noteUnderWay(session, site, { tenant: undefined, where });
    return planMany(session, site, { options, underWay, where });
  });
}

interface PlanOutput {
  readonly made: Plan;
  readonly underWay: readonly UnderWayJson[] | null;
  readonly sql: readonly string[] | undefined;
  readonly rehearsal: Rehearsal | undefined;
}

function showPlan(
  { terminal }: Session,
  { made, underWay, sql, rehearsal }: PlanOutput,
  { json, csv, out }: PlanOptions,
): void {
  // Where nothing is, the text is that of the file.
  const told = underWay?.length === 0 ? undefined : underWay;
  if (json === true)
    terminal.out(
      JSON.stringify({ ...sealPlan(made, sha256), ...given({ underWay: told, sql, rehearsal }) }, null, 2),
    );
  else if (csv === true) showList(terminal, planTable(made), true);
  else
    for (const line of [...planLines(made, terminal), ...(sql ?? []).flatMap((text) => ['', text])])
      terminal.out(line);
  if (json !== true && rehearsal?.refusals.length === 0)
    (csv === true ? terminal.err : terminal.out)(
      'Rehearsed: the database takes every step. Nothing was kept.',
    );
  if (out !== undefined) terminal.err(`Written to ${out}; \`drover apply ${shellWord(out)}\` applies it.`);
}

/** What the database refused in a rehearsal it would refuse in an apply. @throws PLAN_REFUSED */
function refuseRehearsed(rehearsal: Rehearsal | undefined): void {
  if (rehearsal === undefined || rehearsal.refusals.length === 0) return;
  const { refusals } = rehearsal;
  const message = `The database refused the rehearsal: ${refusals.map(refusalText).join(' ')} Nothing was changed.`;
  throw new DroverError('PLAN_REFUSED', message, { refusals });
}

/** The plan was shown. The exit status says that it cannot run. */
function refuse(made: Plan): void {
  const errors = refusing(made.findings);
  if (errors.length === 0) return;
  const codes = [...new Set(errors.map(({ code }) => code))];
  const way =
    refusing(made.findings, true).length === 0
      ? `\`drover ${made.intent.rows === undefined ? '' : 'rekey '}apply --force --reason TEXT\` passes them`
      : 'each says its way out above';
  const message = `This plan would be refused because of ${codes.join(', ')}; ${way}.`;
  throw new DroverError('PLAN_REFUSED', message, { codes, plan: made });
}
