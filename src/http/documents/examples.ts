/** An example for a schema of the document, so that a reader sees what goes over the wire. Each fits its schema; a test compares them. */

export type Schema = Readonly<Record<string, unknown>>;

/** The named schemas of the document. */
export type Schemas = Readonly<Record<string, Schema>>;

const mostMembers = 12;

/** `name` is that of the member that holds the value. */
export function exampleOf(schemas: Schemas, schema: Schema, name = ''): unknown {
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
