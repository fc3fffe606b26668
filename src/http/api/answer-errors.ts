/** Answers every error with a problem document, those of Fastify and of unknown paths included. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { DroverError, type ErrorCode } from '../../errors.ts';
import type { App } from '../server/app.ts';
import { asDroverError, problemOf } from './problem.ts';
import { invalidRequest } from './validation.ts';

export function answerErrors(app: App): void {
  app.setErrorHandler((error, request, reply) => {
    answer(request, reply, invalidRequest(error) ?? asDroverError(error));
  });
  app.setNotFoundHandler((request, reply) => {
    const message = `There is no ${request.method} at this path; /openapi.json lists what there is.`;
    answer(request, reply, new DroverError('ROUTE_NOT_FOUND', message));
  });
}

/** A path that cannot be read, before any route or hook. */
export function answerFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.header('x-request-id', request.id);
  answer(request, reply, asDroverError(error));
}

/** Conflicts that end by themselves: the same request may succeed a moment later. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'MIGRATION_RUNNING',
  'IDEMPOTENCY_RUNNING',
  'COUNT_MISMATCH',
  'REFERENCES_LEFT',
]);

function answer(request: FastifyRequest, reply: FastifyReply, error: DroverError): void {
  const problem = problemOf(error);
  if (problem.status >= 500) request.log.error({ err: error }, 'the request failed');
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.status === 503 || passing.has(problem.code)) reply.header('retry-after', '1');
  void reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem);
}
