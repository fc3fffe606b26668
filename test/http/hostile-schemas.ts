/** From the schemas of openapi.json to a request that is as described, and to values that are not. */
import { readFileSync } from 'node:fs';
import { type OpenApi, type Operation, openApiFile } from '../support/openapi.ts';

/** What is used here of JSON Schema. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Target {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Of the body; undefined where the operation has none. */
  readonly body: Schema | undefined;
  readonly isPublic: boolean;
  /** Who may call it. */
  readonly role: Operation['x-drover-role'];
  readonly responses: Operation['responses'];
}

export const document = JSON.parse(readFileSync(openApiFile, 'utf8')) as OpenApi;

/** Every operation of the document, so that a new one is attacked without being listed anywhere. */
export const targets: readonly Target[] = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => targetOf(path, method, operation)),
);

function targetOf(path: string, method: string, operation: Operation): Target {
  return {
    method: method.toUpperCase() as Target['method'],
    path,
    parameters: operation.parameters ?? [],
    body: operation.requestBody?.content['application/json']?.schema as Schema | undefined,
    isPublic: operation['x-drover-exposure'] === 'public',
    role: operation['x-drover-role'],
    responses: operation.responses,
  };
}

/** The schema itself. Of several alternatives, the first that is not null. */
export function resolve(schema: Schema): Schema {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return resolve(document.components.schemas[name] as Schema);
  }
  const choice = schema.anyOf?.find(({ type }) => type !== 'null');
  return choice === undefined ? schema : resolve(choice);
}

/** The JSON types that a value may have; undefined where any will do. */
function typesOf(schema: Schema): ReadonlySet<string> | undefined {
  const given = schema.$ref === undefined ? schema : resolve(schema);
  if (given.anyOf !== undefined) {
    const all = given.anyOf.map(typesOf);
    return all.includes(undefined) ? undefined : new Set(all.flatMap((types) => [...(types ?? [])]));
  }
  if (given.const !== undefined) return new Set([typeof given.const]);
  if (given.type === undefined) return undefined;
  return new Set(given.type === 'integer' ? ['integer'] : [given.type]);
}

const samples: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['boolean', true],
  ['integer', 7],
  ['number', 0.5],
  ['string', "'; DROP TABLE migration.tenants; --"],
  ['array', [1, 'two', null]],
  ['object', { deep: { er: [] } }],
];

/** Values of every JSON type that the schema does not allow. */
export function wrongTypes(schema: Schema): unknown[] {
  const types = typesOf(schema);
  if (types === undefined) return [];
  return samples.flatMap(([type, value]) => {
    const fits = types.has(type) || (type === 'integer' && types.has('number'));
    return fits ? [] : [value];
  });
}

let serial = 0;

/** Example values by name, for values that must exist, such as ids of rows. */
export type ExampleOf = (name: string, target: Target) => string | undefined;

/** A value that fits the schema. Of an object: the required properties, and those that `more` names. */
export function exampleOf(
  schema: Schema,
  about: {
    readonly name: string;
    readonly target: Target;
    readonly ids: ExampleOf;
    readonly more?: ReadonlySet<string>;
  },
): unknown {
  const plain = resolve(schema);
  if (plain.const !== undefined) return plain.const;
  if (plain.enum !== undefined) return plain.enum[0];
  switch (plain.type ?? 'object') {
    case 'string':
      return textOf(plain, about.ids(about.name, about.target));
    case 'integer':
    case 'number':
      return Math.max(1, plain.minimum ?? 1);
    case 'boolean':
      return false;
    case 'array':
      return Array.from({ length: plain.minItems ?? 0 }, () => exampleOf(plain.items ?? {}, about));
    default:
      return Object.fromEntries(
        Object.entries(plain.properties ?? {}).flatMap(([name, property]) =>
          plain.required?.includes(name) === true || about.more?.has(name) === true
            ? [[name, exampleOf(property, { ...about, name })]]
            : [],
        ),
      );
  }
}

function textOf({ format, pattern }: Schema, id: string | undefined): string {
  if (format === 'uuid') return id ?? '0000000f-def0-def0-def0-00000000000f';
  if (format === 'date-time') return '2030-01-01T00:00:00Z';
  if (format === 'date') return '2030-01-01';
  if (format === 'email') return `h${(serial += 1)}@example.org`;
  if (pattern?.includes('{64}') === true) return '0'.repeat(64);
  return id ?? `h-${(serial += 1)}`;
}
