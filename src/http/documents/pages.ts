/** Pages for people: `/docs` to read and try the API, and the list of errors. The server serves all that they load. */
import { readFile } from 'node:fs/promises';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from '../contract.ts';

/** The page loads nothing from other servers. It writes styles into the document. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

export async function servePages(app: App): Promise<void> {
  await app.register(async (pages) => {
    // Routes of the plugin do not state their access.
    pages.addHook('onRoute', (route) => {
      route.config = { access: 'none', exposure: 'public', ...route.config };
    });
    await pages.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: policy,
      theme: { title: 'Drover API' },
      uiConfig: {
        layout: 'BaseLayout',
        validatorUrl: null,
        deepLinking: true,
        docExpansion: 'list',
        tryItOutEnabled: true,
      },
    });
    pageRoutes(pages);
  });
}

/** The `type` of a problem leads to this page. */
const errors = new URL('../../../docs/errors.md', import.meta.url);

function pageRoutes(app: App): void {
  app.get('/docs/errors.md', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('content-security-policy', policy).type('text/markdown; charset=utf-8');
    return readFile(errors, 'utf8');
  });
}
