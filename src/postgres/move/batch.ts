/**
 * A batch: the work of several tenants in one transaction, each with its own record. One tenant is a batch of one. What concerns
 * one tenant alone is that tenant's outcome:
 *
 * - a member that is refused before anything was written is left out, and the others go on;
 * - a member that fails later takes the transaction with it: the others are tried again without it, and it alone;
 * - what the database refuses names no member, so the batch is halved until the one is alone.
 *
 * The last one is tried again where that may help, and reads afresh before. This one file runs moves and rollbacks.
 */
import { DroverError, isConnectionLost } from '../../errors.ts';
import { refusalOf, toldToTenant } from '../driver/errors.ts';
import { withHolders } from '../driver/lock-holders.ts';
import { LockWait, withRetries } from '../driver/retry.ts';
import type { Patience } from '../driver/retry.ts';
import type { Settle } from '../records/commit.ts';
import { isCommitting, refuseUncommitted } from '../records/commit-fate.ts';
import { listInterrupted, settleInterrupted } from '../records/interruptions.ts';
import { failRecord, openRecords } from '../records/records.ts';
import type { RecordState } from '../records/records.ts';
import { prepareState, withTenants } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { isSharedRows, recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { sharesTransactions } from '../scope/tenant.ts';
import { MembersFailed } from './job.ts';
import type { Outcome, PreparedMember, MemberAtWork, Worked, Job, Together } from './job.ts';

/**
 * Carries the work of every tenant out; outcomes in their order.
 * @param first what was prepared of them just now, where that was needed before
 * @throws what concerns no single tenant: the database is gone, or a mistake of ours
 */
export async function runBatch<Q, P, R>(
  site: Site,
  job: Job<Q, P, R>,
  asked: readonly Q[],
  first?: readonly PreparedMember<P, R>[],
): Promise<Outcome<R>[]> {
  if (asked.length > 1 && !mayShare(site, job, asked)) {
    const outcomes: Outcome<R>[] = [];
    for (const [at, one] of asked.entries())
      outcomes.push(...(await runBatch(site, job, [one], first?.slice(at, at + 1))));
    return outcomes;
  }
  if (asked.length === 0) return [];
  return runTogether(site, job, { asked, first });
}

/** What is due to one tenant. @throws its error */
export function resultOf<R>(outcomes: readonly Outcome<R>[]): R {
  const [only] = outcomes;
  if (only === undefined) throw new Error('a batch of one has one outcome');
  if (only.status === 'failed') throw only.error;
  return only.result;
}

/** Records in another database are prepared tenant by tenant, and a session that is bound to one tenant sees no other. */
export function mayShare<Q>(
  site: Site,
  { tenantOf }: { readonly tenantOf: (asked: Q) => string | undefined },
  asked: readonly Q[],
): boolean {
  const named = asked.map(tenantOf).every((tenant) => tenant !== undefined && !isSharedRows(tenant));
  return named && !site.state.separate && sharesTransactions(site.scope);
}

/** The results by the number of the tenant, as they become known. */
type Results<R> = Map<number, R | DroverError>;

interface AskedMembers<Q, P, R> {
  readonly asked: readonly Q[];
  readonly first: readonly PreparedMember<P, R>[] | undefined;
}

async function runTogether<Q, P, R>(
  site: Site,
  job: Job<Q, P, R>,
  { asked, first }: AskedMembers<Q, P, R>,
): Promise<Outcome<R>[]> {
  const startedAt = performance.now();
  const results: Results<R> = new Map();
  const running: NumberedMember<P>[] = [];
  const ready: { number: number; prepared: P; record: string | undefined }[] = [];
  for (const [number, one] of (await prepareAll(site, job, { asked, first })).entries())
    if ('ready' in one) ready.push({ number, prepared: one.ready, record: one.record });
    else results.set(number, 'done' in one ? one.done : one.refused);
  if (ready.length > 0) {
    await prepareState(site);
    for (const { prepared } of ready) await job.before?.(job.tenantOf(job.askedBy(prepared)));
    const fresh = ready.filter(({ record }) => record === undefined);
    const ids = (
      await openRecords(
        site,
        fresh.map(({ prepared }) => job.recordOf(prepared)),
      )
    ).values();
    for (const { number, prepared, record } of ready)
      running.push({ number, member: { prepared, id: record ?? ids.next().value ?? '', startedAt } });
  }
  const { locks } = patienceOf(site);
  for (const alike of Map.groupBy(running, ({ member }) => job.shapeOf(member.prepared)).values())
    await commitAll({ site, job, results, locks }, alike);
  const ids = new Map(running.map(({ number, member }) => [number, member.id]));
  return asked.map((one, number) => outcomeOf(job.tenantOf(one), results.get(number), ids.get(number)));
}

/** What a killed process left open is settled first, and may change what is found. */
async function prepareAll<Q, P, R>(
  site: Site,
  job: Job<Q, P, R>,
  { asked, first }: AskedMembers<Q, P, R>,
): Promise<readonly PreparedMember<P, R>[]> {
  const prepared = first ?? (await job.prepare(asked));
  const pairs = prepared.flatMap(({ about }) => about ?? []);
  if (pairs.length === 0) return prepared;
  const open = await listInterrupted(
    site,
    pairs.map(({ tenant }) => tenant),
  );
  for (const about of pairs) if (open.has(recordedTenant(about.tenant))) await settleInterrupted(site, about);
  return open.size === 0 ? prepared : job.prepare(asked);
}

function outcomeOf<R>(
  tenant: TenantKey,
  result: R | DroverError | undefined,
  migrationId: string | undefined,
): Outcome<R> {
  if (result === undefined) throw new Error('a batch forgot one of its members');
  if (!(result instanceof DroverError)) return { tenant, status: 'succeeded', result };
  const failed = { tenant, status: 'failed', error: result } as const;
  return migrationId === undefined ? failed : { ...failed, migrationId };
}

interface NumberedMember<P> {
  readonly number: number;
  readonly member: MemberAtWork<P>;
}

interface BatchContext<Q, P, R> {
  readonly site: Site;
  readonly job: Job<Q, P, R>;
  readonly results: Results<R>;
  /** Of all parts together: where a lock stays held, the parts into which a batch is split do not wait for it anew. */
  readonly locks: LockWait;
}

/** In one transaction where that is possible, and in smaller ones where it is not. */
async function commitAll<Q, P, R>(
  context: BatchContext<Q, P, R>,
  running: readonly NumberedMember<P>[],
): Promise<void> {
  const [only] = running;
  if (only === undefined) return;
  if (running.length === 1) return commitOne(context, only);
  const failed = await tryTogether(context, running);
  for (const part of failed) await commitAll(context, part);
}

/** The parts in which those are to be tried again for whom nothing was saved. */
async function tryTogether<Q, P, R>(
  context: BatchContext<Q, P, R>,
  running: readonly NumberedMember<P>[],
): Promise<(readonly NumberedMember<P>[])[]> {
  try {
    const members = running.map(({ member }) => member);
    const { worked } = await withRetries({ retries: 0, locks: context.locks }, () =>
      inTransaction(context, members),
    );
    for (const [at, one] of running.entries()) await record(context, one, worked[at]);
    return [];
  } catch (error) {
    if (error instanceof MembersFailed) return apart(running, error.errors);
    ownError(error);
    const middle = Math.ceil(running.length / 2);
    return [running.slice(0, middle), running.slice(middle)];
  }
}

/** The members that failed, one by one, after all others. */
function apart<P>(
  running: readonly NumberedMember<P>[],
  failed: ReadonlyMap<number, unknown>,
): (readonly NumberedMember<P>[])[] {
  const others = running.filter((_, at) => !failed.has(at));
  return [others, ...running.filter((_, at) => failed.has(at)).map((one) => [one])];
}

async function inTransaction<Q, P, R>(
  { site: opened, job, locks }: BatchContext<Q, P, R>,
  members: readonly MemberAtWork<P>[],
): Promise<Together<R>> {
  const tenants = members.map(({ prepared }) => job.tenantOf(job.askedBy(prepared)));
  let done: Together<R> | undefined;
  const site = { ...opened, lockWaitMs: locks.leftMs };
  try {
    return await withTenants(site, { tenants }, async (tx) => {
      const now = await job.work(tx, members);
      // Results are matched to members by their number. One too few must not be committed under another tenant's name.
      if (now.worked.length !== members.length) throw new Error('a batch forgot one of its members');
      done = now;
      return now;
    });
  } catch (error) {
    // All were committed or none, so one of those that did something tells.
    const at = done?.worked.findIndex((one) => !(one instanceof DroverError)) ?? -1;
    const told = members[at];
    if (done === undefined || told === undefined || !isCommitting(error)) throw error;
    const isCommitted = ({ status }: RecordState): boolean => status === 'succeeded';
    await refuseUncommitted(site, { tenant: tenants[at], id: told.id, isCommitted }, error);
    return done;
  }
}

/** The last one, with the record that it has; another try reads afresh what is read without locks. */
async function commitOne<Q, P, R>(context: BatchContext<Q, P, R>, one: NumberedMember<P>): Promise<void> {
  const { site, job, results } = context;
  const attempt = async (tries: number): Promise<{ readonly result: R; readonly settle: Settle }> => {
    const prepared = tries === 0 ? one.member.prepared : await again(job, one.member.prepared);
    const { worked, settle } = await inTransaction(context, [
      { ...one.member, prepared, again: tries > 0 },
    ]).catch(alone);
    const [result] = worked;
    if (result === undefined) throw new Error('a member came to nothing');
    if (result instanceof DroverError) throw result;
    return { result, settle };
  };
  try {
    const { retries } = patienceOf(site);
    const { result, settle } = await withRetries({ retries, locks: context.locks }, attempt);
    // What comes after the commit is not tried again: the work is done.
    results.set(one.number, await settle().then(() => result, ownError));
  } catch (caught) {
    const error = refusalOf(isReadByTenants(site) ? caught : await withHolders(site.database, caught));
    // Where the record cannot be written either, it is settled later; the caller has to see why the work failed.
    await recordFailure(context, one, error);
    results.set(one.number, ownError(error));
  }
}

/** How long and how often the work of one tenant is tried. */
export function patienceOf({ config, lockWaitMs }: Site): Patience {
  const { retries = 5, lockTimeoutMs = 10_000 } = config.database ?? {};
  return { retries, locks: new LockWait(lockWaitMs ?? lockTimeoutMs * (retries + 1)) };
}

async function again<Q, P, R>(job: Job<Q, P, R>, prepared: P): Promise<P> {
  const [found] = await job.prepare([job.askedBy(prepared)]);
  if (found !== undefined && 'ready' in found) return found.ready;
  if (found !== undefined && 'refused' in found) throw found.refused;
  return prepared;
}

/** The failure of the only member is the failure of the batch. */
function alone(error: unknown): never {
  if (!(error instanceof MembersFailed)) throw error;
  throw error.errors.get(0) ?? error;
}

async function record<Q, P, R>(
  context: BatchContext<Q, P, R>,
  one: NumberedMember<P>,
  worked: Worked<R> | undefined,
): Promise<void> {
  if (worked === undefined) throw new Error('a member came to nothing');
  context.results.set(one.number, worked);
  if (worked instanceof DroverError) await recordFailure(context, one, worked);
}

async function recordFailure<Q, P, R>(
  { site, job }: BatchContext<Q, P, R>,
  { member }: NumberedMember<P>,
  error: unknown,
): Promise<void> {
  const { tenant } = job.recordOf(member.prepared);
  const told = isReadByTenants(site) && error instanceof DroverError ? toldToTenant(error) : error;
  await failRecord(site, { tenant, id: member.id, error: told }).catch(() => undefined);
}

/** In Drover's own platform a tenant reads its records. What runs in the database, and what that said, is not the tenant's business. */
function isReadByTenants({ state }: Site): boolean {
  return state.tenantType !== 'text';
}

/** An error that concerns one tenant alone. @throws what concerns no single tenant: the database is gone, or a mistake of ours */
export function ownError(error: unknown): DroverError {
  if (!(error instanceof DroverError) || isConnectionLost(error)) throw error;
  return error;
}
