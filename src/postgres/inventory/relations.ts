/** The tables that an inventory reads, with their columns, and what it cannot read. */
import { backToSavepoint } from '../driver/question.ts';
import { tableId } from '../../engine/catalogue/catalog.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { UnreadObject, ColumnKind } from '../../engine/inventory/occurrence.ts';
import type { Tx } from '../driver/database.ts';
import type { KeyLink } from '../../engine/inventory/keys.ts';
import {
  columnsSql,
  keyLinksSql,
  largeObjectsSql,
  relationsSql,
  sizeSql,
  typesSql,
} from './relations-sql.ts';
import { isKey, kindsOf } from '../../engine/catalogue/value-kinds.ts';
import type { TypeRow } from '../../engine/catalogue/value-kinds.ts';

export interface ReadColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The type as it is declared. */
  readonly type: string;
}

/** One table; or one partition, where its parent also has partitions on another server. */
export interface ReadTable {
  readonly id: TableId;
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  readonly columns: readonly ReadColumn[];
  /** Columns of the primary key; empty where there is none, or where it may not be read. */
  readonly key: readonly string[];
  /** May this login read the table as a whole, and so tell where on disk a row lies? */
  readonly whole: boolean;
  readonly bytes: number;
  /** Of the table, or of its largest partition, by the last ANALYZE; 0 where it is to be read in one piece. */
  readonly pages: number;
  /** The planner's estimate of rows; 0 where there is none. */
  readonly estimate: number;
}

interface Relations {
  /** Tables with a column that can name a model; the largest first, so that several readers end together. */
  readonly tables: readonly ReadTable[];
  readonly unread: readonly UnreadObject[];
}

interface RelationsOptions {
  /** Columns that can only hold keys are read, too. */
  readonly withKeys: boolean;
  /** Only these tables. */
  readonly only?: ReadonlySet<TableId>;
}

export async function readRelations(tx: Tx, options: RelationsOptions): Promise<Relations> {
  const relations = await tx.many<ReadRelationRow>(relationsSql);
  const oids = relations.map(({ oid }) => oid);
  const columns = Map.groupBy(await tx.many<ReadColumnRow>(columnsSql, [oids]), ({ table }) => table);
  const kindOf = kindsOf(await tx.many<TypeRow>(typesSql, [oids]));
  const records = recordTables(relations);
  const unread: UnreadObject[] = records.size === 0 ? [] : [recordsOf(records)];
  const tables: ReadTable[] = [];
  for (const relation of relationsToRead(relations)) {
    const id = tableId(relation.schema, relation.name);
    if (records.has(id) || options.only?.has(id) === false) continue;
    const own = (columns.get(relation.oid) ?? []).map((column) => ({
      ...column,
      kind: kindOf(column.type_id),
    }));
    unread.push(...gapsOf(relation, own));
    const table = tableOf(relation, own, options.withKeys);
    if (relation.kind !== 'f' && relation.kind !== 'm' && table.columns.length > 0)
      tables.push(await withSize(tx, relation, table));
  }
  const { count } = await tx.one<{ count: number }>(largeObjectsSql);
  if (count > 0 && options.only === undefined) unread.push(largeObjects(count));
  return { tables: tables.sort((a, b) => b.bytes - a.bytes), unread };
}

/** What ties columns to keys, in every table that a login may be told of. */
export async function readKeyLinks(tx: Tx): Promise<KeyLink[]> {
  const rows = await tx.many<KeyLinkRow>(keyLinksSql);
  return rows.map((row) => ({
    table: tableId(row.schema, row.name),
    column: row.column,
    target: tableId(row.target_schema, row.target_name),
    targetName: row.target_name,
    targetColumn: row.target_column,
  }));
}

interface KeyLinkRow {
  schema: string;
  name: string;
  column: string;
  target_schema: string;
  target_name: string;
  target_column: string;
}

interface ReadRelationRow {
  oid: number;
  schema: string;
  name: string;
  kind: 'r' | 'p' | 'f' | 'm';
  partition: boolean;
  reachable: boolean;
  whole: boolean;
  hiding: boolean;
  bytes: number;
  pages: number;
  estimate: number;
  key: string[];
  leaves: number[];
  foreign_leaves: string[];
}

interface ReadColumnRow {
  table: number;
  name: string;
  type: string;
  type_id: number;
  readable: boolean;
}

type KindedColumn = ReadColumnRow & { readonly kind: ColumnKind | undefined };

/** A parent stands for its partitions, unless some of them lie on another server: then those that lie here are read by themselves. */
function relationsToRead(relations: readonly ReadRelationRow[]): ReadRelationRow[] {
  const apart = new Set(
    relations.filter(({ foreign_leaves: foreign }) => foreign.length > 0).flatMap(({ leaves }) => leaves),
  );
  return relations.filter(
    ({ oid, kind, partition, foreign_leaves: foreign }) =>
      apart.has(oid) || (kind === 'p' ? !partition && foreign.length === 0 : kind === 'f' || !partition),
  );
}

function tableOf(relation: ReadRelationRow, columns: readonly KindedColumn[], withKeys: boolean): ReadTable {
  const { schema, name, bytes, pages, estimate, key, hiding } = relation;
  const readable = columns.filter((column) => relation.reachable && column.readable);
  const names = new Set(readable.map((column) => column.name));
  return {
    id: tableId(schema, name),
    schema,
    name,
    partitioned: relation.kind === 'p',
    columns: readable.flatMap(({ name: column, kind, type }) =>
      kind === undefined || (isKey(kind) && !withKeys) ? [] : [{ name: column, kind, type }],
    ),
    key: key.every((column) => names.has(column)) ? key : [],
    whole: relation.whole,
    bytes,
    // Where a policy has to be asked first, each piece would read all of the table.
    pages: hiding ? 0 : pages,
    estimate,
  };
}

/** Before the first ANALYZE the catalogue says that a table is empty. */
async function withSize(
  tx: Tx,
  { oid, kind, hiding }: ReadRelationRow,
  table: ReadTable,
): Promise<ReadTable> {
  if (table.bytes > 0 || kind === 'p') return table;
  await tx.script('SAVEPOINT drover_size');
  try {
    const { bytes, pages } = await tx.one<{ bytes: number; pages: number }>(sizeSql, [oid]);
    return { ...table, bytes, pages: hiding ? 0 : pages };
  } catch {
    // Somebody holds the table; the reading itself waits for it, or says so.
    await tx.ask(backToSavepoint('drover_size'));
    return table;
  } finally {
    await tx.script('RELEASE SAVEPOINT drover_size');
  }
}

function gapsOf(relation: ReadRelationRow, columns: readonly KindedColumn[]): UnreadObject[] {
  const object = tableId(relation.schema, relation.name);
  if (relation.kind === 'f')
    return [{ gap: 'foreign table', object, message: 'Its rows lie on another server.' }];
  const namable = columns.filter(({ kind }) => kind !== undefined && !isKey(kind));
  if (namable.length === 0) return [];
  if (relation.kind === 'm')
    return [
      { gap: 'materialized view', object, message: 'It shows what its tables say; refresh it after a move.' },
    ];
  const closed = namable.filter(({ readable }) => !readable || !relation.reachable);
  const gaps: UnreadObject[] = [];
  if (closed.length > 0)
    gaps.push({ gap: 'no right to read', object, message: closedMessage(closed, namable, object) });
  if (relation.hiding && closed.length < namable.length)
    gaps.push({
      gap: 'rows hidden by a policy',
      object,
      message: 'Row-level security shows this login only some of its rows.',
    });
  return gaps;
}

function closedMessage(
  closed: readonly ReadColumnRow[],
  all: readonly ReadColumnRow[],
  object: string,
): string {
  if (closed.length === all.length) return `This login may not read it: GRANT SELECT ON ${object}.`;
  return `This login may not read ${closed.map(({ name }) => name).join(', ')}.`;
}

function recordsOf(records: ReadonlySet<TableId>): UnreadObject {
  const message = 'Drover’s own records and registry name models, and go on doing so.';
  return { gap: 'records of Drover', object: [...records].join(', '), message };
}

function largeObjects(count: number): UnreadObject {
  return { gap: 'large objects', object: 'pg_largeobject', message: `${count} large objects are not read.` };
}

/* The tables in which Drover keeps its records, in whichever schema they are: they name models for ever. */

/** Where all of these are, Drover made them. */
const marks = ['schema_migrations', 'migrations', 'migration_steps', 'journal', 'audit_log'];
const records = [
  ...marks,
  'fences',
  'runs',
  'run_tenants',
  'run_events',
  'run_workers',
  'registry_pairs',
  'registry_in_force',
];

function recordTables(
  relations: readonly { readonly schema: string; readonly name: string }[],
): ReadonlySet<TableId> {
  const bySchema = Map.groupBy(relations, ({ schema }) => schema);
  const made = [...bySchema].filter(([, tables]) => {
    const names = new Set(tables.map(({ name }) => name));
    return marks.every((mark) => names.has(mark));
  });
  return new Set(
    made.flatMap(([schema, tables]) =>
      tables.filter(({ name }) => records.includes(name)).map(({ name }) => tableId(schema, name)),
    ),
  );
}
