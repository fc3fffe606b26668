/**
 * Builds the HTTP application. It does not listen: tests call it by `inject`, and `serve.ts` listens. Schemas in zod are
 * the single source of validation, types and the OpenAPI document.
 *
 * A request passes, in this order: its id; is the server stopping; who calls and may they; is their budget used up;
 * the size and the shape of the body; the schemas of the route; the handler.
 */
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RawServerDefault,
} from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { DroverError } from '../../errors.ts';
import type { VerifyToken } from '../../platform/access/authenticate.ts';
import type { Platform } from '../../platform/open.ts';
import type { Routing } from '../../platform/workspaces/routing.ts';
import { guardRoutes } from '../api/access.ts';
import { answerErrors, answerFrameworkError } from '../api/answer-errors.ts';
import { followRequests, requestIdOf } from '../api/follow-requests.ts';
import type { Check } from '../routes/health/watch.ts';
import { readJsonBodies } from '../api/json-bodies.ts';
import { limitRequests, limitShapes } from '../api/limits.ts';
import { createLog } from './log.ts';
import { type Gauge, measureRequests } from '../api/metrics.ts';
import { describeApi } from '../documents/openapi.ts';
import { servePages } from '../documents/pages.ts';
import { refuseConnection } from '../api/refuse-connections.ts';
import { resources } from '../routes.ts';
import { secureAnswers } from '../api/security.ts';
import { traceRequests } from '../api/traces.ts';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface AppSettings {
  readonly bodyLimitBytes: number;
  readonly requestsPerMinute: number;
  /** By address; more of them are refused with 429. Right ones of the same address are not: others may be behind it. */
  readonly wrongCredentialsPerMinute: number;
  readonly corsOrigins: readonly string[];
  readonly trustProxy: boolean;
}

export interface AppInput {
  readonly platform: Platform;
  readonly version: string;
  readonly build?: string;
  readonly settings?: Partial<AppSettings>;
  /** Silent where it is not given. */
  readonly log?: Logger;
  /** Verifies tokens of an identity provider, where one is configured. */
  readonly verifyToken?: VerifyToken;
  /** The registry and the keys of secrets; without them nothing can be routed. */
  readonly routing?: Routing;
  /** Checks of readiness beside those that every server has. */
  readonly checks?: readonly Check[];
  /** Figures beside those that every server has. */
  readonly gauges?: readonly Gauge[];
  /** Aborted when the server begins to stop: streams end, new requests are refused. */
  readonly stopping?: AbortSignal;
}

/** What routes are given. */
export interface AppDeps extends AppInput {
  readonly build: string;
  readonly settings: AppSettings;
  readonly stopping: AbortSignal;
}

const usual: AppSettings = {
  bodyLimitBytes: 1_048_576,
  requestsPerMinute: 1200,
  wrongCredentialsPerMinute: 60,
  corsOrigins: [],
  trustProxy: false,
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
  followRequests(app);
  traceRequests(app);
  measureRequests(app, deps);
  answerErrors(app);
  refuseWhileStopping(app, deps);
  await secureAnswers(app, deps.settings.corsOrigins);
  await describeApi(app, deps);
  await servePages(app);
  await limitRequests(app, deps.settings);
  guardRoutes(app, deps);
  limitShapes(app);
  for (const register of resources) register(app, deps);
  await app.ready();
  return app;
}

function createFastify({ settings, log }: AppDeps): App {
  const loggerInstance: FastifyBaseLogger = log ?? createLog({ level: 'silent' });
  const app: App = fastify({
    loggerInstance,
    // One line of our own for each request.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.bodyLimitBytes,
    // The one proxy in front: what stands further left in X-Forwarded-For, anybody may have written.
    trustProxy: settings.trustProxy && ((_address, hop) => hop === 0),
    genReqId: requestIdOf,
    requestIdHeader: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Time for a request to arrive whole; an answer may take longer.
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    http: { maxHeaderSize: 16_384, headersTimeout: 20_000 },
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: refuseConnection,
    frameworkErrors: answerFrameworkError,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  readJsonBodies(app);
  return app;
}

/** Health is still answered, so that whoever asks learns that this server is going. */
function refuseWhileStopping(app: App, { stopping }: AppDeps): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!stopping.aborted || request.routeOptions.config.whileStopping === true) return done();
    done(new DroverError('SHUTTING_DOWN', 'The server is stopping.'));
  });
  // A connection that is kept for the next request would keep the server from closing.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping.aborted) void reply.header('connection', 'close');
    done();
  });
}
