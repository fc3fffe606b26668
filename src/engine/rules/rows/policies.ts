/** What the configuration says of a merge: which of two rows that meet is kept, and whose values the row that stays has. */
import { findColumn, findTable } from '../../catalogue/catalog.ts';
import type { Catalog, Column, Table, TableId } from '../../catalogue/catalog.ts';
import { columnPath, findNamedColumn } from '../../catalogue/names.ts';
import type { CollisionPolicy, ConfigProblem, NameConfig, RowsConfig, KeptValue } from '../config.ts';
import type { Draft } from '../place.ts';

/** By `table.column`. An entry that cannot be followed is a problem. */
export function collisionPolicies(
  { scope, problems }: Pick<Draft, 'scope' | 'problems'>,
  names: readonly NameConfig[],
): ReadonlyMap<string, CollisionPolicy> {
  const policies = new Map<string, CollisionPolicy>();
  for (const [at, { at: path, merge, json }] of names.entries()) {
    const found = merge === undefined ? undefined : findNamedColumn(scope, path);
    if (found === undefined || merge === undefined) continue;
    const { table, column } = found;
    const refuse = (message: string): void =>
      void problems.push({ path: ['subject', 'names', at, 'merge'], message });
    const isReference = table.foreignKeys.some(({ columns }) => columns.includes(column.name));
    if (json !== undefined)
      refuse('says which of two rows is kept, and a value in a document is no row of its own');
    else if (typeof merge === 'object' && findColumn(table, merge.newest) === undefined)
      refuse(`${table.id} has no column ${merge.newest}`);
    else if (typeof merge === 'object' && !isOrdered(findColumn(table, merge.newest)))
      refuse(`values of ${merge.newest} have no order, so none is the newest`);
    else if (!isReference && (merge === 'keep-source' || typeof merge === 'object'))
      refuse(
        `${path} is no foreign key, and there the row that is on the target already stays: keep-target or ask`,
      );
    policies.set(columnPath(scope, table, column.name), merge);
  }
  return policies;
}

/** PostgreSQL's own types of which it has no order. */
const unordered = new Set(
  'json jsonpath xml refcursor aclitem xid cid pg_snapshot txid_snapshot point line lseg box path polygon circle'.split(
    ' ',
  ),
);

/** Of two values, is one the greater, as far as the type tells? A domain over anything but json, and a type of an extension, do not. */
function isOrdered(column: Column | undefined): boolean {
  if (column === undefined) return false;
  return [column.kind, column.type].every((name) => !unordered.has(name.replace(/(\[\])+$/, '')));
}

/** What is wrong with `values`. */
export function valueProblems(
  table: Table,
  { values }: RowsConfig,
): (readonly [path: ConfigProblem['path'], message: string])[] {
  if (values === undefined || typeof values === 'string') return [];
  return Object.keys(values).flatMap((name): ReturnType<typeof valueProblems> => {
    const found = findColumn(table, name);
    if (found === undefined) return [[['values', name], `${table.id} has no column ${name}`]];
    return found.generated ? [[['values', name], `${name} is written by the database alone`]] : [];
  });
}

/** Whose value the column of the row that stays has. */
export function valueRuleOf({ values = 'target' }: Pick<RowsConfig, 'values'>, column: string): KeptValue {
  if (typeof values === 'string') return values;
  return Object.hasOwn(values, column) ? (values[column] ?? 'target') : 'target';
}

/** Columns that say which row it is: its key, the tenant's, and what other rows refer to. They stay those of the row that stays. */
export function identityColumns(
  catalog: Catalog,
  id: TableId,
  { key, tenant }: { readonly key: readonly string[]; readonly tenant: string | undefined },
): ReadonlySet<string> {
  const referred = catalog.tables.flatMap(({ foreignKeys }) =>
    foreignKeys.flatMap(({ references, referencedColumns }) => (references === id ? referencedColumns : [])),
  );
  return new Set([
    ...(findTable(catalog, id)?.primaryKey ?? []),
    ...key,
    ...(tenant === undefined ? [] : [tenant]),
    ...referred,
  ]);
}
