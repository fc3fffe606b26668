/**
 * Answers every error with a problem document: errors of routes and of Fastify, unknown paths, and connections that never
 * sent a request.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { DroverError, type ErrorCode } from '../../errors.ts';
import type { Platform } from '../../platform/open.ts';
import { raisedBy } from '../../postgres/catalogue/raised-by.ts';
import { rowRefused } from '../../postgres/driver/errors.ts';
import { withTenant } from '../../postgres/scope/site.ts';
import type { App, AppDeps } from '../contract.ts';
import { answerMoved } from './moved-rows.ts';
import { problemOf } from './problem.ts';
import { schemaRefusal } from './validation.ts';

export function answerErrors(app: App, { platform }: AppDeps): void {
  app.setErrorHandler(async (error, request, reply) => {
    const told = schemaRefusal(error) ?? (await refusedRow(platform, error)) ?? asDroverError(error);
    const left = await unlessMoved(platform, { request, reply }, told);
    if (left !== undefined) answer(request, reply, left);
    // Hooks may still be at work on the answer; nothing else is to be sent meanwhile.
    return reply;
  });
  app.setNotFoundHandler((request, reply) => {
    answer(request, reply, notRouted(app, request, reply));
  });
}

/** The error that is still to be answered. What fails meanwhile would be answered by the framework, with the text of the error. */
async function unlessMoved(
  platform: Platform,
  about: Parameters<typeof answerMoved>[1],
  told: DroverError,
): Promise<DroverError | undefined> {
  try {
    return (await answerMoved(platform, about, told)) ? undefined : told;
  } catch (failed) {
    return asDroverError(failed);
  }
}

/** What a trigger raises is a refusal of the row, and no mistake. It is told by the names of trigger and table. */
async function refusedRow({ site }: Platform, error: unknown): Promise<DroverError | undefined> {
  if (!(error instanceof DroverError)) return undefined;
  const refused = rowRefused(error, []);
  const { where } = error.data;
  if (refused === undefined || typeof where !== 'string' || 'table' in refused.data) return refused;
  const asking = { tenant: undefined, readOnly: true };
  // Without names it is still a refusal.
  const by = await withTenant(site, asking, (tx) => raisedBy(tx, where)).catch(() => undefined);
  return rowRefused(
    new DroverError(error.code, error.message, { ...error.data, ...by }, { cause: error }),
    [],
  );
}

/** A path that is there with other methods names them. */
function notRouted(app: App, { method, url }: FastifyRequest, reply: FastifyReply): DroverError {
  const methods = app.known.methodsOf(url.split('?', 1)[0] ?? '');
  if (methods.length === 0)
    return new DroverError(
      'ROUTE_NOT_FOUND',
      'There is nothing at this path; /openapi.json lists what there is.',
    );
  reply.header('allow', methods.join(', '));
  const message = `There is no ${method} at this path, only ${methods.join(', ')}.`;
  return new DroverError('METHOD_NOT_ALLOWED', message, { allow: methods });
}

/** Answers a path that cannot be read. No route and no hook has run then. */
export function answerFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.header('x-request-id', request.id);
  answer(request, reply, asDroverError(error));
}

/** These conflicts end by themselves: the same request may succeed a moment later. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'MIGRATION_RUNNING',
  'IDEMPOTENCY_RUNNING',
  'COUNT_MISMATCH',
  'REFERENCES_LEFT',
]);

function answer(request: FastifyRequest, reply: FastifyReply, error: DroverError): void {
  const problem = problemOf(error);
  if (problem.status >= 500) request.log.error({ err: error }, 'the request failed');
  if (problem.code === 'ROW_REFUSED') request.log.warn({ err: error }, 'the database refused a row');
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.status === 503 || passing.has(problem.code)) reply.header('retry-after', '1');
  void reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem);
}

/** Answers headers that are too large, a request that is too slow, and what is not HTTP. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  // The caller is gone.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(refusalOf(error.code ?? ''));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Bad Request'}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function refusalOf(code: string): DroverError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new DroverError(
      'HEADERS_TOO_LARGE',
      'The headers of the request are larger than this server takes.',
    );
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new DroverError('REQUEST_TIMEOUT', 'The request did not arrive in time.');
  return new DroverError('REQUEST_INVALID', 'This is not a request of HTTP/1.1.');
}

/** Any error of a route or of Fastify, as one of ours. */
function asDroverError(error: unknown): DroverError {
  if (error instanceof DroverError) return error;
  const { code = '', statusCode = 500, message = '' } = error as Partial<FastifyError>;
  const known = fromFastify[code];
  if (known !== undefined) return new DroverError(...known, {}, { cause: error });
  if (statusCode >= 400 && statusCode < 500)
    return new DroverError('REQUEST_INVALID', `${message}.`, {}, { cause: error });
  return new DroverError('INTERNAL', 'Something happened that Drover did not expect.', {}, { cause: error });
}

const notJson = 'The body is not valid JSON, or has a key that could change what objects are (`__proto__`).';

const fromFastify: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_BAD_URL: ['REQUEST_INVALID', 'The path cannot be read: its escapes are no UTF-8.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'The body of the request is larger than this server takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'MEDIA_TYPE_UNSUPPORTED',
    'The body must be JSON: send `content-type: application/json`.',
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['REQUEST_INVALID', notJson],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['REQUEST_INVALID', 'The body is empty; send JSON.'],
};
