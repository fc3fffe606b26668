/** What a migration did. */
import { given } from '../../engine/given.ts';
import type { Finding } from '../../engine/finding.ts';
import type { LeftBehind, Plan } from '../../engine/plan/plan-types.ts';
import { countChanges } from '../../engine/operations/operations.ts';
import type { StepResult } from './records.ts';

export interface MoveResult {
  readonly migrationId: string;
  /** The tenant's key; null where the database has a single one. */
  readonly tenant: string | null;
  readonly status: 'succeeded';
  /** The plan was applied before: this is the result of then, and nothing was done now. */
  readonly replayed: boolean;
  readonly completion: Plan['completion'];
  readonly accounts: Plan['accounts'];
  readonly counts: Readonly<Record<string, number>>;
  readonly leftBehind: readonly LeftBehind[];
  readonly findings: readonly Finding[];
  readonly steps: readonly {
    readonly step: number;
    readonly operation: string;
    readonly table: string;
    readonly entity: string;
    readonly expected: number;
    readonly actual: number;
  }[];
  readonly planHash: string;
  readonly source: Plan['source'];
  readonly target: Plan['target'];
  readonly durationMs: number;
  /** Rows that were committed in parts, before the last transaction. Left out where all was done in one. */
  readonly inParts?: number;
  /** What rows named before although it was not available where they are: by side, place and scope. Left out where nothing was. */
  readonly ungranted?: {
    readonly from: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly to: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
}

/** A plan that was executed under a record. */
export interface Executed {
  readonly id: string;
  readonly plan: Plan;
  readonly results: readonly StepResult[];
}

export function moveResult({
  id,
  plan,
  results,
  durationMs,
  ungranted,
  inParts,
}: Executed & {
  readonly durationMs: number;
  readonly ungranted: MoveResult['ungranted'] | undefined;
  readonly inParts?: number | undefined;
}): MoveResult {
  const { completion, accounts, leftBehind, findings, hash, source, target } = plan;
  const steps = results.map(({ step: { id: step, operation, table, entity, expected }, actual }) => ({
    step,
    operation,
    table,
    entity,
    expected,
    actual,
  }));
  return {
    migrationId: id,
    tenant: plan.tenant?.key ?? null,
    status: 'succeeded',
    replayed: false,
    completion,
    accounts,
    counts: countChanges(steps),
    leftBehind,
    findings,
    steps,
    planHash: hash,
    source,
    target,
    durationMs,
    ...given({ ungranted, inParts }),
  };
}
