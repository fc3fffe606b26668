/** The tables in which Drover keeps records of its own work, as its migrations make them: a new one is known to every suite at once. */
import { readMigrationFiles } from '../../src/postgres/schema/migration-files.ts';

export const recordTables: ReadonlySet<string> = new Set([
  'schema_migrations',
  ...readMigrationFiles('state').flatMap(({ template }) =>
    [...template.matchAll(/^CREATE TABLE \{\{schema\}\}\.(\w+)/gm)].map(([, name = '']) => name),
  ),
]);
