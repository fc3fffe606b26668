/** What is wrong with a request, as the schemas of its route found it: all of it, each with a JSON pointer. */
import type { FastifyError } from 'fastify';
import { DroverError } from '../errors.ts';
import type { RequestFault } from './problem.ts';

const parts: Readonly<Record<string, string>> = {
  body: 'body',
  params: 'path',
  querystring: 'query',
  headers: 'headers',
};

/** The refusal of a request that does not fit the schemas of its route; undefined for any other error. */
export function invalidRequest(error: unknown): DroverError | undefined {
  const { validation, validationContext = 'body' } = error as Partial<FastifyError>;
  if (!Array.isArray(validation)) return undefined;
  const part = parts[validationContext] ?? validationContext;
  const errors = validation.map(({ instancePath, message = 'is not valid' }): RequestFault => ({
    in: part,
    pointer: instancePath,
    message,
  }));
  const first = errors[0];
  const where = first === undefined || first.pointer === '' ? `the ${part}` : `${part} ${first.pointer}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  return new DroverError(
    'REQUEST_INVALID',
    `The request is not as described: ${where}: ${first?.message ?? 'is not valid'}${more}.`,
    { errors },
    { cause: error },
  );
}
