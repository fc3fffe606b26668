/**
 * What is demanded of a model. A class is met where the model has that class or a higher one; a region, where the model runs there. What
 * nobody demands is met, and what is unknown of a model meets no demand. Plans ask here; src/postgres/sql/demands.ts says the
 * same in SQL, for rows that a rollback would bring back.
 */
import type { ModelFacts } from './model.ts';

export function meetsClass(has: number | null | undefined, demanded: number | null | undefined): boolean {
  if (demanded === undefined || demanded === null) return true;
  return has !== undefined && has !== null && has >= demanded;
}

export function meetsRegion(has: ModelFacts['region'], demanded: string | null): boolean {
  return demanded === null || demanded === has;
}
