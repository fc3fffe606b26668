/** How a text value becomes a value of a column, and how it is compared with one: as the database compares the column's own values. */
import { isUuid } from '../../engine/uuid.ts';
import { findColumn } from '../../engine/catalogue/catalog.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import { each, raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/**
 * The type that a text value is cast to before it meets a column. Text-like columns compare as text: a cast to `varchar(n)`
 * would cut the value silently. Other types are cast twice, because a driver sends every value here as text.
 */
export function castFor({ kind, type, comparison }: Column): string {
  if (comparison !== undefined && !kind.endsWith('[]'))
    return comparison.type === 'text' ? 'text' : `text::${comparison.type}`;
  if (kind === 'text') return 'text';
  if (kind === 'uuid') return 'text::uuid';
  if (kind === 'integer') return 'text::bigint';
  return `text::${type}`;
}

/**
 * The same for a list of values. It is sent as what it is compared with, where that is one of the usual types: a plan that is kept
 * would cast the list anew for each row.
 */
export function listCastFor(column: Column): string {
  if (column.labels !== undefined) return 'text[]';
  const type = castFor(column).replace(/^text::/, '');
  const usual = type === 'text' || column.kind === 'uuid' || column.kind === 'integer';
  return usual ? `${type}[]` : `text[]::${type}[]`;
}

/** Can the text be a value of the column at all? What the database would refuse to read names no row. */
export function isKeyOf({ kind }: Column, text: string): boolean {
  if (kind === 'uuid') return isUuid(text);
  return kind !== 'integer' || /^-?\d{1,18}$/.test(text);
}

/** Does the column of row `alias` equal the value of each member? A value that an enum lacks equals nothing there. */
export function equalsEach(own: Column, left: Sql, values: readonly string[]): Sql {
  const known = own.labels === undefined || values.every((value) => own.labels?.includes(value));
  return known
    ? sql`${belowDomain(own, left)} ${equality(own)} ${each(values, castFor(own))}`
    : sql`${left}::text = ${each(values, 'text')}`;
}

/** Does it equal one of the values of a list? `listOf` makes the list of a type. */
export function equalsAny(own: Column, left: Sql, listOf: (type: string) => Sql): Sql {
  const value = own.labels === undefined ? left : sql`${left}::text`;
  return sql`${value} ${equality(own)} ANY (${listOf(listCastFor(own))})`;
}

/** An enum under a domain is compared with nothing but the domain. */
export function belowDomain({ type, labels, comparison }: Column, value: Sql): Sql {
  if (labels === undefined || comparison === undefined || comparison.type === type) return value;
  return sql`${value}::${raw(comparison.type)}`;
}

/** Does it equal a text? */
export function equalsText(own: Column, left: Sql, text: Sql): Sql {
  return sql`${left} ${equality(own)} ${text}::${raw(castFor(own).replace(/^text::/, ''))}`;
}

/** The operator by which the database compares values of the column. */
export function equality({ comparison }: Column): Sql {
  return raw(comparison?.equals ?? '=');
}

/** What stands in the column, to the letter, however the column compares. */
export function exactText(value: Sql): Sql {
  return sql`${value}::text COLLATE "C"`;
}

/** May the column hold several ways to write one value? */
export function isLoose({ comparison }: Column): boolean {
  return comparison?.loose === true;
}

/** Are two values equal only where their texts are? Of numbers with a scale, times, networks and loose texts they need not be. */
export function isExact(own: Column): boolean {
  const { kind } = own;
  return (kind === 'uuid' || kind === 'integer' || kind === 'text' || kind === 'enum') && !isLoose(own);
}

/** The column of that name; it exists, because the rules were resolved against this catalogue. */
export function columnOf(table: Table, name: string): Column {
  const column = findColumn(table, name);
  if (column === undefined) throw new Error(`${table.id} has no column ${name}`);
  return column;
}
