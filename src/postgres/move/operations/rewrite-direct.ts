/**
 * Moves the documents of which SQL knows the way (sql/direct.ts) where they are. A row remembers by which mapping each of its places
 * moved, which is all that the journal has to keep of it: rows that moved in the same way share a chunk, and so its edits.
 */
import type { RewriteStep } from '../../../engine/plan/plan-types.ts';
import { blocksSql, documentsAtOnce } from '../../facts/documents.ts';
import { numbered } from '../../records/journal.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import { columnOf } from '../../sql/cast.ts';
import { directEdit, directPlace, jsonEach, pathSql, valueAt } from '../../sql/direct.ts';
import type { DirectPlace } from '../../sql/direct.ts';
import { keyExpression } from '../../sql/keys.ts';
import type { RowContext } from '../../sql/match.ts';
import { movableSql } from '../../sql/movable.ts';
import { mineSql } from '../../sql/row.ts';
import {
  anyOf,
  change,
  column,
  each,
  foundByEach,
  ident,
  join,
  list,
  literal,
  raw,
  rowsOf,
  sql,
} from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { movedPlace, openStep } from './step-context.ts';
import type { StepContext, StepsOfOneShape } from './step-context.ts';

interface MovingText extends DirectPlace {
  /** SQL over row `t`: does the place move? */
  readonly moves: Sql;
}

/** Undefined where an editor has to move some place of the step. */
export function directChange(
  context: StepContext,
  steps: StepsOfOneShape<RewriteStep>,
): ChangeStatement | undefined {
  const { table, key, row } = openStep(context, steps);
  const moving = movingPlaces(context, steps, row);
  if (moving === undefined) return undefined;
  const [{ column: name }] = steps;
  const back = sql`h.k, ${list(patterns('h', moving))}`;
  return {
    journal: context.journal,
    steps: steps.map(({ id }) => id),
    action: 'edit',
    table,
    key,
    firstChunks: steps.map(() => 0),
    rowsPerChunk: documentsAtOnce,
    given: [['hit', hitSql({ context, steps, row }, moving), 'materialized']],
    // A row that was changed meanwhile has another place on disk; it is passed over, and the count tells.
    moved: change`UPDATE ${rowsOf(table)} t SET ${ident(name)} = ${newDocument(row, name, moving)} FROM hit h
      WHERE t.ctid = h.drover_at AND t.tableoid = h.drover_in RETURNING ${back}${numbered(row.size, 'h')}`,
    pattern: patterns('m', moving),
    before: sql`jsonb_build_object('column', ${literal(name)}, 'edits', ${editsSql(moving)})`,
  };
}

function movingPlaces(
  context: StepContext,
  steps: StepsOfOneShape<RewriteStep>,
  row: RowContext,
): readonly MovingText[] | undefined {
  const [{ places, rules, includeDead }] = steps;
  const moving = places.flatMap((id): MovingText[] => {
    const states = rules[id]?.states;
    const direct = directPlace(row.table, movedPlace(context, { place: id }));
    if (direct === undefined || states === undefined) return [];
    return [{ ...direct, moves: movableSql(row, direct.row, { includeDead, states }) }];
  });
  // Of two places at one value the second one would find what the first one wrote.
  const paths = new Set(moving.map(({ path }) => JSON.stringify(path)));
  return paths.size === places.length ? moving : undefined;
}

/** By which mapping each place moved; NULL where it did not. */
function patterns(alias: string, moving: readonly MovingText[]): Sql[] {
  return moving.map((_, at) => raw(`${alias}.drover_p${at}`));
}

interface DirectHits {
  readonly context: StepContext;
  readonly steps: StepsOfOneShape<RewriteStep>;
  readonly row: RowContext;
}

function hitSql({ context, steps, row }: DirectHits, moving: readonly MovingText[]): Sql {
  const { key } = openStep(context, steps);
  const ways = moving.map((place, at) => {
    const cases = place.row.mappings.map(
      ({ from }, way) => sql`WHEN ${jsonEach(from)} THEN ${raw(String(way))}`,
    );
    return sql`CASE WHEN ${place.moves} THEN CASE ${valueAt(place)} ${join(cases, ' ')} END END AS ${raw(`drover_p${at}`)}`;
  });
  const found = sql`SELECT ${keyExpression(key, 't')} AS k, t.ctid AS drover_at, t.tableoid AS drover_in, ${list(ways)}
    FROM ${rowsOf(row.table)} t WHERE ${blocksSql(context.blocks)}${mineSql(row)} AND ${anyOf(moving.map(({ moves }) => moves))}`;
  return foundByEach(row.size, found);
}

/** An empty path changes nothing. */
function newDocument({ table }: RowContext, name: string, moving: readonly MovingText[]): Sql {
  const written = moving.reduce(
    (document, place, at) => {
      const way = raw(`h.drover_p${at}`);
      const path =
        moving.length === 1
          ? pathSql(place)
          : sql`CASE WHEN ${way} IS NULL THEN '{}' ELSE ${pathSql(place)} END`;
      const cases = place.row.mappings.map(
        ({ to }, number) => sql`WHEN ${raw(String(number))} THEN ${jsonEach(to)}`,
      );
      return sql`jsonb_set(${document}, ${path}, CASE ${way} ${join(cases, ' ')} ELSE '""' END, false)`;
    },
    column('t', name),
  );
  return sql`${written}::${raw(columnOf(table, name).type)}`;
}

function editsSql(moving: readonly MovingText[]): Sql {
  const edits = moving.map((place, at) => {
    const cases = place.row.mappings.map(
      (mapping, way) => sql`WHEN ${raw(String(way))} THEN ${each(directEdit(place, mapping), 'text::jsonb')}`,
    );
    return sql`CASE ${raw(`m.drover_p${at}`)} ${join(cases, ' ')} ELSE '[]' END`;
  });
  return join(edits, ' || ');
}
