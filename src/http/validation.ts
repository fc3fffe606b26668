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
  const errors = validation
    .slice(0, mostFaults)
    .map(({ instancePath, message = 'is not valid' }): RequestFault => ({
      in: part,
      pointer: instancePath,
      message: shortened(message),
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

/** An answer must not grow with what was sent: a message may list every key that is not known. */
const mostFaults = 100;
const longestMessage = 500;

function shortened(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage).toWellFormed()} …`;
}
