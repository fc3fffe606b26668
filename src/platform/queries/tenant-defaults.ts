/** A tenant's defaults: one row at most. */
import type { Tx } from '../../postgres/driver/database.ts';
import type { Row } from '../../postgres/driver/question.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { OfTenant } from './model-choice.ts';

const columns = 'completion_model_id, transcription_model_id, embedding_model_id, updated_at';

const defaults = (schema: string): string => quoteTable({ schema, name: 'tenant_defaults' });

/** undefined where the tenant never chose any. */
export function findDefaults(tx: Tx, { schema, tenantId }: OfTenant): Promise<Row | undefined> {
  return tx.maybeOne(`SELECT ${columns} FROM ${defaults(schema)} WHERE tenant_id = $1`, [tenantId]);
}

/** The row, made where it is missing, locked until the transaction ends. */
export async function lockDefaults(
  tx: Tx,
  { schema, tenantId }: OfTenant,
): Promise<{ readonly row: Row; readonly made: boolean }> {
  const added = await tx.run(
    `INSERT INTO ${defaults(schema)} (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`,
    [tenantId],
  );
  const row = await tx.one(`SELECT ${columns} FROM ${defaults(schema)} WHERE tenant_id = $1 FOR UPDATE`, [
    tenantId,
  ]);
  return { row, made: added === 1 };
}

export function updateDefaults(tx: Tx, { schema, tenantId }: OfTenant, values: Row): Promise<Row> {
  const sets = Object.keys(values).map((name, at) => `${quoteIdent(name)} = $${at + 2}`);
  return tx.one(
    `UPDATE ${defaults(schema)} SET ${[...sets, 'updated_at = statement_timestamp()'].join(', ')}
     WHERE tenant_id = $1 RETURNING ${columns}`,
    [tenantId, ...Object.values(values)],
  );
}
