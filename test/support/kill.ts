/**
 * Kills migrations and rollbacks at random instants and looks at what is left. The instants are drawn from a seed between
 * the beginning and a little after the end of a run that nobody disturbs, and are logged with what was found.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { listChanges, listMigrations, type MigrationRecord } from '../../src/postgres/records/history.ts';
import { openSite, type Site } from '../../src/postgres/scope/site.ts';
import { listTables } from '../attached/database-text.ts';
import { applyOne, planOne, rollbackOne } from './batches.ts';
import { actor, intentFor, isRecord, platformSite, refusedWith, within } from './guarantee.ts';
import { startMigrateProcess } from './migrate-process-handle.ts';
import type { ProcessTask } from './migrate-process.ts';
import { type Engine, freshDatabase } from './databases.ts';
import { north, studioDatabase, studioWith } from './studio.ts';

/** Where to migrate, and what. Everything is opened anew each time, because a folder serves one process at a time. */
export interface Ground extends Pick<ProcessTask, 'target' | 'schema' | 'state' | 'config'> {
  readonly intent: Intent;
  /** Run when a cycle is over: what its records keep from being done again. */
  readonly forget?: string;
}

/** Opens the site, works with it, and closes it. */
export async function withSite<T>(on: Ground, work: (site: Site) => Promise<T>): Promise<T> {
  const database = await within(openDatabase(on.target), 'opening the database');
  const state = on.state === undefined ? undefined : await openDatabase(on.state);
  try {
    return await within(work(await siteOf(on, database, state)), 'the work on a site');
  } finally {
    await within(database.close(), 'closing the database');
    await state?.close();
  }
}

function siteOf(on: Ground, database: Database, state: Database | undefined): Promise<Site> {
  if (on.schema === 'platform') return platformSite(database);
  const { config = studioWith('lock') } = on;
  return openSite(state === undefined ? { database, config } : { database, config, state });
}

/** The database of studio.ts with Drover's records in another one. */
export async function withSeparateState(
  engine: Engine,
  bots: number,
  work: (on: Ground) => Promise<void>,
): Promise<void> {
  const studio = await studioDatabase(engine, bots);
  const state = await freshDatabase(engine);
  const intent = intentFor({ tenant: north, from: 'old', to: 'new' });
  try {
    await work({ target: studio.target, state: state.target, schema: 'studio', intent });
  } finally {
    await studio.drop();
    await state.drop();
  }
}

/** The time of a retirement differs from run to run; nothing else may. */
const timeOfRetirement = ['migration.completion_models.retired_at'];
/** A checksum of every table but Drover's records. */
export async function checksum(database: Database): Promise<Record<string, string>> {
  const tables = (await listTables(database, timeOfRetirement)).filter(({ name }) => !isRecord(name));
  return database.transaction({ readOnly: true }, async (tx) => {
    const sums: Record<string, string> = {};
    for (const { name, select } of tables) {
      const sum = `SELECT count(*) || ' ' || coalesce(md5(string_agg(line, ',' ORDER BY line)), '') AS sum FROM (${select}) r`;
      sums[name] = (await tx.one<{ sum: string }>(sum)).sum;
    }
    return sums;
  });
}

export interface Sums {
  readonly before: Record<string, string>;
  readonly after: Record<string, string>;
  readonly plan: Plan;
}

/** Applies and rolls back once, undisturbed. */
export async function measure(on: Ground): Promise<Sums> {
  return withSite(on, async (site) => {
    const { intent } = on;
    const before = await checksum(site.database);
    const plan = await planOne(site, intent);
    const { migrationId } = await applyOne(site, { intent, confirm: true, actor });
    const after = await checksum(site.database);
    assert.notDeepEqual(after, before);
    await rollbackOne(site, { migrationId, tenant: intent.tenant, actor });
    assert.deepEqual(await checksum(site.database), before);
    await forget(on, site);
    return { before, after, plan };
  });
}

async function forget({ forget: sql }: Ground, { database }: Site): Promise<void> {
  if (sql !== undefined) await database.transaction({}, (tx) => tx.script(sql));
}

/** How long a process takes that nobody disturbs: the range of the instants. */
interface Durations {
  readonly applyMs: number;
  readonly rollbackMs: number;
}

async function timeProcesses(on: Ground): Promise<Durations> {
  const applied = await undisturbed(on);
  const undone = await undisturbed({ ...on, rollback: applied.migrationId });
  await withSite(on, (site) => forget(on, site));
  return { applyMs: applied.ms, rollbackMs: undone.ms };
}

/** How long a process takes that nobody kills, and what it made. */
export async function undisturbed(task: ProcessTask): Promise<{ ms: number; migrationId: string }> {
  const child = await startMigrateProcess(task);
  const startedAt = performance.now();
  child.go();
  const outcome = await child.outcome();
  assert.ok('migrationId' in outcome, JSON.stringify(outcome));
  const ms = performance.now() - startedAt;
  await child.kill();
  return { ms, migrationId: outcome.migrationId };
}

/** Starts the task, kills it that many milliseconds later, and tells on which side the rows are. */
async function killAt(task: ProcessTask & Ground, sums: Sums, ms: number): Promise<'before' | 'after'> {
  const child = await startMigrateProcess(task);
  child.go();
  await pause(ms);
  await child.kill();
  const found = await withSite(task, ({ database }) => checksum(database));
  const side = JSON.stringify(found) === JSON.stringify(sums.before) ? 'before' : 'after';
  if (side === 'after') assert.deepEqual(found, sums.after, 'neither before nor after');
  return side;
}

export interface Tally {
  /** Kills after which the tenant was before, and after. */
  before: number;
  after: number;
}

/** How many kills, by which numbers, and after how long no other one begins; five always do. */
export interface Kills {
  readonly kills: number;
  readonly seed: number;
  readonly withinMs?: number;
}

/** Kills as many applies and as many rollbacks, one after the other, more often late than early; `log` is told of each. */
export async function killAtRandom(
  on: Ground,
  { kills, seed, withinMs = Infinity }: Kills,
  log: (line: string) => void,
): Promise<Tally> {
  const sums = await measure(on);
  const durations = await timeProcesses(on);
  const random = seeded(seed);
  const tally = { before: 0, after: 0 };
  log(
    `seed ${seed}; an apply takes ${durations.applyMs.toFixed(0)} ms, a rollback ${durations.rollbackMs.toFixed(0)} ms`,
  );
  const until = performance.now() + withinMs;
  for (let kill = 0; kill < kills && (kill < 5 || performance.now() < until); kill += 1) {
    const applyAt = Math.sqrt(random()) * durations.applyMs * 1.2;
    const applied = await killAt(on, sums, applyAt);
    const migrationId = await finishApply(on, sums, applied);
    const rollbackAt = Math.sqrt(random()) * durations.rollbackMs * 1.2;
    const undone = await killAt({ ...on, rollback: migrationId }, sums, rollbackAt);
    await finishRollback(on, sums, { migrationId, undone: undone === 'before' });
    await withSite(on, (site) => forget(on, site));
    tally[applied] += 1;
    tally[undone] += 1;
    const words = { before: 'nothing moved', after: 'all moved' };
    log(
      `apply killed at ${applyAt.toFixed(0)} ms: ${words[applied]}; rollback at ${rollbackAt.toFixed(0)} ms: ${words[undone]}`,
    );
  }
  return tally;
}

/** Running the same plan again completes the work, or returns what was completed. */
async function finishApply(on: Ground, sums: Sums, side: 'before' | 'after'): Promise<string> {
  return withSite(on, async (site) => {
    const killed = (await recordsOf(site, on.intent.tenant))[0];
    const result = await applyOne(site, { intent: on.intent, plan: sums.plan, confirm: true, actor });
    assert.deepEqual(await checksum(site.database), sums.after, 'a rerun completes the work');
    assert.equal(result.replayed, side === 'after' && killed?.planHash === sums.plan.hash);
    await assertSettled(site, on.intent.tenant);
    const rows = result.steps.reduce((sum, step) => sum + step.actual, 0);
    const changes = await listChanges(site, {
      tenant: on.intent.tenant,
      id: result.migrationId,
      limit: 1_000_000,
    });
    assert.equal(changes.length, rows, 'the journal holds every changed row');
    return result.migrationId;
  });
}

async function finishRollback(
  on: Ground,
  sums: Sums,
  { migrationId, undone }: { migrationId: string; undone: boolean },
): Promise<void> {
  await withSite(on, async (site) => {
    const { tenant } = on.intent;
    const again = rollbackOne(site, { migrationId, tenant, actor });
    if (undone) await refusedWith(again, 'ROLLBACK_IMPOSSIBLE');
    else assert.deepEqual((await again).skipped, []);
    assert.deepEqual(await checksum(site.database), sums.before, 'a rerun takes everything back');
    await assertSettled(site, tenant);
  });
}

/** All of the tenant, or of the only one, newest first. */
function recordsOf(site: Site, tenant: string | undefined): Promise<MigrationRecord[]> {
  return listMigrations(site, { tenant, limit: 500 });
}

/** No record is left open, and those that were interrupted say so. */
export async function assertSettled(site: Site, tenant: string | undefined): Promise<MigrationRecord[]> {
  const all = await recordsOf(site, tenant);
  assert.ok(all.length > 0, 'there are records');
  for (const record of all) {
    assert.ok(['succeeded', 'failed'].includes(record.status), `${record.id} is ${record.status}`);
    if (record.status === 'failed') assert.equal(record.errorCode, 'INTERRUPTED', record.errorMessage ?? '');
    assert.notEqual(record.finishedAt, null);
  }
  return all;
}

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
