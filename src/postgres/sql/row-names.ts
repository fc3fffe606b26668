/** How a row is named for people: its key, what its table shows of it, and whose it is where several own it. */
import type { Table } from '../../engine/catalogue/catalog.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import { given } from '../../engine/given.ts';
import type { RowName } from '../../engine/plan/plan-types.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { column, raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** A row as the database names it. */
export interface NamedRow {
  readonly key: string;
  readonly name: string | null;
  readonly owners: readonly string[] | null;
}

export function rowNameOf({ key, name, owners }: NamedRow): RowName {
  return { key, ...given({ name: name ?? undefined, owners: owners ?? undefined }) };
}

/** What a person calls the row. */
export function displaySql(rules: Rules, table: Table): Sql {
  const entry = Object.entries(rules.config.display ?? {}).find(
    ([name]) => findNamedTable(rules.scope, name)?.id === table.id,
  );
  return entry === undefined ? raw('NULL::text') : sql`${column('t', entry[1])}::text`;
}
