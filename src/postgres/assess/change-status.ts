/**
 * The one function that changes the status of an assessment: under the lock of its row, with a version and an entry in the audit log, in
 * the transaction of what it tells of. What the table of states does not allow is refused, and nothing is written.
 */
import { randomUUID } from 'node:crypto';
import { mayBecome } from '../../engine/assess/status.ts';
import type { AssessmentRole, AssessmentStatus } from '../../engine/assess/status.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import type { AssessmentRecord } from './rows.ts';

export interface StatusChange {
  /** As it is in this transaction, which holds it. */
  readonly record: AssessmentRecord;
  readonly to: AssessmentStatus;
  readonly role: AssessmentRole;
  readonly actor: string;
  /** What the audit log says beside it. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** @returns the record as it is afterwards. @throws ASSESSMENT_CONFLICT */
export async function changeStatus(
  state: Tx,
  site: Site,
  { record, to, role, actor, detail = {} }: StatusChange,
): Promise<AssessmentRecord> {
  const { status: from, version } = record;
  if (!mayBecome(from, to, role)) throw notFrom(record, to);
  await touch(state, site, record, to);
  await auditAssessment(state, site, {
    record,
    actor,
    action: 'assessment.status',
    detail: { from, to, ...detail },
  });
  return { ...record, status: to, version: version + 1 };
}

function notFrom({ status, version }: AssessmentRecord, to: AssessmentStatus): DroverError {
  const ways: Readonly<Partial<Record<AssessmentStatus, string>>> = {
    accepted: '`drover assess reopen --reason TEXT` opens it again.',
    cancelled: '`drover assess start` begins another one.',
    completed: '`drover assess start` begins another one.',
  };
  const message = `The assessment is ${status} and cannot become ${to}. ${ways[status] ?? '`drover assess show` says how far it is.'}`;
  return new DroverError('ASSESSMENT_CONFLICT', message, { status, version });
}

/** Something of it changed: the version that somebody saw is not the last one any more. */
export async function touch(
  state: Tx,
  site: Site,
  record: AssessmentRecord,
  status = record.status,
): Promise<void> {
  await state.run(
    `UPDATE ${stateTable(site, 'assessments')} SET status = $3, version = version + 1, updated_at = statement_timestamp()
     WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid`,
    [recordedTenant(record.tenant), record.id, status],
  );
}

export async function auditAssessment(
  state: Tx,
  site: Site,
  {
    record,
    actor,
    action,
    detail,
  }: {
    readonly record: Pick<AssessmentRecord, 'tenant' | 'id'>;
    readonly actor: string;
    readonly action: 'assessment.status' | 'assessment.decided';
    readonly detail: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  await state.run(
    `INSERT INTO ${stateTable(site, 'audit_log')} (tenant_id, id, actor, action, object, detail)
     VALUES ($1::text::${site.state.tenantType}, $2::text::uuid, $3, $4, $5, $6::text::jsonb)`,
    [recordedTenant(record.tenant), randomUUID(), actor, action, record.id, JSON.stringify(detail)],
  );
}
