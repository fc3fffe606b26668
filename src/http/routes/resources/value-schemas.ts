/** From the declared type of a value to what a request may hold and what an answer shows. */
import { z } from 'zod';
import type { Column, Filter, Resource, ValueType } from '../../../platform/resources/declaration.ts';
import { grantableScopes } from '../../../platform/access/caller.ts';
import { moment, rowId, timestamp } from '../../schemas.ts';
import { isStorable } from '../../storable.ts';

const slug = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const lineBreaks = /[\p{Cc}\u2028\u2029]/u;

const earliest = '1900-01-01';
const tooEarly = `must not be before ${earliest}`;

/** What a client may give. */
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

/** What an answer shows. */
export function outputSchema({ type, nullable, about }: Column): z.ZodType {
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

/** What a query may ask of a filter. */
export function filterSchema({ columns }: Pick<Resource, 'columns'>, filter: Filter): z.ZodType {
  if (filter.test === 'presence' || filter.test === 'flag')
    return z.enum(['true', 'false', 'any']).default(filter.default);
  if (filter.test === 'lifecycle')
    return z.enum([...filter.live, ...filter.gone, 'live', 'any']).default('live');
  const type = columns[filter.column]?.type ?? { kind: 'text', max: 200 };
  if (type.kind === 'flag') return z.enum(['true', 'false']).optional();
  if (type.kind === 'text') return z.string().max(type.max).optional();
  return inputSchema(type).optional();
}
