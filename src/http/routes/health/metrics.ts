/** Figures for Prometheus. Internal: the edge does not let it through. */
import type { App } from '../../server/app.ts';

export function metricsRoutes(app: App): void {
  app.route({
    method: 'GET',
    url: '/metrics',
    config: { access: 'none', exposure: 'internal', whileStopping: true, rateLimit: false },
    schema: { hide: true },
    handler: async (_request, reply) => {
      reply.type(app.metrics.contentType);
      return app.metrics.metrics();
    },
  });
}
