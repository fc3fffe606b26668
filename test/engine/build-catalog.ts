/** Catalogues in a few words: `{ agents: { id: 'uuid!', model_id: 'uuid -> models.id' } }`. */
import { tableId } from '../../src/engine/catalogue/catalog.ts';
import type {
  Catalog,
  Column,
  ForeignKey,
  Table,
  UniqueIndex,
  ValueKind,
} from '../../src/engine/catalogue/catalog.ts';

/** Per column `type`, then `!` for NOT NULL, then `-> table.column` for a foreign key. The first column is the primary key. */
export type Columns = Readonly<Record<string, string>>;

export interface Details {
  readonly primaryKey?: readonly string[];
  readonly unique?: readonly Partial<UniqueIndex>[];
  /** Foreign keys of several columns: `tenant_id, space_id -> spaces.tenant_id, id`. */
  readonly keys?: readonly string[];
  readonly schema?: string;
}

const kinds: Readonly<Record<string, ValueKind>> = {
  uuid: 'uuid',
  bigint: 'integer',
  integer: 'integer',
  text: 'text',
  json: 'json',
  jsonb: 'jsonb',
  'uuid[]': 'uuid[]',
  'text[]': 'text[]',
  'bigint[]': 'integer[]',
};

export function buildCatalog(
  tables: Readonly<Record<string, Columns>>,
  details: Readonly<Record<string, Details>> = {},
): Catalog {
  return {
    tables: Object.entries(tables).map(([name, columns]) => buildTable(name, columns, details[name] ?? {})),
  };
}

function buildTable(name: string, columns: Columns, details: Details): Table {
  const schema = details.schema ?? 'public';
  const primaryKey = details.primaryKey ?? Object.keys(columns).slice(0, 1);
  const primary = index({ name: `${name}_pkey`, columns: primaryKey, primary: true });
  const several = (details.keys ?? []).map(foreignKeyOf);
  return {
    id: tableId(schema, name),
    schema,
    name,
    partitioned: false,
    columns: Object.entries(columns).map(([column, text]) => buildColumn(column, text)),
    primaryKey,
    uniqueIndexes: [...(primaryKey.length === 0 ? [] : [primary]), ...(details.unique ?? []).map(index)],
    foreignKeys: [
      ...several,
      ...Object.entries(columns).flatMap(([column, text]) => {
        const to = text.split('->')[1];
        return to === undefined ? [] : [foreignKeyOf(`${column} -> ${to.trim()}`)];
      }),
    ],
    triggers: [],
    policies: [],
    checks: [],
    rowSecurity: { enabled: false, forced: false },
    rowEstimate: -1,
  };
}

function index(given: Partial<UniqueIndex>): UniqueIndex {
  return { name: 'unique', columns: [], nullsNotDistinct: false, primary: false, ...given };
}

function buildColumn(name: string, text: string): Column {
  const type = (text.split('->')[0] ?? '').replace('!', '').trim();
  return {
    name,
    type,
    kind: kinds[type] ?? 'other',
    notNull: text.includes('!'),
    hasDefault: false,
    generated: false,
    computed: false,
  };
}

function foreignKeyOf(text: string): ForeignKey {
  const [from = '', to = ''] = text.split('->').map((part) => part.trim());
  const [table = '', ...rest] = to.split('.');
  return {
    name: `${from}_fkey`,
    columns: from.split(',').map((part) => part.trim()),
    references: tableId('public', table),
    referencedColumns: rest
      .join('.')
      .split(',')
      .map((part) => part.trim()),
    onDelete: 'no action',
    onUpdate: 'no action',
    deferrable: false,
    validated: true,
  };
}
