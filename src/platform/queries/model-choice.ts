/** What has to be known of models and other rows before something may name them. */
import type { Tx } from '../../postgres/driver/database.ts';
import { many, prepared, readAs } from '../../postgres/driver/question.ts';
import type { Question, Row } from '../../postgres/driver/question.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import { bind, column as columnSql, sql, tableName } from '../../postgres/sql/sql.ts';

export interface ModelState {
  readonly id: string;
  readonly name: string;
  readonly lifecycle: string;
  readonly is_enabled: boolean;
  readonly successor_id: string | null;
}

export interface OfTenant {
  readonly schema: string;
  readonly tenantId: string;
}

function statesSql(schema: string, kind: string): string {
  const table = quoteTable({ schema, name: `${kind}_models` });
  return `SELECT m.id, m.name, m.lifecycle, m.is_enabled, m.successor_id FROM ${table} m WHERE m.tenant_id = $1`;
}

/**
 * The models of a tenant among the ids, held until the transaction ends, so that a migration waits for what is being written. For a
 * column the key would do that; a document has none, and this lock is its fence (`held` in drover.config.yaml).
 */
export function listModelStates(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  { kind, ids }: { readonly kind: string; readonly ids: readonly string[] },
): Promise<ModelState[]> {
  return tx.many<ModelState>(
    `${statesSql(schema, kind)} AND m.id = ANY ($2::uuid[]) ORDER BY m.id FOR KEY SHARE`,
    [tenantId, ids],
  );
}

/**
 * The models of a tenant by their names, in any case, held until the transaction ends. A tenant may have several of one name, of several
 * families.
 * @param names in lower case
 */
export function listModelsByName(
  { schema, tenantId }: OfTenant,
  { kind, names }: { readonly kind: string; readonly names: readonly string[] },
): Question<ModelState[]> {
  return many<ModelState>(
    prepared(`${statesSql(schema, kind)} AND lower(m.name) = ANY ($2::text[]) ORDER BY m.id FOR KEY SHARE`),
    [tenantId, names],
  );
}

/** All of a kind; none is held. */
export function listModels(tx: Tx, { schema, tenantId }: OfTenant, kind: string): Promise<ModelState[]> {
  return tx.many<ModelState>(`${statesSql(schema, kind)} ORDER BY m.id`, [tenantId]);
}

/** Which of the models the space may use; their links stay until the transaction ends. */
export async function lockSpaceModels(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  {
    kind,
    spaceId,
    ids,
  }: { readonly kind: string; readonly spaceId: string; readonly ids: readonly string[] },
): Promise<string[]> {
  const rows = await tx.many<{ model_id: string }>(
    `SELECT l.model_id FROM ${quoteTable({ schema, name: `space_${kind}_models` })} l
     WHERE l.tenant_id = $1 AND l.space_id = $2 AND l.model_id = ANY ($3::uuid[]) FOR KEY SHARE`,
    [tenantId, spaceId, ids],
  );
  return rows.map(({ model_id }) => model_id);
}

/** One column of a row of the tenant; undefined where the tenant has no such row. */
export async function findColumn(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  { table, column, id }: { readonly table: string; readonly column: string; readonly id: string },
): Promise<{ readonly value: unknown } | undefined> {
  return tx.maybeOne<Row & { value: unknown }>(
    sql`SELECT ${columnSql('t', column)} AS value FROM ${tableName({ schema, name: table })} t
     WHERE t.tenant_id = ${bind(tenantId, 'text::uuid')} AND t.id = ${bind(id, 'text::uuid')}`,
  );
}

/** By id. */
export function providerNames({ schema, tenantId }: OfTenant): Question<ReadonlyMap<string, string>> {
  const table = quoteTable({ schema, name: 'model_providers' });
  const found = many<{ id: string; name: string }>(
    prepared(`SELECT p.id, p.name FROM ${table} p WHERE p.tenant_id = $1::text::uuid`),
    [tenantId],
  );
  return readAs(found, (rows) => new Map(rows.map(({ id, name }) => [id, name])));
}
