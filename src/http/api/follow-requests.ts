/** Every request has an id, in the answer's header and in each line that is logged about it, and leaves one line. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { App } from '../server/app.ts';

const header = 'x-request-id';

/** The id that came with the request where it is a sane one, so that a caller finds it again; otherwise a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers[header];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

/** Logs the path without its query, and no header and no body. */
export function followRequests(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header(header, request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, caller } = request;
    request.log.info(
      {
        method,
        path: request.url.split('?')[0],
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(caller ? { tenant: caller.tenantId, user: caller.userId } : {}),
      },
      'request',
    );
    done();
  });
}
