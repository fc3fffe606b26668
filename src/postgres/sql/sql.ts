/**
 * SQL as data. A statement is a list of text and holes until it is sent, so that nothing ever has to read SQL text again.
 *
 * A hole holds one value (`bind`), or one value for each member of a batch (`each`). The same builder therefore makes the statement
 * of one tenant and that of many: for one member each hole is a constant parameter, and the plan is the one that a person would
 * get; for several it is a column of the relation `members`, which the statement joins where the builder says so (`withMembers`,
 * `fromMembers`). Names of that relation begin with `drover:`, which no column of a database may (`resolveRules` refuses it), so a
 * condition that somebody wrote can never mean one of them.
 */
import { quoteIdent, quoteLiteral, quoteRows, quoteTable } from './identifiers.ts';
import { encodeParameter } from './values.ts';

interface Value {
  readonly value: unknown;
  readonly type: string;
}

/** One value for each member, in their order. */
interface MemberValues {
  readonly values: readonly unknown[];
  readonly type: string;
}

/** The relation of the members, with a column for each `Values` of the statement. */
interface Relation {
  readonly members: number;
}

type SqlPart = string | Value | MemberValues | Relation;

/** A statement, or a piece of one. */
export class Sql {
  readonly parts: readonly SqlPart[];
  /** Does the statement change rows? Said by who builds it. */
  readonly changes: boolean;

  constructor(parts: readonly SqlPart[], changes = false) {
    this.parts = parts;
    this.changes = changes;
  }
}

/** What goes over the wire: text with `$1`, `$2` …, and the values in text form. */
export interface Rendered {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** Text as it stands in the source, with pieces and holes between. What comes from outside goes in as `bind`, `ident` or `raw`. */
export function sql(texts: TemplateStringsArray, ...pieces: readonly Sql[]): Sql {
  const parts: SqlPart[] = [texts[0] ?? ''];
  let changes = false;
  for (const [at, piece] of pieces.entries()) {
    parts.push(...piece.parts, texts[at + 1] ?? '');
    changes ||= piece.changes;
  }
  return new Sql(parts, changes);
}

/** A statement that changes rows. */
export function change(texts: TemplateStringsArray, ...pieces: readonly Sql[]): Sql {
  return new Sql(sql(texts, ...pieces).parts, true);
}

/** Text that somebody else wrote: a condition of the configuration, a predicate or a type of the catalogue. It is never looked into. */
export function raw(text: string): Sql {
  return new Sql([text]);
}

export const nothing: Sql = raw('');

/** A name, in quotes. */
export function ident(name: string): Sql {
  return new Sql([quoteIdent(name)]);
}

/** `t."name"`. */
export function column(alias: string, name: string): Sql {
  return new Sql([`${alias}.${quoteIdent(name)}`]);
}

/** A text as a literal. */
export function literal(text: string): Sql {
  return new Sql([quoteLiteral(text)]);
}

export function tableName(table: { readonly schema: string; readonly name: string }): Sql {
  return new Sql([quoteTable(table)]);
}

/** The rows of a table for FROM, UPDATE and DELETE, without those of inheriting tables. */
export function rowsOf(table: Parameters<typeof quoteRows>[0]): Sql {
  return new Sql([quoteRows(table)]);
}

/** A value as a parameter, cast to a type: `text`, or `text::uuid` where the text form is read as that type. */
export function bind(value: unknown, type: string): Sql {
  return new Sql([{ value, type }]);
}

/** A value for each member of the batch. A value that all members share is one parameter. */
export function each(values: readonly unknown[], type: string): Sql {
  const [first] = values;
  if (values.length === 1 || (!Array.isArray(first) && values.every((value) => value === first)))
    return bind(first, type);
  return new Sql([{ values, type }]);
}

/** Pieces with a text between them. */
export function join(pieces: readonly Sql[], between: string): Sql {
  const parts: SqlPart[] = [];
  let changes = false;
  for (const [at, piece] of pieces.entries()) {
    if (at > 0) parts.push(between);
    parts.push(...piece.parts);
    changes ||= piece.changes;
  }
  return new Sql(parts, changes);
}

export function list(pieces: readonly Sql[]): Sql {
  return join(pieces, ', ');
}

/** All of them; `true` where there is none. */
export function allOf(tests: readonly Sql[]): Sql {
  return tests.length === 0 ? raw('true') : join(tests, ' AND ');
}

/** Any of them, in parentheses; `false` where there is none. */
export function anyOf(tests: readonly Sql[]): Sql {
  const [only] = tests;
  if (only === undefined) return raw('false');
  return tests.length === 1 ? only : sql`(${join(tests, ' OR ')})`;
}

const relation = '"drover:members"';
const numberColumn = '"drover:n"';

/** The number of the member that a row belongs to, from 1. */
export function memberNumber(size: number, alias = relation): Sql {
  return raw(size === 1 ? '1' : `${alias}.${numberColumn}`);
}

/** `before` the relation of the members, where there are several: `FROM "drover:members"`. */
export function fromMembers(size: number, before: ' FROM ' | ' USING ' | ', ' | ' CROSS JOIN ' | ''): Sql {
  return size === 1 ? nothing : raw(`${before}${relation}`);
}

/** A common table expression; one that is materialized is read once and in no other order. */
export type CommonTable = readonly [name: string, body: Sql, how?: 'materialized'];

/** Common table expressions, the relation of the members first where there are several, and what follows them. */
export function withMembers(size: number, expressions: readonly CommonTable[], main: Sql): Sql {
  const named = expressions.map(
    ([name, body, how]) => sql`${raw(`${name} AS${how === undefined ? '' : ' MATERIALIZED'}`)} (${body})`,
  );
  const all = size === 1 ? named : [sql`${raw(relation)} AS (${new Sql([{ members: size }])})`, ...named];
  return all.length === 0 ? main : sql`WITH ${list(all)} ${main}`;
}

/** A SELECT that runs for each member: rows with the member's number and their own order. */
export function forEachMember(size: number, select: Sql): Sql {
  if (size === 1) return select;
  const rows = sql`SELECT s.*, row_number() OVER () AS "drover:o" FROM (${select}) s`;
  return withMembers(
    size,
    [],
    sql`SELECT ${memberNumber(size)} AS "drover:n", q.* FROM ${raw(relation)} CROSS JOIN LATERAL (${rows}) q`,
  );
}

/**
 * The rows that a SELECT finds for each member, with the member's number. `OFFSET 0` keeps the planner from joining the members to the
 * whole table: each looks for its own rows.
 */
export function foundByEach(size: number, found: Sql): Sql {
  if (size === 1) return found;
  return sql`SELECT ${memberNumber(size)} AS "drover:n", q.* FROM ${raw(relation)} CROSS JOIN LATERAL (${found} OFFSET 0) q`;
}

/** The statement as text with its parameters. */
export function render(query: Sql): Rendered {
  const columns = columnsOf(query);
  const values: (string | null)[] = columns.lists.map((all) =>
    encodeParameter(all.values.map(encodeParameter)),
  );
  const known = new Map<string, string>();
  const parameter = ({ value, type }: Value): string => {
    const shared = typeof value === 'string' ? `${type} ${value}` : undefined;
    const before = shared === undefined ? undefined : known.get(shared);
    if (before !== undefined) return before;
    const text = `$${values.push(encodeParameter(value))}::${type}`;
    if (shared !== undefined) known.set(shared, text);
    return text;
  };
  const text = query.parts.map((part) => {
    if (typeof part === 'string') return part;
    if ('value' in part) return parameter(part);
    if ('members' in part) return relationText(part.members, columns.lists);
    const own = `${relation}."drover:${columns.at(part)}"`;
    return columnType(part) === 'text' ? `${own}::${part.type}` : own;
  });
  return { text: text.join(''), values };
}

/** The statement as text alone, for what is kept in the database and run later. Of members there is one. */
export function withLiterals(query: Sql): string {
  const text = query.parts.map((part) => {
    if (typeof part === 'string') return part;
    if (!('value' in part)) throw new Error('a statement for several members cannot be kept');
    const value = encodeParameter(part.value);
    return `${value === null ? 'NULL' : quoteLiteral(value)}::${part.type}`;
  });
  return text.join('');
}

interface ListColumns {
  readonly lists: readonly MemberValues[];
  /** The number of the column that has the values. */
  readonly at: (part: MemberValues) => number;
}

/** Equal lists of values are one column: the tenants of a batch stand in most conditions. */
function columnsOf(query: Sql): ListColumns {
  const lists: MemberValues[] = [];
  const at = new Map<MemberValues, number>();
  for (const part of query.parts) {
    if (typeof part === 'string' || !('values' in part) || at.has(part)) continue;
    const known = lists.findIndex(
      (one) => columnType(one) === columnType(part) && areEqual(one.values, part.values),
    );
    at.set(part, known === -1 ? lists.push(part) - 1 : known);
  }
  return { lists, at: (part) => at.get(part) ?? 0 };
}

/** Of the usual types of keys a column holds the values themselves, so that they are not read anew for each row that is compared. */
function columnType({ type }: MemberValues): string {
  return /^text::(uuid|bigint)$/.exec(type)?.[1] ?? 'text';
}

function areEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}

function relationText(members: number, columns: readonly MemberValues[]): string {
  if (columns.length === 0) return `SELECT g AS ${numberColumn} FROM generate_series(1, ${members}) g`;
  const arrays = columns.map((column, at) => `$${at + 1}::${columnType(column)}[]`).join(', ');
  const names = columns.map((_, at) => `"drover:${at}"`).join(', ');
  return `SELECT * FROM unnest(${arrays}) WITH ORDINALITY AS u (${names}, ${numberColumn})`;
}
