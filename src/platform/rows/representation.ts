/** What a caller sees of a row, what a caller gives in the form that is stored, and the tag by which a version is known. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { DroverError } from '../../errors.ts';
import type { Row } from '../../postgres/driver/question.ts';
import type { RowTable } from '../queries/resource-rows.ts';
import type { Resource, Values, ValueType } from '../resources/declaration.ts';
import { withPlainIds } from './pipeline.ts';
import type { ResourceRequest } from './unit.ts';

/** The table of a resource, for the tenant that asks. */
export function tableOf({ platform, caller, resource }: ResourceRequest): RowTable {
  return {
    schema: platform.schema,
    name: resource.table,
    columns: Object.keys(resource.columns),
    tenant: resource.owner === 'tenant' ? { column: 'tenant_id', id: caller.tenantId } : undefined,
  };
}

/** The row as the API shows it: the declared columns, and nothing else. */
export function represent(columns: Resource['columns'], row: Row): Values {
  const values: Record<string, unknown> = {};
  for (const [name, { type }] of Object.entries(columns)) values[name] = shown(type, row[name] ?? null);
  return values;
}

function shown({ kind }: ValueType, value: unknown): unknown {
  if (value === null) return null;
  if (value instanceof Date) return value.toISOString();
  return kind === 'decimal' ? Number(value) : value;
}

/** Values as they will come back: two spellings of one value are no change. */
export function normalise(columns: Resource['columns'], values: Values): Values {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => {
      const type = columns[name]?.type;
      return [name, type === undefined || value === null ? value : plain(type, value)];
    }),
  );
}

function plain(type: ValueType, value: unknown): unknown {
  switch (type.kind) {
    case 'id':
      return String(value).toLowerCase();
    case 'instant':
      return new Date(String(value)).toISOString();
    case 'text':
      return type.form === 'email' ? String(value).toLowerCase() : value;
    case 'object':
      return type.form === 'pipeline' ? withPlainIds(value as Values) : value;
    case 'choice':
    case 'integer':
    case 'decimal':
    case 'flag':
    case 'day':
    case 'scopes':
      return value;
  }
}

/** Of the values those that differ from the row. */
export function changesOf(before: Values, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => !isDeepStrictEqual(before[name], value)),
  );
}

/** A strong tag of what a caller sees: a change to the row is a new tag, whoever made the change. */
export function etagOf(representation: Values): string {
  const digest = createHash('sha256').update(JSON.stringify(representation)).digest('base64url');
  return `"${digest.slice(0, 27)}"`;
}

/** @throws PRECONDITION_FAILED where the row is not one of those that the caller names */
export function requireMatch(ifMatch: string | undefined, representation: Values, noun: string): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (tags.includes(etagOf(representation))) return;
  throw new DroverError(
    'PRECONDITION_FAILED',
    `The ${noun} is not as you saw it: somebody changed it since. Read it again and decide anew.`,
  );
}
