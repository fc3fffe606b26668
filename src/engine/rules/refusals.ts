/** How what is wrong with a place is said while it is resolved. */
import { findColumn } from '../catalogue/catalog.ts';
import type { Table } from '../catalogue/catalog.ts';
import type { ConfigProblem } from './config.ts';
import type { Draft } from './place.ts';

export function refuse(draft: Draft, path: ConfigProblem['path'], message: string): void {
  draft.problems.push({ path: ['places', ...path], message });
}

/** Whatever the table lacks is a problem. */
export function requireColumns(
  draft: Draft,
  path: ConfigProblem['path'],
  { table, called = table?.id, names }: Required,
): void {
  for (const name of names)
    if (table === undefined || findColumn(table, name) === undefined)
      refuse(draft, path, `${called} has no column ${name}`);
}

interface Required {
  readonly table: Table | undefined;
  /** What the configuration calls the table. */
  readonly called?: string;
  readonly names: readonly string[];
}
