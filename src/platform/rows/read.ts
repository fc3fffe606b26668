/** Lists and gets the rows of any resource; the filters of a query become conditions on columns. */
import { DroverError } from '../../errors.ts';
import { readAs } from '../../postgres/driver/question.ts';
import type { Question } from '../../postgres/driver/question.ts';
import { findRow, listRows } from '../queries/resource-rows.ts';
import type { PagedRow, RowFilter } from '../queries/resource-rows.ts';
import type { Resource, Values, Filter, ValueType } from '../resources/declaration.ts';
import { represent, tableOf } from './representation.ts';
import { reading } from './unit.ts';
import type { ResourceRequest } from './unit.ts';

/** Where a page ended. */
interface PagePosition {
  readonly value: string;
  readonly id: string;
}

export interface PageRequest {
  readonly limit: number;
  readonly after: PagePosition | undefined;
  readonly filters: Readonly<Record<string, unknown>>;
}

export interface Page {
  readonly items: readonly Values[];
  /** Where the next page begins; null where this was the last. */
  readonly next: PagePosition | null;
}

/**
 * One page, by the declared order. The position is a row's own values and no count, so that rows which come and go
 * between two pages neither repeat nor hide others.
 */
export function listResource(asked: ResourceRequest, request: PageRequest): Promise<Page> {
  return reading(asked, (tx) => tx.ask(pageOf(asked, request)), 'single');
}

/** One page, for a transaction that is open. */
export function pageOf(asked: ResourceRequest, request: PageRequest): Question<Page> {
  const { resource } = asked;
  const { column, descending } = resource.order ?? { column: 'created_at', descending: false };
  const listed = listRows(tableOf(asked), {
    conditions: conditionsOf(resource, request.filters),
    order: { column, type: sqlTypeOf(resource.columns, column), descending },
    after: request.after,
    limit: request.limit,
    large: largeColumns(resource),
  });
  return readAs(listed, ({ rows, more }) => ({
    items: rows.map((row) => represent(resource.columns, row)),
    next: more ? positionOf(rows) : null,
  }));
}

const largeText = 10_000;

function largeColumns({ columns }: Resource): string[] {
  return Object.entries(columns).flatMap(([name, { type }]) =>
    type.kind === 'object' || (type.kind === 'text' && type.max > largeText) ? [name] : [],
  );
}

function positionOf(rows: readonly PagedRow[]): PagePosition | null {
  const last = rows.at(-1);
  return last === undefined ? null : { value: last.drover_order, id: String(last['id']) };
}

/** @throws NOT_FOUND for a row that is missing or another tenant's */
export async function getResource(asked: ResourceRequest, id: string): Promise<Values> {
  const row = await reading(asked, (tx) => tx.ask(findRow(tableOf(asked), { id })), 'single');
  if (row === undefined) throw notFound(asked.resource);
  return represent(asked.resource.columns, row);
}

/** One answer for what is missing and what is not the caller's. */
export function notFound({ noun }: Pick<Resource, 'noun'>): DroverError {
  return new DroverError('NOT_FOUND', `There is no such ${noun}.`);
}

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

function sqlTypeOf(columns: Resource['columns'], name: string): string {
  return sqlTypes[columns[name]?.type.kind ?? 'text'];
}

/** A filter that is not given leaves out what is gone, and nothing else. */
function conditionsOf({ columns, filters }: Resource, query: Readonly<Record<string, unknown>>): RowFilter[] {
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
