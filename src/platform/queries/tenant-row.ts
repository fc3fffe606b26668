/** The row of one tenant. */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteIdent } from '../../postgres/sql/identifiers.ts';

export async function isTenantThere(
  tx: Tx,
  { schema, tenantId }: { schema: string; tenantId: string },
): Promise<boolean> {
  const found = await tx.maybeOne(`SELECT 1 FROM ${quoteIdent(schema)}.tenants WHERE id = $1::text::uuid`, [
    tenantId,
  ]);
  return found !== undefined;
}
