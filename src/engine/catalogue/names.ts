/** Reading the names that a configuration uses: `table`, `schema.table`, `table.column`, `"Order"."modelId"`. */
import {
  type Catalog,
  type Column,
  findColumn,
  findTable,
  type Table,
  type TableId,
  tableId,
} from './catalog.ts';

/** Splits a dotted name into its parts, double quotes respected. Undefined where it is not one. */
export function splitName(text: string): string[] | undefined {
  const parts: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")+)"|([^\s".]+))\s*(\.|$)/gy;
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    parts.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] !== '.' && pattern.lastIndex < text.length) return undefined;
    if (match[3] === '.' && pattern.lastIndex >= text.length) return undefined;
  }
  return parts.length > 0 ? parts : undefined;
}

/** Where unqualified tables are looked up, in order. */
export interface NameScope {
  readonly catalog: Catalog;
  readonly schemas: readonly string[];
}

/** The table that a name means. Undefined where there is none. */
export function findNamedTable(scope: NameScope, text: string): Table | undefined {
  const parts = splitName(text);
  return parts === undefined ? undefined : findTableByParts(scope, parts);
}

/** Tables of which no more is known than that they are there, and where unqualified ones are looked up. */
export interface Listed {
  readonly catalog: { readonly tables: readonly Pick<Table, 'id'>[] };
  readonly schemas: readonly string[];
}

/** Does a name mean the table? `billing.*` means each table of that schema. */
export function meansTable(
  scope: Listed,
  text: string,
  { id, schema }: Pick<Table, 'id' | 'schema'>,
): boolean {
  const parts = splitName(text) ?? [];
  const [first, second] = parts;
  return (first === schema && second === '*') || idByParts(scope, parts) === id;
}

function findTableByParts(scope: NameScope, parts: readonly string[]): Table | undefined {
  const id = idByParts(scope, parts);
  return id === undefined ? undefined : findTable(scope.catalog, id);
}

function idByParts({ catalog, schemas }: Listed, parts: readonly string[]): TableId | undefined {
  const [first, second] = parts;
  if (first === undefined || parts.length > 2) return undefined;
  const ids =
    second === undefined ? schemas.map((schema) => tableId(schema, first)) : [tableId(first, second)];
  return ids.find((id) => catalog.tables.some((table) => table.id === id));
}

/** The column that `table.column` or `schema.table.column` means. Undefined where there is none. */
export function findNamedColumn(
  scope: NameScope,
  text: string,
): { table: Table; column: Column } | undefined {
  const parts = splitName(text);
  const name = parts?.at(-1);
  if (parts === undefined || name === undefined || parts.length < 2) return undefined;
  const table = findTableByParts(scope, parts.slice(0, -1));
  const column = table === undefined ? undefined : findColumn(table, name);
  return table === undefined || column === undefined ? undefined : { table, column };
}

/** How a column is called in plans: `agents.model_id`, with the schema where it is not the first of the scope. */
export function columnPath(scope: { schemas: readonly string[] }, table: Table, column: string): string {
  return `${tablePath(scope, table)}.${quoteWhereNeeded(column)}`;
}

/** How a table is called in plans. */
export function tablePath(scope: { schemas: readonly string[] }, table: Table): string {
  const name = quoteWhereNeeded(table.name);
  return table.schema === scope.schemas[0] ? name : `${quoteWhereNeeded(table.schema)}.${name}`;
}

export function quoteWhereNeeded(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_$-]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
