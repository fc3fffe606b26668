/**
 * A wave: the moves of several tenants in one transaction, with one statement for all of them where one tenant alone would have
 * one (wave-tx.ts). What concerns one tenant alone is that tenant's outcome:
 *
 * - a tenant whose move is refused before it has changed anything is left out, and the others go on;
 * - a tenant that fails later takes the transaction with it: the others are carried out again without it, and it alone;
 * - what the database refuses names no tenant, so the wave is split until the one is alone.
 *
 * Locks are taken in the order of a single move, and of the tenants as they are given.
 */
import type { Intent } from '../../engine/plan/intent.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { listInterrupted, settleInterrupted } from '../records/history.ts';
import { applyMove, carryOut, prepareMove, recordOf, refuseUnreasoned } from './move.ts';
import type { Prepared } from './move.ts';
import type { MoveResult } from './move-result.ts';
import { failRecord, insertRecord } from '../records/records.ts';
import { withRetries } from '../driver/retry.ts';
import { prepareState, withTenants } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { sharesTransactions } from '../scope/tenant.ts';
import { inWave, ownError, valueOf } from './wave-tx.ts';
import type { MemberEnd } from './wave-tx.ts';

export interface WaveRequest {
  /** One move for each tenant, every tenant once. */
  readonly moves: readonly Intent[];
  readonly confirm: boolean;
  readonly force?: boolean;
  readonly reason?: string;
  readonly actor: string;
  /** In the work's transaction, after its work and before its commit: for what must be true exactly when the moves are. Throwing rolls it back. */
  readonly beforeCommit?: (tx: Tx, done: readonly MoveResult[]) => Promise<void>;
}

export type WaveOutcome = { readonly tenant: string } & (
  | { readonly status: 'succeeded'; readonly result: MoveResult }
  | { readonly status: 'failed'; readonly error: DroverError }
);

/**
 * Carries the moves out; outcomes in their order.
 * @throws FORCE_NEEDS_REASON, and what concerns no single tenant: the database is gone
 */
export async function applyWave(site: Site, request: WaveRequest): Promise<WaveOutcome[]> {
  refuseUnreasoned(request);
  if (!mayShare(site, request.moves)) return oneByOne(site, request, request.moves);
  const outcomes = new Map<string, WaveOutcome>();
  await prepareState(site);
  const members = await prepareAll(site, request, outcomes);
  await carryOutAll(site, request, { members, outcomes });
  return request.moves.map(({ tenant = '' }) => outcomes.get(tenant) ?? lostOutcome(tenant));
}

function lostOutcome(tenant: string): WaveOutcome {
  return { tenant, status: 'failed', error: new DroverError('INTERNAL', 'The wave forgot this tenant.') };
}

/** Records in another database are prepared tenant by tenant, and a session that is bound to one tenant sees no other. */
function mayShare(site: Site, moves: readonly Intent[]): boolean {
  const named = moves.every(({ tenant }) => tenant !== undefined);
  return moves.length > 1 && named && !site.state.separate && sharesTransactions(site.scope);
}

async function oneByOne(site: Site, request: WaveRequest, moves: readonly Intent[]): Promise<WaveOutcome[]> {
  const outcomes: WaveOutcome[] = [];
  for (const intent of moves) outcomes.push(await applyAlone(site, request, intent));
  return outcomes;
}

async function applyAlone(site: Site, request: WaveRequest, intent: Intent): Promise<WaveOutcome> {
  const { beforeCommit, moves: _moves, ...rest } = request;
  const tenant = intent.tenant ?? '';
  try {
    const result = await applyMove(site, {
      ...rest,
      intent,
      ...(beforeCommit === undefined ? {} : { beforeCommit: (tx, done) => beforeCommit(tx, [done]) }),
    });
    return { tenant, status: 'succeeded', result };
  } catch (error) {
    return { tenant, status: 'failed', error: ownError(error) };
  }
}

interface Member {
  readonly tenant: string;
  readonly prepared: Prepared;
  /** The record of the move, opened before it. */
  readonly id: string;
  readonly startedAt: number;
}

interface Running {
  readonly members: readonly Member[];
  readonly outcomes: Map<string, WaveOutcome>;
}

/** Reads what is read before any lock, settles what a killed process left open, and opens the records. */
async function prepareAll(
  site: Site,
  request: WaveRequest,
  outcomes: Map<string, WaveOutcome>,
): Promise<Member[]> {
  const startedAt = performance.now();
  const tenants = tenantsOf(request.moves);
  const ends = await withTenants(site, { tenants, readOnly: true }, (tx) =>
    inWave(tx, request.moves, (own, intent) => prepareMove(own, site, intent)),
  );
  const ready = ends.flatMap((end, at) => valueOrOutcome(end, tenants[at] ?? '', outcomes));
  for (const { tenant } of await listInterrupted(site, tenants)) {
    const prepared = ready.find(({ intent }) => intent.tenant === tenant);
    if (prepared !== undefined) await settleInterrupted(site, { tenant, source: prepared.pair.source });
  }
  const ids = await withTenants(site, { tenants }, (tx) =>
    inWave(tx, ready, (own, prepared) => insertRecord(own, site, recordOf(request, prepared))),
  );
  return ids.map(valueOf).flatMap((id, at) => {
    const prepared = ready[at];
    return prepared === undefined ? [] : [{ tenant: prepared.intent.tenant ?? '', prepared, id, startedAt }];
  });
}

function tenantsOf(moves: readonly Intent[]): string[] {
  return moves.map(({ tenant = '' }) => tenant);
}

function valueOrOutcome<T>(end: MemberEnd<T>, tenant: string, outcomes: Map<string, WaveOutcome>): T[] {
  if ('value' in end) return [end.value];
  outcomes.set(tenant, { tenant, status: 'failed', error: ownError(end.error) });
  return [];
}

/** Carries out what is prepared, in one transaction where that is possible, and in smaller ones where it is not. */
async function carryOutAll(site: Site, request: WaveRequest, running: Running): Promise<void> {
  const { members, outcomes } = running;
  const [only] = members;
  if (only === undefined) return;
  if (members.length === 1) return carryOutOnly(site, request, { member: only, outcomes });
  const guilty = await tryTogether(site, request, running);
  if (guilty === 'nobody') return;
  const parts = guilty === 'unknown' ? halves(members) : apart(members, guilty);
  for (const part of parts) await carryOutAll(site, request, { members: part, outcomes });
}

function halves(members: readonly Member[]): (readonly Member[])[] {
  const middle = Math.ceil(members.length / 2);
  return [members.slice(0, middle), members.slice(middle)];
}

/** Those who failed one by one, after all others. */
function apart(members: readonly Member[], guilty: ReadonlySet<string>): (readonly Member[])[] {
  const alone = members.filter(({ tenant }) => guilty.has(tenant));
  return [members.filter(({ tenant }) => !guilty.has(tenant)), ...alone.map((member) => [member])];
}

class Spoiled extends Error {
  readonly guilty: ReadonlySet<string>;

  constructor(guilty: ReadonlySet<string>) {
    super('A tenant failed after it had changed rows.');
    this.guilty = guilty;
  }
}

/** Whose fault it was that nothing was saved; refusals are outcomes already. */
async function tryTogether(
  site: Site,
  request: WaveRequest,
  { members, outcomes }: Running,
): Promise<'nobody' | 'unknown' | ReadonlySet<string>> {
  try {
    const ends = await withTenants(site, { tenants: members.map(({ tenant }) => tenant) }, (tx) =>
      together(tx, site, { request, members }),
    );
    for (const [at, end] of ends.entries()) {
      const member = members[at];
      if (member !== undefined) await settle(site, { member, end, outcomes });
    }
    return 'nobody';
  } catch (error) {
    if (error instanceof Spoiled) return error.guilty;
    ownError(error);
    return 'unknown';
  }
}

async function together(
  tx: Tx,
  site: Site,
  { request, members }: { request: WaveRequest; members: readonly Member[] },
): Promise<MemberEnd<MoveResult>[]> {
  const { beforeCommit, moves: _moves, ...rest } = request;
  const ends = await inWave(tx, members, async (own, member) => {
    const finished = await carryOut({ tx: own, site }, rest, member);
    return finished.settle();
  });
  const spoilt = members.filter((_, at) => {
    const end = ends[at];
    return end !== undefined && 'error' in end && end.wrote;
  });
  if (spoilt.length > 0) throw new Spoiled(new Set(spoilt.map(({ tenant }) => tenant)));
  const done = ends.flatMap((end) => ('value' in end ? [end.value] : []));
  if (done.length > 0) await beforeCommit?.(tx, done);
  return ends;
}

async function settle(
  site: Site,
  { member, end, outcomes }: { member: Member; end: MemberEnd<MoveResult>; outcomes: Running['outcomes'] },
): Promise<void> {
  const { tenant, id } = member;
  if ('value' in end) {
    outcomes.set(tenant, { tenant, status: 'succeeded', result: end.value });
    return;
  }
  await failRecord(site, { tenant, id, error: end.error }).catch(() => undefined);
  outcomes.set(tenant, { tenant, status: 'failed', error: ownError(end.error) });
}

/** The last one of a wave that was split: with its own record, and tried again as a single move is. */
async function carryOutOnly(
  site: Site,
  request: WaveRequest,
  { member, outcomes }: { member: Member; outcomes: Running['outcomes'] },
): Promise<void> {
  const retries = site.config.database?.retries ?? 5;
  const end = await withRetries(retries, (tries) => alone(site, request, { member, again: tries > 0 })).then(
    (value) => ({ value, wrote: true }),
    (error: unknown) => ({ error, wrote: false }),
  );
  await settle(site, { member, end, outcomes });
}

/** Another try reads afresh what is read without locks. */
function alone(
  site: Site,
  request: WaveRequest,
  { member, again }: { member: Member; again: boolean },
): Promise<MoveResult> {
  const { beforeCommit, moves: _moves, ...rest } = request;
  return withTenants(site, { tenants: [member.tenant] }, async (tx) => {
    const prepared = again ? await prepareMove(tx, site, member.prepared.intent) : member.prepared;
    const finished = await carryOut({ tx, site }, rest, { ...member, prepared });
    const result = await finished.settle();
    await beforeCommit?.(tx, [result]);
    return result;
  });
}
