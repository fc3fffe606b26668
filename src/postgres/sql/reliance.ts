/**
 * Rows that rely on grants: what they name must be available where they are (`enables`). A plan asks which scopes need the target, a
 * rollback whether it may take a model away, and whether it may bring a row back to one.
 */
import { parsePattern } from '../../engine/edit/json-pointer.ts';
import type { PatternStep } from '../../engine/edit/json-pointer.ts';
import type { Reliance } from '../../engine/rules/place.ts';
import { columnsOf, ofPlaceSql, tupleEquals } from './match.ts';
import type { Each, PlaceRow, RowContext } from './match.ts';
import { allOf, anyOf, column, each, literal, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** Of a place with its values: those of the source, or those of the target. */
export type ValuesSide = 'from' | 'to';

export function otherSide(side: ValuesSide): ValuesSide {
  return side === 'from' ? 'to' : 'from';
}

/** A place with the rows of its table. */
interface PlaceInTable {
  readonly context: Pick<RowContext, 'rules' | 'table'>;
  readonly row: PlaceRow;
}

/** Does the place of row `alias` name the model of that side? */
export function namesSql({ context, row }: PlaceInTable, side: ValuesSide, alias = 't'): Sql {
  const { place, mappings } = row;
  const named = mappings.map((mapping) =>
    place.carrier === 'json'
      ? documentNames(column(alias, place.column), place.json?.pointer ?? '', mapping[side][0] ?? [])
      : sql`(${tupleEquals(context, alias, columnsOf(row), mapping[side])})`,
  );
  return allOf([anyOf(named), ...(place.among === undefined ? [] : [ofPlaceSql(context, place, alias)])]);
}

/** Is one of the values that the pointer leads to that model? */
function documentNames(document: Sql, pointer: string, values: Each): Sql {
  const path = literal(
    `$${parsePattern(pointer).steps.map(pathStep).join('')} ? (@ == $text || @ == $number)`,
  );
  const value = each(values, 'text');
  const number = sql`CASE WHEN ${value} ~ '^-?[0-9]{1,18}$' THEN to_jsonb(${value}::numeric) ELSE to_jsonb(${value}) END`;
  return sql`jsonb_path_exists(${document}, ${path}::jsonpath, jsonb_build_object('text', ${value}, 'number', ${number}))`;
}

/** A step in the words of PostgreSQL's JSON path. */
function pathStep(step: PatternStep): string {
  if (step === 'one') return '.**{1}';
  if (step === 'any') return '.**';
  if (step === 'json') throw new Error('a path of the database leads into no string');
  return `.${JSON.stringify(step.literal)}`;
}

/** Is the model of that side available where row `t` is? */
export function isGranted(grant: PlaceInTable, { via, scope }: Reliance, side: ValuesSide): Sql {
  return sql`EXISTS (SELECT 1 FROM ${rowsOf(grant.context.table)} g
    WHERE ${column('g', scope)} = ${column('t', via)} AND ${namesSql(grant, side, 'g')})`;
}
