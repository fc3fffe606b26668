/** Which models a space may use, and what in it uses one. */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { OfTenant } from './model-choice.ts';

export interface SpaceModel {
  readonly model_id: string;
  readonly name: string;
  readonly family: string;
  readonly is_enabled: boolean;
  readonly lifecycle: string;
  readonly linked_at: Date;
}

interface SpaceModelLink {
  readonly kind: string;
  readonly spaceId: string;
  readonly modelId: string;
}

const linksOf = (schema: string, kind: string): string =>
  quoteTable({ schema, name: `space_${kind}_models` });

/** By name; a space links to models of one tenant, of which there are some dozens. */
export function listSpaceModels(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  { kind, spaceId }: Omit<SpaceModelLink, 'modelId'>,
): Promise<SpaceModel[]> {
  return tx.many<SpaceModel>(
    `SELECT l.model_id, m.name, m.family, m.is_enabled, m.lifecycle, l.created_at AS linked_at
     FROM ${linksOf(schema, kind)} l
     JOIN ${quoteTable({ schema, name: `${kind}_models` })} m ON m.tenant_id = l.tenant_id AND m.id = l.model_id
     WHERE l.tenant_id = $1 AND l.space_id = $2 ORDER BY m.name, m.family, m.id`,
    [tenantId, spaceId],
  );
}

/** Is it new? */
export async function insertSpaceModel(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  link: SpaceModelLink,
): Promise<boolean> {
  const added = await tx.run(
    `INSERT INTO ${linksOf(schema, link.kind)} (tenant_id, space_id, model_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [tenantId, link.spaceId, link.modelId],
  );
  return added === 1;
}

/** Waits for those who rely on the link, and tells whether it is there. */
export async function lockSpaceModel(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  link: SpaceModelLink,
): Promise<boolean> {
  const row = await tx.maybeOne(
    `SELECT model_id FROM ${linksOf(schema, link.kind)}
     WHERE tenant_id = $1 AND space_id = $2 AND model_id = $3 FOR UPDATE`,
    [tenantId, link.spaceId, link.modelId],
  );
  return row !== undefined;
}

export async function deleteSpaceModel(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  link: SpaceModelLink,
): Promise<void> {
  await tx.run(
    `DELETE FROM ${linksOf(schema, link.kind)} WHERE tenant_id = $1 AND space_id = $2 AND model_id = $3`,
    [tenantId, link.spaceId, link.modelId],
  );
}

/** A column that names a model, by its id or within the nodes of a pipeline, and the column that says in which space. */
export interface NamingColumn {
  readonly table: string;
  readonly column: string;
  readonly space: string;
  readonly pipeline: boolean;
}

/** How many rows of the space name the model there, deleted ones included. */
export async function countNaming(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  { naming, link }: { readonly naming: NamingColumn; readonly link: SpaceModelLink },
): Promise<number> {
  const column = `t.${quoteIdent(naming.column)}`;
  const model = naming.pipeline ? { nodes: [{ data: { model: { id: link.modelId } } }] } : link.modelId;
  const names = naming.pipeline ? `${column} @> $3::jsonb` : `${column} = $3::uuid`;
  const { rows } = await tx.one<{ rows: number }>(
    `SELECT count(*) AS rows FROM ${quoteTable({ schema, name: naming.table })} t
     WHERE t.tenant_id = $1 AND t.${quoteIdent(naming.space)} = $2 AND ${names}`,
    [tenantId, link.spaceId, model],
  );
  return rows;
}
