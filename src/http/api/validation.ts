/**
 * What a request may hold. A body is JSON in UTF-8, not nested too deep; no text is one that a database cannot store; no
 * parameter of the query is unknown; and all of it fits the schemas of the route.
 */
import type { FastifyError, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DroverError } from '../../errors.ts';
import type { App } from '../contract.ts';
import { isStorableText } from '../schemas.ts';
import type { RequestFault } from './problem.ts';

/** Replaces Fastify's own parser. That one replaces bytes that are no UTF-8, and another text would be stored. */
export function readJsonBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, readJson);

  function readJson(
    request: FastifyRequest,
    bytes: Buffer,
    done: (error: Error | null, body?: unknown) => void,
  ): void {
    const text = decode(bytes);
    if (text === undefined) return done(new DroverError('REQUEST_INVALID', 'The body is not UTF-8.'));
    parse.call(app, request, text, done);
  }
}

function decode(bytes: Buffer): string | undefined {
  try {
    // A decoder for each body. It strips a byte order mark, which JSON.parse refuses.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const maxDepth = 50;

/** Refuses bodies that are nested too deep, and texts that no database can store, before other code reads them. */
export function limitShapes(app: App): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const faults = [
      ...findFaults('path', request.params),
      ...findFaults('query', request.query),
      ...findFaults('body', request.body),
    ];
    if (faults.length === 0) return done();
    done(invalidRequest(faults));
  });
}

/** Walks without recursion, because depth is what it looks for. Stops at the first few faults. */
function findFaults(part: string, root: unknown): RequestFault[] {
  const faults: RequestFault[] = [];
  const open: { value: unknown; path: readonly string[] }[] = [{ value: root, path: [] }];
  for (let next = open.pop(); next !== undefined && faults.length < 5; next = open.pop()) {
    const { value, path } = next;
    if (path.length > maxDepth) {
      faults.push(fault(part, path.slice(0, 3), `is nested deeper than ${maxDepth} levels`));
    } else if (typeof value === 'string') {
      if (!isStorableText(value)) faults.push(fault(part, path, 'holds a character that no text can hold'));
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        if (!isStorableText(key))
          faults.push(fault(part, path, 'has a key with a character that no text can hold'));
        open.push({ value: child, path: [...path, key] });
      }
    }
  }
  return faults;
}

function fault(part: string, path: readonly string[], message: string): RequestFault {
  const pointer = path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { in: part, pointer, message };
}

/**
 * Refuses, on every route that is registered after this, a parameter of the query that the route does not know. A mistyped
 * filter would filter nothing, and `?dry_run=true` beside a body without it would do the work.
 */
export function refuseUnknownQueries(app: App): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.access === 'none') return;
    const known = route.schema?.querystring ?? z.object({});
    if (known instanceof z.ZodObject) route.schema = { ...route.schema, querystring: known.strict() };
  });
}

const parts: Readonly<Record<string, string>> = {
  body: 'body',
  params: 'path',
  querystring: 'query',
  headers: 'headers',
};

/** The refusal of a request that does not fit the schemas of its route; undefined for any other error. */
export function schemaRefusal(error: unknown): DroverError | undefined {
  const { validation, validationContext = 'body' } = error as Partial<FastifyError>;
  if (!Array.isArray(validation)) return undefined;
  const part = parts[validationContext] ?? validationContext;
  const faults = validation.slice(0, mostFaults).map(({ instancePath, message = 'is not valid' }) => ({
    in: part,
    pointer: instancePath,
    message: shortened(message),
  }));
  return invalidRequest(faults, error);
}

/** The refusal of a request with these faults, of which there is at least one. */
export function invalidRequest(errors: readonly RequestFault[], cause?: unknown): DroverError {
  const { in: part, pointer, message } = errors[0] ?? { in: 'body', pointer: '', message: 'is not valid' };
  const where = pointer === '' ? `the ${part}` : `${part} ${pointer}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  const text = `The request is not as described: ${where}: ${message}${more}.`;
  return new DroverError('REQUEST_INVALID', text, { errors }, { cause });
}

/** An answer must not grow with the request: a message may list every unknown key. */
const mostFaults = 100;
const longestMessage = 500;

function shortened(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage).toWellFormed()} …`;
}
