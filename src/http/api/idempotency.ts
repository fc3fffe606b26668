/**
 * `Idempotency-Key` on every POST: the answer to the first request with a key is kept for a day and given to every later one
 * with the same body, `Idempotency-Replayed: true` beside it. Another body is 422, a request that is still running 409. An answer
 * that says "try again" (429, 5xx, a migration that runs) is not kept, so that trying again can succeed.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { canonicalText } from '../../engine/canonical.ts';
import { DroverError } from '../../errors.ts';
import { holdKey } from '../../platform/idempotency.ts';
import type { HeldKey, KeptAnswer } from '../../platform/idempotency.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import type { App, AppDeps } from '../server/app.ts';
import { problemOf } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What succeeds answers with a secret, which is kept nowhere. */
    shownOnce?: boolean;
  }
}

/** Headers that belong to an answer and not to the connection or the request. */
const keptHeaders = ['content-type', 'location', 'etag', 'link', 'deprecation', 'sunset'];

const held = new WeakMap<FastifyRequest, HeldKey>();

/**
 * Keeps the answer of a request in the transaction that does its work, so that a crash after the commit cannot lose it. Nothing
 * without a key, or where the work is in another tenant than the key: then the answer is kept when it is sent.
 */
export async function keepAnswer(
  { request, reply, tx }: { request: FastifyRequest; reply: FastifyReply; tx: Tx },
  { tenantId, body }: { tenantId: string; body: unknown },
): Promise<void> {
  const key = held.get(request);
  if (key?.tenantId !== tenantId) return;
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const text = reply.serialize(body);
  if (typeof text === 'string') await key.closeWithin(tx, { status: 200, headers, body: text });
}

/** Keeps and replays the answers of every POST route that is registered after this. */
export function replayAnswers(app: App, { platform }: AppDeps): void {
  app.addHook('preHandler', async (request, reply) => {
    const { caller } = request;
    const key = request.method === 'POST' ? keyOf(request) : undefined;
    if (key === undefined || caller === null) return undefined;
    const outcome = await holdKey(platform, { caller, key, requestHash: hashOf(request) });
    if (outcome.kind === 'answered') return replay(reply, outcome.answer);
    if (outcome.kind !== 'held') throw refusals[outcome.kind]();
    held.set(request, outcome.held);
    return undefined;
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const key = held.get(request);
    if (key === undefined) return payload;
    held.delete(request);
    const answer = answerToKeep(reply, payload);
    await (answer === undefined ? key.release() : key.close(answer)).catch((error: unknown) =>
      request.log.error({ err: error }, 'the answer could not be kept for its idempotency key'),
    );
    return payload;
  });
}

/** @throws REQUEST_INVALID */
function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const message = 'must be 1 to 255 visible ASCII characters, once';
  throw new DroverError(
    'REQUEST_INVALID',
    `The request is not as described: header Idempotency-Key ${message}.`,
    {
      errors: [{ in: 'headers', pointer: '/idempotency-key', message }],
    },
  );
}

function hashOf({ method, url, body }: FastifyRequest): string {
  return createHash('sha256')
    .update(canonicalText([method, url, body ?? null]))
    .digest('hex');
}

function replay(reply: FastifyReply, { status, headers, body }: KeptAnswer): FastifyReply {
  return reply
    .code(status)
    .headers({ ...headers, 'idempotency-replayed': 'true' })
    .send(body);
}

const refusals = {
  running: () =>
    new DroverError(
      'IDEMPOTENCY_RUNNING',
      'A request with this Idempotency-Key is still being worked on; ask again in a little while for its answer.',
    ),
  'other-request': () =>
    new DroverError(
      'IDEMPOTENCY_KEY_REUSED',
      'This Idempotency-Key was used for another request; take a new key for a new request.',
    ),
};

/** What a repetition is answered; undefined where it shall be tried anew. */
function answerToKeep(reply: FastifyReply, payload: unknown): KeptAnswer | undefined {
  const status = reply.statusCode;
  const body = payload ?? '';
  if (typeof body !== 'string' || status === 429 || status >= 500 || reply.hasHeader('retry-after'))
    return undefined;
  if (status < 300 && reply.routeOptions.config.shownOnce === true) return shownOnce;
  const headers = keptHeaders.flatMap((name) => {
    const value = reply.getHeader(name);
    return value === undefined ? [] : [[name, String(value)]];
  });
  return { status, headers: Object.fromEntries(headers) as Record<string, string>, body };
}

/** Instead of an answer that holds a secret: kept, it could be read from the database for a day. */
const shownOnce = problemAnswer(
  new DroverError(
    'ANSWER_SHOWN_ONCE',
    'The request with this Idempotency-Key was done; its answer held a secret, which is shown once and kept nowhere. Revoke what it made, and make another.',
  ),
);

function problemAnswer(error: DroverError): KeptAnswer {
  const problem = problemOf(error);
  const headers = { 'content-type': 'application/problem+json; charset=utf-8' };
  return { status: problem.status, headers, body: JSON.stringify(problem) };
}
