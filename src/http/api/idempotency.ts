/**
 * `Idempotency-Key` on every POST. The answer to the first request with a key is kept for a day. Every later request with
 * this key and the same body gets it, with the header `Idempotency-Replayed: true`. Another body is 422; while the first
 * request is running, 409. An answer that says "try again" (429, 5xx, a migration that runs) is not kept, so that trying again
 * can succeed.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { canonicalText } from '../../engine/canonical.ts';
import { DroverError } from '../../errors.ts';
import { holdKey } from '../../platform/access/idempotency.ts';
import type { KeptAnswer } from '../../platform/access/idempotency.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import type { App, AppDeps } from '../contract.ts';
import { problemOf } from './problem.ts';
import { invalidRequest } from './validation.ts';

/** Headers of an answer; the others belong to the connection or the request. */
const keptHeaders = ['content-type', 'location', 'etag', 'link', 'deprecation', 'sunset'];

/**
 * Keeps the answer of a request in the transaction of its work, so that a crash after the commit cannot lose it. Does
 * nothing without a key. If the work is in another tenant than the key, the answer is kept when it is sent.
 */
export async function keepAnswer(
  { request, reply, tx }: { request: FastifyRequest; reply: FastifyReply; tx: Tx },
  { tenantId, body }: { tenantId: string; body: unknown },
): Promise<void> {
  const key = request.heldKey;
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
    request.heldKey = outcome.held;
    return undefined;
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const key = request.heldKey;
    if (key === null) return payload;
    request.heldKey = null;
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
  throw invalidRequest([{ in: 'headers', pointer: '/idempotency-key', message }]);
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
      'A request with this Idempotency-Key is still running; ask again in a little while for its answer.',
    ),
  'other-request': () =>
    new DroverError(
      'IDEMPOTENCY_KEY_REUSED',
      'This Idempotency-Key was used for another request; take a new key for a new request.',
    ),
};

/** The answer to a repetition; undefined if the repetition shall do the work again. */
function answerToKeep(reply: FastifyReply, payload: unknown): KeptAnswer | undefined {
  const status = reply.statusCode;
  const body = payload ?? '';
  // Whoever follows a 308 sends the same key to another address.
  const isForNow = status === 308 || status === 429 || status >= 500 || reply.hasHeader('retry-after');
  if (typeof body !== 'string' || isForNow) return undefined;
  if (status < 300 && reply.routeOptions.config.shownOnce === true) return shownOnce;
  const headers = keptHeaders.flatMap((name) => {
    const value = reply.getHeader(name);
    return value === undefined ? [] : [[name, String(value)]];
  });
  return { status, headers: Object.fromEntries(headers) as Record<string, string>, body };
}

/** Replaces an answer that holds a secret. A secret that is kept could be read from the database for a day. */
const shownOnce = problemAnswer(
  new DroverError(
    'ANSWER_SHOWN_ONCE',
    'The request with this Idempotency-Key was done. Its answer held a secret, which is shown once and kept nowhere; ' +
      'revoke what the request made, and make another.',
  ),
);

function problemAnswer(error: DroverError): KeptAnswer {
  const problem = problemOf(error);
  const headers = { 'content-type': 'application/problem+json; charset=utf-8' };
  return { status: problem.status, headers, body: JSON.stringify(problem) };
}
