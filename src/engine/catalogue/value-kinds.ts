/** Which columns can name a model, by what their type consists of. */
import type { ScalarKind, ValueKind } from './catalog.ts';

/** A type as the catalogue has it; parts are what it is made of. */
export interface TypeRow extends SimpleType {
  readonly oid: number;
  readonly parts: readonly number[];
}

/** A type that is not made of others: its name, `typtype` and `typcategory`. */
interface SimpleType {
  readonly name: string;
  readonly type: string;
  readonly category: string;
}

const texts = new Set(['json', 'jsonb', 'xml', 'hstore', 'bytea', 'citext', 'uuid']);
/** Numbers, whatever their text form: vectors, shapes, addresses. */
const numbers = new Set([
  'vector',
  'halfvec',
  'sparsevec',
  'geometry',
  'geography',
  'raster',
  'box2d',
  'box3d',
  'cube',
  'macaddr',
  'macaddr8',
  'pg_lsn',
  'pg_snapshot',
  'txid_snapshot',
  'xid',
  'xid8',
  'cid',
  'tid',
]);
/** Of booleans, days, shapes, networks, numbers, spans, bits, and of PostgreSQL's own. */
const wordless = new Set(['B', 'D', 'G', 'I', 'N', 'T', 'V', 'Z']);
const integers = new Set(['int2', 'int4', 'int8']);

/** The kind of each type; undefined where it cannot name anything. `uuid` and `integer` can hold keys only. */
export function kindsOf(types: readonly TypeRow[]): (oid: number) => string | undefined {
  const rows = new Map(types.map((row) => [row.oid, row]));
  const known = new Map<number, string | undefined>();
  const kindOf = (oid: number): string | undefined => {
    if (known.has(oid)) return known.get(oid);
    // A composite type may hold a list of itself.
    known.set(oid, undefined);
    const row = rows.get(oid);
    const kind = row === undefined ? undefined : kindOfRow(row, kindOf);
    known.set(oid, kind);
    return kind;
  };
  return kindOf;
}

function kindOfRow(row: TypeRow, kindOf: (oid: number) => string | undefined): string | undefined {
  const parts = row.parts.map(kindOf);
  const [first] = parts;
  if (row.type === 'd') return first;
  if (row.category === 'A') return first === undefined ? undefined : `${first.replace('[]', '')}[]`;
  if (row.type === 'r' || row.type === 'm') return first === undefined || isKey(first) ? undefined : 'range';
  if (row.type === 'c')
    return parts.some((part) => part !== undefined && !isKey(part)) ? 'composite' : undefined;
  return simpleKind(row);
}

function simpleKind(row: SimpleType): string | undefined {
  if (row.type === 'e') return 'enum';
  if (texts.has(row.name)) return row.name;
  if (integers.has(row.name)) return 'integer';
  if (row.category === 'S') return 'text';
  return wordless.has(row.category) || numbers.has(row.name) ? undefined : 'other';
}

/** Does a column of that kind name models by keys only? */
export function isKey(kind: string): boolean {
  return /^(uuid|integer)(\[\])?$/.test(kind);
}

const placeKinds: ReadonlyMap<string, ScalarKind> = new Map([
  ['uuid', 'uuid'],
  ['integer', 'integer'],
  ['text', 'text'],
  ['citext', 'text'],
  ['enum', 'enum'],
  ['json', 'json'],
  ['jsonb', 'jsonb'],
]);

/** The kind of a column for a place, from the type below its domains, or that of its elements. */
export function placeKind(simple: SimpleType, isList: boolean): ValueKind {
  const kind = placeKinds.get(simpleKind(simple) ?? 'other');
  if (kind === undefined) return 'other';
  return isList ? `${kind}[]` : kind;
}
