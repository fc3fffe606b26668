/** Rows of pg_catalog as the engine knows what they describe. */
import type {
  Check,
  Column,
  Comparison,
  ForeignKey,
  Policy,
  TableId,
  Trigger,
  UniqueIndex,
  ValueKind,
} from '../../engine/catalogue/catalog.ts';
import { placeKind } from '../../engine/catalogue/value-kinds.ts';
import { given } from '../../engine/given.ts';

export interface ColumnRow {
  table: number;
  name: string;
  type: string;
  list: boolean;
  value_name: string;
  value_type: string;
  value_category: string;
  bare: string;
  /** A nondeterministic one. */
  collation: string | null;
  /** The operator where it is not PostgreSQL's own. */
  equals: string | null;
  labels: string[] | null;
  required: boolean;
  filled: boolean;
  generated: boolean;
  computed: boolean;
}

export function toColumn(row: ColumnRow): Column {
  return {
    name: row.name,
    type: row.type,
    kind: kindOf(row),
    ...given({ comparison: comparisonOf(row) }),
    ...(row.labels === null ? {} : { labels: row.labels }),
    notNull: row.required,
    hasDefault: row.filled,
    generated: row.generated,
    computed: row.computed,
  };
}

function kindOf({
  value_name: name,
  value_type: type,
  value_category: category,
  list,
}: ColumnRow): ValueKind {
  return placeKind({ name, type, category }, list);
}

/** Text of PostgreSQL's own types is compared as text, unless its collation or its padding says otherwise. */
function comparisonOf(row: ColumnRow): Comparison | undefined {
  const { bare, collation, equals } = row;
  if (row.labels !== null) return { type: bare, equals: '=', loose: false };
  if (!kindOf(row).startsWith('text')) return undefined;
  const folding = given({ collation: collation ?? undefined });
  if (equals !== null) return { type: bare, equals, loose: true, ...folding };
  const type = bare === 'bpchar' ? bare : 'text';
  if (type === 'text' && collation === null) return undefined;
  return { type, equals: '=', loose: collation !== null, ...folding };
}

export interface ForeignKeyRow {
  table: number;
  name: string;
  target: number;
  columns: string[];
  target_columns: string[];
  on_delete: string;
  on_update: string;
  deferrable: boolean;
  validated: boolean;
}

const actions: Readonly<Record<string, ForeignKey['onDelete']>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
};

export function toForeignKey(row: ForeignKeyRow, ids: ReadonlyMap<number, TableId>): ForeignKey {
  return {
    name: row.name,
    columns: row.columns,
    references: ids.get(row.target) ?? '',
    referencedColumns: row.target_columns,
    onDelete: actions[row.on_delete] ?? 'no action',
    onUpdate: actions[row.on_update] ?? 'no action',
    deferrable: row.deferrable,
    validated: row.validated,
  };
}

export interface UniqueIndexRow {
  table: number;
  name: string;
  columns: (string | null)[];
  expressions: (string | null)[];
  reads: string[];
  predicate: string | null;
  nulls_not_distinct: boolean;
  primary: boolean;
}

export function toUniqueIndex(row: UniqueIndexRow): UniqueIndex {
  return {
    name: row.name,
    columns: row.columns,
    ...(row.expressions.every((one) => one === null)
      ? {}
      : { expressions: row.expressions, reads: row.reads }),
    ...(row.predicate === null ? {} : { predicate: row.predicate }),
    nullsNotDistinct: row.nulls_not_distinct,
    primary: row.primary,
  };
}

export interface CheckRow {
  table: number;
  kind: Check['kind'];
  name: string;
  columns: (string | null)[];
  expression: string | null;
  length: number | null;
  definition: string;
  bare: string | null;
  labels: string[] | null;
}

export function toCheck({
  kind,
  name,
  columns,
  expression,
  length,
  definition,
  bare,
  labels,
}: CheckRow): Check {
  return {
    kind,
    name,
    columns: columns.map((column) => column ?? ''),
    definition,
    ...(expression === null ? {} : { expression }),
    ...(length === null ? {} : { length }),
    ...(bare === null ? {} : { bare }),
    ...(labels === null ? {} : { labels }),
  };
}

export interface TriggerRow extends Trigger {
  table: number;
}

export function toTrigger(row: TriggerRow): Trigger {
  return { name: row.name, definition: row.definition, enabled: row.enabled };
}

export interface PolicyRow {
  table: number;
  name: string;
  command: string;
  permissive: boolean;
  roles: string[];
  using: string | null;
  with_check: string | null;
  read_tables: number[];
  read_columns: string[];
}

const commands: Readonly<Record<string, Policy['command']>> = {
  r: 'select',
  a: 'insert',
  w: 'update',
  d: 'delete',
};

export function toPolicy(row: PolicyRow, ids: ReadonlyMap<number, TableId>): Policy {
  return {
    name: row.name,
    command: commands[row.command] ?? 'all',
    permissive: row.permissive,
    roles: row.roles,
    ...(row.using === null ? {} : { using: row.using }),
    ...(row.with_check === null ? {} : { withCheck: row.with_check }),
    reads: row.read_columns.map((column, at) => ({ table: ids.get(row.read_tables[at] ?? 0) ?? '', column })),
  };
}
