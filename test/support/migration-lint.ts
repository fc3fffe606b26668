/**
 * The rules for migrations of our own schema, over the syntax tree that PostgreSQL's own parser makes. They keep the
 * schema distributable by tenant and the migrations harmless to a running system.
 */
import { parse } from 'libpg-query';

/** The tree is PostgreSQL's and has no useful types: it is walked by name. */
type Node = Record<string, unknown>;

const allowedStatements = new Set([
  'VariableSetStmt',
  'CreateStmt',
  'IndexStmt',
  'AlterTableStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
]);

const volatile =
  /^(random|gen_random_uuid|uuid_generate_v\d\w*|clock_timestamp|timeofday|nextval|setval|txid_current)$/;

/** One sentence per violation in the text of one file, placeholders filled with the given schema. */
export async function lintMigration(text: string, schema: string): Promise<string[]> {
  const { stmts } = (await parse(text)) as { stmts: { stmt: Node }[] };
  const statements = stmts.map(({ stmt }) => stmt);
  const created = new Set(statements.flatMap((stmt) => (stmt['CreateStmt'] ? [relation(stmt)] : [])));
  return [
    ...lockTimeoutComesFirst(statements),
    ...namesFit(text),
    ...statements.flatMap((stmt) => [
      ...kindIsAllowed(stmt),
      ...everythingIsQualified(stmt, schema),
      ...find(stmt, 'Constraint').flatMap((constraint) =>
        constraintIsDistributable(relation(stmt), constraint),
      ),
      ...find(stmt, 'ColumnDef').flatMap((column) => columnIsAllowed(relation(stmt), column)),
      ...existingTablesAreNotBlocked(stmt, created),
      ...updatesAreRepeatable(stmt),
    ]),
  ];
}

function lockTimeoutComesFirst([first]: Node[]): string[] {
  const set = first?.['VariableSetStmt'] as Node | undefined;
  return set?.['name'] === 'lock_timeout' && set['is_local'] === true
    ? []
    : ['does not begin with SET LOCAL lock_timeout'];
}

/** The parser cuts names as PostgreSQL does, so they are measured in the text. */
function namesFit(text: string): string[] {
  const words = text.match(/[A-Za-z_][\w$]*/g) ?? [];
  return words
    .filter((word) => Buffer.byteLength(word) > 63)
    .map((word) => `${word} is longer than 63 bytes`);
}

function kindIsAllowed(stmt: Node): string[] {
  return Object.keys(stmt)
    .filter((kind) => !allowedStatements.has(kind))
    .map((kind) => `${kind} has no place in a migration`);
}

function everythingIsQualified(stmt: Node, schema: string): string[] {
  const names = [...find(stmt, 'RangeVar'), ...find(stmt, 'relation'), ...find(stmt, 'pktable')];
  return names
    .filter((name) => name['schemaname'] !== schema)
    .map((name) => `${String(name['relname'])} is not written with the schema`);
}

/** Keys across all tenants: of tables that are the same for all, or that belong to the operator and are never distributed. */
const shared =
  /^(tenants|global_\w+|registry_in_force|registry_pairs|runs|run_events|run_workers|conversions|conversion_steps)$/;

/**
 * Keys that act, wait for the end, or serve one that does, because nothing else takes a verdict away with what it stands for,
 * whoever moves it. Where the schema is distributed they are left out: docs/decisions/0018-routes-by-foreign-key.md.
 */
const acting = /^workspace_verdicts_(workspace_fkey|held_fkey|held_key)$/;

function constraintIsDistributable(table: string, constraint: Node): string[] {
  const name = text(constraint['conname']) || 'a key without a name';
  if (acting.test(name)) return [];
  const problems: string[] = [];
  if (['CONSTR_PRIMARY', 'CONSTR_UNIQUE'].includes(String(constraint['contype']))) {
    const columns = strings(constraint['keys']);
    if (columns[0] !== 'tenant_id' && !shared.test(table)) problems.push(`${name} is not led by tenant_id`);
  }
  if (constraint['contype'] === 'CONSTR_FOREIGN') {
    const toShared = shared.test(text((constraint['pktable'] as Node | undefined)?.['relname']));
    if (strings(constraint['fk_attrs'])[0] !== 'tenant_id' && !toShared)
      problems.push(`${name} is not led by tenant_id`);
    if (constraint['fk_upd_action'] !== 'a') problems.push(`${name} acts on update`);
    if (constraint['fk_del_action'] !== 'a') problems.push(`${name} acts on delete`);
  }
  if (constraint['deferrable'] === true) problems.push(`${name} can be deferred`);
  if (
    constraint['conname'] === undefined &&
    constraint['contype'] !== 'CONSTR_NOTNULL' &&
    constraint['contype'] !== 'CONSTR_DEFAULT' &&
    constraint['contype'] !== 'CONSTR_GENERATED'
  ) {
    problems.push(`${table} has a constraint without a name`);
  }
  return problems;
}

function columnIsAllowed(table: string, column: Node): string[] {
  const type = strings((column['typeName'] as Node)['names']).at(-1) ?? '';
  if (/^(timestamp|timetz|serial\d?|bigserial|money|bpchar)$/.test(type)) {
    return [`${table}.${String(column['colname'])} is of type ${type}`];
  }
  return [];
}

/** Tables of few rows, written by migrations alone: an index on one is made at once. */
const small = new Set(['fences']);

/** An index or a validated constraint on a table that is in use would lock it for as long as it takes. */
function existingTablesAreNotBlocked(stmt: Node, created: ReadonlySet<string>): string[] {
  const table = relation(stmt);
  if (created.has(table)) return [];
  const problems =
    stmt['IndexStmt'] && !small.has(table) ? [`an index on ${table}, which is there already`] : [];
  const added = find(stmt, 'AlterTableCmd').flatMap((command) => find(command, 'Constraint'));
  const validated = added.filter(
    (one) => /FOREIGN|CHECK/.test(String(one['contype'])) && one['skip_validation'] !== true,
  );
  return [...problems, ...validated.map(() => `a constraint on ${table} that is not NOT VALID at first`)];
}

function updatesAreRepeatable(stmt: Node): string[] {
  if (!stmt['UpdateStmt']) return [];
  return find(stmt, 'FuncCall')
    .map((call) => strings(call['funcname']).at(-1) ?? '')
    .filter((name) => volatile.test(name))
    .map((name) => `${name}() in an UPDATE`);
}

function relation(stmt: Node): string {
  const [body] = Object.values(stmt) as Node[];
  const target = body?.['relation'] as Node | undefined;
  return text(target?.['relname']);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function strings(list: unknown): string[] {
  return find({ list }, 'String').map((text) => String(text['sval']));
}

/** Every value under that name, at any depth. */
function find(tree: unknown, name: string): Node[] {
  if (tree === null || typeof tree !== 'object') return [];
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) => [
    ...(key === name && value !== null && typeof value === 'object' ? [value as Node] : []),
    ...find(value, name),
  ]);
}
