/** What statements make, without a database: tables with their columns, keys and policies, and whose they are by what is declared. */
import { tableId } from '../../engine/catalogue/catalog.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import { isNode, namesIn, nodes, opened, textOf } from '../conditions/tree.ts';
import type { TreeNode } from '../conditions/tree.ts';
import type { LintStatement } from './statements.ts';

/** What the configuration says of tenancy, as far as a statement can be judged by it. */
export interface LintTenancy {
  readonly root: TableId | undefined;
  readonly column: string | undefined;
  readonly global: readonly TableId[];
  readonly roles: readonly string[];
  readonly context: readonly string[];
  /** Where a name without a schema is looked up. */
  readonly schema: string;
}

interface SketchedColumn {
  readonly name: string;
  readonly type: string;
  /** A value of its own for each row, or one that nobody guesses. */
  readonly fresh: boolean;
  readonly volatileDefault: boolean;
}

export interface SketchedKey {
  readonly kind: 'foreign' | 'unique' | 'primary' | 'check';
  readonly columns: readonly string[];
  readonly references?: TableId;
  readonly referenced: readonly string[];
  readonly notValid: boolean;
}

export interface SketchedTable {
  readonly id: TableId;
  readonly columns: Map<string, SketchedColumn>;
  readonly keys: SketchedKey[];
  /** Columns that policies, views and checks read. */
  readonly used: Map<string, string>;
  readonly made: LintStatement;
  secured?: LintStatement;
  forced: boolean;
}

export class Sketch {
  readonly tables = new Map<TableId, SketchedTable>();
  readonly enums = new Set<string>();
  readonly tenancy: LintTenancy;

  constructor(tenancy: LintTenancy) {
    this.tenancy = tenancy;
  }

  idOf(range: unknown): TableId {
    const body = isNode(range) ? range : {};
    return tableId(textOf(body['schemaname']) || this.tenancy.schema, textOf(body['relname']));
  }

  /** The column that holds the tenant: declared, or with a key to the list of tenants. */
  ownerOf(id: TableId): string | undefined {
    const table = this.tables.get(id);
    const { root, column, global } = this.tenancy;
    if (table === undefined || id === root || global.includes(id)) return undefined;
    if (column !== undefined && table.columns.has(column)) return column;
    return table.keys.find(({ references, columns }) => references === root && columns.length === 1)
      ?.columns[0];
  }

  /** Does it hold rows of tenants: by its own column, or by a key to such a table? */
  isOwned(id: TableId, seen: ReadonlySet<TableId> = new Set()): boolean {
    if (id === this.tenancy.root || this.ownerOf(id) !== undefined) return true;
    if (this.tenancy.global.includes(id) || seen.has(id)) return false;
    const keys = this.tables.get(id)?.keys ?? [];
    const more = new Set([...seen, id]);
    return keys.some(({ references }) => references !== undefined && this.isOwned(references, more));
  }

  /** Takes in what a statement makes. */
  take(statement: LintStatement): void {
    const { kind, body } = statement;
    const relation = body['relation'];
    if (kind === 'CreateStmt' && opened(body['ofTypename']).kind === '') this.#create(statement, relation);
    if (kind === 'CreateEnumStmt') this.enums.add(namesIn(body['typeName']).at(-1) ?? '');
    if (kind === 'AlterTableStmt') this.#alter(statement, this.tables.get(this.idOf(relation)));
    if (kind === 'IndexStmt' && body['unique'] === true) this.#index(body);
    if (kind === 'CreatePolicyStmt') {
      const name = `the policy ${textOf(body['policy_name'])}`;
      this.#use(this.idOf(body['table']), name, [body['qual'], body['with_check']]);
    }
    if (kind === 'ViewStmt')
      for (const id of this.tablesIn(body['query']))
        this.#use(id, `the view ${textOf(isNode(body['view']) ? body['view']['relname'] : '')}`, [
          body['query'],
        ]);
    if (kind === 'RenameStmt' && textOf(body['renameType']) === 'OBJECT_COLUMN')
      this.#rename(this.tables.get(this.idOf(relation)), textOf(body['subname']), textOf(body['newname']));
    if (kind === 'DropStmt' && textOf(body['removeType']) === 'OBJECT_TABLE')
      for (const object of nodes(body['objects']))
        this.tables.delete(this.#named(opened(object).body['items']));
  }

  #named(items: unknown): TableId {
    const names = namesIn(items);
    return tableId(names.at(-2) ?? this.tenancy.schema, names.at(-1) ?? '');
  }

  #create(made: LintStatement, relation: unknown): void {
    const id = this.idOf(relation);
    if (this.tables.has(id) || (isNode(relation) && relation['relpersistence'] === 't')) return;
    const table: SketchedTable = { id, columns: new Map(), keys: [], used: new Map(), made, forced: false };
    this.tables.set(id, table);
    for (const element of nodes(made.body['tableElts'])) this.#element(table, element);
  }

  #element(table: SketchedTable, element: TreeNode): void {
    const { kind, body } = opened(element);
    if (kind === 'Constraint') this.#constraint(table, body, []);
    if (kind !== 'ColumnDef') return;
    const name = textOf(body['colname']);
    table.columns.set(name, columnOf(body));
    for (const constraint of nodes(body['constraints']))
      this.#constraint(table, opened(constraint).body, [name]);
  }

  #constraint(table: SketchedTable, body: TreeNode, own: readonly string[]): void {
    const type = textOf(body['contype']);
    const notValid = body['skip_validation'] === true;
    if (type === 'CONSTR_FOREIGN') {
      const columns = own.length > 0 ? own : namesIn(body['fk_attrs']);
      const referenced = namesIn(body['pk_attrs']);
      table.keys.push({
        kind: 'foreign',
        columns,
        references: this.idOf(body['pktable']),
        referenced,
        notValid,
      });
    }
    if (type === 'CONSTR_PRIMARY' || type === 'CONSTR_UNIQUE') {
      const columns = own.length > 0 ? own : namesIn(body['keys']);
      const kind = type === 'CONSTR_PRIMARY' ? 'primary' : 'unique';
      if (columns.length > 0) table.keys.push({ kind, columns, referenced: [], notValid });
    }
    if (type === 'CONSTR_CHECK') {
      table.keys.push({ kind: 'check', columns: [], referenced: [], notValid });
      this.#use(table.id, 'a check', [body['raw_expr']]);
    }
  }

  #alter(statement: LintStatement, table: SketchedTable | undefined): void {
    if (table === undefined) return;
    for (const command of nodes(statement.body['cmds'])) {
      const { body } = opened(command);
      const type = textOf(body['subtype']);
      if (type === 'AT_AddColumn' || type === 'AT_AddConstraint')
        this.#element(table, body['def'] as TreeNode);
      if (type === 'AT_DropColumn') table.columns.delete(textOf(body['name']));
      if (type === 'AT_EnableRowSecurity') table.secured = statement;
      if (type === 'AT_DisableRowSecurity') delete table.secured;
      if (type === 'AT_ForceRowSecurity') table.forced = true;
      if (type === 'AT_NoForceRowSecurity') table.forced = false;
    }
  }

  #index(body: TreeNode): void {
    const columns = nodes(body['indexParams']).map((each) => textOf(opened(each).body['name']));
    const table = this.tables.get(this.idOf(body['relation']));
    table?.keys.push({ kind: 'unique', columns, referenced: [], notValid: false });
  }

  #rename(table: SketchedTable | undefined, from: string, to: string): void {
    const column = table?.columns.get(from);
    if (table === undefined || column === undefined) return;
    table.columns.delete(from);
    table.columns.set(to, { ...column, name: to });
  }

  #use(id: TableId, by: string, expressions: readonly unknown[]): void {
    const table = this.tables.get(id);
    for (const expression of expressions)
      for (const { kind, body } of walked(expression)) {
        const name = kind === 'ColumnRef' ? (namesIn(body['fields']).at(-1) ?? '') : '';
        if (table?.columns.has(name) === true) table.used.set(name, by);
      }
  }

  /** Tables that a query names. */
  tablesIn(query: unknown): TableId[] {
    return [...walked(query)].filter(({ kind }) => kind === 'RangeVar').map(({ body }) => this.idOf(body));
  }
}

function columnOf(body: TreeNode): SketchedColumn {
  const typeName = isNode(body['typeName']) ? body['typeName'] : {};
  const type = namesIn(typeName['names']).at(-1) ?? '';
  const constraints = nodes(body['constraints']).map((each) => opened(each).body);
  const byDefault = constraints.find((each) => textOf(each['contype']) === 'CONSTR_DEFAULT')?.['raw_expr'];
  const calls = [...walked(byDefault)].filter(({ kind }) => kind === 'FuncCall');
  const volatileDefault = calls.some(({ body: call }) => !stable.has(namesIn(call['funcname']).at(-1) ?? ''));
  const isCounted = constraints.some((each) => textOf(each['contype']) === 'CONSTR_IDENTITY');
  const isSerial = /^(big|small)?serial\d?$/.test(type);
  return {
    name: textOf(body['colname']),
    type,
    fresh: isCounted || isSerial || type === 'uuid' || volatileDefault,
    volatileDefault: isCounted || isSerial || volatileDefault,
  };
}

/** What a default may call without each row being written anew. */
const stable: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'current_setting',
]);

/** Every node of a tree. */
export function* walked(node: unknown): Generator<ReturnType<typeof opened>> {
  if (Array.isArray(node)) for (const each of node) yield* walked(each);
  if (!isNode(node)) return;
  for (const [kind, body] of Object.entries(node)) {
    if (isNode(body)) yield { kind, body };
    yield* walked(body);
  }
}
