/** Does a row name the source by a place? The row is called `t` unless another alias is given. */
import { findColumn } from '../../engine/catalogue/catalog.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Mapping } from '../../engine/edit/value-rule.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { castFor } from './binder.ts';
import type { Binder } from './binder.ts';
import { quoteIdent } from './identifiers.ts';

export interface RowContext {
  readonly binder: Binder;
  readonly rules: Rules;
  readonly table: Table;
  /** The tenant's key as text; undefined where the database has a single one. */
  readonly tenant: string | undefined;
  /** The models of the plan: what a copy of a reference must hold. Not needed where no state is asked for. */
  readonly pair?: ModelPair;
}

/** The column of that name; it exists, because the rules were resolved against this catalogue. */
export function columnOf(table: Table, name: string): Column {
  const column = findColumn(table, name);
  if (column === undefined) throw new Error(`${table.id} has no column ${name}`);
  return column;
}

/** `alias.column = value` for each column of a tuple. */
export function tupleEquals(
  context: RowContext,
  alias: string,
  columns: readonly string[],
  values: readonly string[],
): string {
  return columns
    .map(
      (name, at) =>
        `${alias}.${quoteIdent(name)} = ${context.binder.bind(values[at], castFor(columnOf(context.table, name)))}`,
    )
    .join(' AND ');
}

/** Does the place of row `alias` name the source? */
export function matchSql(
  context: RowContext,
  place: { columns: readonly string[]; mappings: readonly Mapping[] },
  alias = 't',
): string {
  if (place.mappings.length === 0) return 'false';
  const tests = place.mappings.map(
    (mapping) => `(${tupleEquals(context, alias, place.columns, mapping.from)})`,
  );
  return tests.length === 1 ? (tests[0] ?? 'false') : `(${tests.join(' OR ')})`;
}

export interface PlaceRow {
  readonly place: Place;
  readonly mappings: readonly Mapping[];
}
