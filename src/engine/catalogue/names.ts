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
interface Listed {
  readonly ids: ReadonlySet<TableId>;
  readonly schemas: readonly string[];
}

/** Whether one of the names means a table; `billing.*` means each table of that schema. The names are looked up once for all tables. */
export function meaning(
  { ids, schemas }: Listed,
  texts: readonly string[],
): (table: Pick<Table, 'id' | 'schema'>) => boolean {
  const names = texts.map((text) => splitName(text) ?? []);
  const named = new Set(
    names.flatMap((parts) => possibleIds(schemas, parts).find((id) => ids.has(id)) ?? []),
  );
  const whole = new Set(names.filter(([, second]) => second === '*').map(([schema]) => schema));
  return ({ id, schema }) => whole.has(schema) || named.has(id);
}

function findTableByParts({ catalog, schemas }: NameScope, parts: readonly string[]): Table | undefined {
  for (const id of possibleIds(schemas, parts)) {
    const table = findTable(catalog, id);
    if (table !== undefined) return table;
  }
  return undefined;
}

/** The ids that a name may mean; the first that is there is meant. */
function possibleIds(schemas: readonly string[], [first, second, ...more]: readonly string[]): TableId[] {
  if (first === undefined || more.length > 0) return [];
  return second === undefined ? schemas.map((schema) => tableId(schema, first)) : [tableId(first, second)];
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
