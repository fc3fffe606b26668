/** What a tenant calls its model providers. */
import type { Tx } from '../../postgres/driver/database.ts';
import { prepared } from '../../postgres/driver/statement-names.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import type { OfTenant } from './model-choice.ts';

/** By id. */
export async function listProviderNames(
  tx: Tx,
  { schema, tenantId }: OfTenant,
): Promise<ReadonlyMap<string, string>> {
  const table = quoteTable({ schema, name: 'model_providers' });
  const rows = await tx.many<{ id: string; name: string }>(
    prepared(`SELECT p.id, p.name FROM ${table} p WHERE p.tenant_id = $1::text::uuid`),
    [tenantId],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}
