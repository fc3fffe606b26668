/**
 * Builds the HTTP application. It does not listen: tests call it by `inject`, and `serve.ts` listens. Schemas in zod are
 * the single source of validation, types and the OpenAPI document.
 *
 * A request passes these steps, in this order: id; is the server stopping; who calls, and may they; is their budget used
 * up; size and shape of the body; schemas of the route; handler.
 */
import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { resolveOldIds } from '../api/moved-rows.ts';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { DroverError } from '../../errors.ts';
import { guardRoutes } from '../api/access.ts';
import { answerErrors, answerFrameworkError, refuseConnection } from '../api/answer-errors.ts';
import { followRequests, measureRequests, requestIdOf } from '../api/follow-requests.ts';
import { replayAnswers } from '../api/idempotency.ts';
import { KnownRoutes, routerOptions } from '../api/known-routes.ts';
import { limitRequests } from '../api/limits.ts';
import { traceRequests } from '../api/traces.ts';
import { limitShapes, readJsonBodies, refuseUnknownQueries } from '../api/validation.ts';
import type { App, AppDeps, AppInput, AppSettings } from '../contract.ts';
import type { Platform } from '../../platform/open.ts';
import { describeApi } from '../documents/openapi.ts';
import { servePages } from '../documents/pages.ts';
import { routes } from '../routes.ts';
import { createLog } from './log.ts';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';

const usual: AppSettings = {
  bodyLimitBytes: 1_048_576,
  requestsPerMinute: 1200,
  wrongCredentialsPerMinute: 60,
  corsOrigins: [],
  trustProxy: false,
  metrics: 'open',
};

/** The application, ready to be called. */
export async function buildApp(input: AppInput): Promise<App> {
  const deps: AppDeps = {
    ...input,
    build: input.build ?? 'source',
    settings: { ...usual, ...input.settings },
    stopping: input.stopping ?? new AbortController().signal,
  };
  const app = createFastify(deps);
  app.decorate('known', new KnownRoutes(app));
  followRequests(app);
  traceRequests(app);
  measureRequests(app, deps);
  answerErrors(app, deps);
  refuseWhileStopping(app, deps);
  await secureAnswers(app, deps.settings.corsOrigins);
  await describeApi(app, deps);
  await servePages(app, deps);
  await limitRequests(app, deps.settings);
  guardRoutes(app, deps);
  limitShapes(app);
  // Hooks hold for the routes that are registered after them.
  refuseUnknownQueries(app);
  replayAnswers(app, deps);
  resolveOldIds(app, deps);
  for (const register of routes) register(app, deps);
  await app.ready();
  return app;
}

/**
 * The application without a database, to be read and not to be called: its routes, its document. Routes are declared with what they are
 * given, and ask nothing of it until somebody calls them.
 */
export async function describeApp(version: string): Promise<App> {
  const refuse = (): Promise<never> => Promise.reject(new Error('There is no database.'));
  const database = { engine: 'embedded' as const, transaction: refuse, close: () => Promise.resolve() };
  return buildApp({ platform: { database, schema: 'none' } as unknown as Platform, version });
}

function createFastify({ settings, log }: AppDeps): App {
  const loggerInstance: FastifyBaseLogger = log ?? createLog({ level: 'silent' });
  const app: App = fastify({
    loggerInstance,
    // followRequests writes the line of each request.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.bodyLimitBytes,
    // Only the one proxy in front is trusted. Anybody may have written what stands further left in X-Forwarded-For.
    trustProxy: settings.trustProxy && ((_address, hop) => hop === 0),
    genReqId: requestIdOf,
    requestIdHeader: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A request must arrive whole in this time; an answer may take longer.
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    http: { maxHeaderSize: 16_384, headersTimeout: 20_000 },
    routerOptions,
    clientErrorHandler: refuseConnection,
    frameworkErrors: answerFrameworkError,
  }).withTypeProvider<ZodTypeProvider>();
  // Before any plugin is registered: a plugin copies the fields of requests.
  for (const field of ['caller', 'heldKey', 'span'] as const) app.decorateRequest(field, null);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  readJsonBodies(app);
  return app;
}

/** Routes of health still answer, so that a probe learns that this server is stopping. */
function refuseWhileStopping(app: App, { stopping }: AppDeps): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!stopping.aborted || request.routeOptions.config.whileStopping === true) return done();
    done(new DroverError('SHUTTING_DOWN', 'The server is stopping.'));
  });
  // An open connection would keep the server from closing.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping.aborted) void reply.header('connection', 'close');
    done();
  });
}

/** Headers for browsers. Answers of the API load nothing and may not be framed; each page states what it loads. */
async function secureAnswers(app: App, corsOrigins: readonly string[]): Promise<void> {
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
