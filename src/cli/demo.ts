/** The demo: the same functions as the commands, on a database that is opened once, with a word before each step. */
import { canonicalText } from '../engine/canonical.ts';
import type { Intent } from '../engine/intent.ts';
import type { Plan } from '../engine/plan-types.ts';
import { renderPlan } from '../engine/render.ts';
import { DroverError } from '../errors.ts';
import { seedDemo } from '../platform/seed.ts';
import type { Database } from '../postgres/database.ts';
import { planMove } from '../postgres/move.ts';
import type { MoveResult } from '../postgres/move-result.ts';
import type { Site } from '../postgres/site.ts';
import { readGraph } from './commands/inspect.ts';
import { applyWithProgress, rollbackWithProgress } from './move.ts';
import { listRecords } from './records.ts';
import type { Session } from './session.ts';
import { showPlaces } from './show-graph.ts';
import { showMigrations } from './show-history.ts';
import { showMoveResult, showRollbackResult } from './show-result.ts';
import { chooseTenant, listTenants } from './tenant.ts';
import type { TenantName } from './tenant.ts';
import { openPlatform } from './where.ts';

const tenantName = 'Alder Clinic';
const [from, to, other] = ['claude-3-7-sonnet', 'claude-haiku-4-5', 'claude-sonnet-4-5'] as const;
const actor = 'demo';

interface Stage {
  readonly session: Session;
  readonly site: Site;
  readonly tenant: TenantName;
  /** The options that lead to the demo's database. */
  readonly where: string;
  readonly number: { value: number };
}

/** Shows everything on the demo data. */
export async function showDemo(
  session: Session,
  { database, dataDir }: { database: Database; dataDir: string },
): Promise<void> {
  const { terminal } = session;
  const where = `--data ${dataDir}`;
  terminal.out(terminal.style.bold('Drover: off a retiring model, for one tenant, and back again'));
  terminal.out();
  terminal.out(`A provider retires ${from}. Four organisations share this database; ${tenantName}`);
  terminal.out(`moves to ${to} today. Nothing here is staged: the database is a real one,`);
  terminal.out(`in ${dataDir}`);
  const site = await openPlatform(database, { mayWrite: true });
  const { rows } = await seedDemo(database);
  const tenant = chooseTenant(await listTenants(site), tenantName);
  const stage = { session, site, tenant, where, number: { value: 0 } };
  introduce(stage, `Demo data: ${rows} rows of four organisations.`, 'seed');
  await playMove(stage);
  sayWhatNext(stage);
}

async function playMove(stage: Stage): Promise<void> {
  await playInspect(stage);
  const before = await readState(stage);
  const plan = await playPlan(stage);
  const result = await playApply(stage, plan);
  await playHistory(stage);
  await playRollback(stage, result);
  await verify(stage, before);
}

function introduce({ session: { terminal }, where, number }: Stage, sentence: string, command: string): void {
  const { out, style } = terminal;
  number.value += 1;
  out();
  out(style.muted('─'.repeat(Math.min(terminal.width, 80))));
  out(`${style.bold(`${number.value}. ${sentence}`)}`);
  out(style.command(`   $ drover ${command} ${where}`));
  out();
}

async function playInspect(stage: Stage): Promise<void> {
  introduce(
    stage,
    'Every place that names a completion model, from the catalogue and the configuration.',
    'inspect',
  );
  const graph = await readGraph(stage.site);
  showPlaces(
    stage.session.terminal,
    graph.edges.filter(({ kind }) => kind === 'completion'),
  );
}

const moveOptions = `--tenant "${tenantName}" --from ${from} --to ${to}`;

function intentOf({ tenant }: Stage, models: { from: string; to: string }): Intent {
  return { tenant: tenant.key, ...models, parameters: 'reset', answers: {}, leaveAsks: false };
}

async function playPlan(stage: Stage): Promise<Plan> {
  introduce(
    stage,
    'The plan: what moves, what to know, what stays and why. Nothing is written.',
    `plan ${moveOptions}`,
  );
  const plan = await planMove(stage.site, intentOf(stage, { from, to }));
  const { terminal } = stage.session;
  for (const line of renderPlan(plan, { style: terminal.style, names: 2 })) terminal.out(line);
  return plan;
}

async function playApply(stage: Stage, plan: Plan): Promise<MoveResult> {
  introduce(
    stage,
    'Apply: one transaction, every row counted, the old values journalled.',
    `apply ${moveOptions} --yes`,
  );
  const result = await applyWithProgress(stage.session, stage.site, {
    intent: plan.intent,
    plan,
    force: false,
    actor,
    reason: 'the provider retires it',
  });
  stage.session.terminal.out();
  showMoveResult(stage.session.terminal, result);
  return result;
}

async function playHistory(stage: Stage): Promise<void> {
  introduce(stage, 'Who did what, and when.', 'history');
  showMigrations(stage.session.terminal, await listRecords(stage.site, { tenant: undefined, limit: 10 }));
}

async function playRollback(stage: Stage, { migrationId }: MoveResult): Promise<void> {
  introduce(
    stage,
    'Taken back, row by row, except what somebody changed since (here: nobody).',
    `rollback ${migrationId.slice(0, 8)}… --yes`,
  );
  const result = await rollbackWithProgress(stage.session, stage.site, {
    migrationId,
    tenant: stage.tenant.key,
    actor,
    reason: 'end of the demo',
  });
  stage.session.terminal.out();
  showRollbackResult(stage.session.terminal, result);
}

/** A digest of every fact about the rows on the source and on the target: keys, settings, definitions. */
async function readState(stage: Stage): Promise<string> {
  const pairs = [
    { from, to },
    { from: to, to: other },
  ];
  const plans: Plan[] = [];
  for (const models of pairs) plans.push(await planMove(stage.site, intentOf(stage, models)));
  return canonicalText(plans.map(({ hash, facts, counts }) => ({ hash, facts, counts })));
}

async function verify(stage: Stage, before: string): Promise<void> {
  const { out, style } = stage.session.terminal;
  if ((await readState(stage)) !== before)
    throw new DroverError('INTERNAL', 'After the rollback the rows are not those of the start.');
  out(
    `${style.good('Verified')}: every row on either model is what it was at the start, parameters included.`,
  );
}

function sayWhatNext({ session: { terminal }, where }: Stage): void {
  const { out, style } = terminal;
  const command = (text: string): void => out(style.command(`  ${text}`));
  out();
  out(style.muted('─'.repeat(Math.min(terminal.width, 80))));
  out(style.bold('Try next'));
  out('On this data, which stays where it is until you delete the folder:');
  command(`drover plan ${where} ${moveOptions} --parameters translate`);
  command(`drover apply ${where} ${moveOptions}`);
  out('On a database of your own, which Drover only reads until you apply:');
  command('drover init --database postgres://user@host:5432/database');
  command(`drover plan --database postgres://… --tenant TENANT --from MODEL --to MODEL`);
  out('In a checkout, `drover` is `node bin/drover.mjs`. README.md says the rest.');
}
