/**
 * Reads how far the roles of a database reach, in a score of statements however many tables there are. What the login may not read is
 * named in `unread`, and no rule that needs it is judged.
 */
import { tableId } from '../../engine/catalogue/catalog.ts';
import type { Catalog, TableId } from '../../engine/catalogue/catalog.ts';
import type {
  AclEntry,
  DefaultFact,
  DefaultPrivilege,
  FunctionFact,
  IndexFact,
  IsolationFacts,
  KeyFact,
  PublicationFact,
  RelationFact,
  RelationKind,
  RoleFact,
  SchemaFact,
  TriggerFact,
} from '../../engine/isolation/facts.ts';
import { given } from '../../engine/given.ts';
import type { Ownership } from '../../engine/rules/ownership.ts';
import { readPolicies, withPlainNames } from '../catalogue/catalog.ts';
import type { Tx } from '../driver/database.ts';
import {
  defaultsSql,
  indexesSql,
  keysSql,
  policyCallsSql,
  relationsSql,
  triggersSql,
} from './relations-sql.ts';
import {
  defaultPrivilegesSql,
  functionsSql,
  largeObjectsSql,
  publicationsSql,
  readableSql,
  rolesSql,
  schemasSql,
  serverSql,
  sessionDefaultsSql,
  settingsInForceSql,
} from './server-sql.ts';

export interface FactsRequest {
  readonly engine: IsolationFacts['engine'];
  readonly catalog: Catalog;
  readonly ownership: ReadonlyMap<TableId, Ownership>;
  readonly root: IsolationFacts['root'];
  readonly unrelated: IsolationFacts['unrelated'];
  readonly partlyGlobal: IsolationFacts['partlyGlobal'];
  /** Roles and settings that the configuration names. */
  readonly roles: readonly string[];
  readonly settings: readonly string[];
}

/** The facts as the transaction sees them. Everything is printed with its schema, whatever the search path of the login is. */
export function readIsolationFacts(tx: Tx, request: FactsRequest): Promise<IsolationFacts> {
  return withPlainNames(tx, () => readAll(tx, request));
}

type ServerRow = Pick<
  IsolationFacts,
  'version' | 'database' | 'login' | 'databaseOwner' | 'securesNewTables'
>;

async function readAll(tx: Tx, request: FactsRequest): Promise<IsolationFacts> {
  const server = await tx.one<ServerRow>(serverSql);
  const unread = await listUnread(tx);
  const closed = new Set<string>(unread.map(({ part }) => part));
  const read = <T extends object>(part: keyof IsolationFacts, sql: string): Promise<T[]> =>
    closed.has(part) ? Promise.resolve([]) : tx.many<T>(sql);
  const rows = await tx.many<ReachRow>(relationsSql);
  const ids = new Map(rows.map((row) => [row.oid, tableId(row.schema, row.name)]));
  const relations = await relationsOf(tx, rows, ids);
  const functions = (await read<FunctionRow>('functions', functionsSql)).map((row) => functionOf(row, ids));
  const named = [...request.settings, ...settingsRead(relations, functions)];
  const defaults = await read<{ role: string; settings: string[] }>('sessionDefaults', sessionDefaultsSql);
  const roles = await tx.many<Omit<RoleFact, 'defaults'>>(rolesSql, [request.roles]);
  return {
    ...server,
    engine: request.engine,
    catalog: request.catalog,
    ownership: request.ownership,
    ...given({ root: request.root }),
    unrelated: request.unrelated,
    partlyGlobal: request.partlyGlobal,
    roles: closeOver(
      roles.map((role) => ({
        ...role,
        defaults: defaults.filter(({ role: name }) => name === role.name).flatMap(({ settings }) => settings),
      })),
    ),
    schemas: await tx.many<SchemaFact>(schemasSql),
    relations,
    functions,
    ...(await readTableParts(tx, ids)),
    publications: publicationsOf(await read<PublicationRow>('publications', publicationsSql), ids),
    defaultPrivileges: (
      await read<Omit<DefaultPrivilege, 'schema'> & { schema: string | null }>(
        'defaultPrivileges',
        defaultPrivilegesSql,
      )
    ).map(({ schema, ...row }) => ({ ...row, ...given({ schema: schema ?? undefined }) })),
    sessionDefaults: defaults.filter(({ role }) => role === '').flatMap(({ settings }) => settings),
    settingsInForce: (await tx.many<{ name: string }>(settingsInForceSql, [[...new Set(named)]])).map(
      ({ name }) => name,
    ),
    largeObjects: await read<AclEntry>('largeObjects', largeObjectsSql),
    unread,
  };
}

const closable: Readonly<Record<string, keyof IsolationFacts>> = {
  pg_db_role_setting: 'sessionDefaults',
  pg_default_acl: 'defaultPrivileges',
  pg_largeobject_metadata: 'largeObjects',
  pg_proc: 'functions',
  pg_publication: 'publications',
  pg_publication_rel: 'publications',
  pg_publication_tables: 'publications',
};

async function listUnread(tx: Tx): Promise<IsolationFacts['unread']> {
  const rows = await tx.many<{ name: string; readable: boolean }>(readableSql, [Object.keys(closable)]);
  return rows
    .filter(({ readable }) => !readable)
    .map(({ name }) => ({
      part: closable[name] ?? 'functions',
      reason: `the login may not read pg_catalog.${name}`,
    }));
}

/** Names of settings, only to ask for their values: what a policy means is never read by a pattern. */
function settingsRead(relations: readonly RelationFact[], functions: readonly FunctionFact[]): string[] {
  const texts = [
    ...relations.flatMap(({ policies }) => policies.flatMap(({ using, withCheck }) => [using, withCheck])),
    ...functions.map(({ body }) => body),
  ];
  return texts.flatMap((text = '') =>
    [...text.matchAll(/current_setting\(\s*'([A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)+)'/g)].map(
      ([, name = '']) => name,
    ),
  );
}

/** Who can become a role can become what that role can become. */
function closeOver(roles: readonly RoleFact[]): RoleFact[] {
  const next = new Map(roles.map(({ name, becomes }) => [name, becomes]));
  return roles.map((role) => {
    const reached = new Set([role.name]);
    for (const name of reached) for (const other of next.get(name) ?? []) reached.add(other);
    return { ...role, holds: [...new Set([role.name, ...role.holds])], becomes: [...reached].toSorted() };
  });
}

interface ReachRow {
  oid: number;
  schema: string;
  name: string;
  kind: string;
  owner: string;
  secured: boolean;
  forced: boolean;
  root: number | null;
  partitioned_by: RelationFact['partitionedBy'] | null;
  invoker: boolean;
  grants: AclEntry[];
  column_grants: AclEntry[];
  reads: number[];
  rewrites: { name: string; touches: number[] }[];
  serves: { table: number; column: string } | null;
}

const kinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  S: 'sequence',
};

type Ids = ReadonlyMap<number, TableId>;

async function relationsOf(tx: Tx, rows: readonly ReachRow[], ids: Ids): Promise<RelationFact[]> {
  const oids = [...ids.keys()];
  const policies = await readPolicies(tx, ids);
  const calls = await tx.many<CallRow>(policyCallsSql, [oids]);
  const called = Map.groupBy(calls, ({ table, policy }) => `${table} ${policy}`);
  const triggers = Map.groupBy(await tx.many<StoredTrigger>(triggersSql, [oids]), ({ table }) => table);
  return rows.map((row) => {
    const root = row.root === null ? undefined : ids.get(row.root);
    const serves =
      row.serves === null ? undefined : { table: nameOf(ids, row.serves.table), column: row.serves.column };
    return {
      id: nameOf(ids, row.oid),
      schema: row.schema,
      name: row.name,
      kind: kinds[row.kind] ?? 'table',
      owner: row.owner,
      grants: [...row.grants, ...row.column_grants],
      secured: row.secured,
      forced: row.forced,
      ...given({ root, serves, partitionedBy: row.partitioned_by ?? undefined }),
      invoker: row.invoker,
      reads: row.reads.flatMap((oid) => ids.get(oid) ?? []),
      policies: (policies.get(row.oid) ?? []).map((policy) => ({
        ...policy,
        calls: (called.get(`${row.oid} ${policy.name}`) ?? []).map((call) => ({
          id: tableId(call.schema, call.name),
          volatility: volatilities[call.volatility] ?? 'volatile',
          builtIn: call.builtIn,
        })),
      })),
      triggers: (triggers.get(row.oid) ?? []).map(triggerOf),
      rewrites: row.rewrites.map(({ name, touches }) => ({
        name,
        touches: touches.flatMap((oid) => ids.get(oid) ?? []),
      })),
    };
  });
}

function nameOf(ids: Ids, oid: number): TableId {
  return ids.get(oid) ?? '';
}

interface CallRow {
  table: number;
  policy: string;
  schema: string;
  name: string;
  volatility: string;
  builtIn: boolean;
}

const volatilities: Readonly<Record<string, FunctionFact['volatility']>> = {
  i: 'immutable',
  s: 'stable',
  v: 'volatile',
};

interface StoredTrigger {
  table: number;
  name: string;
  enabled: boolean;
  always: boolean;
  constraint: string | null;
  before: boolean;
  conditional: boolean;
  on_insert: boolean;
  on_update: boolean;
  on_delete: boolean;
  on_truncate: boolean;
  schema: string;
  function: string;
}

function triggerOf(row: StoredTrigger): TriggerFact {
  const events = [
    ['insert', row.on_insert],
    ['update', row.on_update],
    ['delete', row.on_delete],
    ['truncate', row.on_truncate],
  ] as const;
  return {
    name: row.name,
    enabled: row.enabled,
    ...given({ always: row.always || undefined, constraint: row.constraint ?? undefined }),
    before: row.before,
    conditional: row.conditional,
    events: events.filter(([, on]) => on).map(([event]) => event),
    calls: tableId(row.schema, row.function),
  };
}

interface FunctionRow extends Omit<FunctionFact, 'id' | 'reads' | 'volatility' | 'rowTypes' | 'definition'> {
  volatility: string;
  reads: number[];
  rowTypes: number[];
  definition: string | null;
}

function functionOf(row: FunctionRow, ids: Ids): FunctionFact {
  const { definition, ...plain } = row;
  return {
    ...plain,
    id: tableId(row.schema, row.name),
    volatility: volatilities[row.volatility] ?? 'volatile',
    reads: row.reads.flatMap((oid) => ids.get(oid) ?? []),
    rowTypes: row.rowTypes.flatMap((oid) => ids.get(oid) ?? []),
    ...given({ definition: definition ?? undefined }),
  };
}

type TableParts = Pick<IsolationFacts, 'keys' | 'indexes' | 'defaults'>;

async function readTableParts(tx: Tx, ids: Ids): Promise<TableParts> {
  const oids = [...ids.keys()];
  const keys = await tx.many<ConstraintRow>(keysSql, [oids]);
  const indexes = await tx.many<IndexPartsRow>(indexesSql, [oids]);
  const defaults = await tx.many<Omit<DefaultFact, 'table'> & { table: number }>(defaultsSql, [oids]);
  return {
    keys: keys.map((row) => keyOf(row, ids)),
    indexes: indexes.map(({ predicate, constraint, ...row }) => ({
      ...row,
      table: nameOf(ids, row.table),
      ...given({ predicate: predicate ?? undefined, constraint: constraint ?? undefined }),
    })),
    defaults: defaults.map((row) => ({ ...row, table: nameOf(ids, row.table) })),
  };
}

interface IndexPartsRow extends Omit<IndexFact, 'table' | 'predicate' | 'constraint'> {
  table: number;
  predicate: string | null;
  constraint: IndexFact['constraint'] | null;
}

interface ConstraintRow {
  table: number;
  name: string;
  kind: string;
  validated: boolean;
  enforced: boolean;
  match_full: boolean;
  columns: string[];
  set_columns: string[];
  definition: string;
}

const keyKinds: Readonly<Record<string, KeyFact['kind']>> = { f: 'foreign', c: 'check', n: 'not null' };

function keyOf(row: ConstraintRow, ids: Ids): KeyFact {
  return {
    table: nameOf(ids, row.table),
    name: row.name,
    kind: keyKinds[row.kind] ?? 'check',
    columns: row.columns,
    validated: row.validated,
    enforced: row.enforced,
    setColumns: row.set_columns,
    matchFull: row.match_full,
    definition: row.definition,
  };
}

interface PublicationRow {
  name: string;
  changes: boolean;
  table: number | null;
  filter: string | null;
  filterColumns: string[];
  identity: string[];
}

function publicationsOf(rows: readonly PublicationRow[], ids: Ids): PublicationFact[] {
  return [...Map.groupBy(rows, ({ name }) => name)].map(([name, members]) => ({
    name,
    changes: members[0]?.changes === true,
    tables: members.flatMap(({ table, filter, filterColumns, identity }) => {
      const id = ids.get(table ?? 0);
      return id === undefined
        ? []
        : [{ table: id, ...given({ filter: filter ?? undefined }), filterColumns, identity }];
    }),
  }));
}
