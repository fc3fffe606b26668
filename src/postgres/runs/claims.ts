/** Claims as a whole, across runs. */
import { runTable } from './runs.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

/** Ends every claim now: where one process alone has the database, whoever made them is gone. */
export async function expireClaims(site: Site): Promise<void> {
  const table = runTable(site, 'run_tenants');
  await withState(site, undefined, async (tx) => {
    const { made } = await tx.one<{ made: boolean }>('SELECT to_regclass($1::text) IS NOT NULL AS made', [
      table,
    ]);
    if (!made) return;
    await tx.run(
      `UPDATE ${table} t SET status = 'pending', claim = NULL, claimed_until = NULL WHERE t.status = 'claimed'`,
    );
  });
}
