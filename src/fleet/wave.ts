/**
 * One wave: the tenants of one claim, moved or taken back. What succeeds is recorded with its claim in the transaction of the
 * work (`recordDone`). What fails is recorded after its rollback. What may pass goes back, for somebody to try again.
 */
import { refusing } from '../engine/finding.ts';
import type { Intent } from '../engine/plan/intent.ts';
import type { Plan } from '../engine/plan/plan-types.ts';
import { DroverError, mayPass } from '../errors.ts';
import type { Outcome } from '../postgres/move/job.ts';
import { applyMoves } from '../postgres/move/move.ts';
import { planMoves } from '../postgres/move/plan.ts';
import { rollbackMoves } from '../postgres/undo/rollback.ts';
import { releaseClaim } from '../postgres/runs/claims.ts';
import type { ClaimedTenant } from '../postgres/runs/claims.ts';
import { countFailed, recordDone, recordOutcomes } from '../postgres/runs/tenants.ts';
import type { Claim, TenantOutcome } from '../postgres/runs/tenants.ts';
import type { RunRecord } from '../postgres/runs/runs.ts';
import type { Tx } from '../postgres/driver/database.ts';
import type { Site } from '../postgres/scope/site.ts';
import type { MoveResult } from '../postgres/records/move-result.ts';
import type { RollbackResult } from '../postgres/undo/result.ts';
import { isSharedRows, recordedTenant } from '../engine/tenant.ts';
import { sharedOutcome, textOf } from './shared-rows.ts';
import {
  asDroverError,
  idleOutcome,
  mayBeIdle,
  outcomeOfError,
  outcomeOfMove,
  outcomeOfRollback,
} from './outcome.ts';
import { getMigration, listMigrations } from '../postgres/records/history.ts';
import { settleInterrupted } from '../postgres/records/interruptions.ts';
import type { MigrationRecord } from '../postgres/records/history.ts';

interface Wave {
  readonly run: RunRecord;
  readonly claim: Claim;
  readonly claimed: readonly ClaimedTenant[];
}

/** Another worker, an operator or a program was in the way of one tenant: the same may work a little later. */
const again: readonly string[] = ['RETRYABLE', 'LOCK_TIMEOUT', 'MIGRATION_RUNNING'];
const maxAttempts = 5;
const retryAfterMs = 1000;

/**
 * Returns what became of the tenants of a wave. Those that are tried again later are not among them.
 * @throws what passes: the database is gone, or has no room
 */
export async function workWave(site: Site, wave: Wave): Promise<TenantOutcome[]> {
  const finished = await orOneByOne(site, wave, async (some) => {
    const found = await findFinished(site, some);
    await recordOutcomes(site, wave.claim, found);
    return found;
  });
  const work = wave.run.kind === 'model' ? moveAll : undoAll;
  const left = { ...wave, claimed: without(wave.claimed, finished) };
  return [...finished, ...(await orOneByOne(site, left, (some) => work(site, some)))];
}

/** What the database refuses for ever fails the tenant that it concerns, and no other. */
async function orOneByOne(
  site: Site,
  wave: Wave,
  work: (some: Wave) => Promise<TenantOutcome[]>,
): Promise<TenantOutcome[]> {
  const [first, ...others] = wave.claimed;
  if (first === undefined) return [];
  try {
    return await work(wave);
  } catch (error) {
    if (mayPass(error)) throw error;
    if (others.length === 0) {
      const failed = [outcomeOfError(first.tenant, asDroverError(error))];
      await recordOutcomes(site, wave.claim, failed);
      return failed;
    }
    const ended: TenantOutcome[] = [];
    for (const one of wave.claimed)
      ended.push(...(await orOneByOne(site, { ...wave, claimed: [one] }, work)));
    return ended;
  }
}

function isRefused({ options }: RunRecord, { findings }: Plan): boolean {
  return refusing(findings, options.force).length > 0;
}

/** Tenants that need no work: a worker that died had finished, or nothing is to be done. */
async function findFinished(site: Site, { run, claimed }: Wave): Promise<TenantOutcome[]> {
  const adopted = await adoptAll(site, { run, claimed });
  const left = without(claimed, adopted);
  const shared = left.find(({ tenant }) => isSharedRows(tenant));
  if (shared !== undefined && run.kind === 'model') {
    const outcome = await finishedShared(site, run, shared);
    return outcome === undefined ? adopted : [...adopted, outcome];
  }
  const through = run.kind === 'model' ? left.filter(mayBeIdle) : [];
  const plans = await planMoves(
    site,
    through.map((one) => intentFor(run, one)),
  );
  // What cannot be planned is refused by the work itself, which says why.
  const idle = through.flatMap(({ tenant, fromKey }, at) => {
    const plan = plans[at];
    const outcome =
      plan === undefined || plan instanceof DroverError || isRefused(run, plan)
        ? undefined
        : idleOutcome(plan, fromKey);
    return outcome === undefined ? [] : [{ tenant, ...outcome }];
  });
  return [...adopted, ...idle];
}

/** The shared rows are alone in their wave, which is the last. What speaks against their work is known by now. */
async function finishedShared(
  site: Site,
  run: RunRecord,
  one: ClaimedTenant,
): Promise<TenantOutcome | undefined> {
  const move = intentFor(run, one);
  const [plan] = await planMoves(site, [move]);
  if (plan === undefined || plan instanceof DroverError) return undefined;
  const failed = await countFailed(site, run.id);
  const about = { asked: run.options.shared === true, failed, move, reason: run.reason ?? undefined };
  const outcome = sharedOutcome(plan, about);
  return outcome === undefined ? undefined : { tenant: one.tenant, ...outcome };
}

async function adoptAll(
  site: Site,
  { run, claimed }: Pick<Wave, 'run' | 'claimed'>,
): Promise<TenantOutcome[]> {
  const outcomes: TenantOutcome[] = [];
  if (!site.state.separate) return outcomes;
  for (const one of claimed) {
    const adopted = one.attempts > 1 ? await adoptDone(site, run, one) : undefined;
    if (adopted !== undefined) outcomes.push(adopted);
  }
  return outcomes;
}

function without(claimed: readonly ClaimedTenant[], outcomes: readonly TenantOutcome[]): ClaimedTenant[] {
  const finished = new Set(outcomes.map(({ tenant }) => tenant));
  return claimed.filter(({ tenant }) => !finished.has(tenant));
}

async function moveAll(site: Site, wave: Wave): Promise<TenantOutcome[]> {
  const { run } = wave;
  const { confirm, force } = run.options;
  const toKeep = (result: MoveResult): TenantOutcome => outcomeOfMove(recordedTenant(result.tenant), result);
  const outcomes = await applyMoves(
    site,
    wave.claimed.map((one) => ({ intent: intentFor(run, one) })),
    { confirm, force, ...by(run), ...recording(site, wave.claim, toKeep) },
  );
  return settle(site, wave, outcomes.map(kept(toKeep)));
}

async function undoAll(site: Site, wave: Wave): Promise<TenantOutcome[]> {
  const requests = wave.claimed.map(({ tenant, undoesId }) => ({ tenant, migrationId: undoesId ?? '' }));
  const tenantOf = new Map(requests.map(({ tenant, migrationId }) => [migrationId, tenant]));
  const toKeep = (result: RollbackResult): TenantOutcome =>
    outcomeOfRollback(tenantOf.get(result.parentId) ?? '', result);
  const outcomes = await rollbackMoves(site, requests, {
    ...by(wave.run),
    ...recording(site, wave.claim, toKeep),
  });
  return settle(site, wave, outcomes.map(kept(toKeep)));
}

function by({ actor, reason }: RunRecord): { actor: string; reason?: string } {
  return reason === null ? { actor } : { actor, reason };
}

/** Where the records lie in another database, one commit cannot cover both: there the record follows the work. */
function recording<R>(
  site: Site,
  claim: Claim,
  toKeep: (result: R) => TenantOutcome,
): { beforeCommit?: (tx: Tx, done: readonly R[]) => Promise<void> } {
  if (site.state.separate) return {};
  return { beforeCommit: (tx, done) => recordDone(tx, site, { claim, outcomes: done.map(toKeep) }) };
}

/** The move of one tenant of the run. */
function intentFor(
  run: RunRecord,
  { tenant, fromKey, toKey }: Pick<ClaimedTenant, 'tenant' | 'fromKey' | 'toKey'>,
): Intent {
  const { entityTypes, parameters, answers, leaveAsks, allowUnknown } = run.options;
  return {
    tenant,
    kind: run.modelKind,
    from: fromKey ?? nameOf(run.from, tenant),
    to: toKey ?? nameOf(run.to, tenant),
    parameters,
    answers,
    leaveAsks,
    ...(entityTypes === undefined ? {} : { entityTypes }),
    ...(allowUnknown === undefined ? {} : { allowUnknown }),
  };
}

/** Shared rows name a model by all that tells it from others. */
function nameOf({ name, family }: RunRecord['from'], tenant: string): string {
  return isSharedRows(tenant) ? textOf({ key: null, name, second: family }) : name;
}

/** What the engine did, with the part of it that the run keeps. */
function kept<R>(toKeep: (result: R) => TenantOutcome): (outcome: Outcome<R>) => Outcome<TenantOutcome> {
  return (outcome) =>
    outcome.status === 'failed' ? outcome : { ...outcome, result: toKeep(outcome.result) };
}

/** Records what was not recorded with the work, and gives back what may pass. */
async function settle(
  site: Site,
  wave: Wave,
  outcomes: readonly Outcome<TenantOutcome>[],
): Promise<TenantOutcome[]> {
  const ended: TenantOutcome[] = [];
  const later: string[] = [];
  for (const outcome of outcomes) {
    const { tenant = '' } = outcome;
    if (outcome.status === 'succeeded') ended.push({ ...outcome.result, tenant });
    else if (outcome.error.code === 'RUN_CLAIM_LOST') continue;
    else if (isTriedAgain(wave, tenant, outcome.error)) later.push(tenant);
    else ended.push(outcomeOfError(tenant, outcome.error, outcome.migrationId));
  }
  const unrecorded = site.state.separate ? ended : ended.filter(({ status }) => status === 'failed');
  await recordOutcomes(site, wave.claim, unrecorded);
  if (later.length > 0) await releaseClaim(site, wave.claim, { tenants: later, afterMs: retryAfterMs });
  return ended;
}

function isTriedAgain({ claimed }: Wave, tenant: string, error: DroverError): boolean {
  const attempts = claimed.find((one) => one.tenant === tenant)?.attempts ?? maxAttempts;
  return again.includes(error.code) && attempts < maxAttempts;
}

/*
 * Where Drover's records lie in another database than the rows (`--state`), a worker may die between the commit of the work and
 * the note of the run. Whoever takes the tenant over looks among its migrations first, so that the work is not done twice.
 */

/** How many migrations of a tenant are looked at: those since the run began. */
const looked = 50;

/** What a worker that died had done for this run, once it is settled whether it was committed. */
async function adoptDone(site: Site, run: RunRecord, one: ClaimedTenant): Promise<TenantOutcome | undefined> {
  const { tenant, fromKey } = one;
  const { modelKind: kind } = run;
  const source =
    fromKey === null ? { kind, components: { name: run.from.name } } : { kind, key: fromKey, components: {} };
  await settleInterrupted(site, { tenant, source });
  const done = (await listMigrations(site, { tenant, limit: looked })).find((record) =>
    isOfRun(record, run, one),
  );
  if (done === undefined) return undefined;
  if (run.kind === 'rollback')
    return { tenant, status: 'succeeded', migrationId: done.id, migratedCount: done.migratedCount };
  const { result } = await getMigration(site, { tenant, id: done.id });
  return outcomeOfMove(tenant, result as MoveResult);
}

function isOfRun(record: MigrationRecord, run: RunRecord, { fromKey, undoesId }: ClaimedTenant): boolean {
  if (record.status !== 'succeeded' || record.startedAt < run.createdAt || record.rolledBack) return false;
  return run.kind === 'rollback'
    ? record.parentId === undoesId
    : record.kind === 'model' && isKeyOf(record.from.key, fromKey) && record.actor === run.actor;
}

/** Runs write the table before a key where several tables hold models of one kind. */
function isKeyOf(key: string | null, text: string | null): boolean {
  return key === text || (key !== null && text?.endsWith(`/${key}`) === true);
}
