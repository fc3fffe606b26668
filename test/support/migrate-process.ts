/**
 * A process of its own that carries out one migration or rollback: says `open`, waits for a line, works, says what became
 * of it, and ends. Told to stop between the two commits of a migration whose records lie elsewhere, it says `stopped`.
 */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import type { Config } from '../../src/engine/rules/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import { DroverError } from '../../src/errors.ts';
import { type DatabaseTarget, openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { applyOnline } from '../../src/postgres/move/online.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { applyOne, rollbackOne } from './batches.ts';
import { platformSite } from './guarantee.ts';
import { studioWith } from './studio.ts';

export interface ProcessTask {
  readonly target: DatabaseTarget;
  readonly schema: 'platform' | 'studio';
  /** Of a studio; with a lock for a fence where it is not given. */
  readonly config?: Config;
  /** Records elsewhere. */
  readonly state?: DatabaseTarget;
  readonly intent: Intent;
  /** A file with the plan to apply. */
  readonly planFile?: string;
  /** Roll this migration back instead of applying. */
  readonly rollback?: string;
  readonly stopAt?: 'prepared' | 'committed';
  /** Apply in parts that commit. */
  readonly online?: boolean;
}

export type ProcessOutcome =
  | { readonly migrationId: string; readonly replayed: boolean }
  | { readonly code: string; readonly message: string };

/** How the process shows in pg_stat_activity. */
const processName = 'drover-test-process';

async function main(task: ProcessTask): Promise<void> {
  const database = await openDatabase({ ...task.target, applicationName: processName });
  const state = task.state === undefined ? undefined : await openDatabase(task.state);
  const site = await openTaskSite(task, database, state);
  process.stdout.write('open\n');
  await once(process.stdin, 'data');
  process.stdout.write(`${JSON.stringify(await outcomeOf(work(site, task)))}\n`);
  process.stdin.destroy();
  await database.close();
  await state?.close();
}

function openTaskSite(task: ProcessTask, database: Database, state: Database | undefined): Promise<Site> {
  if (task.schema === 'platform') return platformSite(database);
  const { config = studioWith('lock'), stopAt } = task;
  if (state === undefined) return openSite({ database, config });
  return openSite({ database: stopping(database, state, stopAt), config, state });
}

async function work(
  site: Site,
  { intent, planFile, rollback, online }: ProcessTask,
): Promise<ProcessOutcome> {
  if (rollback !== undefined) {
    const { tenant } = intent;
    const { migrationId } = await rollbackOne(site, { migrationId: rollback, tenant, actor: 'process' });
    return { migrationId, replayed: false };
  }
  const plan = planFile === undefined ? {} : { plan: JSON.parse(readFileSync(planFile, 'utf8')) as Plan };
  const { migrationId, replayed } = await (online === true ? applyOnline : applyOne)(site, {
    intent,
    ...plan,
    confirm: true,
    actor: 'process',
  });
  return { migrationId, replayed };
}

async function outcomeOf(outcome: Promise<ProcessOutcome>): Promise<ProcessOutcome> {
  try {
    return await outcome;
  } catch (error) {
    if (error instanceof DroverError) return { code: error.code, message: error.message };
    return { code: 'INTERNAL', message: String(error) };
  }
}

/** The database, except that it stands still where the work is prepared and not committed, or committed and not recorded. */
function stopping(database: Database, state: Database, at: ProcessTask['stopAt']): Database {
  return {
    engine: database.engine,
    close: () => database.close(),
    alone: (work) => database.alone(work),
    transaction: async (opening, work) => {
      const result = await database.transaction(opening, async (tx) => {
        const done = await work(tx);
        if (at === 'prepared') await stopWherePrepared(state);
        return done;
      });
      if (at === 'committed') await stopWherePrepared(state);
      return result;
    },
  };
}

async function stopWherePrepared(state: Database): Promise<void> {
  const prepared = await state.transaction({}, async (tx) => {
    const { made } = await tx.one<{ made: boolean }>(
      `SELECT to_regclass('drover.migrations') IS NOT NULL AS made`,
    );
    return made && (await tx.many(`SELECT FROM drover.migrations WHERE status = 'prepared'`)).length > 0;
  });
  if (!prepared) return;
  process.stdout.write('stopped\n');
  await new Promise(() => setInterval(() => undefined, 1000));
}

await main(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ProcessTask);
