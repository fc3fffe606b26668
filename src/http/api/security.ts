/** Headers for browsers. Answers of the API load nothing and may not be framed; each page states what it loads. */
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { App } from '../contract.ts';

export async function secureAnswers(app: App, corsOrigins: readonly string[]): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  // Without a list no other origin may read an answer.
  if (corsOrigins.length === 0) return;
  await app.register(cors, {
    origin: [...corsOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'if-match',
      'idempotency-key',
      'last-event-id',
      'x-request-id',
    ],
    exposedHeaders: ['etag', 'location', 'x-request-id', 'retry-after', 'deprecation', 'sunset', 'link'],
    maxAge: 600,
  });
}
