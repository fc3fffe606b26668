/** Pages for people: `/docs` to try the API, `/redoc` to read it, and the list of errors. The server serves all that they load. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyReply } from 'fastify';
import type { App } from '../contract.ts';

/** The pages load nothing from other servers. Both write styles into the document. */
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
  const bundle = createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js');
  const text = async (reply: FastifyReply, type: string, body: string): Promise<string> => {
    reply.header('content-security-policy', policy).type(`${type}; charset=utf-8`);
    return Promise.resolve(body);
  };
  const schema = { hide: true };
  app.get('/docs/errors.md', { schema }, async (_request, reply) =>
    text(reply, 'text/markdown', await readFile(errors, 'utf8')),
  );
  app.get('/redoc', { schema }, (_request, reply) => text(reply, 'text/html', redocPage));
  app.get('/redoc/start.js', { schema }, (_request, reply) => text(reply, 'text/javascript', redocStart));
  app.get('/redoc/redoc.standalone.js', { schema }, async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=3600');
    return text(reply, 'text/javascript', await readFile(bundle, 'utf8'));
  });
}

const redocPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Drover API</title>
    <style>body { margin: 0 }</style>
  </head>
  <body>
    <div id="redoc"></div>
    <script src="/redoc/redoc.standalone.js"></script>
    <script src="/redoc/start.js"></script>
  </body>
</html>
`;

const redocStart = `const fontFamily = 'system-ui, sans-serif';
const typography = { fontFamily, headings: { fontFamily }, code: { fontFamily: 'ui-monospace, monospace' } };
Redoc.init('/openapi.json', { theme: { typography } }, document.getElementById('redoc'));
`;
