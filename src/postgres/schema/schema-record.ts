/** The table `schema_migrations`: which files of Drover's own schema are applied. Written under the schema's lock. */
import type { Tx } from '../driver/database.ts';
import { quoteIdent } from '../sql/identifiers.ts';

export interface AppliedMigration {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly variant: string;
}

/** One process at a time changes a schema; the lock ends with the transaction. */
export async function lockSchema(tx: Tx, schema: string): Promise<void> {
  await tx.many(
    `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('drover schema ' || $1, 0))`,
    [schema],
  );
}

/** Is the schema not there, empty, Drover's, or somebody else's? */
export async function findSchema(tx: Tx, schema: string): Promise<'missing' | 'empty' | 'ours' | 'foreign'> {
  const found = await tx.maybeOne<{ ours: boolean; empty: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_class c
                    WHERE c.relnamespace = n.oid AND c.relname = 'schema_migrations' AND c.relkind = 'r'
                      AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
                                  WHERE a.attrelid = c.oid AND a.attname = 'variant')) AS ours,
            NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid) AS empty
     FROM pg_catalog.pg_namespace n WHERE n.nspname = $1`,
    [schema],
  );
  if (found === undefined) return 'missing';
  if (found.ours) return 'ours';
  return found.empty ? 'empty' : 'foreign';
}

/** The table, and the schema where an administrator has not made it already. */
export async function createSchema(tx: Tx, schema: string, missing: boolean): Promise<void> {
  if (missing) await tx.run(`CREATE SCHEMA ${quoteIdent(schema)}`);
  await tx.run(`CREATE TABLE ${tableOf(schema)} (
    version text NOT NULL,
    name text NOT NULL,
    variant text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_migrations_pkey PRIMARY KEY (version)
  )`);
}

export interface StrangeOwner {
  readonly owner: string;
  readonly login: string;
  /** May the login see what is applied? */
  readonly reads: boolean;
}

/** Who owns the schema, or a table in it, with rights that the login does not have; undefined where the login may change all of it. */
export async function strangeOwner(tx: Tx, schema: string): Promise<StrangeOwner | undefined> {
  return tx.maybeOne<StrangeOwner>(
    `SELECT pg_get_userbyid(o.id)::text AS owner, current_user::text AS login,
       has_schema_privilege(n.oid, 'USAGE') AND (SELECT has_table_privilege(c.oid, 'SELECT') FROM pg_catalog.pg_class c
         WHERE c.relnamespace = n.oid AND c.relname = 'schema_migrations') AS reads
     FROM pg_catalog.pg_namespace n, LATERAL (SELECT n.nspowner UNION ALL
       SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')) o (id)
     WHERE n.nspname = $1 AND NOT pg_has_role(o.id, 'USAGE') LIMIT 1`,
    [schema],
  );
}

/** In the order of their version; what is generated comes last. */
export async function listApplied(tx: Tx, schema: string): Promise<AppliedMigration[]> {
  return tx.many<AppliedMigration>(
    `SELECT version, name, variant, checksum FROM ${tableOf(schema)} ORDER BY version COLLATE "C"`,
  );
}

/** Remembers a file, or the present text of what is generated. */
export async function recordApplied(tx: Tx, schema: string, applied: AppliedMigration): Promise<void> {
  await tx.run(
    `INSERT INTO ${tableOf(schema)} (version, name, variant, checksum) VALUES ($1, $2, $3, $4)
     ON CONFLICT (version) DO UPDATE SET name = $2, checksum = $4, applied_at = excluded.applied_at`,
    [applied.version, applied.name, applied.variant, applied.checksum],
  );
}

function tableOf(schema: string): string {
  return `${quoteIdent(schema)}.schema_migrations`;
}
