/**
 * The schema of one tenant, where each tenant has one of its own. What is read of the catalogue is that schema and those that are no
 * tenant's: the schemas of other tenants are not looked at, whatever their number.
 */
import type { Config } from '../../engine/rules/config.ts';
import { isTenantSchema, sharedSchemas, tenantPatterns } from '../../engine/rules/tenancy.ts';
import type { Tx } from '../driver/database.ts';

export interface OwnSchema {
  readonly schema: string;
  /** Names of schemas of tenants, as LIKE takes them; those that are everybody's, although they are called like that. */
  readonly others: readonly string[];
  readonly shared: readonly string[];
}

export function ownSchema(config: Config, schema: string): OwnSchema {
  return { schema, others: likePatterns(config), shared: sharedSchemas(config) };
}

/** The parameters of `ownRelations`. */
export function ownParameters({ schema, others, shared }: OwnSchema): unknown[] {
  return [schema, others, shared];
}

/**
 * Tables and views of the tenant's schema ($1) and of those that are no tenant's: those that are not called like one ($2), or are
 * everybody's all the same ($3). An index of pg_depend leads from a schema to what is in it.
 */
export const ownRelations = `spaces AS (
  SELECT n.oid FROM pg_catalog.pg_namespace n
  WHERE n.nspname = $1 OR (n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND (NOT n.nspname LIKE ANY ($2::text[]) OR n.nspname = ANY ($3::text[])))
), own AS (
  SELECT d.objid AS oid FROM spaces s JOIN pg_catalog.pg_depend d
    ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = s.oid
  WHERE d.classid = 'pg_catalog.pg_class'::regclass
)`;

export function likePatterns(config: Config): string[] {
  return tenantPatterns(config).map((pattern) =>
    pattern.replaceAll(/[\\%_]/g, String.raw`\$&`).replaceAll('*', '%'),
  );
}

/** The schemas of all tenants, by name. */
export async function listTenantSchemas(tx: Tx, config: Config, own: string): Promise<string[]> {
  const rows = await tx.many<{ name: string }>(
    `SELECT n.nspname::text AS name FROM pg_catalog.pg_namespace n
     WHERE n.nspname LIKE ANY ($1::text[]) ORDER BY n.nspname::text COLLATE "C"`,
    [likePatterns(config)],
  );
  return rows.map(({ name }) => name).filter((name) => name !== own && isTenantSchema(config, name));
}

/** Is there a schema of that name, and is it a tenant's? */
export async function hasTenantSchema(tx: Tx, config: Config, schema: string): Promise<boolean> {
  if (!isTenantSchema(config, schema)) return false;
  const found = await tx.maybeOne('SELECT 1 AS found FROM pg_catalog.pg_namespace WHERE nspname = $1', [
    schema,
  ]);
  return found !== undefined;
}

/** Foreign keys between the tenant's schema and another tenant's, in words: schemas that refer to each other are not apart. */
export async function tiesToOthers(tx: Tx, own: OwnSchema): Promise<string[]> {
  const rows = await tx.many<{ tie: string }>(
    `WITH mine AS (
       SELECT d.objid AS oid FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_depend d
         ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid
       WHERE d.classid = 'pg_catalog.pg_class'::regclass AND n.nspname = $1
     ), keys AS (
       SELECT k.conname, k.conrelid, k.confrelid FROM pg_catalog.pg_constraint k
       WHERE k.contype = 'f' AND k.conrelid IN (SELECT oid FROM mine)
       UNION
       SELECT k.conname, k.conrelid, k.confrelid FROM pg_catalog.pg_constraint k
       WHERE k.contype = 'f' AND k.confrelid IN (SELECT oid FROM mine)
     )
     SELECT format('%I.%I refers to %I.%I', fn.nspname, f.relname, tn.nspname, t.relname) AS tie
     FROM keys k JOIN pg_catalog.pg_class f ON f.oid = k.conrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
     JOIN pg_catalog.pg_class t ON t.oid = k.confrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
     WHERE (fn.nspname <> $1 AND fn.nspname LIKE ANY ($2::text[]) AND NOT fn.nspname = ANY ($3::text[]))
        OR (tn.nspname <> $1 AND tn.nspname LIKE ANY ($2::text[]) AND NOT tn.nspname = ANY ($3::text[]))
     ORDER BY 1`,
    ownParameters(own),
  );
  return rows.map(({ tie }) => tie);
}
