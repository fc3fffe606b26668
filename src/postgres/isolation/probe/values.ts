/**
 * Values for rows that are made to be tried and taken back. Which values a column takes is for the database to say: here are candidates,
 * from types, labels and what stands in CHECKs, and each is tried.
 */
import { randomInt, randomUUID } from 'node:crypto';
import type { Check, Column, Table } from '../../../engine/catalogue/catalog.ts';
import type { Tx } from '../../driver/database.ts';
import { allOf, bind, ident, list, raw, sql } from '../../sql/sql.ts';
import { attempt } from './attempt.ts';
import type { ColumnTexts } from './rows.ts';

/** Values that a row before had not, by how often it was tried; undefined where the type has none. */
export function freshValue(
  table: Table,
  { name, kind, type, labels }: Column,
  turn: number,
): string | undefined {
  if (labels !== undefined) return undefined;
  if (kind === 'uuid') return randomUUID();
  if (kind === 'integer') return String(type === 'smallint' ? randomInt(9000, 32_000) : randomInt(1e9, 2e9));
  if (kind === 'text') return freshText(turn).slice(0, lengthOf(table, name));
  if (type.startsWith('date') || type.startsWith('timestamp'))
    return `${randomInt(1000, 1900)}-01-0${randomInt(1, 9)}`;
  if (type.startsWith('numeric') || type === 'double precision') return freshNumber(type);
  if (type === 'bytea') return `\\x${randomUUID().replaceAll('-', '')}`;
  if (type === 'inet') return `10.${randomInt(255)}.${randomInt(255)}.${randomInt(255)}`;
  return undefined;
}

/** `numeric(3,2)` takes less than 10. Where it takes less than 900, a part of one is also what a share would be. */
function freshNumber(type: string): string {
  const [precision = 0, scale = 0] = (/\d+(,-?\d+)?/.exec(type)?.[0] ?? '').split(',').map(Number);
  if (precision === 0 || 10 ** (precision - scale) > 900) return String(randomInt(1, 900));
  return (randomInt(1, 10 ** Math.max(1, scale)) / 10 ** Math.max(0, scale)).toFixed(Math.max(0, scale));
}

function freshText(turn: number): string {
  const digits = randomUUID().replaceAll('-', '').slice(0, 10);
  const letters = digits.replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? 'g');
  const forms = [`p${digits}`, letters, letters.toUpperCase(), `${letters}@example.org`, `/${letters}`];
  return forms[turn % forms.length] ?? digits;
}

function lengthOf({ checks }: Table, name: string): number {
  return checks.find(({ kind, columns }) => kind === 'length' && columns[0] === name)?.length ?? Infinity;
}

const plainValues = [
  '1',
  'probe',
  'false',
  '2001-01-01',
  '{}',
  'empty',
  '127.0.0.1',
  '00:00:00',
  '(0,0)',
  randomUUID(),
];

/** A value that the type takes; undefined where none of the usual ones is one. */
export async function plainValue(tx: Tx, table: Table, column: Column): Promise<string | undefined> {
  if (column.labels !== undefined) return column.labels[0];
  const fresh = freshValue(table, column, 0);
  if (fresh !== undefined && column.kind !== 'integer') return fresh;
  for (const text of plainValues)
    if ((await attempt(tx, () => tx.one(sql`SELECT ${bind(text, `text::${column.type}`)}`))).done)
      return text;
  return undefined;
}

/** How many combinations of candidates are looked at for one CHECK. */
const most = 400;

/** Other values for the columns of a CHECK, so that it holds; undefined where no candidate does, or it cannot be asked. */
export async function valuesFor(
  tx: Tx,
  table: Table,
  { check, values }: { readonly check: Check; readonly values: ColumnTexts },
): Promise<ColumnTexts | undefined> {
  const columns = check.columns.flatMap((name) => table.columns.find((one) => one.name === name) ?? []);
  const candidates = columns.map((column) => candidatesFor(column, check, values.get(column.name) ?? null));
  const rows = combined(candidates).slice(0, most);
  if (check.expression === undefined || rows.length === 0) return undefined;
  const names = check.kind === 'domain' ? ['value'] : columns.map(({ name }) => name);
  const type = (at: number): string =>
    check.kind === 'domain' ? (check.bare ?? 'text') : (columns[at]?.type ?? 'text');
  const test = raw(`(${check.expression})`);
  for (const row of rows) {
    const cells = list(row.map((text, at) => bind(text, `text::${type(at)}`)));
    const asked = sql`SELECT FROM (VALUES (${cells})) AS c (${list(names.map(ident))}) WHERE ${allOf([test])}`;
    const found = await attempt(tx, () => tx.maybeOne(asked));
    if (found.done && found.value !== undefined)
      return new Map([...values, ...columns.map(({ name }, at) => [name, row[at] ?? null] as const)]);
  }
  return undefined;
}

function candidatesFor(column: Column, check: Check, now: string | null): (string | null)[] {
  const written = check.expression ?? check.definition;
  const texts = [...written.matchAll(/'((?:[^']|'')*)'/g)].map(([, text = '']) => text.replaceAll("''", "'"));
  const numbers = [...written.matchAll(/-?\d+(?:\.\d+)?/g)].flatMap(([text]) => [
    text,
    String(Number(text) + 1),
    String(Number(text) - 1),
  ]);
  const nothing = column.notNull ? [] : [null];
  const forms = [0, 1, 2, 3, 4].map(freshText);
  const usual = column.kind === 'text' ? [...texts, ...forms] : [...texts, ...numbers, ...plainValues];
  return [...new Set([now, ...nothing, ...(column.labels ?? usual)])];
}

function combined(lists: readonly (readonly (string | null)[])[]): (string | null)[][] {
  let rows: (string | null)[][] = [[]];
  for (const values of lists)
    rows = rows.flatMap((row) => values.map((value) => [...row, value])).slice(0, most);
  return lists.length === 0 ? [] : rows;
}
