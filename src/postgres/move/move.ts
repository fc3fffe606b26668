/**
 * The life of a migration: read facts → plan → check → execute → record, for one tenant or for many.
 *
 * A plan reads in one read-only transaction. An apply first scans for unclassified values (long, without locks), opens the records,
 * and then does everything else in one transaction: lock, read the facts again, plan again, compare with the plan that was shown,
 * check, execute, close the records, commit. What was planned is therefore what runs, and a kill at any instant leaves each tenant
 * before or after. Transactions that collide are tried again from their start.
 */
import { everyMember } from '../driver/members.ts';
import { behindParts, partsOf, togetherWith } from './parts.ts';
import { moveResult } from '../records/move-result.ts';
import type { Executed, MoveResult } from '../records/move-result.ts';
import { movedRows } from '../../engine/operations/operations.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { commitRecords, journalFor } from '../records/commit.ts';
import type { Settle } from '../records/commit.ts';
import { findReplay } from '../records/history.ts';
import type { DoneMigration, NewRecord } from '../records/records.ts';
import { lockForWork } from '../records/under-way.ts';
import type { Site } from '../scope/site.ts';
import { admit, refuseUnreasoned } from './admission.ts';
import type { KnownPlan } from './admission.ts';
import { MembersFailed, resultOf, runBatch } from './batch.ts';
import type { Job, MemberAtWork, Outcome, PreparedMember, Worked } from './batch.ts';
import { executePlans } from './execute.ts';
import type { Execution, Progress } from './execute.ts';
import { holdGrants, readUngranted } from './relying.ts';
import { raiseFences } from './fence.ts';
import { movesNow } from './moves-now.ts';
import { planAll, readMoves } from './plan.ts';
import type { Move } from './plan.ts';
import { refuseUnknown } from './unknown.ts';
import { refuseIssued } from '../records/aliases.ts';
import { siteFor } from '../scope/rows-site.ts';
import { given } from '../../engine/given.ts';

export interface MoveRequest {
  /** Of several together, all are about models, or about rows of one table. */
  readonly intent: Intent;
  /** The re-key that this one takes back, with its two keys as its record has them. */
  readonly takesBack?: { readonly id: string; readonly pair: Pick<NewRecord, 'source' | 'target'> };
  /** The plan that was shown, or what is left of it: refused as stale where the facts are others now. */
  readonly plan?: KnownPlan;
  /** A migration of which parts may be committed already (online.ts), with its record: this move is its last part. */
  readonly ends?: { readonly record: string; readonly startedAt: number };
}

/** How moves run, whatever the tenant. */
export interface MoveOptions {
  /** Warnings were read and accepted. */
  readonly confirm: boolean;
  /** Errors that can be forced are accepted; needs a reason, as does a model that nobody knows. */
  readonly force?: boolean;
  /** The plan that was shown may have other rows by now, as long as nothing is worse. */
  readonly unlessWorse?: boolean;
  readonly reason?: string;
  readonly actor: string;
  /**
   * In the work's transaction, after its work and before its commit: for what must be true exactly when the moves are.
   * Throwing rolls it back.
   */
  readonly beforeCommit?: (tx: Tx, done: readonly MoveResult[]) => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Carries the move of one tenant out: atomically, journalled, recorded. Applying the plan of an earlier migration that still stands
 * returns its result.
 * @throws what `planMove` throws; PLAN_STALE, PLAN_REFUSED, CONFIRMATION_REQUIRED, FORCE_NEEDS_REASON, MIGRATION_RUNNING,
 *   COUNT_MISMATCH, REFERENCES_LEFT, and what the database refuses. In every case nothing was changed.
 */
export async function applyMove(site: Site, request: MoveRequest & MoveOptions): Promise<MoveResult> {
  const { intent, plan, ...options } = request;
  const move = plan === undefined ? { intent } : { intent, plan };
  if (plan === undefined) await refuseUnknown(siteFor(site, intent), { intent });
  return resultOf(await applyMoves(site, [move], options));
}

/**
 * The same for several tenants, each once; outcomes in their order.
 * @throws FORCE_NEEDS_REASON, and what concerns no single tenant: the database is gone
 */
export async function applyMoves(
  site: Site,
  requests: readonly MoveRequest[],
  options: MoveOptions,
): Promise<Outcome<MoveResult>[]> {
  const allowed = requests.some(({ intent }) => intent.allowUnknown === true);
  refuseUnreasoned({ ...options, allowUnknown: allowed });
  const seen = siteFor(site, requests[0]?.intent ?? {});
  return runBatch(seen, jobOf(seen, options), requests);
}

/** A move with what was asked of it. */
export type RequestedMove = Move & { readonly request: MoveRequest };

export function jobOf(site: Site, options: MoveOptions): Job<MoveRequest, RequestedMove, MoveResult> {
  return {
    tenantOf: ({ intent }) => intent.tenant,
    prepare: (requests) => prepare(site, requests),
    askedBy: ({ request }) => request,
    recordOf: (move) => recordOf(options, move),
    shapeOf: ({ member }) => member.shape,
    work: (tx, members) => applyMembers(tx, site, { options, members }),
  };
}

async function prepare(
  site: Site,
  requests: readonly MoveRequest[],
): Promise<PreparedMember<RequestedMove, MoveResult>[]> {
  const moves = await readMoves(
    site,
    requests.map(({ intent }) => intent),
  );
  const prepared: PreparedMember<RequestedMove, MoveResult>[] = [];
  for (const [at, request] of requests.entries()) {
    const move = moves[at];
    if (move === undefined) throw new Error('a move was not read');
    if (move instanceof DroverError) {
      prepared.push({ refused: move });
      continue;
    }
    const { tenant } = request.intent;
    const about = { tenant, source: workedSource({ ...move, request }) };
    const issued = await issuedBefore(site, { ...move, request });
    if (issued !== undefined) {
      prepared.push({ about, refused: issued });
      continue;
    }
    const isNew = request.plan !== undefined && request.ends === undefined;
    const replay = isNew ? await findReplay(site, tenant, request.plan.hash) : undefined;
    prepared.push(
      replay === undefined
        ? { about, ready: { ...move, request }, record: request.ends?.record }
        : { about, done: replay },
    );
  }
  return prepared;
}

/** A key that a row had is none to give, but to that row by a rollback. */
async function issuedBefore(
  site: Site,
  { member, ground, request }: RequestedMove,
): Promise<DroverError | undefined> {
  const { source, target, found = [] } = member.pair;
  const { subject } = ground.rules;
  if (subject === undefined) return undefined;
  return refuseIssued(site, {
    tenant: member.intent.tenant,
    table: subject.table.id,
    from: source.key ?? '',
    to: target.key ?? '',
    repairs: found.some(({ code }) => code === 'SOURCE_ROW_GONE'),
    returns: request.takesBack !== undefined,
  });
}

/** What a record, and the lock of whoever works on it, call the source: whoever takes a re-key back works on the same. */
function workedSource({ member, request }: RequestedMove): NewRecord['source'] {
  return request.takesBack?.pair.source ?? member.pair.source;
}

/** What the record of a move says from its beginning. */
export function recordOf(
  { actor, force, reason }: MoveOptions,
  { member, request }: Move & { readonly request?: MoveRequest },
): NewRecord {
  const { intent, pair } = member;
  const { takesBack } = request ?? {};
  const base = {
    kind: kindOf(intent, takesBack),
    tenant: intent.tenant,
    ...(takesBack === undefined ? pair : takesBack.pair),
    ...given({ parentId: takesBack?.id, reason }),
    actor,
    forced: force === true,
  };
  return base;
}

function kindOf({ rows }: Intent, takesBack: MoveRequest['takesBack']): NewRecord['kind'] {
  if (takesBack !== undefined) return 'rollback';
  return rows === undefined ? 'model' : 'rekey';
}

interface MoveWork {
  readonly options: MoveOptions;
  readonly members: readonly MemberAtWork<RequestedMove>[];
}

/** Everything that moves do in their one transaction. A member that is refused has its error, and wrote nothing. */
async function applyMembers(
  tx: Tx,
  site: Site,
  { options, members }: MoveWork,
): Promise<{ worked: Worked<MoveResult>[]; settle: Settle }> {
  const worked: (Worked<MoveResult> | undefined)[] = members.map(() => undefined);
  const admitted = await admitAll(tx, site, { options, members }, worked);
  const settle = await executeAll(tx, site, { options, members, admitted, worked });
  return { worked: everyMember(worked), settle };
}

/** A member that may run, with its plan of now. */
interface Admitted extends Execution {
  readonly at: number;
}

/** Locks, reads again, plans again; who is refused has the error in `worked`. */
async function admitAll(
  tx: Tx,
  site: Site,
  { options, members }: MoveWork,
  worked: (Worked<MoveResult> | undefined)[],
): Promise<Admitted[]> {
  const [first] = members;
  if (first === undefined) return [];
  const refused = await lockForWork(tx, site, members.map(workedOf));
  for (const [at, error] of refused.entries()) worked[at] = error;
  const free = [...members.keys()].filter((at) => worked[at] === undefined);
  const again = await movesNow(tx, site, { moves: movesOf(members, free), locks: 'all' });
  const same = free.flatMap((at, number) => {
    const move = again[number];
    if (move instanceof DroverError) worked[at] = move;
    return move === undefined || move instanceof DroverError ? [] : [{ at, move }];
  });
  const plans = await planAll(
    tx,
    same.map(({ move }) => move),
    'staying',
  );
  return same.flatMap(({ at }, number) => {
    const planned = plans[number];
    const member = members[at];
    if (planned === undefined || member === undefined) return [];
    const error =
      planned instanceof DroverError ? planned : admit(options, member.prepared.request.plan, planned.plan);
    if (error !== undefined || planned instanceof DroverError) {
      worked[at] = error;
      return [];
    }
    return [{ at, ...planned }];
  });
}

function movesOf(members: readonly MemberAtWork<RequestedMove>[], at: readonly number[]): Move[] {
  return everyMember(at.map((number) => members[number]?.prepared));
}

function workedOf({ prepared }: MemberAtWork<RequestedMove>): Parameters<typeof lockForWork>[2][number] {
  const { member, request } = prepared;
  return { tenant: member.intent.tenant, source: workedSource(prepared), own: request.ends?.record };
}

interface Executing extends MoveWork {
  readonly admitted: readonly Admitted[];
  readonly worked: (Worked<MoveResult> | undefined)[];
}

/** Executes the plans, closes the records, and puts the results where they belong. @throws MembersFailed, by the number of the member */
async function executeAll(
  tx: Tx,
  site: Site,
  { options, members, admitted, worked }: Executing,
): Promise<Settle> {
  const [first] = admitted;
  if (first === undefined) return () => Promise.resolve();
  const running = admitted.map((one) => ({ ...one, id: members[one.at]?.id ?? '' }));
  const journal = await journalFor(
    tx,
    site,
    running.map(({ member, id }) => ({ tenant: member.intent.tenant, id })),
  );
  const { rules } = first.snapshot;
  const about = { rules, members: running.map(({ member }) => member) };
  await holdGrants(tx, about);
  const ungranted = await readUngranted(tx, about);
  const parts = await partsOf(
    tx,
    site,
    running.map(({ at, member }) => ({
      tenant: member.intent.tenant,
      record: members[at]?.prepared.request.ends?.record,
    })),
  );
  const results = await executePlans(tx, {
    rules,
    executions: running.map((one, at) => behindParts(one, parts[at])),
    scannable: members[0]?.prepared.ground.scannable ?? [],
    journal,
    onProgress: options.onProgress,
  }).catch((error: unknown) => {
    throw renumbered(error, admitted);
  });
  for (const { plan, snapshot, member, id } of running)
    if (plan.completion !== 'partial')
      await raiseFences(tx, site, { snapshot, intent: member.intent, terms: member.terms, id });
  const done = running.map(({ plan, at, id }, number) => {
    const { startedAt = 0, prepared } = members[at] ?? {};
    const last = results[number] ?? [];
    const durationMs = Math.round(performance.now() - (prepared?.request.ends?.startedAt ?? startedAt));
    const whole = togetherWith(parts[number], { id, plan, results: last, ungranted: ungranted[number] });
    const result = moveResult({ ...whole, durationMs });
    worked[at] = result;
    const { takesBack } = prepared?.request ?? {};
    return doneOf(options, { id, plan: parts[number]?.plan ?? plan, results: last, result, takesBack });
  });
  await options.beforeCommit?.(
    tx,
    done.map(({ result }) => result),
  );
  return commitRecords(tx, site, done);
}

/** The executor counts the members that it was given. */
function renumbered(error: unknown, admitted: readonly Admitted[]): unknown {
  if (!(error instanceof MembersFailed)) return error;
  return new MembersFailed(
    new Map([...error.errors].map(([number, one]) => [admitted[number]?.at ?? number, one])),
  );
}

function doneOf(
  { actor, force, reason }: MoveOptions,
  {
    id,
    plan,
    results,
    result,
    takesBack,
  }: Executed & { readonly result: MoveResult; readonly takesBack: MoveRequest['takesBack'] },
): DoneMigration & { readonly result: MoveResult } {
  return {
    tenant: plan.intent.tenant,
    id,
    kind: kindOf(plan.intent, takesBack),
    plan,
    completion: result.completion,
    result,
    results,
    actor,
    rows: movedRows(result.steps),
    forced: force === true,
    reason,
  };
}
