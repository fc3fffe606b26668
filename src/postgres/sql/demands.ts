/**
 * What the surroundings of a row demand of its model (`demands`), as SQL: what that is, and whether a model meets it. Plans read what is
 * demanded and judge it by src/engine/models/demand.ts; a rollback judges rows one by one where they are. A test compares the two.
 */
import type { ModelFacts } from '../../engine/models/model.ts';
import type { Place } from '../../engine/rules/place.ts';
import { anyOf, each, raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';

export type Demands = NonNullable<Place['demands']>;

/** NULL where nothing is demanded. */
interface Demanded {
  readonly security: Sql;
  readonly region: Sql;
}

/** @param columnOf a column of the row that demands: the row itself, or its parent */
export function demandedBy({ security, region }: Demands, columnOf: (name: string) => Sql): Demanded {
  return {
    // Everything meets class 0, also what has none.
    security: security === undefined ? raw('NULL::float8') : sql`nullif(${columnOf(security)}::float8, 0)`,
    region: region === undefined ? raw('NULL::text') : sql`${columnOf(region)}::text`,
  };
}

/** Does the model not meet what is demanded? What is unknown of it does not meet a demand. */
export function missesDemand(
  { security, region }: Demanded,
  models: readonly Pick<ModelFacts, 'security' | 'region'>[],
): Sql {
  const classes = models.map((model) => String(model.security ?? '-Infinity'));
  const regions = models.map((model) => model.region ?? null);
  return anyOf([
    sql`coalesce(${security} > ${each(classes, 'text::float8')}, false)`,
    sql`(${region} IS NOT NULL AND ${region} IS DISTINCT FROM ${each(regions, 'text')})`,
  ]);
}
