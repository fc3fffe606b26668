/** From the filters of a query to conditions on columns. */
import type { RowFilter } from '../queries/resource-rows.ts';
import type { Filter, Resource, ValueType } from '../resources/declaration.ts';

const sqlTypes: Readonly<Record<ValueType['kind'], string>> = {
  text: 'text',
  choice: 'text',
  integer: 'bigint',
  decimal: 'numeric',
  flag: 'boolean',
  id: 'uuid',
  instant: 'timestamptz',
  day: 'date',
  scopes: 'text[]',
  object: 'jsonb',
};

export function sqlTypeOf(columns: Resource['columns'], name: string): string {
  return sqlTypes[columns[name]?.type.kind ?? 'text'];
}

/** A filter that is not given leaves out what is gone, and nothing else. */
export function conditionsOf(
  { columns, filters }: Resource,
  query: Readonly<Record<string, unknown>>,
): RowFilter[] {
  return Object.entries(filters).flatMap(([name, filter]) => {
    const value = query[name];
    const asked = typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
    return conditionOf(filter, { asked, type: sqlTypeOf(columns, filter.column) });
  });
}

function conditionOf(
  filter: Filter,
  { asked, type }: { readonly asked: string | boolean | undefined; readonly type: string },
): RowFilter[] {
  const { column } = filter;
  if (filter.test === 'presence' || filter.test === 'flag') {
    const value = asked ?? filter.default;
    if (value === 'any') return [];
    if (filter.test === 'flag') return [{ column, test: 'equals', type, value }];
    return [{ column, test: value === 'true' ? 'present' : 'absent' }];
  }
  if (filter.test === 'lifecycle') {
    const value = asked ?? 'live';
    if (value === 'any') return [];
    return [{ column, test: 'in', type, value: value === 'live' ? filter.live : [value] }];
  }
  return asked === undefined ? [] : [{ column, test: filter.test, type, value: asked }];
}
