/**
 * Builds the HTTP application. It does not listen: tests call it by `inject`, and `serve.ts` listens. Schemas in zod are
 * the single source of validation, types and the OpenAPI document.
 */
import fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { authenticateKey } from '../platform/authenticate.ts';
import type { Platform } from '../platform/open.ts';
import { guardRoutes } from './access.ts';
import { answerErrors } from './answer-errors.ts';
import { describeApi } from './openapi.ts';
import { resources } from './routes.ts';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface AppDeps {
  readonly platform: Platform;
  readonly version: string;
}

/** The application, ready to be called. */
export async function buildApp(deps: AppDeps): Promise<App> {
  const app: App = fastify({ bodyLimit: 1_048_576 }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeContentTypeParser('text/plain');
  answerErrors(app);
  guardRoutes(app, (credential) => authenticateKey(deps.platform, credential));
  await describeApi(app, deps);
  for (const register of resources) register(app, deps);
  await app.ready();
  return app;
}
