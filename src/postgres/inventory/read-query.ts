/**
 * The statement that reads one table from start to end, or some of its pages: the key of each row, then its columns. It locks ACCESS
 * SHARE and uses no index.
 */
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';
import type { ReadTable } from './relations.ts';
import { rowCondition } from './search.ts';
import type { TermSearch } from './search.ts';

export interface ReadQuery {
  readonly table: ReadTable;
  readonly search: TermSearch;
  /** Of the pages of a large table; undefined for all. */
  readonly samplePercent?: number | undefined;
}

/** A table of fewer bytes is read whole, since a part of its pages would say little. */
const sampledFrom = 1024 * 1024;

export function isSampled({ table, samplePercent }: ReadQuery): boolean {
  return samplePercent !== undefined && samplePercent < 100 && table.bytes >= sampledFrom;
}

/** Pages of a table, of each partition where it has such: those from `from`, and, but for the last range, before `to`. */
export interface PageRange {
  readonly from: number;
  readonly to?: number;
}

/** 32 MB: a reader of fewer pages is soon at their end. */
const fewestPages = 4096;
/** Ranges for each reader, so that none of them works long alone. */
const rangesEach = 4;

/** Ranges of a large table for several readers; a range of all pages otherwise. */
export function pageRanges(query: ReadQuery, readers: number): PageRange[] {
  const { pages } = query.table;
  const most = readers === 1 || isSampled(query) ? 1 : readers * rangesEach;
  const count = Math.max(1, Math.min(most, Math.floor(pages / fewestPages)));
  const start = (at: number): number => Math.round((pages * at) / count);
  return Array.from({ length: count }, (_, at) =>
    at === count - 1 ? { from: start(at) } : { from: start(at), to: start(at + 1) },
  );
}

/** The columns as `k` (the key) and `c0`, `c1`, …, all of them text. */
export function rowsSql(query: ReadQuery, range: PageRange): string {
  const { table, search } = query;
  const conditions = [...rangeConditions(range), rowCondition(table.columns, search)].filter(
    (condition) => condition !== undefined,
  );
  const columns = table.columns.map(({ name }, at) => `t.${quoteIdent(name)}::text AS c${at}`);
  const where = conditions.map((condition) => `(${condition})`).join(' AND ');
  return `SELECT ${keySql(table)} AS k, ${columns.join(', ')} FROM ${fromSql(query)}${where === '' ? '' : ` WHERE ${where}`}`;
}

function rangeConditions({ from, to }: PageRange): string[] {
  return [
    ...(from === 0 ? [] : [`t.ctid >= '(${from},0)'::tid`]),
    ...(to === undefined ? [] : [`t.ctid < '(${to},0)'::tid`]),
  ];
}

/** The statement for COPY of the rows. */
export function copySql(query: ReadQuery, range: PageRange): string {
  return `COPY (${rowsSql(query, range)}) TO STDOUT (FORMAT binary)`;
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
