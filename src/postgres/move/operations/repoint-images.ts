/**
 * What the journal of a repoint holds. Rows that moved in the same way share one image of their references; what differs by row is
 * stored with the row: settings, and a writing of the source that the database takes for equal.
 */
import type { MovedColumns } from '../../../engine/plan/plan-types.ts';
import { columnOf, exactText, isLoose } from '../../sql/cast.ts';
import { changesPart, columnsOf } from '../../sql/match.ts';
import type { EachMapping, PlaceRow, RowContext } from '../../sql/match.ts';
import { anyOf, each, join, literal, raw, sql } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import type { SideChange } from './side-changes.ts';

/** A moved place with the values of all members. */
export interface MovingPlace {
  readonly move: MovedColumns;
  readonly place: PlaceRow;
}

interface Moved {
  readonly row: RowContext;
  readonly moves: readonly MovingPlace[];
}

/** What the changed columns hold, as JSON. */
export function imageOf(
  size: number,
  { names, parts }: { readonly names: readonly string[]; readonly parts: readonly number[] },
  values: EachMapping['from'],
): Sql {
  const images = Array.from({ length: size }, (_, member) =>
    JSON.stringify(Object.fromEntries(parts.map((part) => [names[part] ?? '', values[part]?.[member]]))),
  );
  return each(images, 'text::jsonb');
}

/** Per row, what changes beside the references: column → text. NULL where nothing does. */
export function sideImage(side: readonly SideChange[], value: (change: SideChange) => Sql): Sql {
  const parts = side.map(
    (one) =>
      sql`CASE WHEN ${one.changes} THEN jsonb_build_object(${literal(one.column)}, (${value(one)})::text) ELSE '{}' END`,
  );
  return parts.length === 0 ? raw('NULL::jsonb') : sql`nullif(${join(parts, ' || ')}, '{}')`;
}

/**
 * Per row, what its journal entry says beside the image of its chunk: the settings, and the row's own writing of the source where the
 * database takes another one for equal.
 */
export function beforeImage({ row, moves }: Moved, columns: readonly string[]): Sql {
  const own = moves.flatMap(({ place }, number) =>
    columnsOf(place).flatMap((name, part) => {
      const old = raw(`q.drover_t${columns.indexOf(name)}`);
      const differs = place.mappings.flatMap((mapping, way) =>
        changesPart(mapping, part)
          ? [
              sql`(${raw(`q.drover_p${number} = ${way}`)} AND ${exactText(old)} <> ${each(mapping.from[part] ?? [], 'text')})`,
            ]
          : [],
      );
      return differs.length === 0 || !isLoose(columnOf(row.table, name))
        ? []
        : [
            sql`CASE WHEN ${anyOf(differs)} THEN jsonb_build_object(${literal(name)}, ${old}::text) ELSE '{}' END`,
          ];
    }),
  );
  const side = raw('q.drover_b');
  return own.length === 0 ? side : sql`nullif(${join([sql`coalesce(${side}, '{}')`, ...own], ' || ')}, '{}')`;
}

/** Rows that moved in the same way share one chunk, and so the image of their references. */
export function patternImage({ row, moves }: Moved, side: 'from' | 'to'): Sql {
  const images = moves.map(({ place }, at) => {
    const names = columnsOf(place);
    const cases = place.mappings.map((mapping, way) => {
      const parts = [...names.keys()].filter((part) => changesPart(mapping, part));
      return sql`WHEN ${raw(String(way))} THEN ${imageOf(row.size, { names, parts }, mapping[side])}`;
    });
    return sql`coalesce(CASE ${raw(`m.drover_p${at}`)} ${join(cases, ' ')} END, '{}')`;
  });
  return join(images, ' || ');
}
