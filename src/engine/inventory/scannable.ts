/** Which columns a value scan must look into: those that nobody classified. */
import { identifyingColumns } from '../rules/coverage.ts';
import type { Table } from '../catalogue/catalog.ts';
import type { Rules } from '../rules/references.ts';

/** A table with the columns that nobody classified. */
export interface Scannable {
  readonly table: Table;
  readonly columns: readonly string[];
  /** One column says whose a row is. */
  readonly direct: boolean;
}

export function scannableOf(rules: Rules): Scannable[] {
  return rules.catalog.tables.flatMap((table) => {
    const classified = rules.classified.get(table.id) ?? new Set<string>();
    if (classified.has('*')) return [];
    const identifying = identifyingColumns(rules, table);
    const columns = table.columns
      .map((column) => column.name)
      .filter((name) => !classified.has(name) && !identifying.has(name));
    const ownership = rules.ownership.get(table.id);
    const direct =
      ownership?.kind === 'tenant' && ownership.paths.length === 1 && ownership.paths[0]?.hops.length === 0;
    return columns.length === 0 ? [] : [{ table, columns, direct }];
  });
}
