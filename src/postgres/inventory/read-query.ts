/** The statement that reads one table from start to end: the key of each row, then its columns. It locks ACCESS SHARE and uses no index. */
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';
import type { ReadTable } from './relations.ts';
import { rowCondition } from './search.ts';
import type { Search } from './search.ts';

export interface ReadQuery {
  readonly table: ReadTable;
  readonly search: Search;
  /** Of the pages of a large table; undefined for all. */
  readonly samplePercent?: number | undefined;
}

/** A table of fewer bytes is read whole, since a part of its pages would say little. */
const sampledFrom = 1024 * 1024;

export function isSampled({ table, samplePercent }: ReadQuery): boolean {
  return samplePercent !== undefined && samplePercent < 100 && table.bytes >= sampledFrom;
}

/** The columns as `k` (the key) and `c0`, `c1`, …, all of them text. */
export function rowsSql(query: ReadQuery): string {
  const { table, search } = query;
  const condition = rowCondition(table.columns, search);
  const columns = table.columns.map(({ name }, at) => `t.${quoteIdent(name)}::text AS c${at}`);
  return `SELECT ${keySql(table)} AS k, ${columns.join(', ')} FROM ${fromSql(query)}${
    condition === undefined ? '' : ` WHERE ${condition}`
  }`;
}

/** The same rows for COPY. */
export function copySql(query: ReadQuery): string {
  return `COPY (${rowsSql(query)}) TO STDOUT (FORMAT binary)`;
}

function keySql({ key, whole, partitioned }: ReadTable): string {
  if (key.length > 0) {
    const parts = key.map((column) => `t.${quoteIdent(column)}::text`);
    return parts.length === 1 ? (parts[0] ?? '') : `concat_ws(', ', ${parts.join(', ')})`;
  }
  if (!whole) return `''`;
  return partitioned ? `t.tableoid::regclass::text || ' ' || t.ctid::text` : 't.ctid::text';
}

function fromSql(query: ReadQuery): string {
  const { table, samplePercent } = query;
  const rows = `${table.partitioned ? '' : 'ONLY '}${quoteTable(table)} AS t`;
  return isSampled(query) ? `${rows} TABLESAMPLE SYSTEM (${samplePercent})` : rows;
}
