/** Which column a name means: of the row that a policy is for, or of a table in a sub-select around it. */
import { tableId } from '../../engine/catalogue/catalog.ts';
import type { Table, TableId } from '../../engine/catalogue/catalog.ts';
import { namesIn, nodes, opened, textOf } from './tree.ts';
import type { TreeNode } from './tree.ts';

/** A table in a FROM. */
export interface Joined {
  readonly alias: string;
  /** Undefined where it is a function or a sub-select. */
  readonly table?: TableId;
}

/** The row that a policy is for. */
export interface PolicySubject {
  readonly id: TableId;
  readonly name: string;
  readonly columns: readonly string[];
  /** The column that holds the tenant. */
  readonly owner?: string;
  readonly ownerMayBeNull: boolean;
  /** Columns with a key to a table of tenants' rows that is not the list of tenants. */
  readonly links: ReadonlyMap<string, TableId>;
}

export interface MeantColumn {
  readonly of: 'row' | 'joined' | 'unknown';
  readonly column: string;
  readonly alias?: string;
  readonly table?: TableId;
}

/** What a column reference means; `scopes`: the innermost sub-select first. */
export function meantBy(
  body: TreeNode,
  {
    subject,
    scopes,
    tables,
  }: { subject: PolicySubject; scopes: readonly (readonly Joined[])[]; tables: ReadonlyMap<TableId, Table> },
): MeantColumn {
  const names = namesIn(body['fields']);
  const column = names.at(-1) ?? '';
  const qualifier = names.at(-2);
  for (const joined of scopes.flat()) {
    const { alias, table } = joined;
    const has =
      table === undefined
        ? alias === column
        : tables.get(table)?.columns.some(({ name }) => name === column) === true;
    if (qualifier === undefined ? has : qualifier === alias)
      return { of: 'joined', column, alias, ...(table === undefined ? {} : { table }) };
  }
  const isOfRow = (qualifier === undefined || qualifier === subject.name) && subject.columns.includes(column);
  return { of: isOfRow ? 'row' : 'unknown', column };
}

export interface FromClause {
  readonly joined: readonly Joined[];
  /** What its joins ask for. */
  readonly conditions: readonly TreeNode[];
}

/** The tables of a FROM with its joins. Undefined where there is more than that in it. */
export function fromOf(items: unknown): FromClause | undefined {
  const parts = nodes(items).map(partOf);
  if (parts.some((part) => part === undefined)) return undefined;
  const whole = parts.filter((part) => part !== undefined);
  return {
    joined: whole.flatMap(({ joined }) => joined),
    conditions: whole.flatMap(({ conditions }) => conditions),
  };
}

function partOf(item: TreeNode): FromClause | undefined {
  const { kind, body } = opened(item);
  if (kind === 'RangeVar') return { joined: [tableIn(body)], conditions: [] };
  if (kind === 'RangeFunction') return { joined: [{ alias: aliasOf(body) }], conditions: [] };
  if (kind !== 'JoinExpr' || textOf(body['jointype']) !== 'JOIN_INNER') return undefined;
  const both = fromOf([body['larg'], body['rarg']]);
  const on = body['quals'];
  return both === undefined || on === undefined
    ? undefined
    : { ...both, conditions: [...both.conditions, on as TreeNode] };
}

function tableIn(body: TreeNode): Joined {
  const name = textOf(body['relname']);
  const alias = aliasOf(body);
  return { alias: alias === '' ? name : alias, table: tableId(textOf(body['schemaname']), name) };
}

function aliasOf(body: TreeNode): string {
  const alias = body['alias'];
  return typeof alias === 'object' && alias !== null ? textOf((alias as TreeNode)['aliasname']) : '';
}
