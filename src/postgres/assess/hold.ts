/** An assessment, held until the end of the transaction that changes it: two people change it one after the other. */
import type { Assessed } from '../../engine/assess/review.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { prepareState, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { holdLatest } from './rows.ts';
import type { AssessmentRecord } from './rows.ts';

export interface ReviewAsked {
  readonly tenant: TenantKey;
  readonly actor: string;
  readonly version?: number | undefined;
  readonly reason?: string | undefined;
}

export function nameOf({ facts: { table, key, source } }: Assessed): string {
  return `${table}/${key} (${source})`;
}

type HeldWork<T> = (state: Tx, record: AssessmentRecord) => Promise<T>;

export function withReview<T>(
  site: Site,
  asked: Pick<ReviewAsked, 'tenant' | 'version'>,
  work: HeldWork<T>,
): Promise<T> {
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
  { tenant, version }: Pick<ReviewAsked, 'tenant' | 'version'>,
  work: HeldWork<T>,
): Promise<T> {
  await prepareState(site);
  return withState(site, tenant, async (state) => {
    const record = await holdLatest(state, site, tenant);
    if (record === undefined)
      throw new DroverError(
        'ASSESSMENT_NOT_FOUND',
        'There is no assessment of this tenant. `drover assess start` begins one.',
      );
    if (version !== undefined && version !== record.version)
      throw new DroverError(
        'ASSESSMENT_CONFLICT',
        `The assessment has version ${record.version}, not ${version}: somebody changed it since. Look at it again.`,
        { version: record.version },
      );
    return work(state, record);
  });
}
