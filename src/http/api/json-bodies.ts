/** Bodies are JSON in UTF-8. Bytes that are no UTF-8 are refused: read leniently, they would be stored as other text. */
import type { FastifyRequest } from 'fastify';
import { DroverError } from '../../errors.ts';
import type { App } from '../server/app.ts';

type Done = (error: Error | null, body?: unknown) => void;

/** Instead of Fastify's own parser, which replaces what it cannot read. */
export function readJsonBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, readJson);

  function readJson(request: FastifyRequest, bytes: Buffer, done: Done): void {
    const text = decode(bytes);
    if (text === undefined) return done(new DroverError('REQUEST_INVALID', 'The body is not UTF-8.'));
    parse.call(app, request, text, done);
  }
}

function decode(bytes: Buffer): string | undefined {
  try {
    // One for each body: it strips a byte order mark, which JSON.parse refuses.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
