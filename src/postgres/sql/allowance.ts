/** May the new value of a row stand there? By a table that has it, or by SQL over the row. */
import type { Column } from '../../engine/catalogue/catalog.ts';
import type { AllowedTable, Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { castFor, columnOf } from './cast.ts';
import { matchesFirst } from './match.ts';
import type { EachMapping, PlaceRow, RowContext } from './match.ts';
import { allOf, anyOf, column, each, join, raw, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** Is the new value of row `t` allowed, on the terms of the old one? */
export function allowedSql(context: RowContext, row: PlaceRow): Sql {
  const { allowed } = row.place;
  if (allowed === undefined || row.mappings.length === 0) return raw('true');
  const cases = row.mappings.map(
    (mapping, at) => sql`(${matchesFirst(context, row, at)} AND ${newValueSql(context, row.place, mapping)})`,
  );
  return sql`(${join(cases, ' OR ')})`;
}

function newValueSql(context: RowContext, place: Place, { to }: EachMapping): Sql {
  const { allowed } = place;
  const [values = []] = to;
  if (allowed === undefined) return raw('true');
  if ('where' in allowed) return sql`coalesce((${allowedWhere(allowed.where, each(values, 'text'))}), false)`;
  const table = tableOf(context.rules, allowed.table);
  const held = columnOf(table, allowed.value);
  const value = allowedTest(held, each(values, valueCast(held)));
  const tests = [...matchesSql(allowed, 'x'), ...sameTermsSql(context, place), value];
  return sql`EXISTS (SELECT FROM ${rowsOf(table)} x WHERE ${allOf(tests)})`;
}

/** SQL over the row, in which `$target` stands for the new value. */
export function allowedWhere(text: string, target: Sql): Sql {
  const pieces = text.split(/\$target\b/).map(raw);
  return join(
    pieces.flatMap((piece, at) => (at === 0 ? [piece] : [target, piece])),
    '',
  );
}

/** Does row `x` have the value in that column, or in the list that it holds? */
export function allowedTest(held: Column, value: Sql): Sql {
  const own = column('x', held.name);
  if (held.kind.endsWith('[]')) return sql`${value} = ANY (${own})`;
  if (held.kind === 'json' || held.kind === 'jsonb')
    return sql`CASE jsonb_typeof(${own}::jsonb) WHEN 'array'
      THEN EXISTS (SELECT FROM jsonb_array_elements_text(${own}::jsonb) e (v) WHERE e.v = ${value}::text) ELSE false END`;
  return sql`${own} = ${value}`;
}

/** The type that a new value is cast to before it meets the column, or an element of its list. */
function valueCast(held: Column): string {
  if (held.kind === 'json' || held.kind === 'jsonb' || held.kind === 'text[]') return 'text';
  if (held.kind === 'uuid[]') return 'text::uuid';
  return held.kind === 'integer[]' ? 'text::bigint' : castFor(held);
}

function matchesSql({ match }: AllowedTable, row: string): Sql[] {
  return Object.entries(match).map(([theirs, own]) => sql`${column(row, theirs)} = ${column('t', own)}`);
}

/** Does row `x`, which has the new value, say its terms, and does none that has the old one say others? */
function sameTermsSql({ rules }: RowContext, { allowed, columns: [own] }: Place): Sql[] {
  if (allowed === undefined || 'where' in allowed || own === undefined) return [];
  const { same, sameIn } = allowed;
  const tables = same.length === 0 ? [] : [allowed, ...(sameIn === undefined ? [] : [sameIn])];
  const others = anyOf(same.map((name) => sql`${column('y', name)} <> ${column('x', name)}`));
  return [
    ...same.map((name) => sql`${column('x', name)} IS NOT NULL`),
    ...tables.map((table) => {
      const old = sql`${column('y', table.value)} = ${column('t', own.column)}`;
      return sql`NOT EXISTS (SELECT FROM ${rowsOf(tableOf(rules, table.table))} y
        WHERE ${allOf([...matchesSql(table, 'y'), old, others])})`;
    }),
  ];
}
