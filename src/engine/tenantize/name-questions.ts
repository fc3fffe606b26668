/**
 * Names in V2. No two tables have one, and none is there already, since V1 keeps each of its own until contract. No two columns of a
 * table have one, that of the tenant among them.
 */
import { displayName } from '../catalogue/catalog.ts';
import type { Table } from '../catalogue/catalog.ts';
import { compareText } from '../order.ts';
import { blocked, sayOf } from './ask.ts';
import type { Classified, ConversionQuestion, ObjectName } from './conversion.ts';
import { tenantColumnOf } from './ground.ts';
import type { GroundIndex } from './ground.ts';

/** Questions about the names of all tables that are converted. */
export function nameQuestions(index: GroundIndex, tables: readonly Classified[]): ConversionQuestion[] {
  const moved = tables.flatMap(({ table }) => index.tables.get(table) ?? []);
  return [
    ...moved.filter(({ id }) => index.modeOf(id) === 'shim').flatMap((table) => taken(index, table, moved)),
    ...tables.flatMap((each) => twiceNamed(index, each)),
  ];
}

function twiceNamed(index: GroundIndex, { table, class: kind, owner }: Classified): ConversionQuestion[] {
  const named = new Map(Object.entries(index.said(table).columns ?? {}));
  const called = (index.tables.get(table)?.columns ?? []).map(({ name }) => named.get(name) ?? name);
  const isAdded = kind === 'tenant' && owner?.kind !== 'column';
  const all = [...called, ...(isAdded ? [tenantColumnOf(index.ground.config)] : [])];
  return [...new Set(all)]
    .filter((name) => all.indexOf(name) !== all.lastIndexOf(name))
    .map((name) => blocked(table, `two columns of ${table} would be called ${displayName(name)} in V2`));
}

function taken(index: GroundIndex, table: Table, moved: readonly Table[]): ConversionQuestion[] {
  const v2 = index.inV2(table);
  const isV2 = ({ schema, name }: ObjectName): boolean => schema === v2.schema && name === v2.name;
  const other = {
    yaml: sayOf(index, table.id, { name: `${table.schema}_${table.name}` }),
    means: 'V2 calls it that',
  };
  if (isV2(table)) {
    const answer = { yaml: sayOf(index, table.id, { mode: 'in-place' }), means: 'it stays in its place' };
    return [blocked(table.id, `${table.id} is in the schema of V2 already`, [answer, other])];
  }
  const isMade = index.root() === undefined && isV2(index.rootInV2());
  const others = moved.filter((each) => each.id !== table.id && isV2(index.inV2(each)));
  const isThere = index.ground.facts.relations.some(isV2);
  const ids = [table.id, ...others.map(({ id }) => id)].toSorted(compareText);
  const said = [...ids.map((id) => `of ${id}`), ...(isMade ? ['of the table of tenants'] : [])].join(' and ');
  if (others.length === 0 && !isMade && !isThere) return [];
  const message = `${displayName(v2.schema)}.${displayName(v2.name)} would be the name ${said}${isThere ? ' and is there already' : ''}`;
  return [blocked(table.id, message, [other])];
}
