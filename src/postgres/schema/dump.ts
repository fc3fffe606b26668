/**
 * A schema as SQL text, read from the catalogue. The same schema gives the same text on every supported PostgreSQL and
 * on the embedded one, however it came to be: `migrations/schema.sql` is this text and a test compares it.
 */
import { DroverError } from '../../errors.ts';
import type { Database, Tx } from '../driver/database.ts';
import type { Opening } from '../driver/opening.ts';
import { quoteTable, quoteIdent } from '../sql/identifiers.ts';
import {
  type DumpedPolicy,
  type DumpedTable,
  listDumpedCode,
  listDumpedTables,
  listSchemaGrants,
  listUndumpable,
} from './dump-parts.ts';

/**
 * Tables, then constraints and indexes, then row-level security, policies and grants, then functions and triggers; refuses what it
 * cannot say.
 */
export async function dumpSchema(db: Database, schema: string): Promise<string> {
  const settings = ['SET LOCAL search_path = pg_catalog'];
  const opening: Opening = { isolation: 'repeatable read', readOnly: true, settings };
  return db.transaction(opening, (tx) => dump(tx, schema));
}

async function dump(tx: Tx, schema: string): Promise<string> {
  const undumpable = await listUndumpable(tx, schema);
  if (undumpable.length > 0) {
    throw new DroverError('INTERNAL', `The dump has no words for ${undumpable.join(', ')}.`, { schema });
  }
  const tables = await listDumpedTables(tx, schema);
  const home = quoteIdent(schema);
  const usage = (await listSchemaGrants(tx, schema)).map(
    ({ role, privileges }) => `GRANT ${privileges.join(', ')} ON SCHEMA ${home} TO ${role};`,
  );
  const sections = [
    [`-- The whole schema as it is after the last migration. Made by "npm run schema:dump"; do not edit.`],
    [`CREATE SCHEMA ${home};`, ...usage],
    ...tables.map((table) => createTable(schema, table)),
    ...tables.map((table) => addKeys(schema, table)),
    ...tables.map((table) => protect(schema, table)),
    ...(await listDumpedCode(tx, schema)).map((text) => [text]),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function createTable(schema: string, table: DumpedTable): string[] {
  const checks = table.constraints.filter(({ definition }) => !isForeignKey(definition));
  const parts = [
    ...table.columns.map((column) => `  ${columnText(column)}`),
    ...checks.map(({ name, definition }) => `  CONSTRAINT ${quoteIdent(name)} ${definition}`),
  ];
  const target = quoteTable({ schema, name: table.name });
  const storage = table.columns.flatMap((column) =>
    column.storage === null
      ? []
      : [`ALTER TABLE ${target} ALTER COLUMN ${quoteIdent(column.name)} SET STORAGE ${column.storage};`],
  );
  return [`CREATE TABLE ${target} (`, parts.join(',\n'), ');', ...storage];
}

function columnText(column: DumpedTable['columns'][number]): string {
  const value = column.generated
    ? ` GENERATED ALWAYS AS (${column.default ?? ''}) STORED`
    : ` DEFAULT ${column.default ?? ''}`;
  return [
    `${quoteIdent(column.name)} ${column.type}`,
    column.required ? ' NOT NULL' : '',
    column.default === null ? '' : value,
  ].join('');
}

/** Foreign keys come after all tables, because they may lead to a later one. */
function addKeys(schema: string, table: DumpedTable): string[] {
  const target = quoteTable({ schema, name: table.name });
  const keys = table.constraints
    .filter(({ definition }) => isForeignKey(definition))
    .map(({ name, definition }) => `ALTER TABLE ${target} ADD CONSTRAINT ${quoteIdent(name)} ${definition};`);
  return [...keys, ...table.indexes.map(({ definition }) => `${definition};`)];
}

function isForeignKey(definition: string): boolean {
  return definition.startsWith('FOREIGN KEY');
}

function protect(schema: string, table: DumpedTable): string[] {
  const target = quoteTable({ schema, name: table.name });
  return [
    ...(table.enabled ? [`ALTER TABLE ${target} ENABLE ROW LEVEL SECURITY;`] : []),
    ...(table.forced ? [`ALTER TABLE ${target} FORCE ROW LEVEL SECURITY;`] : []),
    ...table.policies.map((policy) => policyText(target, policy)),
    ...table.grants.map(({ role, privileges }) => `GRANT ${privileges.join(', ')} ON ${target} TO ${role};`),
  ];
}

const commands: Readonly<Record<string, string>> = {
  '*': 'ALL',
  r: 'SELECT',
  a: 'INSERT',
  w: 'UPDATE',
  d: 'DELETE',
};

function policyText(target: string, policy: DumpedPolicy): string {
  const kind = policy.permissive ? '' : ' AS RESTRICTIVE';
  const check = policy.check === null ? '' : `\n  WITH CHECK (${policy.check})`;
  const using = policy.using === null ? '' : `\n  USING (${policy.using})`;
  const head = `CREATE POLICY ${quoteIdent(policy.name)} ON ${target}${kind}`;
  return `${head} FOR ${commands[policy.command] ?? policy.command} TO ${policy.roles.join(', ')}${using}${check};`;
}
