/** Who in a space uses which model, with the class that the space demands and the one that the model has. */
import type { Tx } from '../../postgres/driver/database.ts';
import { bind, column, join, literal, raw, sql, tableName } from '../../postgres/sql/sql.ts';
import type { Sql } from '../../postgres/sql/sql.ts';
import type { OfTenant } from './model-choice.ts';
import type { Naming } from './space-models.ts';

/** `rows` rows of a table use a model in a space: by their column, or because they name none (`falls`). */
export interface ClassedUse {
  readonly type: string;
  readonly field: string;
  readonly falls: boolean;
  readonly rows: number;
  readonly space_id: string;
  readonly space: string;
  readonly demanded: number;
  readonly model_id: string;
  readonly model: string;
  readonly has: number;
}

/** Which uses: those of a space, of a model, or of one row of a table. */
export type UsesAbout =
  | { readonly spaceId: string }
  | { readonly modelId: string }
  | { readonly rowId: string; readonly table: string };

export interface UsesAsked {
  readonly kind: string;
  readonly namings: readonly Naming[];
  readonly about: UsesAbout;
}

/**
 * As the transaction left them, links and deleted rows included; a row without a completion model uses the default of its tenant where
 * its space has none. Spaces and models are held, so that nobody changes a class while the answer counts.
 */
export function listClassedUses(tx: Tx, tenant: OfTenant, asked: UsesAsked): Promise<ClassedUse[]> {
  const { schema, tenantId } = tenant;
  const { kind, about } = asked;
  const one = 'spaceId' in about ? sql`s.id = ${bind(about.spaceId, 'text::uuid')}` : raw('true');
  const model = 'modelId' in about ? sql`m.id = ${bind(about.modelId, 'text::uuid')}` : raw('true');
  return tx.many<ClassedUse & Record<string, unknown>>(
    sql`SELECT u.type, u.field, u.falls, u.rows, s.id AS space_id, s.name AS space, s.security_classification AS demanded,
       m.id AS model_id, m.name AS model, m.security_classification AS has
     FROM (SELECT n.type, n.field, n.falls, n.space_id, n.model_id, count(*) AS rows
       FROM (${namedSql(tenant, asked)}) n(type, field, falls, space_id, model_id)
       GROUP BY n.type, n.field, n.falls, n.space_id, n.model_id) u
     JOIN ${tableName({ schema, name: 'spaces' })} s ON s.tenant_id = ${bind(tenantId, 'text::uuid')} AND s.id = u.space_id
     JOIN ${tableName({ schema, name: `${kind}_models` })} m ON m.tenant_id = s.tenant_id AND m.id::text = u.model_id
     WHERE ${one} AND ${model} ORDER BY s.id, m.id, u.type, u.field FOR SHARE OF s, m`,
  );
}

function namedSql(tenant: OfTenant, { kind, namings, about }: UsesAsked): Sql {
  const those = 'rowId' in about ? namings.filter(({ table }) => table === about.table) : namings;
  const falling = those.filter(
    ({ column: name, space }) => name === 'completion_model_id' && space === 'space_id',
  );
  const parts = [
    ...('rowId' in about ? [] : [linksSql(tenant, kind, about)]),
    ...those.map((naming) => namingSql(tenant, naming, about)),
    ...(kind === 'completion' ? falling.map((naming) => fallingSql(tenant, naming, about)) : []),
  ];
  return join(parts, ' UNION ALL ');
}

function linksSql({ schema, tenantId }: OfTenant, kind: string, about: UsesAbout): Sql {
  const name = `space_${kind}_models`;
  return sql`SELECT ${literal(name)}, 'model_id', false, t.space_id, t.model_id::text FROM ${tableName({ schema, name })} t
    WHERE t.tenant_id = ${bind(tenantId, 'text::uuid')} AND ${within(about, 'space_id')}`;
}

function namingSql({ schema, tenantId }: OfTenant, naming: Naming, about: UsesAbout): Sql {
  const { table, column: name, space, pipeline } = naming;
  const rows = tableName({ schema, name: table });
  const from = pipeline
    ? sql`${rows} t CROSS JOIN LATERAL (SELECT DISTINCT d.id #>> '{}' AS model_id
        FROM pg_catalog.jsonb_path_query(${column('t', name)}, 'lax $.nodes[*].data.model.id') d(id)) v`
    : sql`${rows} t CROSS JOIN LATERAL (SELECT ${column('t', name)}::text AS model_id) v`;
  return sql`SELECT ${literal(table)}, ${literal(name)}, false, ${column('t', space)}, v.model_id FROM ${from}
    WHERE t.tenant_id = ${bind(tenantId, 'text::uuid')} AND v.model_id IS NOT NULL AND ${within(about, space)}`;
}

function fallingSql({ schema, tenantId }: OfTenant, naming: Naming, about: UsesAbout): Sql {
  const { table, column: name, space } = naming;
  return sql`SELECT ${literal(table)}, ${literal(name)}, true, ${column('t', space)}, d.completion_model_id::text
    FROM ${tableName({ schema, name: table })} t
    JOIN ${tableName({ schema, name: 'spaces' })} p
      ON p.tenant_id = t.tenant_id AND p.id = ${column('t', space)} AND p.default_completion_model_id IS NULL
    JOIN ${tableName({ schema, name: 'tenant_defaults' })} d ON d.tenant_id = t.tenant_id AND d.completion_model_id IS NOT NULL
    WHERE t.tenant_id = ${bind(tenantId, 'text::uuid')} AND ${column('t', name)} IS NULL AND ${within(about, space)}`;
}

function within(about: UsesAbout, space: string): Sql {
  if ('spaceId' in about) return sql`${column('t', space)} = ${bind(about.spaceId, 'text::uuid')}`;
  return 'rowId' in about ? sql`t.id = ${bind(about.rowId, 'text::uuid')}` : raw('true');
}

/** Holds the models that a space lists, in the order of a migration: models first, then the space. */
export async function holdListedModels(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  { kind, spaceId }: { readonly kind: string; readonly spaceId: string },
): Promise<void> {
  const [models, links] = [`${kind}_models`, `space_${kind}_models`].map((name) =>
    tableName({ schema, name }),
  );
  if (models === undefined || links === undefined) return;
  await tx.many(
    sql`SELECT m.id FROM ${models} m WHERE m.tenant_id = ${bind(tenantId, 'text::uuid')} AND m.id IN
      (SELECT l.model_id FROM ${links} l WHERE l.tenant_id = m.tenant_id AND l.space_id = ${bind(spaceId, 'text::uuid')})
     ORDER BY m.id FOR KEY SHARE OF m`,
  );
}

/** Until the transaction ends nobody makes or changes a row in any space of the tenant. */
export async function lockSpaces(tx: Tx, { schema, tenantId }: OfTenant): Promise<void> {
  await tx.many(
    sql`SELECT s.id FROM ${tableName({ schema, name: 'spaces' })} s
     WHERE s.tenant_id = ${bind(tenantId, 'text::uuid')} ORDER BY s.id FOR UPDATE`,
  );
}
