/** What a tenant calls its model providers. */
import { many, prepared, type Question, readAs } from '../../postgres/driver/question.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import type { OfTenant } from './model-choice.ts';

/** By id. */
export function providerNames({ schema, tenantId }: OfTenant): Question<ReadonlyMap<string, string>> {
  const table = quoteTable({ schema, name: 'model_providers' });
  const found = many<{ id: string; name: string }>(
    prepared(`SELECT p.id, p.name FROM ${table} p WHERE p.tenant_id = $1::text::uuid`),
    [tenantId],
  );
  return readAs(found, (rows) => new Map(rows.map(({ id, name }) => [id, name])));
}
