/**
 * How the rows of a table are named in the journal: compactly, and so that they are found again by their primary key.
 * The tenant column is left out of the key where every statement carries it anyway.
 */
import { findColumn } from '../../engine/catalogue/catalog.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { rowKeyNames } from '../../engine/rules/coverage.ts';
import { belowDomain, castFor, equality } from './cast.ts';
import { allOf, column, list, raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';

export interface RowKey {
  readonly columns: readonly Column[];
  /** The journal column that holds arrays of such keys, and the type of one element. */
  readonly store: 'uuid_keys' | 'int_keys' | 'text_keys';
  readonly type: 'uuid' | 'bigint' | 'text';
}

/** The key of a table's rows. Undefined where it has no primary key and the configuration names none. */
export function findRowKey(rules: Rules, table: Table): RowKey | undefined {
  const names = rowKeyNames(rules, table);
  if (names === undefined || names.length === 0) return undefined;
  const fixed = names.length > 1 ? constantColumn(rules, table) : undefined;
  const columns = names.filter((name) => name !== fixed).flatMap((name) => findColumn(table, name) ?? []);
  const [first] = columns;
  if (columns.length === 1 && first?.kind === 'uuid') return { columns, store: 'uuid_keys', type: 'uuid' };
  if (columns.length === 1 && first?.kind === 'integer')
    return { columns, store: 'int_keys', type: 'bigint' };
  return { columns, store: 'text_keys', type: 'text' };
}

/** The tenant column, where it is NOT NULL and the only way to the owner: constant within one tenant's statement. */
function constantColumn(rules: Rules, table: Table): string | undefined {
  const ownership = rules.ownership.get(table.id);
  const [path] = ownership?.kind === 'tenant' ? ownership.paths : [];
  return path !== undefined && path.hops.length === 0 && path.notNull ? path.column : undefined;
}

/** The key of a row as one value of the key's type. */
export function keyExpression(key: RowKey, alias: string): Sql {
  const [first] = key.columns;
  if (key.columns.length === 1 && first !== undefined) {
    const own = column(alias, first.name);
    return key.type === 'uuid' ? own : sql`${own}::${raw(key.type)}`;
  }
  return sql`jsonb_build_array(${list(key.columns.map(({ name }) => sql`${column(alias, name)}::text`))})::text`;
}

/** The key of row `t` as text; where its table has none, the place of the row on disk. */
export function rowName(rules: Rules, table: Table): Sql {
  const key = findRowKey(rules, table);
  return sql`${key === undefined ? raw('t.ctid') : keyExpression(key, 't')}::text`;
}

/** The condition that row `t` has the key `value` (an SQL expression of the key's type). */
export function keyMatches(key: RowKey, value: Sql): Sql {
  const [first] = key.columns;
  if (key.columns.length === 1 && first !== undefined) {
    const cast = key.type === 'text' ? raw(castFor(first).replace(/^text/, '')) : raw('');
    return sql`${belowDomain(first, column('t', first.name))} ${equality(first)} ${value}${cast}`;
  }
  return allOf(
    key.columns.map((part, at) => {
      const text = sql`((${value}::jsonb) ->> ${raw(String(at))})`;
      return sql`${belowDomain(part, column('t', part.name))} ${equality(part)} ${text}::${raw(castFor(part))}`;
    }),
  );
}

/** A cheap, well-mixed hash of the key of row `t` for order-independent digests (bigint). */
export function keyHash(key: RowKey): Sql {
  const value = keyExpression(key, 't');
  if (key.type === 'uuid') return sql`uuid_hash_extended(${value}, 0)`;
  return key.type === 'bigint' ? sql`hashint8extended(${value}, 0)` : sql`hashtextextended(${value}, 0)`;
}
