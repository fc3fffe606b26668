/** Pages for people: what there is (`/`), `/docs` to read and try the API, and the list of errors. The server serves all that they load. */
import { readFile } from 'node:fs/promises';
import swaggerUi from '@fastify/swagger-ui';
import type { App, AppDeps } from '../contract.ts';

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

export async function servePages(app: App, { version }: Pick<AppDeps, 'version'>): Promise<void> {
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
    pageRoutes(pages, version);
  });
}

/** The `type` of a problem leads to this page. */
const errors = new URL('../../../docs/errors.md', import.meta.url);

function pageRoutes(app: App, version: string): void {
  const schema = { hide: true };
  app.get('/docs/errors.md', { schema }, async (_request, reply) => {
    reply.header('content-security-policy', policy).type('text/markdown; charset=utf-8');
    return readFile(errors, 'utf8');
  });
  app.get('/', { schema }, (request, reply) => {
    reply.header('vary', 'accept');
    if (!prefersPage(request.headers.accept)) return reply.send(indexOf(version));
    const page = pageText(version);
    return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page);
  });
}

/** Browsers name HTML first; programs name JSON, or take whatever comes. */
function prefersPage(accept = ''): boolean {
  const [html, json] = [accept.indexOf('text/html'), accept.indexOf('json')];
  return html >= 0 && (json < 0 || html < json);
}

/** What there is, for whoever has the address alone. */
const parts = [
  { name: 'docs', href: '/docs', about: 'Read and try the API' },
  { name: 'openapi', href: '/openapi.json', about: 'The same for programs: OpenAPI 3.1' },
  { name: 'errors', href: '/docs/errors.md', about: 'What each error means, and the way out' },
  { name: 'me', href: '/api/v1/me', about: 'Whose credential it is, and what it may' },
  { name: 'live', href: '/livez', about: 'Is the process alive' },
  { name: 'ready', href: '/readiness', about: 'Can it work' },
];

function indexOf(version: string): object {
  return {
    name: 'Drover',
    version,
    links: Object.fromEntries(parts.map(({ name, href }) => [name, href])),
  };
}

function pageText(version: string): string {
  const items = parts.map(({ href, about }) => `<li><a href="${href}">${href}</a> ${about}</li>`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Drover</title>
    <style>body { font: 1rem/1.6 system-ui, sans-serif; margin: 4rem auto; max-width: 40rem; padding: 0 1rem }</style>
  </head>
  <body>
    <h1>Drover ${version}</h1>
    <p>Moves the tenants of an AI platform off models that retire.</p>
    <ul>
      ${items.join('\n      ')}
    </ul>
  </body>
</html>
`;
}
