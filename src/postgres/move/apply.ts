/** Everything that an apply does in its one transaction: lock, read and plan again, admit, execute, close the records. */
import { everyMember } from '../driver/members.ts';
import { behindParts, partsOf, togetherWith } from './parts.ts';
import { moveResult } from '../records/move-result.ts';
import type { Executed, MoveResult } from '../records/move-result.ts';
import { movedRows } from '../../engine/operations/operations.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { commitRecords, journalFor } from '../records/commit.ts';
import type { Settle } from '../records/commit.ts';
import type { DoneMigration } from '../records/records.ts';
import { lockForWork } from '../records/under-way.ts';
import type { Site } from '../scope/site.ts';
import { admit } from './admission.ts';
import { MembersFailed } from './job.ts';
import type { MemberAtWork, Worked } from './job.ts';
import { executePlans } from './execute.ts';
import type { Execution } from './plan.ts';
import { holdGrants, readUngranted } from './grant-uses.ts';
import { raiseFences } from './fence.ts';
import { rowLocks } from './locks.ts';
import { movesNow } from './moves-now.ts';
import { planAll } from './plan.ts';
import type { Move } from './plan.ts';
import { workedSource, kindOf } from './request.ts';
import type { MoveRequest, MoveOptions, RequestedMove } from './request.ts';

interface MoveWork {
  readonly options: MoveOptions;
  readonly members: readonly MemberAtWork<RequestedMove>[];
}

/** Everything that moves do in their one transaction. A member that is refused has its error, and wrote nothing. */
export async function applyMembers(
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
  const [now] = same;
  if (now !== undefined && members.some(({ again: isRetry }) => isRetry === true))
    await tx.ask(rowLocks({ rules: now.move.ground.rules, members: same.map(({ move }) => move.member) }));
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
