/**
 * repoint: all scalar references of one table move in one statement (two where some rows also change settings beside the
 * reference), and the same statement writes the journal.
 *
 * Locking: rows are locked by the UPDATE itself. Under READ COMMITTED a row that another transaction changed meanwhile is
 * checked again: the plain statement by its own WHERE, the other by comparing every old value that it journals. A row that
 * no longer qualifies is not touched, the count differs from the plan, and the migration rolls back and is tried again.
 * The journal holds the key that a row has afterwards, since the reference may be part of it.
 * Index: the one on the reference (led by the tenant column, where there is one).
 */
import { changedColumns } from '../../../engine/plan/plan-types.ts';
import type { RepointStep } from '../../../engine/plan/plan-types.ts';
import { castFor, columnOf, exactText, isLoose } from '../../sql/cast.ts';
import { keyExpression, keyMatches } from '../../sql/keys.ts';
import { changesPart, columnsOf, matchSql } from '../../sql/match.ts';
import type { EachMapping, PlaceRow, RowContext } from '../../sql/match.ts';
import { mineSql } from '../../sql/row.ts';
import {
  allOf,
  change,
  column,
  each,
  fromMembers,
  ident,
  join,
  list,
  memberNumber,
  raw,
  rowsOf,
  sql,
} from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { changeSql, changing, numbered, rowsEach } from '../../records/journal.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import { movableSql } from '../../sql/movable.ts';
import { beforeImage, imageOf, patternImage, sideImage } from './repoint-images.ts';
import type { MovingPlace } from './repoint-images.ts';
import { sideChanges } from './side-changes.ts';
import type { SideChange } from './side-changes.ts';
import { movedPlace, openStep, withLoops } from './step-context.ts';
import type { StepExecution, StepContext, StepsOfOneShape } from './step-context.ts';

export const repoint: StepExecution<RepointStep> = {
  run: async (tx, context, { steps }) => {
    const questions = changesOf(context, steps).map(({ change: one, loops }) =>
      loops ? withLoops(changing(one), context.joins) : changing(one),
    );
    const changed = (await tx.together(questions)).map(rowsEach);
    return steps.map((_, at) => changed.reduce((sum, rows) => sum + (rows[at] ?? 0), 0));
  },
  statements: (context, steps) => changesOf(context, steps).map(({ change: one }) => changeSql(one)),
};

interface PlannedChange {
  readonly change: ChangeStatement;
  /** Each row is fetched by its place on disk. */
  readonly loops: boolean;
}

/** What is the same for both forms of the statement. */
interface Repointing {
  readonly context: StepContext;
  readonly steps: StepsOfOneShape<RepointStep>;
  readonly row: RowContext;
  readonly moves: readonly MovingPlace[];
  readonly side: readonly SideChange[];
}

function changesOf(context: StepContext, steps: StepsOfOneShape<RepointStep>): PlannedChange[] {
  const [step] = steps;
  const { table, key, row } = openStep(context, steps);
  const moves = step.moves.map((move) => ({ move, place: movedPlace(context, move) }));
  const about = { context, steps, row, moves, side: sideChanges(context, step.moves, row) };
  const general = (rows: 'all' | 'with settings'): PlannedChange => ({
    change: generalChange(about, rows),
    loops: !table.partitioned,
  });
  const [only, ...others] = moves;
  const changed = only === undefined ? [] : changedColumns(only.move);
  const inKey = key.columns.some(({ name }) => changed.includes(name));
  const mapping = only?.place.mappings[0];
  if (only === undefined || mapping === undefined || others.length > 0 || inKey) return [general('all')];
  const named = only.place.place.columns.map((part) => columnOf(table, part.column));
  if (only.place.mappings.length !== 1 || named.some(isLoose)) return [general('all')];
  const plain = { change: plainChange(about, only, mapping), loops: false };
  return about.side.length === 0 ? [plain] : [general('with settings'), plain];
}

function changeBase({ context, steps }: Repointing) {
  const { table, key } = openStep(context, steps);
  return {
    journal: context.journal,
    steps: steps.map(({ id }) => id),
    action: 'set' as const,
    table,
    key,
  };
}

/**
 * One place in one spelling, rows without settings to change: nothing differs between them but the key. A row that is given
 * settings meanwhile no longer fits the WHERE and is passed over, so nothing is overwritten that was not journalled.
 */
function plainChange(about: Repointing, { move, place }: MovingPlace, mapping: EachMapping): ChangeStatement {
  const { row, steps, side } = about;
  const { table, key } = openStep(about.context, steps);
  const { includeDead } = steps[0];
  const names = columnsOf(place);
  const changed = [...names.keys()].filter((part) => changesPart(mapping, part));
  const set = changed.map((part) => {
    const name = names[part] ?? '';
    return sql`${ident(name)} = ${each(mapping.to[part] ?? [], castFor(columnOf(table, name)))}`;
  });
  const where = allOf([
    mineSql(row),
    movableSql(row, place, { includeDead, states: move.states }),
    ...side.map(({ changes }) => sql`NOT (${changes})`),
  ]);
  return {
    ...changeBase(about),
    firstChunks: steps.map(() => 1_000_000),
    moved: change`UPDATE ${rowsOf(table)} t SET ${list(set)}${fromMembers(row.size, ' FROM ')}
      WHERE ${where} RETURNING ${keyExpression(key, 't')} AS k${numbered(row.size)}`,
    before: imageOf(row.size, { names, parts: changed }, mapping.from),
    after: imageOf(row.size, { names, parts: changed }, mapping.to),
  };
}

/** The general form: each row remembers which places moved by which mapping, and what changed beside them. */
function generalChange(about: Repointing, rows: 'all' | 'with settings'): ChangeStatement {
  const { row, steps, moves } = about;
  const { table, key } = openStep(about.context, steps);
  const columns = touchedColumns(about);
  const set = columns.map((name, at) => sql`${ident(name)} = ${raw(`h.drover_s${at}`)}`);
  const unchanged = columns.map(
    (name, at) => sql`${exactText(column('t', name))} IS NOT DISTINCT FROM ${raw(`h.drover_o${at}`)}`,
  );
  // A row that was changed meanwhile has another place on disk; it is passed over, and the count tells.
  const same = table.partitioned ? keyMatches(key, raw('h.k')) : raw('t.ctid = h.drover_at');
  const back = [keyExpression(key, 't'), ...patterns('h', moves), raw('h.drover_b, h.drover_a')];
  return {
    ...changeBase(about),
    firstChunks: steps.map(() => 0),
    given: [['hit', hitSql(about, { columns, rows }), 'materialized']],
    moved: change`UPDATE ${rowsOf(table)} t SET ${list(set)} FROM hit h WHERE ${allOf([same, ...unchanged])}
      RETURNING ${list([sql`${back[0] ?? raw('')} AS k`, ...back.slice(1)])}${numbered(row.size, 'h')}`,
    pattern: patterns('m', moves),
    before: patternImage(about, 'from'),
    after: patternImage(about, 'to'),
    befores: raw('m.drover_b'),
    afters: raw('m.drover_a'),
  };
}

function patterns(alias: string, moves: readonly MovingPlace[]): Sql[] {
  return moves.map((_, at) => raw(`${alias}.drover_p${at}`));
}

interface Hits {
  readonly columns: readonly string[];
  readonly rows: 'all' | 'with settings';
}

/** The rows that move: key, place on disk, old texts, new values, and the images of what changes beside the references. */
function hitSql(about: Repointing, { columns, rows }: Hits): Sql {
  const { row, moves } = about;
  const old = columns.map((_, at) => raw(`q.drover_t${at}::text AS drover_o${at}`));
  const set = columns.map((name, at) => sql`${newValue(about, name, at)} AS ${raw(`drover_s${at}`)}`);
  const before = sql`${beforeImage(about, columns)} AS drover_b`;
  const kept = [raw('q.k, q.drover_at, q.drover_a'), before, ...patterns('q', moves), ...old, ...set];
  const found = foundSql(about, { columns, rows });
  return row.size === 1
    ? sql`SELECT ${list(kept)} FROM (${found}) q`
    : sql`SELECT ${memberNumber(row.size)} AS "drover:n", ${list(kept)}
      FROM ${fromMembers(row.size, '')} CROSS JOIN LATERAL (${found} OFFSET 0) q`;
}

function foundSql({ context, row, moves, side, steps }: Repointing, { columns, rows }: Hits): Sql {
  const { table } = row;
  const { includeDead } = steps[0];
  const movable = moves.map(({ move, place }) =>
    movableSql(row, place, { includeDead, states: move.states }),
  );
  const found = [
    sql`${keyExpression(openStep(context, steps).key, 't')} AS k`,
    raw('t.ctid AS drover_at'),
    ...moves.map(({ place }, at) => sql`${patternSql(row, place, movable[at])} AS ${raw(`drover_p${at}`)}`),
    ...columns.map((name, at) => sql`${column('t', name)} AS ${raw(`drover_t${at}`)}`),
    ...side.map(
      ({ changes, value, column: name }, at) =>
        sql`CASE WHEN ${changes} THEN ${value} ELSE ${column('t', name)} END AS ${raw(`drover_v${at}`)}`,
    ),
    sql`${sideImage(side, ({ column: name }) => column('t', name))} AS drover_b`,
    sql`${sideImage(side, ({ value }) => value)} AS drover_a`,
  ];
  const settings =
    rows === 'all'
      ? []
      : [
          sql`(${join(
            side.map(({ changes }) => changes),
            ' OR ',
          )})`,
        ];
  const where = allOf([mineSql(row), sql`(${join(movable, ' OR ')})`, ...settings]);
  return sql`SELECT ${list(found)} FROM ${rowsOf(table)} t WHERE ${where}`;
}

/** The number of the mapping by which the place moves; NULL where it does not. */
function patternSql(row: RowContext, place: PlaceRow, movable: Sql = raw('false')): Sql {
  const cases = place.mappings.map(
    (mapping, at) =>
      sql`WHEN ${matchSql(row, { columns: columnsOf(place), mappings: [mapping] })} THEN ${raw(String(at))}`,
  );
  return sql`CASE WHEN ${movable} THEN CASE ${join(cases, ' ')} END END`;
}

/** What a touched column holds afterwards. */
function newValue({ row, moves, side }: Repointing, name: string, at: number): Sql {
  const beside = side.findIndex((change) => change.column === name);
  const old = raw(beside < 0 ? `q.drover_t${at}` : `q.drover_v${beside}`);
  const cast = castFor(columnOf(row.table, name));
  const cases = moves.flatMap(({ place }, number) => {
    const part = columnsOf(place).indexOf(name);
    return place.mappings.flatMap((mapping, way) =>
      part < 0 || !changesPart(mapping, part)
        ? []
        : [sql`WHEN ${raw(`q.drover_p${number} = ${way}`)} THEN ${each(mapping.to[part] ?? [], cast)}`],
    );
  });
  return cases.length === 0 ? old : sql`CASE ${join(cases, ' ')} ELSE ${old} END`;
}

function touchedColumns({ moves, side }: Repointing): string[] {
  return [...new Set([...moves.flatMap(({ move }) => move.columns), ...side.map((one) => one.column)])];
}
