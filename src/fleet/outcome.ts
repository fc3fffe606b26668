/** What a run keeps of what became of a tenant. */
import type { Finding } from '../engine/finding.ts';
import { nothingToMove } from '../engine/planner/findings.ts';
import { changeCount } from '../engine/plan/row-text.ts';
import type { Plan } from '../engine/plan/plan-types.ts';
import { DroverError } from '../errors.ts';
import type { MoveResult } from '../postgres/records/move-result.ts';
import type { RollbackResult } from '../postgres/undo/result.ts';
import type { ClaimedTenant } from '../postgres/runs/claims.ts';
import type { TenantOutcome } from '../postgres/runs/tenants.ts';

export function outcomeOfMove(tenant: string, result: MoveResult): TenantOutcome {
  const { migrationId, completion, counts, findings, durationMs } = result;
  return {
    tenant,
    status: 'succeeded',
    migrationId,
    completion,
    migratedCount: Object.values(counts).reduce((sum, rows) => sum + rows, 0),
    details: counts,
    findings,
    durationMs,
  };
}

export function outcomeOfRollback(tenant: string, result: RollbackResult): TenantOutcome {
  const { migrationId, complete, restored, skippedCount, durationMs } = result;
  const left = `${changeCount(skippedCount)} left as they are, because the rows were changed since; migration ${migrationId} lists them.`;
  return {
    tenant,
    status: 'succeeded',
    migrationId,
    completion: complete ? 'complete' : 'partial',
    migratedCount: restored,
    details: { restored, left: skippedCount },
    durationMs,
    ...(skippedCount === 0 ? {} : { code: 'ROWS_LEFT', message: left }),
  };
}

/** Whatever was thrown, as an outcome can hold it. */
export function asDroverError(error: unknown): DroverError {
  if (error instanceof DroverError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DroverError('INTERNAL', message, {}, { cause: error });
}

/** @param migrationId of the record that holds the failure */
export function outcomeOfError(tenant: string, error: DroverError, migrationId?: string): TenantOutcome {
  const { code, message } = error;
  const outcome = { tenant, status: 'failed', code, message, findings: findingsOf(error) } as const;
  return migrationId === undefined ? outcome : { ...outcome, migrationId };
}

/** The error of a refused plan holds the plan, and the plan its findings. */
function findingsOf({ data }: DroverError): readonly Finding[] {
  const plan = data['plan'] as Plan | undefined;
  return plan?.findings ?? (data['findings'] as readonly Finding[] | undefined) ?? [];
}

/** Is there a source to be retired? Where it was retired before, or no row stands for it, a tenant may be through without a move. */
export function mayBeIdle({
  sourceRetired,
  fromKey,
}: Pick<ClaimedTenant, 'sourceRetired' | 'fromKey'>): boolean {
  return sourceRetired || fromKey === null;
}

/**
 * Of a tenant whose plan has no step where nothing is to be retired either: there is nothing to do, and nothing is recorded. Undefined
 * where something of it stays undecided. @param fromKey of the row of the source; null where models are texts
 */
export function idleOutcome({ steps, completion }: Plan, fromKey: string | null) {
  if (steps.length > 0 || completion === 'partial') return undefined;
  const [code, message] =
    fromKey === null
      ? (['NOTHING_TO_MOVE', nothingToMove] as const)
      : (['ALREADY_MIGRATED', 'The source was retired before, and nothing names it.'] as const);
  return { status: 'skipped', code, message, completion } as const;
}
