/**
 * Answers kept under an Idempotency-Key: claimed before the work, closed after it. Each function is one short transaction of its
 * own, never that of the work. The primary key decides who is first; everybody else reads the row under its lock.
 */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteIdent } from '../../postgres/sql/identifiers.ts';

/** Whose key it is. The tenant is that of the transaction. */
interface KeyName {
  readonly schema: string;
  readonly tenant: string;
  readonly user: string;
  readonly key: string;
}

export interface KeyClaim extends KeyName {
  /** Digest of the request; another request with the same key is a mistake of the client. */
  readonly requestHash: string;
  /** Names the attempt: only its holder may close or renew it. */
  readonly token: string;
  readonly leaseSeconds: number;
  readonly keepSeconds: number;
}

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type ClaimedKey =
  | { readonly kind: 'mine' }
  | { readonly kind: 'running' }
  | { readonly kind: 'other-request' }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer };

interface KeyRow {
  readonly requestHash: string;
  readonly status: 'running' | 'done';
  readonly leased: boolean;
  readonly expired: boolean;
  readonly answer: KeptAnswer;
}

/** Takes the key for this attempt, or says why not. A lease that ended and an answer that is too old count as absent. */
export async function claimKey(tx: Tx, claim: KeyClaim): Promise<ClaimedKey> {
  await sweep(tx, claim);
  if ((await insert(tx, claim)) === 1) return { kind: 'mine' };
  const row = await tx.maybeOne<KeyRow>(
    `SELECT request_hash AS "requestHash", status, lease_until > now() AS leased, expires_at <= now() AS expired,
       jsonb_build_object('status', response_status, 'headers', response_headers, 'body', response_body) AS answer
     FROM ${tableOf(claim)} WHERE tenant_id = $1::text::uuid AND user_id = $2::text::uuid AND key = $3 FOR UPDATE`,
    [claim.tenant, claim.user, claim.key],
  );
  // Another request released the key in between. The client tries again, as it would where the work is running.
  if (row === undefined) return { kind: 'running' };
  if (row.status === 'running' && row.leased)
    return { kind: row.requestHash === claim.requestHash ? 'running' : 'other-request' };
  if (!row.expired) {
    if (row.requestHash !== claim.requestHash) return { kind: 'other-request' };
    if (row.status === 'done') return { kind: 'answered', answer: row.answer };
  }
  await takeOver(tx, claim);
  return { kind: 'mine' };
}

/** A few of the tenant's old answers go with every claim, so that nobody has to clean up. */
async function sweep(tx: Tx, claim: KeyClaim): Promise<void> {
  const table = tableOf(claim);
  await tx.run(
    `DELETE FROM ${table} WHERE tenant_id = $1::text::uuid AND (user_id, key) IN (
       SELECT user_id, key FROM ${table} WHERE tenant_id = $1::text::uuid AND expires_at <= now() AND lease_until <= now()
       ORDER BY expires_at LIMIT 20 FOR UPDATE SKIP LOCKED)`,
    [claim.tenant],
  );
}

function insert(tx: Tx, claim: KeyClaim): Promise<number> {
  return tx.run(
    `INSERT INTO ${tableOf(claim)} (tenant_id, user_id, key, request_hash, token, lease_until, expires_at)
     VALUES ($1::text::uuid, $2::text::uuid, $3, $4, $5::text::uuid,
       now() + make_interval(secs => $6::float8), now() + make_interval(secs => $7::float8))
     ON CONFLICT (tenant_id, user_id, key) DO NOTHING`,
    [
      claim.tenant,
      claim.user,
      claim.key,
      claim.requestHash,
      claim.token,
      claim.leaseSeconds,
      claim.keepSeconds,
    ],
  );
}

function takeOver(tx: Tx, claim: KeyClaim): Promise<number> {
  return tx.run(
    `UPDATE ${tableOf(claim)} SET request_hash = $4, token = $5::text::uuid, status = 'running',
       response_status = NULL, response_headers = NULL, response_body = NULL,
       lease_until = now() + make_interval(secs => $6::float8), expires_at = now() + make_interval(secs => $7::float8), created_at = now()
     WHERE tenant_id = $1::text::uuid AND user_id = $2::text::uuid AND key = $3`,
    [
      claim.tenant,
      claim.user,
      claim.key,
      claim.requestHash,
      claim.token,
      claim.leaseSeconds,
      claim.keepSeconds,
    ],
  );
}

/** Goes on holding the key. Nothing where somebody else took over. */
export function renewKey(tx: Tx, claim: KeyClaim): Promise<number> {
  return tx.run(
    `UPDATE ${tableOf(claim)} SET lease_until = now() + make_interval(secs => $4::float8)
     WHERE tenant_id = $1::text::uuid AND user_id = $2::text::uuid AND key = $3 AND token = $5::text::uuid AND status = 'running'`,
    [claim.tenant, claim.user, claim.key, claim.leaseSeconds, claim.token],
  );
}

/** Keeps the answer. Nothing where somebody else took over. */
export function closeKey(tx: Tx, claim: KeyClaim, answer: KeptAnswer): Promise<number> {
  return tx.run(
    `UPDATE ${tableOf(claim)} SET status = 'done', response_status = $5::int, response_headers = $6::text::jsonb, response_body = $7
     WHERE tenant_id = $1::text::uuid AND user_id = $2::text::uuid AND key = $3 AND token = $4::text::uuid AND status = 'running'`,
    [
      claim.tenant,
      claim.user,
      claim.key,
      claim.token,
      answer.status,
      JSON.stringify(answer.headers),
      answer.body,
    ],
  );
}

/** Gives the key back without an answer, so that the request can be tried again. */
export function releaseKey(tx: Tx, claim: KeyClaim): Promise<number> {
  return tx.run(
    `DELETE FROM ${tableOf(claim)}
     WHERE tenant_id = $1::text::uuid AND user_id = $2::text::uuid AND key = $3 AND token = $4::text::uuid AND status = 'running'`,
    [claim.tenant, claim.user, claim.key, claim.token],
  );
}

function tableOf({ schema }: KeyName): string {
  return `${quoteIdent(schema)}.idempotency_keys`;
}
