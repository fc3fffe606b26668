/** Works on a run in this process and shows progress. Ctrl-C pauses the run between two waves. */
import { pauseRun } from '../../fleet/control.ts';
import { untilAnswered } from '../../fleet/follow.ts';
import { isFinal } from '../../fleet/status.ts';
import { workThrough } from '../../fleet/work-through.ts';
import type { TenantOutcome } from '../../postgres/runs/tenants.ts';
import { listRunTenants } from '../../postgres/runs/tenants.ts';
import type { RunRecord } from '../../postgres/runs/runs.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { problemText } from '../failure.ts';
import { runAfterHook } from '../hook.ts';
import { showRunProgress } from './progress.ts';
import { exitStatus } from '../session.ts';
import type { Session } from '../session.ts';
import { notComplete, showRun } from './show-run.ts';
import { whereWords } from '../../site/where.ts';
import type { Where } from '../../site/where.ts';

interface RunAtWork {
  readonly runId: string;
  readonly actor: string;
  readonly where: Where;
  readonly json: boolean;
}

const interrupted = 130;
const allTenants = 1_000_000;

/** Works until the run ends or rests, shows what became of it, and returns the exit status. */
export async function workRun(session: Session, site: Site, about: RunAtWork): Promise<number> {
  const { terminal } = session;
  const view = showRunProgress(terminal);
  let asked = false;
  const pause = (): void => {
    asked = true;
    const order = { runId: about.runId, actor: about.actor };
    // A run that has ended meanwhile cannot be paused. A database that is gone is told when it is back.
    untilAnswered(() => pauseRun(site, order)).catch(() => undefined);
  };
  const goOn = `drover runs resume ${about.runId} ${whereWords(about.where)}`;
  const say = `Pausing after the waves under way; press Ctrl-C again to leave at once. Go on with: ${goOn}`;
  try {
    const run = await session.interruption
      .heed({ say, asked: pause }, () =>
        workThrough(site, about.runId, {
          onLook: view.show,
          onWave: (now, ended) => tellHooks(session, site, { run: now, ended }),
          onProblem: (error) => terminal.err(`  ${problemText(error)}`),
        }),
      )
      .finally(view.end);
    await report(session, site, { run, about });
    return asked && run.status === 'paused' ? interrupted : statusOf(run);
  } catch (error) {
    const end = `drover runs cancel ${about.runId} ${whereWords(about.where)}`;
    terminal.err(`The run stands, with all that was committed. Go on with: ${goOn}`);
    terminal.err(`End it with: ${end}`);
    throw error;
  }
}

/** 0: it is through · 1: tenants failed, or it was stopped · 2: there is more to do when somebody says so. */
export function statusOf(run: RunRecord): number {
  if (run.status === 'succeeded') return exitStatus.done;
  return run.status === 'waiting' || run.status === 'paused' ? exitStatus.changes : exitStatus.failed;
}

async function report(
  { terminal }: Session,
  site: Site,
  { run, about }: { run: RunRecord; about: RunAtWork },
): Promise<void> {
  const tenants = await untilAnswered(() => listRunTenants(site, { runId: run.id, limit: allTenants }));
  if (about.json) terminal.out(JSON.stringify({ ...run, tenants }, null, 2));
  else showRun(terminal, run, { tenants, shown: notComplete(tenants), where: about.where });
  for (const hint of hintsOf(run))
    terminal.err(terminal.errStyle.muted(`${hint} ${whereWords(about.where)}`));
}

function hintsOf(run: RunRecord): string[] {
  if (run.status === 'waiting') return [`Go on with: drover runs continue ${run.id}`];
  if (run.status === 'paused' || run.status === 'stopped')
    return [`Go on with: drover runs resume ${run.id}`];
  if (!isFinal(run) || run.succeeded === 0) return [];
  return [`Each tenant: drover runs show ${run.id}`, `Take it back with: drover runs rollback ${run.id}`];
}

/** Caches and search follow each tenant that was committed here. */
async function tellHooks(
  { terminal }: Session,
  site: Site,
  { run, ended }: { run: RunRecord; ended: readonly TenantOutcome[] },
): Promise<void> {
  if (site.config.after === undefined) return;
  const event = run.kind === 'rollback' ? 'rollback' : 'migration';
  for (const result of ended)
    if (result.status === 'succeeded')
      await runAfterHook(terminal, site.config.after, { event, tenant: result.tenant, result });
}
