/** The conditions of a place (live, ask, guard), resolved against the catalogue. */
import { findColumn, type Table, type TableId } from '../catalogue/catalog.ts';
import type { ConfigProblem } from './config.ts';
import type { Condition, PlaceConfig } from './place-config.ts';
import { findNamedColumn, type NameScope, splitName } from '../catalogue/names.ts';

export type RowCondition =
  | { readonly kind: 'sql'; readonly sql: string }
  | { readonly kind: 'pointed-at'; readonly table: TableId; readonly column: string; readonly own: string }
  | {
      readonly kind: 'newest';
      readonly table: TableId;
      readonly of: readonly string[];
      readonly order: string;
    }
  | {
      readonly kind: 'ancestor';
      readonly table: TableId;
      readonly from: readonly string[];
      readonly to: readonly string[];
      readonly sql: string;
    };

export interface PlaceConditions {
  readonly live?: RowCondition;
  readonly ask?: RowCondition;
  readonly guard?: RowCondition;
}

/** The conditions of which one holds for every row that is one of the place's. */
export function rowsSaidBy({ live, ask }: PlaceConditions): RowCondition[] {
  return [live, ask].filter((condition) => condition !== undefined);
}

interface Input {
  readonly scope: NameScope;
  readonly table: Table;
  readonly place: PlaceConfig;
  readonly at: number;
  readonly problems: ConfigProblem[];
}

/** Resolves all conditions of a place; what cannot be resolved is added to `problems`. */
export function resolveConditions(input: Input): PlaceConditions {
  const resolved: Record<string, RowCondition> = {};
  for (const name of ['live', 'ask', 'guard'] as const) {
    const condition = input.place[name];
    const result = condition === undefined ? undefined : resolve(input, condition);
    if (typeof result === 'string')
      input.problems.push({ path: ['places', input.at, name], message: result });
    else if (result !== undefined) resolved[name] = result;
  }
  return resolved;
}

function resolve(input: Input, condition: Condition): RowCondition | string {
  if (typeof condition !== 'string') return resolveAncestor(input, condition);
  const pointed = /^\s*pointed-at-by\s+(.+?)\s*$/.exec(condition)?.[1];
  if (pointed !== undefined) return resolvePointer(input, pointed);
  const newest = /^\s*newest\s+by\s+(.+?)\s*$/.exec(condition)?.[1];
  return newest === undefined ? { kind: 'sql', sql: condition } : resolveNewest(input, newest);
}

/** Of the rows that agree in the first columns the one that is highest in the last. */
function resolveNewest({ table }: Input, text: string): RowCondition | string {
  const names = text.split(',').map((part) => splitName(part)?.join('.') ?? '');
  const missing = names.find((name) => findColumn(table, name) === undefined);
  const order = names.pop();
  if (missing !== undefined) return `${table.id} has no column ${missing === '' ? text : missing}`;
  if (order === undefined || names.length === 0)
    return 'write the columns of what the row is a version of, and last the one that counts up: newest by flow_id, version';
  return { kind: 'newest', table: table.id, of: names, order };
}

function resolvePointer({ scope, table }: Input, text: string): RowCondition | string {
  const found = findNamedColumn(scope, text);
  if (found === undefined) return `no column ${text}`;
  const key = found.table.foreignKeys.find(
    (candidate) => candidate.references === table.id && candidate.columns.includes(found.column.name),
  );
  const own =
    key?.referencedColumns[key.columns.indexOf(found.column.name)] ??
    (table.primaryKey.length === 1 ? table.primaryKey[0] : undefined);
  if (own === undefined) return `${table.id} has no single-column primary key that ${text} could point at`;
  return { kind: 'pointed-at', table: found.table.id, column: found.column.name, own };
}

function resolveAncestor(
  { scope, table }: Input,
  condition: { via: string; where: string },
): RowCondition | string {
  const key = table.foreignKeys.find((candidate) => candidate.columns.includes(condition.via));
  if (key !== undefined)
    return {
      kind: 'ancestor',
      table: key.references,
      from: key.columns,
      to: key.referencedColumns,
      sql: condition.where,
    };
  const [from, to] = condition.via.split('->').map((part) => part.trim());
  const target = to === undefined ? undefined : findNamedColumn(scope, to);
  if (from === undefined || findColumn(table, from) === undefined || target === undefined)
    return `no foreign key on ${condition.via}: write "column -> table.column"`;
  return {
    kind: 'ancestor',
    table: target.table.id,
    from: [from],
    to: [target.column.name],
    sql: condition.where,
  };
}
