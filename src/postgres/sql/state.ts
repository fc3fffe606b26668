/** The SQL that says in what state a place is whose row names the source, in the codes of `StateCode`. */
import { findNamedTable } from '../../engine/catalogue/names.ts';
import { deadRowsMove } from '../../engine/plan/decide.ts';
import type { StateCode } from '../../engine/plan/place-state.ts';
import { isUse } from '../../engine/rules/place.ts';
import type { Place } from '../../engine/rules/place.ts';
import { allowedSql } from './allowance.ts';
import { columnOf, equalsEach } from './cast.ts';
import { collisionSql } from './collision.ts';
import { conditionSql } from './condition.ts';
import { isStray, judgedState } from './row-states.ts';
import { changesPart, namesTarget, placeMatches } from './match.ts';
import type { PlaceRow, RowContext } from './match.ts';
import { allOf, anyOf, column, join, list, literal, raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';
import { mineSql } from './row.ts';

/** Is the row soft-deleted or archived? */
export function deadSql({ rules, table }: Pick<RowContext, 'rules' | 'table'>): Sql {
  const entry = Object.entries(rules.config.dead ?? {}).find(
    ([name]) => findNamedTable(rules.scope, name)?.id === table.id,
  );
  return entry === undefined ? raw('false') : sql`coalesce((${raw(entry[1])}), false)`;
}

/** Is the place of the row configuration and not a record of what happened? A row that is asked about counts as live. */
export function liveSql(context: RowContext, place: Place): Sql {
  if (!isUse(place)) return raw('false');
  const { live, ask } = place.conditions;
  if (live === undefined) return raw('true');
  const tests = [live, ...(ask === undefined ? [] : [ask])].map((test) => conditionSql(context, test));
  return sql`(${join(tests, ' OR ')})`;
}

/** Can a row of that place be in another state than live? Where it cannot, nobody need ask. */
export function hasStates(context: RowContext, row: PlaceRow): boolean {
  const judged = judgedState(context, row.place) !== undefined;
  return judged || plainBranches(context, row).length > 0 || collisions(context, row).length > 0;
}

/** The state of a place whose row names the source (see `StateCode`). The cheap constant where nothing can be asked. */
export function stateSql(context: RowContext, row: PlaceRow): Sql {
  const judged = judgedState(context, row.place);
  const now = stateNow(context, row);
  return judged === undefined ? now : sql`coalesce(${judged}, ${now})`;
}

function stateNow(context: RowContext, row: PlaceRow): Sql {
  const plain = plainStateSql(context, row);
  const taken = collisions(context, row);
  if (taken.length === 0) return plain;
  const collides = sql`(${join(taken, ' OR ')})`;
  if (plainBranches(context, row).length === 0) return sql`CASE WHEN ${collides} THEN 'C' ELSE 'L' END`;
  return sql`(SELECT CASE WHEN s.drover_state IN ('H', 'N') OR NOT ${collides} THEN s.drover_state
    WHEN s.drover_state = 'L' THEN 'C' ELSE s.drover_state || 'C' END
    FROM (SELECT ${plain}) s (drover_state))`;
}

function collisions(context: RowContext, row: PlaceRow): Sql[] {
  return row.place.carrier === 'columns' ? collisionSql(context, row, () => movesSql(context, row)) : [];
}

/** Does row `t`, which names the source, certainly move? One that a question was asked about may not. */
function movesSql(context: RowContext, row: PlaceRow): Sql {
  const asked = plainBranches(context, row).length > 0;
  return allOf([
    mineSql(context),
    ...(asked ? [sql`(${plainStateSql(context, row)}) = 'L'`] : []),
    ...(deadRowsMove(context) ? [] : [sql`NOT ${deadSql(context)}`]),
  ]);
}

/** Without a look at other rows of the table. */
function plainStateSql(context: RowContext, row: PlaceRow): Sql {
  const branches = plainBranches(context, row);
  return branches.length === 0 ? raw(`'L'`) : sql`CASE ${join(branches, ' ')} ELSE 'L' END`;
}

function plainBranches(context: RowContext, row: PlaceRow): Sql[] {
  const { live, ask, guard } = row.place.conditions;
  if (isStuck(row))
    return [
      ...(live === undefined ? [] : [sql`WHEN NOT ${conditionSql(context, live)} THEN 'H'`]),
      raw(`WHEN true THEN 'N'`),
    ];
  return [
    ...(row.place.allowed === undefined ? [] : [sql`WHEN NOT ${allowedSql(context, row)} THEN 'N'`]),
    ...(ask === undefined ? [] : [sql`WHEN ${conditionSql(context, ask)} THEN 'A'`]),
    ...(live === undefined ? [] : [sql`WHEN NOT ${conditionSql(context, live)} THEN 'H'`]),
    ...(guard === undefined ? [] : [sql`WHEN ${conditionSql(context, guard)} THEN 'G'`]),
    ...(row.place.itself === undefined ? [] : [sql`WHEN ${isTargetSql(context, row)} THEN 'S'`]),
    ...[...copiesDisagree(context, row), ...isStray(context, row.strays)].map(
      (test) => sql`WHEN ${test} THEN 'K'`,
    ),
    ...[...row.rivals.map((rival) => namesTarget(context, rival)), ...isStray(context, row.met)].map(
      (test) => sql`WHEN ${test} THEN 'F'`,
    ),
  ];
}

/** Is there no value to write, because the target has no row? Then nothing that the place holds moves. */
function isStuck({ mappings }: PlaceRow): boolean {
  return (
    mappings.length > 0 &&
    mappings.every((mapping) => mapping.from.every((_, part) => !changesPart(mapping, part)))
  );
}

/** Does the row of a model hold what its place would come to hold? */
function isTargetSql({ table }: RowContext, { place, mappings }: PlaceRow): Sql {
  const name = place.itself ?? '';
  const own = columnOf(table, name);
  return anyOf(mappings.map(({ to }) => equalsEach(own, column('t', name), to[0] ?? [])));
}

/** For each copy: does it name another model or none, or stays it for a reason of its own? Copies move together or not at all. */
function copiesDisagree(context: RowContext, { copies }: PlaceRow): Sql[] {
  return copies.map((copy) => {
    const named = sql`coalesce(${placeMatches(context, copy)}, false)`;
    if (!hasStates(context, copy)) return sql`NOT ${named}`;
    const moves = list(movingCodes(copy.place).map(literal));
    return sql`(NOT ${named} OR (${stateSql(context, copy)}) NOT IN (${moves}))`;
  });
}

/** The states in which a place with no question of its own moves, or goes with its row. */
export function movingCodes({ collision }: Place): StateCode[] {
  return collision === 'drop-redundant' ? ['L', 'C'] : ['L'];
}
