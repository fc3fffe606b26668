import { readElement } from '../../engine/inventory/database-text.ts';
import { DroverError } from '../../errors.ts';

/**
 * One meaning for values on both engines. Everything travels as PostgreSQL's text form: parameters are written
 * here, results are read here, and neither driver's own conversion is used, since they differ (int8, json,
 * dates without a zone, arrays).
 *
 * Parameters: arrays become PostgreSQL arrays, other objects become JSON text. An array that is meant as a JSON
 * document must be passed as JSON.stringify(value).
 *
 * Results: int8 a number when it is exact, otherwise a string; numeric a string; json parsed; timestamptz a Date
 * (which has milliseconds only: select `::text` where microseconds matter); date, time and timestamp text;
 * bytea bytes; arrays of these types arrays; every other type its text.
 */

/** What a parameter looks like on the wire. */
export function encodeParameter(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return encodeArray(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (typeof value === 'object') return JSON.stringify(value);
  if (['number', 'bigint', 'boolean'].includes(typeof value)) return `${value as number | bigint | boolean}`;
  throw new DroverError('INTERNAL', `A ${typeof value} cannot be a parameter.`);
}

function encodeArray(values: readonly unknown[]): string {
  return `{${values.map(encodeElement).join(',')}}`;
}

/** Most texts have none, and a test costs less than to replace nothing. */
const special = /["\\]/;

function encodeElement(value: unknown): string {
  if (Array.isArray(value)) return encodeArray(value);
  const text = encodeParameter(value);
  if (text === null) return 'NULL';
  return special.test(text) ? `"${text.replace(/["\\]/g, String.raw`\$&`)}"` : `"${text}"`;
}

type Decode = (text: string) => unknown;

const asText: Decode = (text) => text;

function decodeInt8(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** `infinity` and years that JavaScript cannot hold stay text. */
function decodeTimestamptz(text: string): Date | string {
  const sign = text.at(-3);
  const zone = sign === '+' || sign === '-' ? ':00' : '';
  const date = new Date(`${text.replace(' ', 'T')}${zone}`);
  return Number.isNaN(date.getTime()) ? text : date;
}

const decodeBytea: Decode = (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'));
const decodeJson: Decode = (text) => JSON.parse(text);

/** [type oid, oid of its array type, how to read it]; the oids are fixed in PostgreSQL's catalogue. */
const builtIn: readonly (readonly [number, number, Decode])[] = [
  [16, 1000, (text) => text === 't'], // bool
  [17, 1001, decodeBytea],
  [18, 1002, asText], // "char"
  [19, 1003, asText], // name
  [20, 1016, decodeInt8],
  [21, 1005, Number], // int2
  [23, 1007, Number], // int4
  [25, 1009, asText], // text
  [26, 1028, Number], // oid
  [114, 199, decodeJson],
  [700, 1021, Number], // float4
  [701, 1022, Number], // float8
  [1042, 1014, asText], // bpchar
  [1043, 1015, asText], // varchar
  [1082, 1182, asText], // date
  [1114, 1115, asText], // timestamp
  [1184, 1185, decodeTimestamptz],
  [1700, 1231, asText], // numeric
  [2205, 2210, asText], // regclass
  [2950, 2951, asText], // uuid
  [3802, 3807, decodeJson], // jsonb
];

const decoders = new Map<number, Decode>(
  builtIn.flatMap(([oid, arrayOid, decode]): [number, Decode][] => [
    [oid, decode],
    [arrayOid, (text) => decodeArray(text, decode)],
  ]),
);

/** How to read the text form of a type. */
export function decoderOf(typeOid: number): Decode {
  return decoders.get(typeOid) ?? asText;
}

/** Reads `{a,"b c",NULL,{…}}`. Bounds that do not start at one (`[2:3]={…}`) are not kept. */
function decodeArray(text: string, decode: Decode): unknown[] {
  let at = text.indexOf('{');
  const list = (): unknown[] => {
    const items: unknown[] = [];
    at += 1;
    while (text[at] !== '}') {
      items.push(text[at] === '{' ? list() : element());
      if (text[at] === ',') at += 1;
    }
    at += 1;
    return items;
  };
  const element = (): unknown => {
    const { value, end } = readElement(text, at) ?? noElement();
    at = end;
    return value === null ? null : decode(value);
  };
  return list();
}

function noElement(): never {
  throw new DroverError('INTERNAL', 'The database sent an array that cannot be read.');
}

/** Columns of a result, and how each is read. */
export type ResultColumns = readonly { readonly name: string; readonly decode: Decode }[];

/** A row of values in text form. A column may have any name, that of the prototype among them. */
export function toRow(columns: ResultColumns, values: readonly unknown[]): object {
  const row: Record<string, unknown> = {};
  for (const [at, { name, decode }] of columns.entries()) {
    const text = values[at];
    const value = typeof text === 'string' ? decode(text) : null;
    if (name === '__proto__') Object.defineProperty(row, name, { ...ordinary, value });
    else row[name] = value;
  }
  return row;
}

const ordinary = { writable: true, enumerable: true, configurable: true };
