/** Claims as a whole, across runs. */
import { runTable } from './runs.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

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
