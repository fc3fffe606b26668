/** The tables in which Drover keeps its records, in whichever schema they are: they name models for ever. */
import { tableId } from '../../engine/catalogue/catalog.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';

/** Where all of these are, Drover made them. */
const marks = ['schema_migrations', 'migrations', 'migration_steps', 'journal', 'audit_log'];
const records = [
  ...marks,
  'fences',
  'runs',
  'run_tenants',
  'run_events',
  'run_workers',
  'registry_pairs',
  'registry_in_force',
];

export function recordTables(
  relations: readonly { readonly schema: string; readonly name: string }[],
): ReadonlySet<TableId> {
  const bySchema = Map.groupBy(relations, ({ schema }) => schema);
  const made = [...bySchema].filter(([, tables]) => {
    const names = new Set(tables.map(({ name }) => name));
    return marks.every((mark) => names.has(mark));
  });
  return new Set(
    made.flatMap(([schema, tables]) =>
      tables.filter(({ name }) => records.includes(name)).map(({ name }) => tableId(schema, name)),
    ),
  );
}
