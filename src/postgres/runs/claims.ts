/**
 * Which worker works on which tenants of a run.
 *
 * A claim is a random id that a worker writes into the rows it takes, with a time until which it holds. It is renewed while the
 * worker lives; afterwards anybody may take the rows. What was done is recorded by `recordDone` inside the transaction that did
 * it, and only where the claim still stands: whoever lost it rolls back. So a tenant is moved once, whoever dies or sleeps.
 */
import { sharedRows } from '../../engine/tenant.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { runTable } from './runs.ts';
import type { Claim, NewRunTenant, RunTenant } from './tenants.ts';

export type ClaimedTenant = Pick<RunTenant, 'tenant' | 'fromKey' | 'toKey' | 'attempts'> &
  Pick<NewRunTenant, 'sourceRetired' | 'undoesId'>;

/**
 * Takes the next tenants: those that nobody took, and those whose claim has run out. No tenants while the run is not running. The
 * shared rows move after every tenant, and are taken back before any, the canary included: a model of everybody is retired with them.
 * Locks: the run's row FOR SHARE, so that a pause waits for this and the next claim for the pause; then the tenants' rows by
 * position, past those that another worker is taking. Index: run_tenants_open_idx. Whether somebody has to be waited for is asked once:
 * it names nothing of the row.
 */
export function claimTenants(site: Site, claim: Claim, limit: number): Promise<ClaimedTenant[]> {
  return withState(site, undefined, async (tx) => {
    const run = await tx.maybeOne<{ size: number; released: boolean; undoes: boolean }>(
      `SELECT r.canary_size AS size, r.canary_released AS released, ${undoesSql(site)} AS undoes FROM ${runTable(site, 'runs')} r
       WHERE r.id = $1::text::uuid AND r.status = 'running' FOR SHARE`,
      [claim.runId],
    );
    if (run === undefined) return [];
    return tx.many<ClaimedTenant>(
      `WITH next AS (
         SELECT t.tenant_id, t.run_id FROM ${runTable(site, 'run_tenants')} t
         WHERE t.run_id = $1::text::uuid AND t.status IN ('pending', 'claimed')
           AND ($2::int IS NULL OR t.position <= $2::int OR ($8::boolean AND t.tenant_id::text = $7::text))
           AND CASE t.status WHEN 'pending' THEN t.not_before IS NULL OR t.not_before <= statement_timestamp()
             ELSE t.claimed_until < statement_timestamp() END
           AND ((t.tenant_id::text <> $7::text) <> $8::boolean OR NOT EXISTS (SELECT FROM ${runTable(site, 'run_tenants')} o
             WHERE o.run_id = $1::text::uuid AND (o.tenant_id::text = $7::text) = $8::boolean AND o.status IN ('pending', 'claimed')))
         ORDER BY t.position LIMIT $3::int FOR UPDATE SKIP LOCKED)
       UPDATE ${runTable(site, 'run_tenants')} t SET status = 'claimed', claim = $4::text::uuid, worker = $5,
         claimed_until = statement_timestamp() + $6::int * interval '1 millisecond', attempts = t.attempts + 1, not_before = NULL
       FROM next n WHERE t.tenant_id = n.tenant_id AND t.run_id = n.run_id
       RETURNING t.tenant_id::text AS tenant, t.from_key AS "fromKey", t.to_key AS "toKey",
         t.source_retired AS "sourceRetired", t.undoes_id::text AS "undoesId", t.attempts`,
      [
        claim.runId,
        run.released ? null : run.size,
        limit,
        claim.claim,
        claim.worker,
        claim.leaseMs,
        sharedRows,
        run.undoes,
      ],
    );
  });
}

/** Does run `r` take a move back? A run that takes such a run back moves again. */
function undoesSql(site: Site): string {
  return `(WITH RECURSIVE up AS (SELECT r.parent_id, 0 AS depth
    UNION ALL SELECT p.parent_id, u.depth + 1 FROM up u JOIN ${runTable(site, 'runs')} p ON p.id = u.parent_id)
    SELECT max(depth) % 2 = 1 FROM up)`;
}

/** Says that the worker is alive. Passes rows that a transaction of its own is recording: they end with its commit. */
export async function renewClaim(site: Site, claim: Claim): Promise<void> {
  const table = runTable(site, 'run_tenants');
  await withState(site, undefined, (tx) =>
    tx.run(
      `WITH held AS (
         SELECT c.tenant_id FROM ${table} c
         WHERE c.run_id = $1::text::uuid AND c.claim = $2::text::uuid AND c.status = 'claimed'
         FOR NO KEY UPDATE SKIP LOCKED
       )
       UPDATE ${table} t SET claimed_until = statement_timestamp() + $3::int * interval '1 millisecond'
       FROM held WHERE t.run_id = $1::text::uuid AND t.tenant_id = held.tenant_id`,
      [claim.runId, claim.claim, claim.leaseMs],
    ),
  );
}

/** Gives back what was taken and not finished, for anybody to take after a while. */
export async function releaseClaim(
  site: Site,
  claim: Claim,
  about: { tenants?: readonly string[]; afterMs: number },
): Promise<void> {
  await withState(site, undefined, (tx) =>
    tx.run(
      `UPDATE ${runTable(site, 'run_tenants')} t SET status = 'pending', claim = NULL, claimed_until = NULL,
         not_before = statement_timestamp() + $4::int * interval '1 millisecond'
       WHERE t.run_id = $1::text::uuid AND t.claim = $2::text::uuid AND t.status = 'claimed'
         AND ($3::text[] IS NULL OR t.tenant_id::text = ANY ($3::text[]))`,
      [claim.runId, claim.claim, about.tenants ?? null, about.afterMs],
    ),
  );
}

/**
 * Ends every claim of other processes now: where one process alone has the database, whoever made them is gone.
 * @param ours how the names of this process's workers begin
 */
export async function expireClaims(site: Site, ours: string): Promise<void> {
  const table = runTable(site, 'run_tenants');
  await withState(site, undefined, async (tx) => {
    const { made } = await tx.one<{ made: boolean }>('SELECT to_regclass($1::text) IS NOT NULL AS made', [
      table,
    ]);
    if (!made) return;
    await tx.run(
      `UPDATE ${table} t SET status = 'pending', claim = NULL, claimed_until = NULL
       WHERE t.status = 'claimed' AND NOT starts_with(coalesce(t.worker, ''), $1::text)`,
      [ours],
    );
  });
}
