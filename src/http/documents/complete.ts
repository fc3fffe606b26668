/**
 * What makes the document useful to programs that write clients, added to what the routes say: refusals by status, headers, an example
 * for every body and every answer, a name for every object.
 */
import { mayHaveMoved } from '../api/moved-rows.ts';
import { codesByStatus } from '../api/problem.ts';
import type { AnswerHeader } from '../contract.ts';

interface Media {
  schema: Schema;
  example?: unknown;
}

interface OpenApiAnswer {
  readonly description: string;
  headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, Media>>;
}

interface OpenApiOperation {
  readonly operationId?: string;
  readonly parameters?: { readonly name: string; readonly in: string; schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly security?: readonly unknown[];
  responses: Record<string, OpenApiAnswer | { readonly $ref: string }>;
  'x-drover-headers'?: readonly AnswerHeader[];
}

interface OpenApiDocument {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components?: {
    readonly schemas?: Record<string, Schema>;
    responses?: Readonly<Record<string, OpenApiAnswer>>;
  };
}

const text = { type: 'string' };

const answerHeaders = {
  ETag: { description: 'The version of the row, for `If-Match`', schema: text },
  Location: { description: 'The path of what was made', schema: text },
  Deprecation: {
    description: 'Since when the model is deprecated (RFC 9745); left out where it is not',
    schema: text,
  },
  Sunset: { description: 'When the model ends (RFC 8594); left out where nobody knows', schema: text },
  Link: {
    description: 'The model that follows (`successor-version`); left out where nobody names one',
    schema: text,
  },
} as const satisfies Readonly<Record<AnswerHeader, object>>;

const movedRow: OpenApiAnswer = {
  description: 'The path names a row by an id that it had; nothing was done',
  headers: {
    Location: { description: 'The same path and query with the id that the row has now', schema: text },
    Link: { description: 'That path (`canonical`)', schema: text },
  },
};

/** Completes the document in place. Named schemas are there already. */
export function completeDocument(document: OpenApiDocument): void {
  const { components = {} } = document;
  const { schemas = {} } = components;
  components.responses = {
    ...Object.fromEntries([...refusals].map(([status, { name }]) => [name, refusal(status)])),
    Moved: movedRow,
  };
  for (const [path, methods] of Object.entries(document.paths ?? {}))
    for (const [method, operation] of Object.entries(methods)) {
      nameObjects(schemas, operation);
      stateHeaders(operation);
      flagsAreBooleans(operation);
      stateRefusals(operation, method);
      if (mayHaveMoved(path.replaceAll('{', ':')))
        operation.responses['308'] = { $ref: '#/components/responses/Moved' };
      giveExamples(schemas, operation);
    }
}

/** A generator makes up a name for what has none, and another one with each release. */
function nameObjects(
  schemas: Record<string, Schema>,
  { operationId = '', requestBody, responses }: OpenApiOperation,
): void {
  const stem = operationId.charAt(0).toUpperCase() + operationId.slice(1);
  for (const media of Object.values(requestBody?.content ?? {})) nameObject(schemas, media, `${stem}Body`);
  for (const { content = {} } of Object.values(responses).filter(isAnswer))
    for (const media of Object.values(content))
      nameObject(schemas, media, pageName(media.schema) ?? `${stem}Answer`);
}

function nameObject(schemas: Record<string, Schema>, media: Media, name: string): void {
  const { schema } = media;
  if (schema['type'] !== 'object' && !('anyOf' in schema)) return;
  const known = schemas[name];
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
    throw new Error(`two schemas want to be called ${name}`);
  schemas[name] = schema;
  media.schema = { $ref: `#/components/schemas/${name}` };
}

/** A list is named after what it lists: `AssistantPage`, or `SecretList` where there are no further pages. */
function pageName({ properties }: Schema): string | undefined {
  const { items, ...others } = (properties ?? {}) as Record<string, { readonly items?: Schema }>;
  const of = items?.items?.['$ref'];
  const rest = Object.keys(others).join();
  if (typeof of !== 'string' || !['', 'next_cursor'].includes(rest)) return undefined;
  return `${of.split('/').at(-1)}${rest === '' ? 'List' : 'Page'}`;
}

function stateHeaders(operation: OpenApiOperation): void {
  const { 'x-drover-headers': names = [], responses } = operation;
  delete operation['x-drover-headers'];
  if (names.length === 0) return;
  const headers = Object.fromEntries(names.map((name) => [name, answerHeaders[name]]));
  for (const [status, answer] of Object.entries(responses))
    if (isAnswer(answer) && status.startsWith('2')) answer.headers = headers;
}

/** A query has only texts; whoever reads the document means a boolean. */
function flagsAreBooleans({ parameters = [] }: OpenApiOperation): void {
  for (const parameter of parameters) {
    const { enum: choices, default: usual, ...rest } = parameter.schema;
    if (JSON.stringify(choices) !== '["true","false"]') continue;
    const otherwise = usual === undefined ? {} : { default: usual === 'true' };
    parameter.schema = { ...rest, type: 'boolean', ...otherwise };
  }
}

/** 502 and 504 are the edge's. */
const always = [400, 408, 429, 431, 500, 502, 503, 504];
const ofCallers = [401, 403, 404];
const ofChanges = [409, 410, 412, 413, 415, 422];

function stateRefusals({ responses, security }: OpenApiOperation, method: string): void {
  const open = security?.length === 0;
  const statuses = [...always, ...(open ? [] : ofCallers), ...(method === 'get' ? [] : ofChanges)];
  for (const status of statuses.toSorted((a, b) => a - b))
    responses[String(status)] ??= { $ref: `#/components/responses/${refusals.get(status)?.name}` };
}

/** How each status is called in the document, and what it means. */
const refusals = new Map([
  [400, { name: 'BadRequest', means: 'The request is wrong' }],
  [401, { name: 'Unauthenticated', means: 'No credential, or one that is not valid' }],
  [403, { name: 'Forbidden', means: 'The role or the scopes do not allow it' }],
  [404, { name: 'NotFound', means: 'There is no such thing for this caller' }],
  [408, { name: 'RequestTimeout', means: 'The request did not come in time' }],
  [409, { name: 'Conflict', means: 'What is there forbids it' }],
  [410, { name: 'Gone', means: 'The model is retired' }],
  [412, { name: 'PreconditionFailed', means: 'The row is another version by now' }],
  [413, { name: 'BodyTooLarge', means: 'The body is too large' }],
  [415, { name: 'MediaTypeUnsupported', means: 'The body is no JSON' }],
  [422, { name: 'Refused', means: 'It is understood, and refused' }],
  [429, { name: 'RateLimited', means: 'Too many requests' }],
  [431, { name: 'HeadersTooLarge', means: 'The headers are too large' }],
  [500, { name: 'Failed', means: 'A mistake in Drover' }],
  [502, { name: 'UpstreamUnreachable', means: 'The server behind the edge does not answer' }],
  [503, { name: 'Unavailable', means: 'It cannot be done at the moment' }],
  [504, { name: 'UpstreamLate', means: 'The server behind the edge did not begin to answer in time' }],
]);

const retryAfter = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } } };
/** Conflicts of two transactions and of two requests with one key pass, too. */
const passing = new Set([409, 429, 503]);

function refusal(status: number): OpenApiAnswer {
  const [code = 'INTERNAL'] = codesByStatus.get(status) ?? [];
  const { means = 'Refused' } = refusals.get(status) ?? {};
  const detail = 'It says what is wrong, where, and the way out.';
  const example = { type: `/docs/errors.md#${code.toLowerCase()}`, title: means, status, code, detail };
  return {
    description: means,
    ...(passing.has(status) ? { headers: retryAfter } : {}),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, example } },
  };
}

function giveExamples(schemas: Schemas, { requestBody, responses }: OpenApiOperation): void {
  const contents = [requestBody, ...Object.values(responses).filter(isAnswer)].map(
    (each) => each?.content ?? {},
  );
  for (const media of contents.flatMap((content) => Object.values(content)))
    media.example ??= exampleOf(schemas, media.schema);
}

function isAnswer(answer: OpenApiAnswer | { readonly $ref: string }): answer is OpenApiAnswer {
  return 'description' in answer;
}

type Schema = Readonly<Record<string, unknown>>;

/** The named schemas of the document. */
type Schemas = Readonly<Record<string, Schema>>;

const mostMembers = 12;

/**
 * So that a reader sees what goes over the wire. Each example fits its schema; a test compares them.
 * @param name that of the member that holds the value
 */
function exampleOf(schemas: Schemas, schema: Schema, name = ''): unknown {
  const { $ref: ref, enum: choices, anyOf, oneOf } = schema;
  if (typeof ref === 'string') return exampleOf(schemas, schemas[ref.split('/').at(-1) ?? ''] ?? {}, name);
  if ('const' in schema) return schema['const'];
  if ('default' in schema) return schema['default'];
  if (Array.isArray(choices)) return choices[0];
  const [variant] = (anyOf ?? oneOf ?? []) as Schema[];
  if (variant !== undefined) return exampleOf(schemas, variant, name);
  return byType(schemas, schema, name);
}

function byType(schemas: Schemas, schema: Schema, name: string): unknown {
  const { type: types, items, minimum = 0, maximum = Infinity } = schema;
  const [type] = [types].flat();
  switch (type) {
    case 'object':
      return objectOf(schemas, schema);
    case 'array':
      return [exampleOf(schemas, (items ?? {}) as Schema, name)];
    case 'integer':
    case 'number':
      return Math.min(Math.max(numbers.get(name) ?? 3, Number(minimum)), Number(maximum));
    case 'boolean':
      return true;
    case 'string':
      return textOf(schema, name);
    default:
      return null;
  }
}

/** What must be given, and of the rest as much as can be read. */
function objectOf(
  schemas: Schemas,
  { properties = {}, required = [], additionalProperties, propertyNames = {} }: Schema,
): object {
  const fields = Object.entries(properties as Schemas);
  const needed = new Set(required as readonly string[]);
  const shown = fields.filter(([name], at) => needed.has(name) || at < mostMembers);
  const members = shown.map(([name, each]) => [name, exampleOf(schemas, each, name)] as const);
  if (fields.length > 0 || typeof additionalProperties !== 'object') return Object.fromEntries(members);
  const key = exampleOf(schemas, { type: 'string', ...(propertyNames as Schema) });
  return { [String(key)]: exampleOf(schemas, additionalProperties as Schema) };
}

const numbers = new Map([
  ['status', 200],
  ['total_tenants', 12],
]);

const id = '00000001-def0-def0-def0-000500000000';
const formats = new Map([
  ['uuid', id],
  ['email', 'ada@alder-clinic.example'],
  ['date-time', '2026-11-30T08:00:00.000Z'],
  ['date', '2027-02-19'],
]);
const texts = new Map([
  ['name', 'Front desk'],
  ['detail', 'It says what is wrong, where, and the way out.'],
  ['title', 'What the code means.'],
  ['type', '/docs/errors.md#request_invalid'],
  ['pointer', '/name'],
  ['in', 'body'],
  ['runtime', 'hermes'],
  ['model', 'claude-opus-4-7'],
  ['reason', 'claude-3-7-sonnet retires'],
  ['idempotency-key', 'move-1'],
]);

function textOf({ format, pattern, minLength = 0, maxLength = 200 }: Schema, name: string): string {
  const known = formats.get(String(format));
  if (known !== undefined) return known;
  // Ids of the demo are of no RFC version, so they have a pattern and no format.
  if (String(pattern).includes('{8}-')) return id;
  const text = texts.get(name) ?? 'text';
  if (pattern === '^[0-9a-f]{64}$') return '3f'.repeat(32);
  return fits(text, pattern) ? text.padEnd(Number(minLength), 'x').slice(0, Number(maxLength)) : 'TEXT';
}

function fits(text: string, pattern: unknown): boolean {
  return typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text);
}
