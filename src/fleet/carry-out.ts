/**
 * One wave: the tenants of one claim, moved or taken back. What succeeds is recorded with its claim in the transaction of the
 * work (`recordDone`); what fails is recorded after its rollback; what may pass goes back for somebody to try again.
 */
import type { Intent } from '../engine/plan/intent.ts';
import { DroverError } from '../errors.ts';
import type { Outcome } from '../postgres/move/batch.ts';
import { applyMoves } from '../postgres/move/move.ts';
import { planMoves } from '../postgres/move/plan.ts';
import { rollbackMoves } from '../postgres/undo/rollback.ts';
import { recordDone, recordEnded, releaseClaim } from '../postgres/runs/tenants.ts';
import type { Claim, Claimed, Ended } from '../postgres/runs/tenants.ts';
import type { RunRecord } from '../postgres/runs/runs.ts';
import type { Tx } from '../postgres/driver/database.ts';
import type { Site } from '../postgres/scope/site.ts';
import type { MoveResult } from '../postgres/records/move-result.ts';
import type { RollbackResult } from '../postgres/undo/rollback.ts';
import { adoptDone } from './adopt.ts';
import { failedEnd, movedEnd, undoneEnd } from './ended.ts';
import { alreadyMigrated } from './plan-run.ts';

export interface Wave {
  readonly run: RunRecord;
  readonly claim: Claim;
  readonly claimed: readonly Claimed[];
}

/** Another worker, an operator or a program was in the way: the same may work a little later. */
const passing: readonly string[] = ['RETRYABLE', 'LOCK_TIMEOUT', 'MIGRATION_RUNNING'];
const maxAttempts = 5;
const retryAfterMs = 1000;

/**
 * Carries a wave out and returns what became of its tenants; those that are tried again later are not among them.
 * @throws what concerns no single tenant: the database is gone
 */
export async function carryOut(site: Site, wave: Wave): Promise<Ended[]> {
  return wave.run.kind === 'model' ? moveAll(site, wave) : undoAll(site, wave);
}

async function moveAll(site: Site, wave: Wave): Promise<Ended[]> {
  const skipped = await findFinished(site, wave);
  await recordEnded(site, wave.claim, skipped);
  const done = new Set(skipped.map(({ tenant }) => tenant));
  const claimed = wave.claimed.filter(({ tenant }) => !done.has(tenant));
  if (claimed.length === 0) return skipped;
  const { confirm, force } = wave.run.options;
  const moves = claimed.map((one) => ({ intent: intentFor(wave.run, one) }));
  const outcomes = await applyMoves(site, moves, {
    confirm,
    force,
    ...by(wave.run),
    ...recording<MoveResult>(site, wave.claim, movedEnd),
  });
  return [...skipped, ...(await settle(site, wave, outcomes.map(attemptOf(movedEnd))))];
}

function by({ actor, reason }: RunRecord): { actor: string; reason?: string } {
  return reason === null ? { actor } : { actor, reason };
}

/** Where the records lie in another database, one commit cannot cover both: there the record follows the work. */
function recording<R>(
  site: Site,
  claim: Claim,
  endOf: (result: R) => Ended,
): { beforeCommit?: (tx: Tx, done: readonly R[]) => Promise<void> } {
  if (site.state.separate) return {};
  return { beforeCommit: (tx, done) => recordDone(tx, site, { claim, ended: done.map(endOf) }) };
}

/** The move of one tenant of the run. */
function intentFor(
  run: RunRecord,
  { tenant, fromKey, toKey }: Pick<Claimed, 'tenant' | 'fromKey' | 'toKey'>,
): Intent {
  const { entityTypes, parameters, answers, leaveAsks } = run.options;
  return {
    tenant,
    kind: run.modelKind,
    from: fromKey ?? run.from.name,
    to: toKey ?? run.to.name,
    parameters,
    answers,
    leaveAsks,
    ...(entityTypes === undefined ? {} : { entityTypes }),
  };
}

/** Tenants that need no work: the source was retired before and nothing names it, or a worker that died had finished. */
async function findFinished(site: Site, { run, claimed }: Wave): Promise<Ended[]> {
  const ended = await adoptAll(site, { run, claimed });
  const adopted = new Set(ended.map(({ tenant }) => tenant));
  const retired = claimed.filter(({ tenant, sourceRetired }) => sourceRetired && !adopted.has(tenant));
  const plans = await planMoves(
    site,
    retired.map((one) => intentFor(run, one)),
  );
  // What cannot be planned is refused by the work itself, which says why.
  const idle = retired.filter((_, at) => {
    const plan = plans[at];
    return plan !== undefined && !(plan instanceof DroverError) && plan.steps.length === 0;
  });
  return [...ended, ...idle.map(({ tenant }): Ended => ({ tenant, status: 'skipped', ...alreadyMigrated }))];
}

/** What became of one attempt. */
interface Attempt {
  readonly tenant: string;
  readonly result: Ended | DroverError;
}

function attemptOf<R>(endOf: (result: R) => Ended): (outcome: Outcome<R>) => Attempt {
  return (outcome) => {
    const { tenant = '' } = outcome;
    return {
      tenant,
      result: outcome.status === 'succeeded' ? { ...endOf(outcome.result), tenant } : outcome.error,
    };
  };
}

async function undoAll(site: Site, wave: Wave): Promise<Ended[]> {
  const adopted = await adoptAll(site, wave);
  await recordEnded(site, wave.claim, adopted);
  const done = new Set(adopted.map(({ tenant }) => tenant));
  const { run, claim } = wave;
  const requests = wave.claimed
    .filter(({ tenant }) => !done.has(tenant))
    .map(({ tenant, undoesId }) => ({ tenant, migrationId: undoesId ?? '' }));
  const tenantOf = new Map(requests.map(({ tenant, migrationId }) => [migrationId, tenant]));
  const endOf = (result: RollbackResult): Ended => undoneEnd(tenantOf.get(result.parentId) ?? '', result);
  const outcomes = await rollbackMoves(site, requests, {
    ...by(run),
    ...recording<RollbackResult>(site, claim, endOf),
  });
  return [...adopted, ...(await settle(site, wave, outcomes.map(attemptOf(endOf))))];
}

async function adoptAll(site: Site, { run, claimed }: Pick<Wave, 'run' | 'claimed'>): Promise<Ended[]> {
  const ended: Ended[] = [];
  if (!site.state.separate) return ended;
  for (const one of claimed) {
    const adopted = one.attempts > 1 ? await adoptDone(site, run, one) : undefined;
    if (adopted !== undefined) ended.push(adopted);
  }
  return ended;
}

/** Records what was not recorded with the work, and gives back what may pass. */
async function settle(site: Site, wave: Wave, attempts: readonly Attempt[]): Promise<Ended[]> {
  const ended: Ended[] = [];
  const again: string[] = [];
  for (const { tenant, result } of attempts) {
    if (!(result instanceof DroverError)) ended.push(result);
    else if (result.code === 'RUN_CLAIM_LOST') continue;
    else if (mayPass(wave, tenant, result)) again.push(tenant);
    else ended.push(failedEnd(tenant, result));
  }
  const unrecorded = site.state.separate ? ended : ended.filter(({ status }) => status === 'failed');
  await recordEnded(site, wave.claim, unrecorded);
  if (again.length > 0) await releaseClaim(site, wave.claim, { tenants: again, afterMs: retryAfterMs });
  return ended;
}

function mayPass({ claimed }: Wave, tenant: string, error: DroverError): boolean {
  const attempts = claimed.find((one) => one.tenant === tenant)?.attempts ?? maxAttempts;
  return passing.includes(error.code) && attempts < maxAttempts;
}
