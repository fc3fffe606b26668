/**
 * Sealed secrets, of a tenant and of its workspaces. Who relies on a secret holds its row (FOR KEY SHARE) until the work is
 * done, and who takes one away waits for them: so the last key of a workspace cannot go while somebody chooses a model by it.
 * Locks are taken in one order: the workspace, the tenant's secrets, the workspace's secrets.
 */
import type { Tx } from '../../postgres/driver/database.ts';
import { inOrder, many, prepared, type Question, readAs } from '../../postgres/driver/question.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import type { OfTenant } from './model-choice.ts';

export interface SealedSecret {
  readonly name: string;
  readonly key_id: string;
  readonly nonce: string;
  readonly sealed: string;
}

export interface SecretRow {
  readonly name: string;
  readonly key_id: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Whose secrets: the tenant's, or a workspace's. */
export type SecretHolder = { readonly workspace: string } | 'tenant';

function tableOf(schema: string, holder: SecretHolder): string {
  return quoteTable({ schema, name: holder === 'tenant' ? 'tenant_secrets' : 'workspace_secrets' });
}

function mine(holder: SecretHolder, tenantId: string): { readonly sql: string; readonly params: string[] } {
  return holder === 'tenant'
    ? { sql: 'tenant_id = $1', params: [tenantId] }
    : { sql: 'tenant_id = $1 AND workspace_id = $2', params: [tenantId, holder.workspace] };
}

/** `rely`: nobody may delete the secrets until this transaction ends. `change`: nobody else may rely on them or change them. */
export function lockSecretNames(
  { schema, tenantId }: OfTenant,
  { holder, to }: { readonly holder: SecretHolder; readonly to: 'rely' | 'change' },
): Question<string[]> {
  const { sql, params } = mine(holder, tenantId);
  const strength = to === 'rely' ? 'KEY SHARE' : 'UPDATE';
  const query = `SELECT name FROM ${tableOf(schema, holder)} WHERE ${sql} ORDER BY name FOR ${strength}`;
  const names = readAs(many<{ name: string }>(prepared(query), params), (rows) =>
    rows.map(({ name }) => name),
  );
  return holder === 'tenant' ? readAs(inOrder([lockAll(tenantId, to), names]), ([, all]) => all) : names;
}

/** A row that is not there yet cannot be held. A new secret could make a pair ambiguous that was clear without it. */
function lockAll(tenantId: string, to: 'rely' | 'change'): Question<unknown> {
  const lock = to === 'rely' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  return many(prepared(`SELECT ${lock}(hashtextextended($1, 0))`), [`secrets of ${tenantId}`]);
}

/** What is known of the secrets, without their values. */
export function listSecrets(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  holder: SecretHolder,
): Promise<SecretRow[]> {
  const { sql, params } = mine(holder, tenantId);
  return tx.many<SecretRow>(
    `SELECT name, key_id, created_at, updated_at FROM ${tableOf(schema, holder)} WHERE ${sql} ORDER BY name`,
    params,
  );
}

export function listSealed(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  holder: SecretHolder,
): Promise<SealedSecret[]> {
  const { sql, params } = mine(holder, tenantId);
  return tx.many<SealedSecret>(
    `SELECT name, key_id, nonce, sealed FROM ${tableOf(schema, holder)} WHERE ${sql} ORDER BY name`,
    params,
  );
}

/** Makes it, or replaces its value. */
export function writeSecret(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  { holder, sealed }: { readonly holder: SecretHolder; readonly sealed: SealedSecret },
): Promise<SecretRow> {
  const own = holder === 'tenant' ? [] : ['workspace_id'];
  const columns = ['tenant_id', ...own, 'name', 'key_id', 'nonce', 'sealed'];
  const params = mine(holder, tenantId).params;
  return tx.one<SecretRow>(
    `INSERT INTO ${tableOf(schema, holder)} (${columns.join(', ')}) VALUES (${columns.map((_, at) => `$${at + 1}`).join(', ')})
     ON CONFLICT (${['tenant_id', ...own, 'name'].join(', ')}) DO UPDATE
     SET key_id = excluded.key_id, nonce = excluded.nonce, sealed = excluded.sealed, updated_at = statement_timestamp()
     RETURNING name, key_id, created_at, updated_at`,
    [...params, sealed.name, sealed.key_id, sealed.nonce, sealed.sealed],
  );
}

/** Was it there? */
export async function deleteSecret(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  { holder, name }: { readonly holder: SecretHolder; readonly name: string },
): Promise<boolean> {
  const { sql, params } = mine(holder, tenantId);
  const rows = await tx.run(
    `DELETE FROM ${tableOf(schema, holder)} WHERE ${sql} AND name = $${params.length + 1}`,
    [...params, name],
  );
  return rows > 0;
}

export async function deleteSecrets(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  holder: SecretHolder,
): Promise<void> {
  const { sql, params } = mine(holder, tenantId);
  await tx.run(`DELETE FROM ${tableOf(schema, holder)} WHERE ${sql}`, params);
}

/** The workspaces that have secrets. */
export async function listSecretHolders(tx: Tx, { schema, tenantId }: OfTenant): Promise<string[]> {
  const rows = await tx.many<{ id: string }>(
    `SELECT DISTINCT workspace_id::text AS id FROM ${tableOf(schema, { workspace: '' })} WHERE tenant_id = $1 ORDER BY 1`,
    [tenantId],
  );
  return rows.map(({ id }) => id);
}
