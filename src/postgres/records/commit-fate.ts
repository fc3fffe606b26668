/** What became of a transaction whose COMMIT nobody answered: the database is asked, by the record that the transaction changes. */
import type { TenantKey } from '../../engine/tenant.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { DroverError, isConnectionLost } from '../../errors.ts';
import { recordAfterWork } from './records.ts';
import type { RecordState } from './records.ts';
import type { Site } from '../scope/site.ts';

export function isCommitting(error: unknown): boolean {
  return isConnectionLost(error) && (error as DroverError).data['committing'] === true;
}

const asked = { times: 8, everyMs: 500 };

interface Uncertain {
  readonly tenant: TenantKey;
  readonly id: string;
  /** Does the record say so of the transaction? */
  readonly isCommitted: (record: RecordState) => boolean;
}

/**
 * Asks the database what became of the transaction that changed the record.
 * @throws DATABASE_UNREACHABLE where it was rolled back; OUTCOME_UNKNOWN where nobody can say: the database does not come back or
 *   still holds the transaction, or the record lies elsewhere and is settled by the next migration of the tenant
 */
export async function refuseUncommitted(
  site: Site,
  { isCommitted, ...record }: Uncertain,
  error: unknown,
): Promise<void> {
  if (site.state.separate) throw outcomeUnknown(error);
  for (let times = 1; ; times += 1)
    try {
      const found = await recordAfterWork(site, record);
      if (found !== undefined && isCommitted(found)) return;
      break;
    } catch (again) {
      if (times === asked.times || !isConnectionLost(again)) throw outcomeUnknown(error);
      await wait(asked.everyMs);
    }
  const message =
    'The connection to the database was lost; what was under way is rolled back, as the database says.';
  throw new DroverError('DATABASE_UNREACHABLE', message, {}, { cause: error });
}

function outcomeUnknown(cause: unknown): DroverError {
  const message =
    'The connection to the database was lost while the work was committed, and the database could not be asked: either all of it was ' +
    'done or nothing. `drover history` says which.';
  return new DroverError('OUTCOME_UNKNOWN', message, {}, { cause });
}
