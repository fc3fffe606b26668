/** Random documents and lists, with the places in them at several kinds of pointer. */
import type { PlaceDef } from './world.ts';

const scalarPointers = ['/model', '/nodes/*/model', '/**/model', '/a~1b/~2'] as const;
const listPointers = ['/models', '/groups/*/models', '/**/models', '/a~1b'] as const;
const fieldPointers = ['/engine', '/engines/*', '/**/engine', '/a~1b/~2'] as const;

export function pointerFor(kind: 'scalar' | 'list' | 'fields', number: number): string {
  const pointers = { scalar: scalarPointers, list: listPointers, fields: fieldPointers }[kind];
  return pointers[number % pointers.length] ?? '/model';
}

/** Where the documents hold values that are none of the place's business, but that somebody has classified. */
export function decoyPointers({ form, list, fields, pointerNumber }: PlaceDef): string[] {
  if (form === 'json-comma' || form === 'json-member') return [];
  const member = fields === undefined ? 'model' : 'engine';
  const decoys = list
    ? [['/default'], [], [], []]
    : [[`/inner/${member}`], [`/${member}`], ['/d'], ['/a~1b/x', '/~2']];
  const found = decoys[pointerNumber] ?? [];
  if (form === 'json-in-string') return found.map((pointer) => `/s/~json${pointer}`);
  return fields === undefined ? found : found.map((pointer) => `${pointer}/*`);
}

type Value = string | number | null | { readonly [member: string]: Value } | readonly Value[];

/** A document that holds the values at the pointer and elsewhere. `undefined` values are left out. */
export function documentText(place: PlaceDef, values: readonly Value[], style: number): string {
  const document = documentOf(place, values);
  const text = style === 1 ? JSON.stringify(document, null, 2) : JSON.stringify(document);
  // A text column may hold what is no JSON at all.
  return place.document === 'text' && style === 2 && values.at(-1) === null ? text.slice(0, -1) : text;
}

function documentOf(place: PlaceDef, values: readonly Value[]): Value {
  const names = values.map((value) => (typeof value === 'string' ? value : null));
  if (place.form === 'json-in-string')
    return { s: JSON.stringify(scalarDocument(place, values)), note: 'keep' };
  if (place.form === 'json-comma') return { order: plainText('comma', names, 0), note: 'keep' };
  if (place.form === 'json-member') {
    const limits = names.flatMap((name, at) => (name === null ? [] : [[name, { max: at }] as const]));
    return { limits: Object.fromEntries(limits), note: 'keep' };
  }
  return place.list ? listDocument(place, values) : scalarDocument(place, values);
}

function scalarDocument({ pointerNumber, fields }: PlaceDef, [a, b, c, d]: readonly Value[]): Value {
  const member = fields === undefined ? 'model' : 'engine';
  const [v0, v1, v2] = [a ?? null, b ?? null, c ?? null];
  if (pointerNumber === 0) return { [member]: v0, note: 'keep', inner: { [member]: v1 } };
  if (pointerNumber === 1)
    return fields === undefined
      ? { nodes: [{ model: v0 }, { id: 'x', model: v1 }, { id: 'y' }], model: v2 }
      : { engines: [v0, v1], engine: v2 };
  if (pointerNumber === 2)
    return { [member]: v0, a: { b: [{ [member]: v1 }, 7], [member]: v2 }, d: d ?? null };
  return { 'a/b': { '*': v0, x: v1 }, '*': v2 };
}

function listDocument({ pointerNumber }: PlaceDef, [a, b, c, d]: readonly Value[]): Value {
  const [v0, v1, v2, v3] = [a ?? null, b ?? null, c ?? null, d ?? null];
  if (pointerNumber === 0) return { models: [v0, v1, v2], default: v3 };
  if (pointerNumber === 1)
    return { groups: [{ models: [v0, v1] }, { models: [v2, v3] }, { models: 'none' }] };
  if (pointerNumber === 2) return { models: [v0, v1], a: { models: [v2, v3, {}] } };
  return { 'a/b': [v0, v1, v2, v3] };
}

/** A PostgreSQL array as text. */
export function arrayText(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`)).join(',')}}`;
}

/** A list in a text, its elements with or without spaces between them; or a text with a name in each line. */
export function plainText(
  carrier: 'comma' | 'bars' | 'inside',
  values: readonly (string | null)[],
  style: number,
): string {
  const names = values.map((value) => value ?? 'spare');
  if (carrier === 'inside') return names.map((name) => `- model: ${name}\n`).join('');
  const separators = { comma: [',', ', '], bars: ['|', ' | '] }[carrier];
  return names.join(separators[style === 1 ? 1 : 0]);
}
