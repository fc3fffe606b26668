/** Which values are keys of a map, and what they become. Constants where there is one key: then the plans of large tables stay good. */
import type { Column } from '../../engine/catalogue/catalog.ts';
import type { KeyPair } from '../../engine/key-pairs.ts';
import { belowDomain, castFor, equalsAny, equalsEach, isExact, listCastFor } from './cast.ts';
import { bind, raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** Is the value one of the keys? At least one is given. */
export function isAmong(own: Column, value: Sql, keys: readonly string[]): Sql {
  const [key = '', ...others] = keys;
  if (others.length === 0) return equalsEach(own, value, [key]);
  const most = largestOf(own);
  if (most === undefined) return equalsAny(own, value, (type) => bind(keys, type));
  // PostgreSQL looks up a list by its hash only where both sides are of one type. What the column cannot hold is not there.
  const held = keys.filter((text) => BigInt(text) <= most && BigInt(text) >= -most - 1n);
  return equalsAny(own, value, () => bind(held, `text[]::${typeOf(own)}[]`));
}

const largest: Readonly<Record<string, bigint>> = {
  smallint: 2n ** 15n - 1n,
  integer: 2n ** 31n - 1n,
  bigint: 2n ** 63n - 1n,
};

/** Below a domain. */
function typeOf({ type, comparison }: Column): string {
  return comparison?.type ?? type;
}

/** The largest value that a column of integers holds; undefined where it holds something else. */
export function largestOf(own: Column): bigint | undefined {
  return own.kind === 'integer' ? largest[typeOf(own)] : undefined;
}

/**
 * What a value that is one of the keys becomes. Of many each is looked up in one document, which costs the same for each row however
 * many there are; a relation would be read once for each row, or needs a join, which an UPDATE has only from within. Where equal keys may
 * be written differently, they are looked up in a list, as the database compares them. @param of the column of the keys
 */
export function becomesSql(own: Column, value: Sql, pairs: readonly KeyPair[], of = own): Sql {
  const [first, ...others] = pairs;
  if (first !== undefined && others.length === 0) return bind(first.to, castFor(own));
  if (!isExact(of)) {
    const [froms, tos] = [pairs.map(({ from }) => from), pairs.map(({ to }) => to)];
    const at = sql`array_position(${bind(froms, listCastFor(of))}, ${value})`;
    return sql`(${bind(tos, 'text[]')})[${at}]::${raw(castFor(own))}`;
  }
  return sql`(${lookedUp(sql`${belowDomain(own, value)}::text`, pairs)})::${raw(castFor(own))}`;
}

/** What a text that is one of the keys becomes; NULL where the text is none of them. */
export function becomesText(text: Sql, pairs: readonly KeyPair[]): Sql {
  const [first, ...others] = pairs;
  return first !== undefined && others.length === 0
    ? sql`CASE WHEN ${text} = ${bind(first.from, 'text')} THEN ${bind(first.to, 'text')} END`
    : lookedUp(text, pairs);
}

function lookedUp(text: Sql, pairs: readonly KeyPair[]): Sql {
  const map = JSON.stringify(Object.fromEntries(pairs.map(({ from, to }) => [from, to])));
  return sql`${bind(map, 'text::jsonb')} ->> ${text}`;
}
