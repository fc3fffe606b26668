/** The statements that write workspaces. Nothing else writes `runtime` and `model`; see platform/workspaces/set-routing.ts. */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { many, prepared, type Question, readAs, type Row } from '../../postgres/driver/question.ts';
import type { OfTenant } from './model-choice.ts';

const workspacesOf = (schema: string): string => quoteTable({ schema, name: 'workspaces' });

interface WorkspaceWrite {
  readonly id: string;
  /** Columns and their new values. */
  readonly values: Row;
  /** What is given back. */
  readonly columns: readonly string[];
}

/** One statement, and a new version. The row is locked by this transaction. */
export function updateWorkspace(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  { id, values, columns }: WorkspaceWrite,
): Promise<Row> {
  const sets = Object.keys(values).map((name, at) => `${quoteIdent(name)} = $${at + 3}`);
  return tx.one(
    prepared(
      `UPDATE ${workspacesOf(schema)} SET ${[...sets, 'version = version + 1', 'updated_at = statement_timestamp()'].join(', ')}
       WHERE tenant_id = $1 AND id = $2 RETURNING ${columns.map(quoteIdent).join(', ')}`,
    ),
    [tenantId, id, ...Object.values(values)],
  );
}

export function insertWorkspace(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  { id, values, columns }: WorkspaceWrite,
): Promise<Row> {
  const names = ['tenant_id', 'id', ...Object.keys(values)];
  return tx.one(
    `INSERT INTO ${workspacesOf(schema)} (${names.map(quoteIdent).join(', ')})
     VALUES (${names.map((_, at) => `$${at + 1}`).join(', ')}) RETURNING ${columns.map(quoteIdent).join(', ')}`,
    [tenantId, id, ...Object.values(values)],
  );
}

export async function deleteWorkspace(tx: Tx, { schema, tenantId }: OfTenant, id: string): Promise<void> {
  await tx.run(`DELETE FROM ${workspacesOf(schema)} WHERE tenant_id = $1 AND id = $2`, [tenantId, id]);
}

export interface PairOfWorkspace {
  readonly id: string;
  readonly name: string;
  readonly runtime: string;
  readonly model: string | null;
  /** Names of the secrets of its own. */
  readonly secrets: string[];
}

/** Every workspace of the tenant with the names of its own secrets, or the one that is named. */
export function listPairs(tx: Tx, { schema, tenantId }: OfTenant, id?: string): Promise<PairOfWorkspace[]> {
  return tx.many<PairOfWorkspace>(
    `SELECT w.id, w.name, w.runtime, w.model, ARRAY(
       SELECT s.name FROM ${quoteTable({ schema, name: 'workspace_secrets' })} s
       WHERE s.tenant_id = w.tenant_id AND s.workspace_id = w.id ORDER BY 1) AS secrets
     FROM ${workspacesOf(schema)} w WHERE w.tenant_id = $1 AND ($2::uuid IS NULL OR w.id = $2) ORDER BY w.name, w.id`,
    [tenantId, id ?? null],
  );
}

/** Of the names those that workspaces of the tenant have already. */
export function takenNames({ schema, tenantId }: OfTenant, names: readonly string[]): Question<string[]> {
  const query = `SELECT name FROM ${workspacesOf(schema)} WHERE tenant_id = $1 AND name = ANY ($2::text[])`;
  const taken = many<{ name: string }>(query, [tenantId, names]);
  return readAs(taken, (rows) => rows.map(({ name }) => name));
}
