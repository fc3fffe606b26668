/** A caller's Idempotency-Keys: the same request with the same key is done once, and its answer is given again for a day. */
import { randomUUID } from 'node:crypto';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { claimKey, closeKey, releaseKey, renewKey } from '../queries/idempotency.ts';
import type { ClaimedKey, KeptAnswer, KeyClaim } from '../queries/idempotency.ts';
import { asTenant } from '../../postgres/scope/tenant.ts';
import type { TenantScope } from '../../postgres/scope/tenant.ts';
import type { Caller } from './caller.ts';
import type { Platform } from '../open.ts';
import { platformScope } from '../scope.ts';

export type { KeptAnswer };

/** The default of the database may differ, and who waits for the row of a key must see what became of the row. */
const scope: TenantScope = { ...platformScope, isolation: 'read committed' };

const leaseSeconds = 60;
const keepSeconds = 24 * 60 * 60;

interface KeyedRequest {
  readonly caller: Caller;
  readonly key: string;
  /** Digest of method, path and body. */
  readonly requestHash: string;
}

/** Work under a key that this process holds. One of `close` and `release` ends it. */
export interface HeldKey {
  readonly tenantId: string;
  /**
   * Keeps the answer in the transaction of the work itself, which must be one of the caller's tenant: both are there, or neither.
   * @throws IDEMPOTENCY_RUNNING where another server took the key over, so that the work is rolled back
   */
  readonly closeWithin: (tx: Tx, answer: KeptAnswer) => Promise<void>;
  /** Keeps the answer, unless it is kept already. */
  readonly close: (answer: KeptAnswer) => Promise<void>;
  readonly release: () => Promise<void>;
}

type KeyOutcome = { readonly kind: 'held'; readonly held: HeldKey } | Exclude<ClaimedKey, { kind: 'mine' }>;

/** Claims the key for a request, or gives what is known of an earlier one. The lease is renewed until the work is over. */
export async function holdKey(platform: Platform, request: KeyedRequest): Promise<KeyOutcome> {
  const { tenantId, userId } = request.caller;
  const claim: KeyClaim = {
    schema: platform.schema,
    tenant: tenantId,
    user: userId,
    key: request.key,
    requestHash: request.requestHash,
    token: randomUUID(),
    leaseSeconds,
    keepSeconds,
  };
  const claimed = await asTenant(platform.database, scope, tenantId, (tx) => claimKey(tx, claim));
  return claimed.kind === 'mine' ? { kind: 'held', held: heldKey(platform, claim) } : claimed;
}

function heldKey({ database }: Platform, claim: KeyClaim): HeldKey {
  const inTenant = (work: Parameters<typeof asTenant<number>>[3]): Promise<number> =>
    asTenant(database, scope, claim.tenant, work);
  // A renewal that fails is tried again with the next; when the database is gone, so is the work.
  const renew = (): void => void inTenant((tx) => renewKey(tx, claim)).catch(() => undefined);
  const timer = setInterval(renew, (leaseSeconds * 1000) / 3).unref();
  const end = async (work: Parameters<typeof asTenant<number>>[3]): Promise<void> => {
    clearInterval(timer);
    await inTenant(work);
  };
  return {
    tenantId: claim.tenant,
    closeWithin: async (tx, answer) => {
      if ((await closeKey(tx, claim, answer)) !== 1) throw takenOver();
    },
    close: (answer) => end((tx) => closeKey(tx, claim, answer)),
    release: () => end((tx) => releaseKey(tx, claim)),
  };
}

/** The lease had ended, and another server does the work. It must not be done twice. */
function takenOver(): DroverError {
  return new DroverError(
    'IDEMPOTENCY_RUNNING',
    'Another server has taken over the request with this Idempotency-Key; ask again in a little while for its answer.',
  );
}
