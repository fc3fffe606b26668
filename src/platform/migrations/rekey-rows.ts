/** Gives rows of one tenant other keys, or makes two of them one: planned or applied, for the tenant's own admin or for an operator. */
import { keysText } from '../../engine/key-pairs.ts';
import type { KeyPair } from '../../engine/key-pairs.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import { refuseUnreasoned } from '../../postgres/move/admission.ts';
import { listAliases } from '../../postgres/records/aliases.ts';
import type { Alias } from '../../postgres/records/aliases.ts';
import type { Platform } from '../open.ts';
import { planOrApply, toldWithPlan } from './migrate-model.ts';
import type { Acting, HowMoved, MigrateAnswer } from './migrate-model.ts';

interface RekeyRequest extends HowMoved {
  readonly table: string;
  /** At least one. */
  readonly pairs: readonly KeyPair[];
  readonly merge: boolean;
  readonly answers: Intent['answers'];
}

/**
 * @throws ROWS_UNKNOWN, ROW_NOT_FOUND for a row that is not there or another tenant's, SAME_MODEL, KEY_ISSUED_BEFORE, MAPPING_INVALID for
 *   several pairs, FORCE_NEEDS_REASON; PLAN_STALE, PLAN_REFUSED and CONFIRMATION_REQUIRED with findings and hash of the plan;
 *   NOT_PERMITTED where the server may not give rows other keys, ROW_REFUSED, MIGRATION_RUNNING
 */
export async function rekeyRows(
  platform: Platform,
  acting: Acting,
  { table, pairs: asked, merge, answers, ...how }: RekeyRequest,
): Promise<MigrateAnswer> {
  refuseUnreasoned(how);
  const pairs = asked.map(({ from, to }) => ({ from: from.toLowerCase(), to: to.toLowerCase() }));
  const intent: Intent = {
    rows: table,
    tenant: acting.tenantId,
    from: keysText(pairs.map(({ from }) => from)),
    to: keysText(pairs.map(({ to }) => to)),
    parameters: 'keep',
    answers,
    leaveAsks: false,
    ...(pairs.length === 1 ? {} : { pairs }),
    ...(merge ? { merge } : {}),
  };
  try {
    return await planOrApply(platform, acting, { intent, how });
  } catch (error) {
    throw toldWithPlan(platform, error);
  }
}

export interface AliasPage {
  readonly tenantId: string;
  readonly table?: string;
  readonly since?: string;
  readonly limit?: number;
  readonly after?: readonly [table: string, key: string];
}

/** The keys that rows of the tenant had, by table and key, with those that lead to the rows now. */
export function pageAliases(
  { site, schema }: Platform,
  { tenantId, table, ...page }: AliasPage,
): Promise<Alias[]> {
  return listAliases(site, {
    tenant: tenantId,
    ...page,
    ...(table === undefined ? {} : { table: `${schema}.${table}` }),
  });
}

/** The key that leads to the row of the tenant which had this one; undefined where none had. */
export async function currentKey(
  { site, schema }: Platform,
  { tenantId, table, key }: { readonly tenantId: string; readonly table: string; readonly key: string },
): Promise<string | undefined> {
  const [found] = await listAliases(site, { tenant: tenantId, table: `${schema}.${table}`, keys: [key] });
  return found?.to;
}

/** Of these keys those that rows of the tenant had, with the ones that lead to them now. An id repeats in no two tables. */
export async function currentKeys(
  { site }: Platform,
  { tenantId, keys }: { readonly tenantId: string; readonly keys: readonly string[] },
): Promise<ReadonlyMap<string, string>> {
  const found = await listAliases(site, { tenant: tenantId, keys });
  return new Map(found.map(({ from, to }) => [from, to]));
}
