/** Liveness touches nothing, readiness runs all checks; and figures for Prometheus, which the edge does not let through. */
import { z } from 'zod';
import { authenticate, credentialOf } from '../../api/access.ts';
import type { App, AppDeps } from '../../contract.ts';
import { checksOf, type ReadinessReport, watchHealth } from './checks.ts';
import type { FastifyRequest } from 'fastify';
import { within } from '../../api/within.ts';

const open = { access: 'none', exposure: 'public', whileStopping: true, rateLimit: false } as const;

const alive = z
  .object({ status: z.literal('alive'), version: z.string(), build: z.string() })
  .meta({ id: 'Alive' });

const readiness = z
  .object({
    status: z.enum(['ready', 'degraded', 'not-ready']),
    checks: z.record(
      z.string(),
      z.object({
        status: z.enum(['ok', 'fail', 'stale', 'skipped']),
        detail: z.string().optional().describe('For a sysadmin only'),
      }),
    ),
    version: z.string(),
  })
  .meta({ id: 'Readiness' });

export function healthRoutes(app: App, deps: AppDeps): void {
  const { version, build, stopping } = deps;
  app.route({
    method: 'GET',
    url: '/livez',
    config: open,
    schema: {
      tags: ['health'],
      operationId: 'getLiveness',
      summary: 'Does the process answer; nothing else is asked',
      response: { 200: alive },
    },
    handler: () => ({ status: 'alive' as const, version, build }),
  });
  const read = watchHealth(checksOf(deps));
  // A probe is not counted. A credential costs a look-up, and has the budget of wrong credentials.
  const withCredential = {
    max: deps.settings.wrongCredentialsPerMinute,
    timeWindow: '1 minute',
    allowList: (request: FastifyRequest) => credentialOf(request) === '',
  };
  for (const [url, operationId] of [
    ['/readiness', 'getReadiness'],
    ['/readyz', 'getReadinessShort'],
  ] as const) {
    app.route({
      method: 'GET',
      url,
      config: { ...open, rateLimit: withCredential },
      schema: {
        tags: ['health'],
        operationId,
        summary: 'Is the server ready; 503 if not',
        response: { 200: readiness, 503: readiness },
      },
      handler: async (request, reply) => {
        const report = stopping.aborted ? leaving(await read()) : await read();
        const checks = (await mayKnow(request, deps)) ? report.checks : withoutDetails(report);
        reply.header('cache-control', 'no-store');
        return reply
          .code(report.status === 'not-ready' ? 503 : 200)
          .send({ status: report.status, checks, version });
      },
    });
  }
  metricsRoute(app, deps);
}

function metricsRoute(app: App, { settings }: AppDeps): void {
  const access = settings.metrics === 'closed' ? ({ role: 'sysadmin', scope: null } as const) : 'none';
  app.route({
    method: 'GET',
    url: '/metrics',
    config: { access, exposure: 'internal', whileStopping: true, rateLimit: false },
    schema: { hide: true },
    handler: async (_request, reply) => {
      reply.type(app.metrics.contentType);
      return app.metrics.metrics();
    },
  });
}

/** A server that stops is not ready: it must get no new requests. */
function leaving(report: ReadinessReport): ReadinessReport {
  return { ...report, status: 'not-ready' };
}

function withoutDetails({ checks }: ReadinessReport): ReadinessReport['checks'] {
  return Object.fromEntries(Object.entries(checks).map(([name, { status }]) => [name, { status }]));
}

/** Only a sysadmin sees details. Nobody sees them while the credential cannot be looked up. */
async function mayKnow(request: FastifyRequest, deps: AppDeps): Promise<boolean> {
  const credential = credentialOf(request);
  if (credential === '') return false;
  const asked = authenticate(deps, credential).then(
    ({ role }) => role === 'sysadmin',
    () => false,
  );
  return within(500, asked, false);
}
