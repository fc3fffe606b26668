/** Rules about a single statement, beside what it stands on. Each says one thing of one table. */
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { Severity } from '../../engine/finding.ts';
import { isNode, namesIn, nodes, opened, textOf } from '../conditions/tree.ts';
import type { TreeNode } from '../conditions/tree.ts';
import { listed } from '../ground.ts';
import { names } from '../rules/around/touched.ts';
import { walked } from './sketch.ts';
import type { Sketch, SketchedKey, SketchedTable } from './sketch.ts';
import type { LintStatement } from './statements.ts';

export interface StatementSighting {
  readonly rule: string;
  readonly severity: Severity;
  readonly at: string;
  readonly message: string;
}

export interface StatementPlace {
  readonly statement: LintStatement;
  /** Before the statement. */
  readonly before: Sketch;
  /** Statements of the same file above it. */
  readonly above: readonly LintStatement[];
  /** Rows by table, of a database that is there. */
  readonly rows?: ReadonlyMap<TableId, number>;
}

type StatementRule = (place: StatementPlace, sketch: Sketch) => readonly StatementSighting[];

/** Rules that no rule of the doctor judges: they are about the way there and not about the result. */
export const statementRules: Readonly<Record<string, string>> = {
  'column-in-use': 'a column goes, or gets another name or type, that a policy, key, check or view reads',
  'grant-widens': 'an application role or PUBLIC gets a right that no policy is asked for, or a role',
  'rows-without-context': 'UPDATE or DELETE on a forced table without a tenant: 0 rows, and success',
  'lock-on-large-table': 'a table of more than 100,000 rows is read or written anew while nobody may use it',
};

const largeRows = 100_000;

/** Keys that go across tenants, told where they are made. */
const keyRule: StatementRule = ({ statement: { kind, body } }, sketch) => {
  const isMaking = kind === 'CreateStmt' || kind === 'AlterTableStmt' || kind === 'IndexStmt';
  const table = isMaking ? sketch.tables.get(sketch.idOf(body['relation'])) : undefined;
  if (table === undefined || !sketch.isOwned(table.id) || table.id === sketch.tenancy.root) return [];
  const isNew = keysMade(sketch, body, kind);
  return table.keys.filter(isNew).flatMap((key) => crossing(sketch, table, key));
};

/** The keys of this statement: those of a table that it makes, or the last ones. */
function keysMade(sketch: Sketch, body: TreeNode, kind: string): (key: SketchedKey) => boolean {
  if (kind === 'CreateStmt') return () => true;
  if (kind === 'IndexStmt' && body['unique'] !== true) return () => false;
  const keys = sketch.tables.get(sketch.idOf(body['relation']))?.keys ?? [];
  const count = kind === 'IndexStmt' ? 1 : constraintsIn(body);
  return (key) => keys.indexOf(key) >= keys.length - count;
}

function constraintsIn(body: TreeNode): number {
  return nodes(body['cmds']).flatMap((command) =>
    [...walked(opened(command).body['def'])].filter(
      ({ kind, body: made }) =>
        kind === 'Constraint' && /^CONSTR_(FOREIGN|PRIMARY|UNIQUE|CHECK)$/.test(textOf(made['contype'])),
    ),
  ).length;
}

function crossing(sketch: Sketch, table: SketchedTable, key: SketchedKey): StatementSighting[] {
  const owner = sketch.ownerOf(table.id);
  const columns = listed(key.columns);
  if (key.kind === 'foreign') {
    const parent = key.references ?? '';
    const theirs = sketch.ownerOf(parent);
    const isTied = owner !== undefined && key.columns.includes(owner);
    if (parent === sketch.tenancy.root || theirs === undefined || owner === undefined || isTied) return [];
    const message = `The key on ${columns} to ${parent} leaves ${owner} out: a row can name another tenant’s.`;
    return [{ rule: 'key-crosses-tenants', severity: 'error', at: table.id, message }];
  }
  if (key.kind === 'check' || owner === undefined || key.columns.includes(owner)) return [];
  const isFresh = key.columns.some((column) => table.columns.get(column)?.fresh === true);
  const isOfParent = table.keys.some(
    (other) =>
      other.kind === 'foreign' &&
      sketch.isOwned(other.references ?? '') &&
      other.columns.every((column) => key.columns.includes(column)),
  );
  if (isFresh || isOfParent) return [];
  const message = `The unique key on ${columns} leaves ${owner} out: one tenant’s value keeps another’s from being written.`;
  return [{ rule: 'unique-across-tenants', severity: 'warning', at: table.id, message }];
}

const enumRule: StatementRule = ({ statement: { kind, body }, before }, sketch) => {
  if (kind !== 'CreateStmt' && kind !== 'AlterTableStmt') return [];
  const table = sketch.tables.get(sketch.idOf(body['relation']));
  if (table === undefined || !sketch.isOwned(table.id)) return [];
  const known = before.tables.get(table.id)?.columns;
  return [...table.columns.values()]
    .filter(({ name, type }) => sketch.enums.has(type) && known?.has(name) !== true)
    .map(({ name }) => ({
      rule: 'enum-column',
      severity: 'info',
      at: table.id,
      message: `${name} is an enum: one list of values for all tenants, from which none can be taken away.`,
    }));
};

const columnRule: StatementRule = ({ statement: { kind, body }, before }) => {
  const table = before.tables.get(before.idOf(body['relation']));
  if (table === undefined || !before.isOwned(table.id)) return [];
  const touched =
    kind === 'RenameStmt' && textOf(body['renameType']) === 'OBJECT_COLUMN'
      ? [[textOf(body['subname']), 'gets another name']]
      : kind === 'AlterTableStmt'
        ? nodes(body['cmds']).flatMap((command) => {
            const { body: made } = opened(command);
            const what = { AT_DropColumn: 'goes', AT_AlterColumnType: 'gets another type' }[
              textOf(made['subtype'])
            ];
            return what === undefined ? [] : [[textOf(made['name']), what]];
          })
        : [];
  return touched.flatMap(([column = '', what = '']) => {
    const key = table.keys.find(({ columns, referenced }) => [...columns, ...referenced].includes(column));
    const by = table.used.get(column) ?? (key === undefined ? undefined : 'a key');
    if (by === undefined) return [];
    const message = `${column} ${what}, and ${by} reads it.`;
    return [{ rule: 'column-in-use', severity: 'warning' as const, at: table.id, message }];
  });
};

const viewRule: StatementRule = ({ statement: { kind, body }, before }) => {
  if (kind !== 'ViewStmt') return [];
  const owned = before.tablesIn(body['query']).filter((id) => before.isOwned(id));
  const isInvoker = nodes(body['options']).some((option) => {
    const { body: made } = opened(option);
    const word = namesIn([made['arg']])[0] ?? 'true';
    return textOf(made['defname']) === 'security_invoker' && !/^(false|off|no|0)$/i.test(word);
  });
  if (isInvoker || owned.length === 0) return [];
  const message = `The view asks as its owner: without security_invoker the policies of ${listed(owned)} may bind nobody who reads it.`;
  return [{ rule: 'view-exempt-owner', severity: 'error', at: before.idOf(body['view']), message }];
};

const functionRule: StatementRule = ({ statement: { kind, body }, before }) => {
  if (kind !== 'CreateFunctionStmt') return [];
  const options = nodes(body['options']).map((option) => opened(option).body);
  const isDefiner = options.some(
    (option) => textOf(option['defname']) === 'security' && opened(option['arg']).body['boolval'] === true,
  );
  const text = JSON.stringify(
    options.find((option) => textOf(option['defname']) === 'as')?.['arg'] ?? body['sql_body'] ?? '',
  );
  const owned = [...before.tables.values()].filter(
    ({ id, made }) =>
      before.isOwned(id) && names(text, textOf((made.body['relation'] as TreeNode)['relname'])),
  );
  if (!isDefiner || owned.length === 0) return [];
  const message = `It works as its owner, and touches ${listed(owned.map(({ id }) => id))}: policies may bind nobody who calls it.`;
  return [
    { rule: 'definer-function-open', severity: 'error', at: namesIn(body['funcname']).join('.'), message },
  ];
};

const beyondPolicies = /^(truncate|trigger|references)$/;

const grantRule: StatementRule = ({ statement: { kind, body }, before }) => {
  const { roles } = before.tenancy;
  const isWatched = (name: string): boolean => name === 'PUBLIC' || roles.includes(name);
  const named = (value: unknown): string[] =>
    nodes(value).map((role) => {
      const { body: spec } = opened(role);
      return textOf(spec['roletype']) === 'ROLESPEC_PUBLIC' ? 'PUBLIC' : textOf(spec['rolename']);
    });
  const found = (to: readonly string[], at: string, what: string): StatementSighting[] =>
    to.length === 0
      ? []
      : [{ rule: 'grant-widens', severity: 'warning', at, message: `${listed(to)} gets ${what}.` }];
  if (kind === 'GrantRoleStmt' && body['is_grant'] === true) {
    const granted = nodes(body['granted_roles']).map((role) => textOf(opened(role).body['priv_name']));
    const to = named(body['grantee_roles']).filter(isWatched);
    return found(to, to.join(', '), `the rights of ${listed(granted)}`);
  }
  if (kind === 'AlterRoleStmt' || kind === 'CreateRoleStmt') {
    const role = isNode(body['role']) ? textOf(body['role']['rolename']) : textOf(body['role']);
    const powers = nodes(body['options'])
      .map((option) => opened(option).body)
      .filter((option) => /^(superuser|bypassrls)$/.test(textOf(option['defname'])))
      .filter((option) => opened(option['arg']).body['boolval'] === true)
      .map((option) => textOf(option['defname']).toUpperCase());
    return powers.length === 0 ? [] : found([role].filter(isWatched), role, listed(powers));
  }
  if (kind !== 'GrantStmt' || body['is_grant'] !== true) return [];
  const to = named(body['grantees']).filter(isWatched);
  const privileges = nodes(body['privileges']).map((each) => textOf(opened(each).body['priv_name']));
  const wide = privileges.filter((each) => beyondPolicies.test(each));
  const rights =
    privileges.length === 0
      ? 'ALL, with TRUNCATE that no policy is asked for'
      : wide.join(', ').toUpperCase();
  if (textOf(body['objtype']) === 'OBJECT_SCHEMA')
    return privileges.length === 0 || privileges.includes('create')
      ? found(to, namesIn(body['objects']).join(', '), 'CREATE in the schema')
      : [];
  if (textOf(body['objtype']) !== 'OBJECT_TABLE' || (privileges.length > 0 && wide.length === 0)) return [];
  if (textOf(body['targtype']) !== 'ACL_TARGET_OBJECT')
    return found(to, namesIn(body['objects']).join(', '), `${rights} on all tables of the schema`);
  return before
    .tablesIn(body['objects'])
    .filter((id) => before.isOwned(id))
    .flatMap((id) => found(to, id, rights));
};

const rowsRule: StatementRule = ({ statement: { kind, body }, before, above }) => {
  if (kind !== 'UpdateStmt' && kind !== 'DeleteStmt') return [];
  const id = before.idOf(body['relation']);
  const table = before.tables.get(id);
  const isSaid = above.some(
    (each) =>
      (each.kind === 'VariableSetStmt' &&
        /^(role|row_security|session_authorization)$|\./.test(textOf(each.body['name']))) ||
      [...walked(each.body)].some(
        ({ kind: of, body: call }) => of === 'FuncCall' && namesIn(call['funcname']).at(-1) === 'set_config',
      ),
  );
  if (table === undefined || !table.forced || !before.isOwned(id) || isSaid) return [];
  const word = kind === 'UpdateStmt' ? 'UPDATE' : 'DELETE';
  const message = `The table forces its policies and no tenant is set: for an owner whom they bind the ${word} succeeds with 0 rows.`;
  return [{ rule: 'rows-without-context', severity: 'warning', at: id, message }];
};

const lockRule: StatementRule = ({ statement: { kind, body }, rows }, sketch) => {
  const id = sketch.idOf(body['relation']);
  const count = rows?.get(id) ?? 0;
  if (kind !== 'AlterTableStmt' || count <= largeRows) return [];
  return nodes(body['cmds']).flatMap((command) => {
    const { body: made } = opened(command);
    const what = slow(made, sketch.tables.get(id));
    if (what === undefined) return [];
    const message = `${what} about ${Math.round(count)} rows under ACCESS EXCLUSIVE: nobody reads or writes meanwhile.`;
    return [{ rule: 'lock-on-large-table', severity: 'warning' as const, at: id, message }];
  });
};

function slow(made: TreeNode, table: SketchedTable | undefined): string | undefined {
  const { body: def } = opened(made['def']);
  const type = textOf(made['subtype']);
  if (type === 'AT_AlterColumnType') return `${textOf(made['name'])} gets another type, which writes`;
  if (type === 'AT_SetNotNull') return `${textOf(made['name'])} becomes NOT NULL, which reads`;
  if (type === 'AT_SetLogged' || type === 'AT_SetUnLogged') return 'the table is written anew:';
  if (
    type === 'AT_AddConstraint' &&
    textOf(def['contype']) === 'CONSTR_CHECK' &&
    def['skip_validation'] !== true
  )
    return 'a CHECK without NOT VALID reads';
  const isIndexed =
    /^CONSTR_(UNIQUE|PRIMARY)$/.test(textOf(def['contype'])) && def['indexname'] === undefined;
  if (type === 'AT_AddConstraint' && isIndexed) return 'a key without an index that is there already reads';
  const column = table?.columns.get(textOf(def['colname']));
  return type === 'AT_AddColumn' && column?.volatileDefault === true
    ? `${column.name} has another value in each row, which writes`
    : undefined;
}

const all: readonly StatementRule[] = [
  keyRule,
  enumRule,
  columnRule,
  viewRule,
  functionRule,
  grantRule,
  rowsRule,
  lockRule,
];

/** What is wrong with one statement. `after`: with what it makes. */
export function judgeStatement(place: StatementPlace, after: Sketch): StatementSighting[] {
  return all.flatMap((rule) => rule(place, after));
}
