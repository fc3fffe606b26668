/** The schemas of a resource's requests and answers, made from its declaration. */
import { ownMember } from '../../../engine/own.ts';
import { z } from 'zod';
import { grantableScopes } from '../../../platform/access/caller.ts';
import type { ResourceColumn, Filter, Resource, ValueType } from '../../../platform/resources/declaration.ts';
import { pageQuery } from '../../api/paging.ts';
import { isStorable, moment, rowId, timestamp } from '../../schemas.ts';

type Described = Pick<Resource, 'columns' | 'title'>;

function shapeOf(
  columns: Resource['columns'],
  schemaOf: (column: ResourceColumn) => z.ZodType | undefined,
): Record<string, z.ZodType> {
  const shape = Object.entries(columns).flatMap(([name, column]) => {
    const schema = schemaOf(column);
    return schema === undefined ? [] : [[name, schema] as const];
  });
  return Object.fromEntries(shape);
}

/** A name means one schema in the whole document, so each schema is made once. */
const made = new Map<string, z.ZodObject>();

function once(id: string, make: () => z.ZodObject): z.ZodObject {
  const schema = made.get(id) ?? make().meta({ id });
  made.set(id, schema);
  return schema;
}

/** One row in an answer. */
export function rowSchema({ columns, title }: Described): z.ZodObject {
  return once(title, () => z.object(shapeOf(columns, outputSchema)));
}

/** The body of POST. */
export function createSchema({ columns, title }: Described): z.ZodObject {
  return once(`${title}Create`, () =>
    z.strictObject(
      shapeOf(columns, (column) => {
        if (column.create === undefined) return undefined;
        return column.create === 'required' ? given(column) : given(column).optional();
      }),
    ),
  );
}

/** The body of PATCH. A column that is not given stays as it is. */
export function updateSchema({ columns, title }: Described): z.ZodObject {
  return once(`${title}Update`, () =>
    z.strictObject(
      shapeOf(columns, (column) => (column.update === true ? given(column).optional() : undefined)),
    ),
  );
}

/** The query of DELETE. */
export function retireSchema({ columns, retirement }: Resource): z.ZodObject {
  const taken = retirement?.takes ?? [];
  const shape = taken.flatMap((name) => {
    const column = columns[name];
    return column === undefined ? [] : [[name, inputSchema(column.type).optional()] as const];
  });
  return z.object(Object.fromEntries(shape));
}

/** The query of the list. */
export function listSchema(resource: Resource): z.ZodObject {
  const filters = Object.entries(resource.filters).map(
    ([name, filter]) => [name, filterSchema(resource, filter)] as const,
  );
  return z.object({ ...pageQuery.shape, ...Object.fromEntries(filters) });
}

function given({ type, nullable, about }: ResourceColumn): z.ZodType {
  const schema = nullable === true ? inputSchema(type).nullable() : inputSchema(type);
  return about === undefined ? schema : schema.describe(about);
}

const slug = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const lineBreaks = /[\p{Cc}\u2028\u2029]/u;

const earliest = '1900-01-01';
const tooEarly = `must not be before ${earliest}`;

/** The schema of a value that a client may give. */
export function inputSchema(type: ValueType): z.ZodType {
  switch (type.kind) {
    case 'text':
      return textInput(type);
    case 'choice':
      return z.enum(type.values);
    case 'integer':
      return z.int().min(type.min).max(type.max);
    case 'decimal':
      return z.number().min(0).max(99_999_999.9999).refine(hasFourDecimals, 'has more than four decimals');
    case 'flag':
      return z.boolean();
    case 'id':
      return rowId;
    case 'instant':
      return moment;
    case 'day':
      return z.iso.date().refine((value) => value >= earliest, tooEarly);
    case 'scopes':
      return scopesInput;
    case 'object':
      return objectInput(type);
  }
}

const scopesInput = z.array(z.enum(grantableScopes)).min(1).max(grantableScopes.length);

function textInput({ form, min = 0, max }: ValueType & { readonly kind: 'text' }): z.ZodType {
  if (form === 'email') return z.email().max(max);
  if (form === 'slug')
    return z.string().max(max).regex(slug, 'must be lower-case letters, digits and hyphens');
  if (form === undefined) return z.string().min(min).max(max);
  return z
    .string()
    .trim()
    .min(min)
    .max(max)
    .refine((value) => !lineBreaks.test(value), 'must be one line of text');
}

function hasFourDecimals(value: number): boolean {
  return Math.round(value * 10_000) / 10_000 === value;
}

const node = z.looseObject({
  data: z
    .looseObject({ model: z.looseObject({ id: rowId, name: z.string().max(200).optional() }).optional() })
    .optional(),
});

const pipeline = z.looseObject({ nodes: z.array(node).max(1000) });

function objectInput({ form, maxBytes }: ValueType & { readonly kind: 'object' }): z.ZodType {
  const shape: z.ZodType = form === 'pipeline' ? pipeline : z.record(z.string(), z.unknown());
  return shape.refine(
    (value) => isStorable(value, maxBytes),
    `is larger than ${maxBytes} bytes, or holds a number that JSON can write and nobody can store`,
  );
}

/** The schema of a value in an answer. */
function outputSchema({ type, nullable, about }: ResourceColumn): z.ZodType {
  const shown = shownSchema(type);
  const schema = nullable === true ? shown.nullable() : shown;
  return about === undefined ? schema : schema.describe(about);
}

function shownSchema(type: ValueType): z.ZodType {
  switch (type.kind) {
    case 'text':
    case 'choice':
      return z.string();
    case 'integer':
      return z.int();
    case 'decimal':
      return z.number();
    case 'flag':
      return z.boolean();
    case 'id':
      return rowId;
    case 'instant':
      return timestamp;
    case 'day':
      return z.iso.date();
    case 'scopes':
      return z.array(z.string());
    case 'object':
      return z.record(z.string(), z.unknown());
  }
}

/** The schema of a filter in a query. */
function filterSchema({ columns }: Pick<Resource, 'columns'>, filter: Filter): z.ZodType {
  if (filter.test === 'presence' || filter.test === 'flag')
    return z.enum(['true', 'false', 'any']).default(filter.default);
  if (filter.test === 'lifecycle')
    return z.enum([...filter.live, ...filter.gone, 'live', 'any']).default('live');
  const type = ownMember(columns, filter.column)?.type ?? { kind: 'text', max: 200 };
  if (type.kind === 'flag') return z.enum(['true', 'false']).optional();
  if (type.kind === 'text') return z.string().max(type.max).optional();
  return inputSchema(type).optional();
}
