/** The last part of a migration of which other parts are committed: what it does, and what all of them did together. */
import type { TenantKey } from '../../engine/tenant.ts';
import { isMovingRows } from '../../engine/operations/operations.ts';
import { sumAccounts } from '../../engine/plan/accounts.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { Executed, MoveResult } from '../records/move-result.ts';
import { readParts } from '../records/under-way.ts';
import type { Parts, PartStep } from '../records/under-way.ts';
import type { Site } from '../scope/site.ts';
import type { Execution } from './plan.ts';

/** A member of a batch, and the record of which it is the last part. */
interface Ending {
  readonly tenant: TenantKey;
  readonly record: string | undefined;
}

/** For each member the parts before it; undefined where there are none. @throws PLAN_STALE where somebody ended the migration */
export async function partsOf(
  tx: Tx,
  site: Site,
  members: readonly Ending[],
): Promise<(Parts | undefined)[]> {
  const found: (Parts | undefined)[] = [];
  for (const { tenant, record } of members)
    found.push(record === undefined ? undefined : await partsNow(tx, site, { tenant, id: record }));
  return found;
}

async function partsNow(
  tx: Tx,
  site: Site,
  going: { readonly tenant: TenantKey; readonly id: string },
): Promise<Parts | undefined> {
  const parts = await readParts(tx, site, going);
  if (parts === undefined) throw endedMeanwhile(going.id);
  return parts.plan === null ? undefined : parts;
}

/** The refusal where somebody took the migration back, or another process brought it to its end. */
export function endedMeanwhile(id: string): DroverError {
  const message = `Migration ${id} was ended by somebody else meanwhile; \`drover history ${id}\` says how.`;
  return new DroverError('PLAN_STALE', message, { id });
}

/** The steps of the plan are numbered behind those of the parts, and the tables of all are looked at in the end. */
export function behindParts<E extends Execution>(execution: E, parts: Parts | undefined): E {
  const before = parts?.steps.at(-1)?.step.id ?? 0;
  if (before === 0) return execution;
  const steps = execution.plan.steps.map((step) => ({ ...step, id: step.id + before }));
  const touched = [...new Set(parts?.steps.map(({ step }) => step.table))];
  return { ...execution, touched, plan: { ...execution.plan, steps } };
}

/** What the migration did in all its parts, as one plan would have done it. */
export function togetherWith(
  parts: Parts | undefined,
  {
    plan,
    results,
    ungranted,
    ...rest
  }: Executed & { readonly ungranted: MoveResult['ungranted'] | undefined },
): Executed & { readonly ungranted: MoveResult['ungranted'] | undefined; readonly inParts?: number } {
  if (parts === undefined) return { ...rest, plan, results, ungranted };
  const moved = parts.steps.filter(({ step }) => isMovingRows(step));
  return {
    ...rest,
    plan: {
      ...plan,
      hash: parts.plan?.hash ?? plan.hash,
      accounts: accountsOf(plan, parts.steps),
      findings:
        moved.length === 0 ? plan.findings : plan.findings.filter(({ code }) => code !== 'NOTHING_TO_MOVE'),
    },
    results: [...parts.steps, ...results],
    ungranted,
    inParts: moved.reduce((sum, { actual }) => sum + actual, 0),
  };
}

function accountsOf({ accounts }: Plan, steps: readonly PartStep[]): Plan['accounts'] {
  const moved = steps.map(({ occurrences }) => ({ account: 'move' as const, count: occurrences }));
  const others = Object.entries(accounts).map(([account, count]) => ({
    account: account as keyof Plan['accounts'],
    count,
  }));
  return sumAccounts([...others, ...moved]);
}
