/** The OpenAPI document, made from the schemas of the routes. What all answers have in common is added here. */
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { App, AppDeps } from './app.ts';

export async function describeApi(app: App, { version }: Pick<AppDeps, 'version'>): Promise<void> {
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Drover', version } },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.route({
    method: 'GET',
    url: '/openapi.json',
    config: { access: 'none', exposure: 'public' },
    schema: { hide: true },
    handler: () => app.swagger(),
  });
}
