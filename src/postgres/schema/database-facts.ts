/** What a database is, for whoever is about to put Drover's schema into it. Reads pg_catalog only. */
import type { Tx } from '../driver/database.ts';
import { quoteIdent } from '../sql/identifiers.ts';
import { canBecome } from '../sql/role-reach.ts';

export interface DatabaseFacts {
  readonly database: string;
  readonly login: string;
  /** Tables of every schema that is not the system's, but for Drover's records; a partitioned one counts once. */
  readonly tables: number;
  /** Does Drover keep records about it there? */
  readonly hasRecords: boolean;
  /** A standby takes no writes, nor does a login whose transactions are read-only by default. */
  readonly writes: 'yes' | 'standby' | 'read-only by default';
  readonly mayCreateSchema: boolean;
  readonly mayCreateRoles: boolean;
  /** Of the roles that were named. */
  readonly missingRoles: readonly string[];
  /** Roles that are there and that the login may neither become nor grant to itself. */
  readonly closedRoles: readonly string[];
}

/** Facts about the database of this connection, and about the named roles. */
export async function readDatabaseFacts(tx: Tx, roles: readonly string[]): Promise<DatabaseFacts> {
  return tx.one<DatabaseFacts & object>(
    `SELECT current_database()::text AS database, current_user::text AS login,
       (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
          AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
          AND NOT (n.nspname = 'drover' AND to_regclass('drover.schema_migrations') IS NOT NULL))::int AS tables,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'drover' AND c.relname = 'schema_migrations') AS "hasRecords",
       CASE WHEN pg_is_in_recovery() THEN 'standby'
            WHEN (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only') = 'on' THEN 'read-only by default'
            ELSE 'yes' END AS writes,
       has_database_privilege(current_database(), 'CREATE') AS "mayCreateSchema",
       me.rolsuper OR me.rolcreaterole AS "mayCreateRoles",
       ARRAY(SELECT w FROM unnest($1::text[]) w WHERE w NOT IN (SELECT rolname FROM pg_roles)) AS "missingRoles",
       ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = ANY ($1::text[])
         AND NOT ${canBecome('me', 'r')}) AS "closedRoles"
     FROM pg_roles me
     WHERE me.rolname = current_user`,
    [roles],
  );
}

/** The statements by which an administrator lets the login make a schema and the named roles; none where it may. */
export function missingRights(facts: DatabaseFacts): string[] {
  const { database, login, missingRoles, closedRoles } = facts;
  const to = `TO ${quoteIdent(login)}`;
  const creates = missingRoles.length > 0 && !facts.mayCreateRoles;
  const made = creates ? missingRoles.map((role) => `CREATE ROLE ${role} NOLOGIN`) : [];
  const given = [...closedRoles, ...(creates ? missingRoles : [])];
  return [
    ...(facts.mayCreateSchema ? [] : [`GRANT CREATE ON DATABASE ${quoteIdent(database)} ${to}`]),
    ...made,
    ...(given.length > 0 ? [`GRANT ${given.join(', ')} ${to}`] : []),
    ...(facts.writes === 'read-only by default'
      ? [
          `ALTER ROLE ${quoteIdent(login)} IN DATABASE ${quoteIdent(database)} SET default_transaction_read_only = off`,
        ]
      : []),
  ];
}
