/**
 * The OpenAPI document, made from the schemas of the routes. This file adds who may call
 * each operation; complete.ts adds refusals, headers, examples and names.
 */
import swagger, { type SwaggerTransform } from '@fastify/swagger';
import type { FastifySchema, RouteOptions } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorCodes } from '../../errors.ts';
import type { Access, App, AppDeps } from '../contract.ts';
import { completeDocument } from './complete.ts';

const tags = [
  { name: 'me', description: 'Who the caller is.' },
  { name: 'api-keys', description: 'Keys of programs.' },
  {
    name: 'models',
    description: 'Models of a tenant and their providers: where they are used, and what could follow them.',
  },
  { name: 'migrations', description: 'Moving everything off a model, looking back, taking it back.' },
  {
    name: 'rekeys',
    description: 'Other keys for rows, two rows that become one, and the keys that rows had.',
  },
  { name: 'runs', description: 'Migrations over many tenants: progress, results, orders, rollback.' },
  {
    name: 'assessments',
    description: 'What becomes of each row that names a model which ends, decided before anything moves.',
  },
  { name: 'retirements', description: 'Models in use that end on a known day.' },
  { name: 'tenants', description: 'Organisations.' },
  { name: 'users', description: 'People and the roles they hold.' },
  { name: 'spaces', description: 'Where people work together, and which models may be used there.' },
  { name: 'assistants', description: 'Assistants.' },
  { name: 'apps', description: 'Apps.' },
  { name: 'services', description: 'Services.' },
  { name: 'templates', description: 'What assistants and apps start from.' },
  {
    name: 'workspaces',
    description:
      'Where agents run, each on a runtime and with a model that it can reach; and the runtimes and models to choose from.',
  },
  { name: 'secrets', description: 'Keys of workspaces and organisations. They go in and never come out.' },
  { name: 'registry', description: 'Which runtime may use which model.' },
  { name: 'audit', description: 'Who did what.' },
  { name: 'health', description: 'Is the server alive, and is it ready.' },
];

export async function describeApi(app: App, { version }: Pick<AppDeps, 'version'>): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Drover',
        version,
        description: about,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as { name: string },
      },
      servers: [{ url: '/' }],
      tags,
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: credential } },
      },
      security: [{ bearer: [] }],
    },
    transform: describeOperation,
    transformObject: (input) => {
      const document = pruneComponents(jsonSchemaTransformObject(input));
      completeDocument(document as Parameters<typeof completeDocument>[0]);
      sortSchemas(document as Parameters<typeof sortSchemas>[0]);
      return document;
    },
  });
  app.route({
    method: 'GET',
    url: '/openapi.json',
    config: { access: 'none', exposure: 'public' },
    schema: { hide: true },
    handler: () => app.swagger(),
  });
}

const about =
  'Moves the tenants of an AI platform off models that retire. Every refusal is a problem document (RFC 9457) with a ' +
  'stable code; the tenant comes from the credential.';
const credential = 'An API key (`drover_…`), or a token of the identity provider.';

const describeOperation: SwaggerTransform = (input) => {
  const { schema, url } = (jsonSchemaTransform as SwaggerTransform)(input);
  if (schema.hide === true) return { schema, url };
  return { schema: { ...schema, ...common(input.route, schema) }, url };
};

function needsOf({ role, scope }: Access): string {
  return `Needs the role ${role}${scope === null ? '' : `, and of a key the scope ${scope}`}.`;
}

function common({ config = {}, method }: RouteOptions, schema: FastifySchema): Record<string, unknown> {
  const { access = 'none', exposure, headers = [] } = config;
  const open = access === 'none';
  const needs = open ? 'Needs no credential.' : needsOf(access);
  return {
    ...(open || method !== 'POST' ? {} : { headers: withIdempotencyKey(schema.headers) }),
    description: schema.description === undefined ? needs : `${schema.description}\n\n${needs}`,
    'x-drover-exposure': exposure,
    'x-drover-headers': headers,
    ...(open ? { security: [] } : { 'x-drover-role': access.role }),
    ...(open || access.scope === null ? {} : { 'x-drover-scope': access.scope }),
  };
}

/** Every POST takes this header (see idempotency.ts), so no route declares it. */
function withIdempotencyKey(headers: unknown): object {
  const given = (headers ?? {}) as { readonly properties?: object };
  const key = {
    type: 'string',
    minLength: 1,
    maxLength: 255,
    pattern: '^[!-~]+$',
    description:
      'The same request with the same key is done once. For a day a repetition gets the first answer',
  };
  return { type: 'object', ...given, properties: { ...given.properties, 'idempotency-key': key } };
}

/** The schema is named here, because no route names it. */
z.globalRegistry.add(
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(errorCodes)).describe('Stable; see docs/errors.md'),
    detail: z.string(),
    data: z.record(z.string(), z.unknown()).optional(),
    errors: z
      .array(z.object({ in: z.string(), pointer: z.string(), message: z.string() }))
      .optional()
      .describe('The faults of the request, each with a JSON pointer'),
  }),
  { id: 'Problem', description: 'RFC 9457' },
);

/** The type provider writes every named schema twice, as input and as output. A schema without a reference is removed. */
function pruneComponents<Document extends object>(document: Document): Document {
  const { schemas } = ((document as { components?: { schemas?: Record<string, unknown> } }).components ??=
    {});
  for (let unused = unusedOf(document, schemas); unused.length > 0; unused = unusedOf(document, schemas)) {
    for (const name of unused) delete schemas?.[name];
  }
  return document;
}

/** By name. Otherwise an import would decide their order. */
function sortSchemas({ components = {} }: { components?: { schemas?: Record<string, unknown> } }): void {
  const named = Object.entries(components.schemas ?? {});
  components.schemas = Object.fromEntries(named.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function unusedOf(document: object, schemas: Readonly<Record<string, unknown>> = {}): string[] {
  const used = new Set([
    'Problem',
    ...[...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]),
  ]);
  return Object.keys(schemas).filter((name) => !used.has(name));
}
