/** A body that fits a schema of the OpenAPI document: what must be given, and nothing else. */
import type { OpenApi, Operation } from './openapi.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Undefined where the operation takes none. */
export function exampleBody(document: OpenApi, { requestBody }: Operation): unknown {
  const schema = requestBody?.content['application/json']?.schema;
  return schema === undefined ? undefined : exampleOf(document, schema as Schema);
}

function exampleOf(document: OpenApi, schema: Schema): unknown {
  const { $ref: ref } = schema;
  if (typeof ref === 'string') {
    return exampleOf(document, document.components.schemas[ref.split('/').at(-1) ?? ''] as Schema);
  }
  if ('const' in schema) return schema['const'];
  if ('default' in schema) return schema['default'];
  const [choice] = (schema['enum'] ?? []) as unknown[];
  if (choice !== undefined) return choice;
  const [variant] = (schema['anyOf'] ?? schema['oneOf'] ?? []) as Schema[];
  return variant === undefined ? byType(document, schema) : exampleOf(document, variant);
}

function byType(document: OpenApi, schema: Schema): unknown {
  const { type, minimum = 1 } = schema;
  if (type === 'object') return exampleObject(document, schema);
  if (type === 'array')
    return Number(schema['minItems'] ?? 0) > 0 ? [exampleOf(document, schema['items'] as Schema)] : [];
  if (type === 'integer' || type === 'number') return Math.max(1, Number(minimum));
  if (type === 'boolean') return true;
  return exampleText(schema);
}

function exampleObject(
  document: OpenApi,
  { properties = {}, required = [] }: Schema,
): Record<string, unknown> {
  const names = required as readonly string[];
  const fields = properties as Readonly<Record<string, Schema>>;
  return Object.fromEntries(names.map((name) => [name, exampleOf(document, fields[name] ?? {})]));
}

const texts: Readonly<Record<string, string>> = {
  uuid: '0badc0de-0000-4000-8000-000000000001',
  guid: '0badc0de-0000-4000-8000-000000000001',
  email: 'somebody@example.org',
  'date-time': '2030-01-01T00:00:00Z',
  date: '2030-01-01',
};

function exampleText({ format, pattern, minLength = 1 }: Schema): string {
  const text = texts[String(format)];
  if (text !== undefined) return text;
  // Ids of the demo are of no RFC version, so they have a pattern and no format.
  if (String(pattern).includes('{8}-')) return texts['uuid'] ?? '';
  return 'example'.padEnd(Number(minLength), 'x');
}
