/** What the validator says of a configuration, in the words of whoever wrote it. */
import type { ErrorObject, ValidateFunction } from 'ajv';
import { nearestName } from './engine/nearest.ts';

/** The way to a value of the configuration: `['places', 3, 'at']`. */
export type ConfigPath = readonly (string | number)[];

/** What one check noticed, before it is located; `at: 'key'` where the key itself is wrong and not its value. */
export interface Fault {
  readonly path: ConfigPath;
  readonly message: string;
  readonly at?: 'key';
}

export function faultsOf(validate: ValidateFunction): Fault[] {
  // Below `contains` every element that is not the wanted one is an error of its own.
  // That a condition of the schema does not hold is said by what it asks for.
  return (validate.errors ?? [])
    .filter(({ schemaPath, keyword }) => !schemaPath.includes('/contains/') && keyword !== 'if')
    .map(faultOf);
}

function faultOf(error: ErrorObject): Fault {
  const path = pathOf(error);
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(path, String(params['additionalProperty']), error);
    case 'required':
    case 'dependencies':
      return { path, message: `the key ${String(params['missingProperty'])} is missing` };
    case 'enum':
      return { path, message: wrongChoice(error) };
    case 'const':
      return { path, message: `must be ${String(params['allowedValue'])}` };
    case 'type':
      return { path, message: `must be ${wantedType(params['type'])}, not ${kindOf(error.data)}` };
    case 'pattern':
      return { path, message: `must be ${descriptionOf(error) ?? 'of another form'}` };
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return { path, message: 'must not be empty' };
    case 'false schema':
      return {
        path,
        message: 'says nothing where each tenant has a schema of its own (tenant.schemas)',
        at: 'key',
      };
    case 'not':
      return { path, message: forbidden(error) };
    case 'contains':
      return { path, message: 'must contain name' };
    default:
      return { path, message: error.message ?? 'is not valid' };
  }
}

/** What a schema that must not hold says of itself. */
function forbidden({ schema, message = 'is not valid' }: ErrorObject): string {
  const described = (schema as { readonly description?: unknown }).description;
  return typeof described === 'string' ? described : message;
}

function unknownKey(path: ConfigPath, key: string, error: ErrorObject): Fault {
  const properties: unknown = error.parentSchema?.['properties'];
  const names = Object.keys(properties ?? {});
  const nearest = nearestName(key, names);
  const hint = nearest === undefined ? `; known are ${names.join(', ')}` : `; did you mean ${nearest}?`;
  return { path: [...path, key], message: `unknown key ${key}${hint}`, at: 'key' };
}

function wrongChoice(error: ErrorObject): string {
  const choices = (error.schema as readonly unknown[]).map(String);
  if (typeof error.data !== 'string')
    return `must be one of ${choices.join(', ')}, not ${kindOf(error.data)}`;
  const nearest = nearestName(error.data, choices);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return `must be one of ${choices.join(', ')}, not ${JSON.stringify(error.data)}${hint}`;
}

function descriptionOf(error: ErrorObject): string | undefined {
  const description: unknown = error.parentSchema?.['description'];
  return typeof description === 'string' ? description : undefined;
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'a map',
  array: 'a list',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'empty',
};

function wantedType(type: unknown): string {
  const types = Array.isArray(type) ? type : [type];
  return types.map((name) => typeWords[String(name)] ?? String(name)).join(' or ');
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'boolean' ? String(value) : (typeWords[typeof value] ?? typeof value);
}

/** The steps of an instance path of the validator. A number is an index: a mapping is asked for it as text anyway. */
function pathOf(error: ErrorObject): ConfigPath {
  const steps = error.instancePath.split('/').slice(1);
  return steps
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
