/** The schemas of a resource's requests and answers, made from its declaration. */
import { z } from 'zod';
import type { Column, Resource } from '../../../platform/resources/declaration.ts';
import { pageQuery } from '../../schemas.ts';
import { filterSchema, inputSchema, outputSchema } from './value-schemas.ts';

type Described = Pick<Resource, 'columns' | 'title'>;

function shapeOf(
  columns: Resource['columns'],
  schemaOf: (column: Column) => z.ZodType | undefined,
): Record<string, z.ZodType> {
  const shape = Object.entries(columns).flatMap(([name, column]) => {
    const schema = schemaOf(column);
    return schema === undefined ? [] : [[name, schema] as const];
  });
  return Object.fromEntries(shape);
}

/** A name means one schema in the whole document, so each is made once. */
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

/** The body of PATCH: what is not given stays. */
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

function given({ type, nullable, about }: Column): z.ZodType {
  const schema = nullable === true ? inputSchema(type).nullable() : inputSchema(type);
  return about === undefined ? schema : schema.describe(about);
}
