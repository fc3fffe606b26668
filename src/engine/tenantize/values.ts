/** Values that V2 writes otherwise: none may lack a place in the map, and no unique ones may meet. */
import { findColumn } from '../catalogue/catalog.ts';
import { blocked, question, sayOf } from './ask.ts';
import type { Classified, ConversionQuestion } from './conversion.ts';
import type { GroundIndex } from './ground.ts';
import { literalOf } from './lay-out.ts';

/** Questions about the columns of `values`. */
export function valueQuestions(index: GroundIndex, each: Classified): ConversionQuestion[] {
  const values = Object.entries(index.said(each.table).values ?? {});
  return values.flatMap(([column, map]) => [
    ...unmapped(index, each, { column, map }),
    ...oddDefault(index, each, { column, map }),
    ...collisions(index, each, column),
  ]);
}

interface MappedColumn {
  readonly column: string;
  readonly map: Readonly<Record<string, string>>;
}

/** What the column holds or may hold. */
function unmapped(index: GroundIndex, each: Classified, { column, map }: MappedColumn): ConversionQuestion[] {
  const table = index.tables.get(each.table);
  const labels = (table === undefined ? undefined : findColumn(table, column)?.labels) ?? [];
  const counted = new Map(Object.entries(index.rows(each.table).values ?? {})).get(column) ?? [];
  const held = new Map(counted.map(({ value, rows }) => [value, rows]));
  const missing = [...new Set([...labels, ...held.keys()])].filter((value) => !Object.hasOwn(map, value));
  if (missing.length === 0) return [];
  const rows = missing.reduce((sum, value) => sum + (held.get(value) ?? 0), 0);
  const listed = missing.map((value) => `${JSON.stringify(value)} (${held.get(value) ?? 0} rows)`).join(', ');
  const yaml = sayOf(index, each.table, {
    values: { [column]: { ...map, ...Object.fromEntries(missing.map((value) => [value, 'NEW'])) } },
  });
  return [
    question(
      'VALUE_UNMAPPED',
      each.table,
      `values of ${each.table}.${column} have no place in V2: ${listed}`,
      {
        count: rows,
        place: column,
        answers: [{ yaml, means: 'with the new value in the place of NEW' }],
      },
    ),
  ];
}

function oddDefault(
  index: GroundIndex,
  each: Classified,
  { column, map }: MappedColumn,
): ConversionQuestion[] {
  const found = index.ground.facts.defaults.find((one) => one.table === each.table && one.column === column);
  const literal = literalOf(found?.expression);
  if (found === undefined || (literal !== undefined && Object.hasOwn(map, literal))) return [];
  const message = `${each.table}.${column} begins with ${found.expression}, for which the map has no value`;
  return [blocked(each.table, message)];
}

function collisions(index: GroundIndex, each: Classified, column: string): ConversionQuestion[] {
  return (index.rows(each.table).collisions ?? [])
    .filter((met) => met.column === column)
    .map(({ index: name, rows, keys }) =>
      question(
        'VALUES_COLLIDE',
        each.table,
        `${rows} rows of ${each.table} have the same values in the unique ${name} once ${column} is mapped: ${keys.join(', ')}`,
        { count: rows, place: name },
      ),
    );
}
