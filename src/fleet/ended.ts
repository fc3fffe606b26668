/** What a run keeps of what became of a tenant. */
import type { Finding, Plan } from '../engine/plan/plan-types.ts';
import type { DroverError } from '../errors.ts';
import type { MoveResult } from '../postgres/records/move-result.ts';
import type { RollbackResult } from '../postgres/undo/rollback.ts';
import type { Ended } from '../postgres/runs/tenants.ts';

/** Of a migration. */
export function movedEnd(result: MoveResult): Ended {
  return {
    tenant: result.tenant ?? '',
    status: 'succeeded',
    migrationId: result.migrationId,
    complete: result.complete,
    migratedCount: Object.values(result.counts).reduce((sum, rows) => sum + rows, 0),
    details: result.counts,
    findings: result.findings,
    durationMs: result.durationMs,
  };
}

/** Of a rollback. */
export function undoneEnd(tenant: string, result: RollbackResult): Ended {
  const { migrationId, complete, restored, skippedCount, durationMs } = result;
  const left = `${skippedCount} row(s) were changed since and are left as they are; migration ${migrationId} lists them.`;
  return {
    tenant,
    status: 'succeeded',
    migrationId,
    complete,
    migratedCount: restored,
    details: { restored, left: skippedCount },
    durationMs,
    ...(skippedCount === 0 ? {} : { code: 'ROWS_LEFT', message: left }),
  };
}

/** Of an error. */
export function failedEnd(tenant: string, error: DroverError): Ended {
  return {
    tenant,
    status: 'failed',
    code: error.code,
    message: error.message,
    findings: findingsOf(error),
  };
}

/** A refusal brings its plan, and the plan all that was found. */
function findingsOf({ data }: DroverError): readonly Finding[] {
  const plan = data['plan'] as Plan | undefined;
  return plan?.findings ?? (data['findings'] as readonly Finding[] | undefined) ?? [];
}
