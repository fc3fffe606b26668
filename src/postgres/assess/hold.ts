/** An assessment, held until the end of the transaction that changes it: two people change it one after the other. */
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { prepareState, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { holdLatest } from './rows.ts';
import type { AssessmentRecord } from './rows.ts';

export interface ReviewAsked {
  readonly tenant: TenantKey;
  /** Only this assessment; otherwise the one that is open. */
  readonly id?: string | undefined;
  readonly actor: string;
  readonly version?: number | undefined;
  readonly reason?: string | undefined;
}

type HeldAsked = Pick<ReviewAsked, 'tenant' | 'id' | 'version'>;

type HeldWork<T> = (state: Tx, record: AssessmentRecord) => Promise<T>;

export function withReview<T>(site: Site, asked: HeldAsked, work: HeldWork<T>): Promise<T> {
  return withHeld(site, asked, (state, record) => {
    if (record.status === 'in_review') return work(state, record);
    const { status, version } = record;
    const message =
      `The assessment is ${status}: only one in review is decided and accepted. ` +
      '`drover assess reopen --reason TEXT` opens an accepted one.';
    throw new DroverError('ASSESSMENT_CONFLICT', message, { status, version });
  });
}

export async function withHeld<T>(
  site: Site,
  { tenant, id, version }: HeldAsked,
  work: HeldWork<T>,
): Promise<T> {
  await prepareState(site);
  return withState(site, tenant, async (state) => {
    const record = await holdLatest(state, site, { tenant, id });
    if (record === undefined) throw noAssessment();
    requireVersion(record, version);
    return work(state, record);
  });
}

/** @throws PRECONDITION_FAILED where somebody changed it since */
export function requireVersion({ version: last, status }: AssessmentRecord, seen: number | undefined): void {
  if (seen === undefined || seen === last) return;
  const message = `The assessment has version ${last}, not ${seen}: somebody changed it since. Look at it again.`;
  throw new DroverError('PRECONDITION_FAILED', message, { version: last, status });
}

export function noAssessment(): DroverError {
  return new DroverError(
    'ASSESSMENT_NOT_FOUND',
    'There is no such assessment of this tenant. `drover assess start` begins one.',
  );
}
