/** Where a place says what may stand there: a row moves only to a value that another table has, on the terms of the old one. */
import { findColumn } from '../catalogue/catalog.ts';
import type { Table, TableId } from '../catalogue/catalog.ts';
import type { PlaceConfig } from './config.ts';
import { findNamedTable } from '../catalogue/names.ts';
import type { Draft, Found, Place } from './place.ts';

/** Values, beside columns that are equal to those of the row. */
export interface AllowedTable {
  readonly table: TableId;
  readonly match: Readonly<Record<string, string>>;
  readonly value: string;
}

/** What is wrong with it is added to the draft's problems. */
export function resolveAllowed(
  draft: Draft,
  found: Found,
  { same = [], sameIn: other, ...config }: NonNullable<PlaceConfig['allowed']>,
): Pick<Place, 'allowed'> {
  const path = ['places', found.at, 'allowed'];
  const holder = resolveAllowedTable(draft, found, { ...config, same, path });
  const sameIn = other && resolveAllowedTable(draft, found, { ...other, same, path: [...path, 'sameIn'] });
  return holder === undefined ? {} : { allowed: { ...holder, same, ...(sameIn && { sameIn }) } };
}

interface AllowedDraft extends NonNullable<PlaceConfig['allowed']> {
  readonly path: readonly (string | number)[];
}

function resolveAllowedTable(
  draft: Draft,
  { table }: Found,
  { in: name, match = {}, value, same = [], path }: AllowedDraft,
): AllowedTable | undefined {
  const holder = findNamedTable(draft.scope, name);
  const wrong = (holds: Table | undefined, column: string): boolean =>
    holds === undefined || findColumn(holds, column) === undefined;
  if (holder === undefined) draft.problems.push({ path: [...path, 'in'], message: `no table ${name}` });
  for (const column of [value, ...same, ...Object.keys(match)].filter((each) => wrong(holder, each)))
    draft.problems.push({ path, message: `${name} has no column ${column}` });
  for (const column of Object.values(match).filter((each) => wrong(table, each)))
    draft.problems.push({ path, message: `${table.id} has no column ${column}` });
  return holder === undefined ? undefined : { table: holder.id, match, value };
}
