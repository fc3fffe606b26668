/** A world as SQL: its schema and rows in a schema of their own, and its text back. */
import type { Database } from '../../src/postgres/driver/database.ts';
import type { Dump } from './oracle.ts';
import { quote } from './world.ts';
import type { Cells, ColumnDef, TableDef, World } from './world.ts';

/** What makes the world, readable enough for a counterexample. */
export function worldSql(world: World): string {
  const tables = [...world.surroundings, ...world.subjects];
  const after = tables.flatMap((table) => keySql(table));
  return [...tables.map(tableSql), ...after, ...tables.flatMap(rowsSql)].join('\n');
}

function tableSql(table: TableDef): string {
  const columns = table.columns.map(
    (column) => `${quote(column.name)} ${column.type}${column.notNull ? ' NOT NULL' : ''}`,
  );
  const primary = table.primaryKey.length === 0 ? [] : [`PRIMARY KEY (${list(table.primaryKey)})`];
  return `CREATE TABLE ${quote(table.name)} (${[...columns, ...primary].join(', ')});`;
}

function keySql(table: TableDef): string[] {
  const deleted = table.columns.find((column) => column.type === 'boolean')?.name ?? '';
  const unique = table.uniques.map(
    (key) =>
      `CREATE UNIQUE INDEX ON ${quote(table.name)} (${list(key.columns)})${key.nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''}${key.partial ? ` WHERE NOT ${quote(deleted)}` : ''};`,
  );
  return unique;
}

function foreignSql(table: TableDef): string[] {
  return table.foreignKeys.map(
    (key) =>
      `ALTER TABLE ${quote(table.name)} ADD FOREIGN KEY (${list(key.columns)}) REFERENCES ${quote(key.references)} (${list(key.referencedColumns)});`,
  );
}

function rowsSql(table: TableDef): string[] {
  if (table.rows.length === 0) return foreignSql(table);
  const rows = table.rows.map(
    (row) => `  (${table.columns.map((column) => valueSql(row, column)).join(', ')})`,
  );
  return [`INSERT INTO ${quote(table.name)} VALUES\n${rows.join(',\n')};`, ...foreignSql(table)];
}

function valueSql(row: Cells, column: ColumnDef): string {
  const value = row[column.name] ?? null;
  return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
}

function list(names: readonly string[]): string {
  return names.map((name) => quote(name)).join(', ');
}

/** Makes the world in the schema. */
export async function createWorld(database: Database, schema: string, world: World): Promise<void> {
  await database.transaction({}, (tx) =>
    tx.script(`CREATE SCHEMA ${schema}; SET LOCAL search_path TO ${schema};\n${worldSql(world)}`),
  );
}

/** Every value of every table as text, rows in one order; arrays as JSON. */
export async function dumpWorld(database: Database, schema: string, world: World): Promise<Dump> {
  return database.transaction({ readOnly: true }, async (tx) => {
    const dump = new Map<string, readonly Cells[]>();
    for (const table of [...world.surroundings, ...world.subjects]) {
      const parts = table.columns.map(
        ({ name, type }) =>
          `'${name.replaceAll("'", "''")}', ${type.endsWith('[]') ? `to_jsonb(${quote(name)})` : quote(name)}::text`,
      );
      const rows = await tx.many<{ cells: string }>(
        `SELECT json_build_object(${parts.join(', ')})::text AS cells FROM ${schema}.${quote(table.name)}`,
      );
      dump.set(table.name, sorted(rows.map(({ cells }) => JSON.parse(cells) as Cells)));
    }
    return dump;
  });
}

function sorted(rows: readonly Cells[]): Cells[] {
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** The same rows in the order of a dump. */
export function inOrder(dump: Dump): Dump {
  return new Map([...dump].map(([table, rows]) => [table, sorted(rows)]));
}
