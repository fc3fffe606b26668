/**
 * What was found out about rows before a statement looks at them, by the keys that they have then.
 *
 * Conditions are judged once, on the row as it was before the first step. Where a step may change what a condition reads, the states
 * are kept in a temporary table before the first step (`move/judge.ts`), and every later look at the row takes them from there. A row
 * that is not in it came to name the source afterwards, and is judged as it is.
 */
import { recordedTenant, type TenantKey } from '../../engine/tenant.ts';
import type { Place } from '../../engine/rules/place.ts';
import { findRowKey, keyExpression } from './keys.ts';
import type { RowContext } from './match.ts';
import { bind, each, literal, raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** The temporary table of judged states. */
export const judgedTable = raw('pg_temp.drover_judged');

/** The tenant of the row's member, as part of a key. */
export function judgedTenant({ tenants = [recordedTenant(undefined)] }: Pick<RowContext, 'tenants'>): Sql {
  return each(tenants, 'text');
}

/** The key of row `t` as text. Undefined where its table has none. */
export function judgedRow({ rules, table }: Pick<RowContext, 'rules' | 'table'>): Sql | undefined {
  const key = findRowKey(rules, table);
  return key === undefined ? undefined : sql`${keyExpression(key, 't')}::text`;
}

/** The state that the place of row `t` had before the first step; NULL where it was not judged. */
export function judgedState(context: RowContext, { id }: Place): Sql | undefined {
  const key = context.judged?.has(id) === true ? judgedRow(context) : undefined;
  if (key === undefined) return undefined;
  return sql`(SELECT j.state FROM ${judgedTable} j
    WHERE j.place = ${literal(id)} AND j.tenant = ${judgedTenant(context)} AND j.key = ${key})`;
}

/** A row of a tenant as one text. */
export function strayText(tenant: TenantKey, key: string): string {
  return `${recordedTenant(tenant)}\u001F${key}`;
}

/** Is row `t` one of them? One list for all members, so that it is hashed once. */
export function isStray(context: RowContext, strays: readonly string[]): Sql[] {
  const key = strays.length === 0 ? undefined : judgedRow(context);
  if (key === undefined) return [];
  return [
    sql`concat(${judgedTenant(context)}, chr(31), ${key}) IN (SELECT unnest(${bind(strays, 'text[]')}))`,
  ];
}
