/** What is wrong with a request, as the schemas of its route found it: all of it, each with a JSON pointer. */
import type { FastifyError } from 'fastify';
import { z } from 'zod';
import { DroverError } from '../../errors.ts';
import type { App } from '../server/app.ts';
import type { RequestFault } from './problem.ts';

const parts: Readonly<Record<string, string>> = {
  body: 'body',
  params: 'path',
  querystring: 'query',
  headers: 'headers',
};

/**
 * Of every route that is registered after this: a parameter of the query that the route does not know is refused. Passed over, a
 * mistyped filter would filter nothing, and `?dry_run=true` beside a body without it would do the work.
 */
export function refuseUnknownQueries(app: App): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.access === 'none') return;
    const known = route.schema?.querystring ?? z.object({});
    if (known instanceof z.ZodObject) route.schema = { ...route.schema, querystring: known.strict() };
  });
}

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
