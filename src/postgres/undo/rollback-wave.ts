/**
 * The rollbacks of several tenants in one transaction, with one statement for all of them where one alone would have one
 * (wave-tx.ts). Where anything goes wrong in it, nothing was taken back, and each is taken back by itself, with the record that it
 * has: what the database refuses is then found row by row, as ever.
 */
import type { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { listInterrupted, readMigration, settleInterrupted } from '../records/history.ts';
import type { MigrationDetail } from '../records/history.ts';
import { insertRecord } from '../records/records.ts';
import { modelOf, recordOf, refuseImpossible, rollbackMove, takeBack } from './rollback.ts';
import type { Attempt, RollbackResult } from './rollback.ts';
import { prepareState, withTenant, withTenants } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { sharesTransactions } from '../scope/tenant.ts';
import { inWave, ownError, valueOf } from '../move/wave-tx.ts';
import type { MemberEnd } from '../move/wave-tx.ts';
import { recorded } from '../move/work.ts';

interface WaveRollback {
  readonly tenant: string;
  readonly migrationId: string;
}

/** What was taken back in which tenant. */
type TenantRollback = RollbackResult & { readonly tenant: string };

export interface RollbackWaveRequest {
  /** One for each tenant, every tenant once. */
  readonly rollbacks: readonly WaveRollback[];
  readonly actor: string;
  readonly reason?: string;
  /** In the work's transaction, after its work and before its commit. Throwing rolls it back. */
  readonly beforeCommit?: (tx: Tx, done: readonly TenantRollback[]) => Promise<void>;
}

export type RollbackOutcome = { readonly tenant: string } & (
  | { readonly status: 'succeeded'; readonly result: RollbackResult }
  | { readonly status: 'failed'; readonly error: DroverError }
);

type Outcomes = Map<string, RollbackOutcome>;

/** Takes them back; outcomes in their order. @throws what concerns no single tenant: the database is gone */
export async function rollbackWave(site: Site, request: RollbackWaveRequest): Promise<RollbackOutcome[]> {
  const { rollbacks } = request;
  const outcomes: Outcomes = new Map();
  if (rollbacks.length < 2 || site.state.separate || !sharesTransactions(site.scope)) {
    for (const one of rollbacks)
      outcomes.set(one.tenant, await outcomeOf(one.tenant, alone(site, request, one)));
  } else {
    await prepareState(site);
    const members = await prepareAll(site, request, outcomes);
    const together = members.length > 0 && (await tryTogether(site, request, { members, outcomes }));
    if (!together)
      for (const member of members)
        outcomes.set(member.tenant, await outcomeOf(member.tenant, again(site, request, member)));
  }
  return rollbacks.flatMap(({ tenant }) => outcomes.get(tenant) ?? []);
}

function alone(site: Site, request: RollbackWaveRequest, one: WaveRollback): Promise<RollbackResult> {
  const { rollbacks: _rollbacks, beforeCommit, ...rest } = request;
  return rollbackMove(site, { ...rest, ...one, ...reporting(beforeCommit, one.tenant) });
}

function reporting(beforeCommit: RollbackWaveRequest['beforeCommit'], tenant: string) {
  if (beforeCommit === undefined) return {};
  return { beforeCommit: (tx: Tx, result: RollbackResult) => beforeCommit(tx, [{ ...result, tenant }]) };
}

async function outcomeOf(tenant: string, work: Promise<RollbackResult>): Promise<RollbackOutcome> {
  try {
    return { tenant, status: 'succeeded', result: await work };
  } catch (error) {
    return { tenant, status: 'failed', error: ownError(error) };
  }
}

type Member = Attempt & { readonly tenant: string };

/** Reads what is to be taken back, settles what a killed process left open, and opens the records. */
async function prepareAll(site: Site, request: RollbackWaveRequest, outcomes: Outcomes): Promise<Member[]> {
  const startedAt = performance.now();
  const tenants = request.rollbacks.map(({ tenant }) => tenant);
  const interrupted = new Set((await listInterrupted(site, tenants)).map(({ tenant }) => tenant));
  for (const { tenant, migrationId } of request.rollbacks)
    if (interrupted.has(tenant)) await settleFor(site, { tenant, id: migrationId });
  const found = await withTenants(site, { tenants, readOnly: true }, (tx) =>
    inWave(tx, request.rollbacks, async (own, { tenant, migrationId: id }) => {
      const parent = await readMigration(own, site, { tenant, id });
      refuseImpossible(parent);
      return parent;
    }),
  );
  const parents = found.flatMap((end, at) => valueOrOutcome(end, tenants[at] ?? '', outcomes));
  const opened = await withTenants(site, { tenants }, (tx) =>
    inWave(tx, parents, (own, parent) => insertRecord(own, site, recordOf(request, parent))),
  );
  return opened.map(valueOf).flatMap((id, at) => {
    const parent = parents[at];
    return parent === undefined ? [] : [{ parent, tenant: parent.tenant, id, startedAt }];
  });
}

async function settleFor(site: Site, about: { tenant: string; id: string }): Promise<void> {
  const parent: MigrationDetail | undefined = await withTenant(
    site,
    { tenant: about.tenant, readOnly: true },
    (tx) => readMigration(tx, site, about).catch(() => undefined),
  );
  if (parent !== undefined)
    await settleInterrupted(site, { tenant: about.tenant, source: modelOf(parent, 'from') });
}

function valueOrOutcome<T>(end: MemberEnd<T>, tenant: string, outcomes: Outcomes): T[] {
  if ('value' in end) return [end.value];
  outcomes.set(tenant, { tenant, status: 'failed', error: ownError(end.error) });
  return [];
}

/** False where nothing was saved: then each has to be taken back by itself. */
async function tryTogether(
  site: Site,
  request: RollbackWaveRequest,
  { members, outcomes }: { members: readonly Member[]; outcomes: Outcomes },
): Promise<boolean> {
  try {
    const done = await withTenants(site, { tenants: members.map(({ tenant }) => tenant) }, (tx) =>
      takeBackTogether(tx, site, { request, members }),
    );
    for (const { tenant, ...result } of done) outcomes.set(tenant, { tenant, status: 'succeeded', result });
    return true;
  } catch (error) {
    ownError(error);
    return false;
  }
}

async function takeBackTogether(
  tx: Tx,
  site: Site,
  { request, members }: { request: RollbackWaveRequest; members: readonly Member[] },
): Promise<TenantRollback[]> {
  const { actor, reason } = request;
  const how = reason === undefined ? { actor } : { actor, reason };
  const ends = await inWave(tx, members, async (own, member) => {
    const finished = await takeBack({ tx: own, site }, how, member);
    return { ...(await finished.settle()), tenant: member.tenant };
  });
  const done = ends.map(valueOf);
  await request.beforeCommit?.(tx, done);
  return done;
}

/** By itself, with its own record, and tried again as a single rollback is. */
async function again(site: Site, request: RollbackWaveRequest, member: Member): Promise<RollbackResult> {
  const { rollbacks: _rollbacks, beforeCommit, ...rest } = request;
  const { tenant, id } = member;
  const work = await recorded(site, { tenant, id }, () =>
    withTenant(site, { tenant }, (tx) =>
      takeBack({ tx, site }, { ...rest, ...reporting(beforeCommit, tenant) }, member),
    ),
  );
  return work.settle();
}
