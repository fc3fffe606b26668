/** Tables in which tools that migrate schemas keep what they did. They hold nothing of tenants. */
import type { Table } from './catalog.ts';

/** By name in lower case: a column that the tool makes, so that an application's own table of that name is not taken for a ledger. */
const ledgers: ReadonlyMap<string, string> = new Map([
  ['alembic_version', 'version_num'],
  ['_prisma_migrations', 'migration_name'],
  ['flyway_schema_history', 'installed_rank'],
  ['schema_migrations', 'version'],
  ['ar_internal_metadata', 'key'],
  ['knex_migrations', 'migration_time'],
  ['knex_migrations_lock', 'is_locked'],
  ['django_migrations', 'applied'],
  ['databasechangelog', 'orderexecuted'],
  ['databasechangeloglock', 'lockgranted'],
  ['goose_db_version', 'version_id'],
  ['__drizzle_migrations', 'hash'],
  ['kysely_migration', 'timestamp'],
  ['kysely_migration_lock', 'is_locked'],
  ['__efmigrationshistory', 'MigrationId'],
  ['pgmigrations', 'run_on'],
  ['sequelizemeta', 'name'],
  ['typeorm_metadata', 'type'],
]);

/** The same where only a statement that makes it is known. */
export function isLedgerMade(name: string, columns: readonly string[]): boolean {
  const column = ledgers.get(name.toLowerCase());
  return column !== undefined && columns.includes(column);
}

export function isLedger(table: Table): boolean {
  return isLedgerMade(
    table.name,
    table.columns.map(({ name }) => name),
  );
}
