import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openDatabase } from '../../postgres/driver/connect.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { usage } from '../../site/where.ts';
import { canonicalText } from '../../engine/canonical.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import { openPlatform } from '../../platform/open.ts';
import { seedDemo } from '../../platform/demo/seed.ts';
import type { Database } from '../../postgres/driver/database.ts';
import { planMove } from '../../postgres/move/plan.ts';
import type { MoveResult } from '../../postgres/records/move-result.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { digestTenant, listTenants } from '../../postgres/scope/tenants.ts';
import type { TenantName } from '../../postgres/scope/tenants.ts';
import { readGraph } from '../database/inspect.ts';
import { applyWithProgress, planLines, rollbackWithProgress } from '../migrations/move.ts';
import { listRecords } from '../../site/records.ts';
import { showPlaces } from '../database/show-graph.ts';
import { showMigrations } from '../migrations/show-history.ts';
import { showMoveResult, showRollbackResult } from '../migrations/show-result.ts';
import { chooseTenant } from '../../site/tenant.ts';

/** `drover demo`: the whole life of a migration on a real database folder, in under a minute. */
export const demo: Verb = {
  name: 'demo',
  summary: 'show it all on demo data: plan, apply, what stayed, rollback, verified',
  define: (command) =>
    command.option('--data <folder>', 'a new folder for the database (default: a temporary one)'),
  run,
};

async function run(session: Session, command: Command): Promise<number> {
  const { data } = command.opts<{ readonly data?: string }>();
  if (data !== undefined && existsSync(data))
    throw usage(`--data ${data} is there already; the demo makes a folder of its own.`);
  const dataDir = data ?? mkdtempSync(join(tmpdir(), 'drover-demo-'));
  const database = await openDatabase({ dataDir });
  try {
    await showDemo(session, { database, dataDir });
  } finally {
    await database.close();
  }
  return exitStatus.done;
}

const tenantName = 'Alder Clinic';
const [from, to] = ['claude-3-7-sonnet', 'claude-haiku-4-5'] as const;
const actor = 'demo';

interface DemoStage {
  readonly session: Session;
  readonly site: Site;
  readonly tenant: TenantName;
  /** The options that lead to the demo's database. */
  readonly where: string;
  readonly number: { value: number };
}

/** The same functions as the commands, on a database that is opened once, with a word before each step. */
async function showDemo(
  session: Session,
  { database, dataDir }: { database: Database; dataDir: string },
): Promise<void> {
  const { out, style } = session.terminal;
  out(style.bold('Drover moves a tenant off a retiring model, and back again'));
  out();
  out(`A provider retires ${from}. Four organisations share this database,`);
  out(`and one of them, ${tenantName}, moves to ${to} today. The database is a`);
  out('real one, made for this demo, in a folder of its own.');
  const number = { value: 0 };
  const where = `--data ${dataDir}`;
  introduce({ session, where, number }, 'A database with the demo data', ['seed']);
  const { site } = await openPlatform(database, { install: true });
  const { rows } = await seedDemo(database);
  out(`${rows} rows of four organisations.`);
  const stage = { session, site, where, number, tenant: chooseTenant(await listTenants(site), tenantName) };
  await playMove(stage);
  sayWhatNext(stage);
}

async function playMove(stage: DemoStage): Promise<void> {
  await playInspect(stage);
  const before = await readState(stage);
  const plan = await playPlan(stage);
  const result = await playApply(stage, plan);
  await playHistory(stage);
  await playRollback(stage, result);
  await verify(stage, before);
}

function introduce(
  { session: { terminal }, where, number }: Pick<DemoStage, 'session' | 'where' | 'number'>,
  sentence: string,
  command: VerbWords,
): void {
  const { out, style } = terminal;
  number.value += 1;
  out();
  out(style.muted('─'.repeat(Math.min(terminal.width, 80))));
  out(style.bold(`${number.value}. ${sentence}`));
  for (const line of commandLines(`$ drover ${command[0]} ${where}`, command[1]))
    out(style.command(`   ${line}`));
  out();
}

/** A verb, and the options that go on a line of their own. */
type VerbWords = readonly [verb: string, options?: string];

function commandLines(first: string, options: string | undefined): string[] {
  return options === undefined ? [first] : [`${first} \\`, `    ${options}`];
}

async function playInspect(stage: DemoStage): Promise<void> {
  introduce(stage, 'What names a completion model, from the catalogue and the configuration', ['inspect']);
  const graph = await readGraph(stage.site);
  const edges = graph.edges.filter(({ kind }) => kind === 'completion');
  showPlaces(stage.session.terminal, { nodes: graph.nodes, edges });
}

const moveOptions = `--tenant "${tenantName}" --from ${from} --to ${to}`;

function intentOf({ tenant }: DemoStage, models: { from: string; to: string }): Intent {
  return { tenant: tenant.key, ...models, parameters: 'reset', answers: {}, leaveAsks: false };
}

async function playPlan(stage: DemoStage): Promise<Plan> {
  introduce(stage, 'The plan: what moves, what to know, what stays and why; nothing is written', [
    'plan',
    moveOptions,
  ]);
  const plan = await planMove(stage.site, intentOf(stage, { from, to }));
  const { terminal } = stage.session;
  for (const line of planLines(onlyNamed(plan), { ...terminal, names: 2 })) terminal.out(line);
  return plan;
}

/** Rows that have no name of their own would show a key that says nothing to a first-time reader. */
function onlyNamed(plan: Plan): Plan {
  const named = <T extends { rows: Plan['steps'][number]['rows'] }>(entry: T): T => ({
    ...entry,
    rows: entry.rows.filter(({ name }) => name !== undefined),
  });
  return { ...plan, steps: plan.steps.map(named), leftBehind: plan.leftBehind.map(named) };
}

async function playApply(stage: DemoStage, plan: Plan): Promise<MoveResult> {
  introduce(stage, 'Apply: one transaction, every row counted, the old values journalled', [
    'apply --yes',
    moveOptions,
  ]);
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

async function playHistory(stage: DemoStage): Promise<void> {
  introduce(stage, 'Who did what, and when', ['history']);
  showMigrations(stage.session.terminal, await listRecords(stage.site, { tenant: undefined, limit: 10 }));
}

async function playRollback(stage: DemoStage, { migrationId }: MoveResult): Promise<void> {
  introduce(stage, 'Taken back, except what somebody changed since (here: nobody)', [
    `rollback --yes ${migrationId.slice(0, 8)}…`,
  ]);
  const result = await rollbackWithProgress(stage.session, stage.site, {
    migrationId,
    tenant: stage.tenant.key,
    actor,
    reason: 'end of the demo',
  });
  stage.session.terminal.out();
  showRollbackResult(stage.session.terminal, result);
}

/** A digest of every row of the tenant, table by table. */
async function readState({ site, tenant }: DemoStage): Promise<string> {
  return canonicalText(await digestTenant(site, tenant.key));
}

async function verify(stage: DemoStage, before: string): Promise<void> {
  const { out, style } = stage.session.terminal;
  if ((await readState(stage)) !== before)
    throw new DroverError('INTERNAL', 'After the rollback the rows are not those of the start.');
  out(
    `${style.good('Verified')}: every row of the tenant, table by table, is again what it was at the start.`,
  );
}

function sayWhatNext({ session: { terminal }, where }: DemoStage): void {
  const { out, style } = terminal;
  const command = (verb: string, options?: string): void => {
    for (const line of commandLines(`drover ${verb}`, options)) out(style.command(`  ${line}`));
  };
  out();
  out(style.muted('─'.repeat(Math.min(terminal.width, 80))));
  out(style.bold('Try next'));
  out('On this data, which stays until you delete the folder:');
  command(`plan ${where} --parameters translate`, moveOptions);
  out('On a database of your own, which Drover only reads until you apply:');
  command('inventory --database postgres://user@host:5432/database');
  command('init --database postgres://user@host:5432/database');
  command('plan --database postgres://user@host:5432/database', '--tenant TENANT --from MODEL --to MODEL');
  out('In a checkout, write `node bin/drover.mjs` for `drover`. README.md goes on.');
}
