/** Columns that may hold the keys of a table to which no foreign key leads. Their values decide. */
import { type Catalog, type Column, findColumn, type Table, type TableId } from '../catalogue/catalog.ts';
import type { LinkCandidate } from './observation.ts';
import { namesKeyOf } from './root.ts';
import { namesModel } from './wording.ts';

/** Columns without a foreign key whose name and type fit the key of another table. */
export function listLinkCandidates(catalog: Catalog): LinkCandidate[] {
  return candidates(catalog, (column, target) => namesKeyOf(column.name, target.name));
}

/** Columns whose name speaks of models, whatever the table of models is called. */
export function listModelLinks(catalog: Catalog, models: ReadonlySet<TableId>): LinkCandidate[] {
  return candidates(catalog, (column, target) => models.has(target.id) && namesModel(column.name));
}

function candidates(catalog: Catalog, fits: (column: Column, target: Table) => boolean): LinkCandidate[] {
  return catalog.tables.flatMap((table) =>
    table.columns
      .filter((column) => isLoose(table, column))
      .flatMap((column) =>
        catalog.tables.flatMap((target): LinkCandidate[] => {
          const key =
            target.primaryKey.length === 1 ? findColumn(target, target.primaryKey[0] ?? '') : undefined;
          return key?.kind === column.kind && target.id !== table.id && fits(column, target)
            ? [{ table: table.id, column: column.name, target: target.id, targetColumn: key.name }]
            : [];
        }),
      ),
  );
}

function isLoose(table: Table, column: Column): boolean {
  return (
    ['uuid', 'integer', 'text'].includes(column.kind) &&
    !table.foreignKeys.some((key) => key.columns.includes(column.name))
  );
}
