/**
 * Aliases: the keys that rows had. They are written with the record of the re-key, in the transaction that does the work where the
 * records are in the same database. Chains are kept resolved, so that every old key leads to the row in one hop.
 */
import type { Plan } from '../../engine/plan/plan-types.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

/** A row of a table got another key. */
interface Rekeyed {
  readonly tenant: TenantKey;
  readonly table: string;
  readonly from: string;
  readonly to: string;
  /** The row returns to a key that it had: then that key is none of an alias any more. */
  readonly returns: boolean;
}

/** What a migration was done by, as far as an alias follows from it. */
export interface DoneBy {
  readonly tenant: TenantKey;
  readonly id: string;
  readonly kind: string;
  readonly plan?: Pick<Plan, 'intent' | 'source' | 'target'> | null | undefined;
}

/** The key that a row gave up, or that somebody took from it before; nothing where models moved. A rollback by a journal has no plan. */
function rekeyedBy({ tenant, kind, plan }: DoneBy): Rekeyed | undefined {
  if (plan?.intent.rows === undefined) return undefined;
  const { source, target } = plan;
  if (source.key === undefined || target.key === undefined || source.table === undefined) return undefined;
  return { tenant, table: source.table, from: source.key, to: target.key, returns: kind === 'rollback' };
}

/** KEY_ISSUED_BEFORE where the key to be is one that a row had; undefined where it is free. */
export function refuseIssued(
  site: Site,
  asked: Omit<Rekeyed, 'returns' | 'from'>,
): Promise<DroverError | undefined> {
  return withState(site, asked.tenant, async (state) => {
    if (!(await hasAliases(state, site))) return undefined;
    const found = await state.maybeOne<{ key: string }>(
      `SELECT new_key AS key FROM ${stateTable(site, 'aliases')} WHERE ${ofTable(site)} AND old_key = $3`,
      [recordedTenant(asked.tenant), asked.table, asked.to],
    );
    return found === undefined ? undefined : issued(asked, found.key);
  });
}

async function hasAliases(state: Tx, site: Site): Promise<boolean> {
  const { found } = await state.one<{ found: boolean }>('SELECT to_regclass($1::text) IS NOT NULL AS found', [
    stateTable(site, 'aliases'),
  ]);
  return found;
}

function ofTable({ state }: Site): string {
  return `tenant_id = $1::text::${state.tenantType} AND table_name = $2`;
}

function issued({ table, to }: Pick<Rekeyed, 'table' | 'to'>, key: string): DroverError {
  const message =
    `A row of ${table} had the key ${to} before; it has ${key} now, and whoever holds ${to} must find that row. Choose another key; ` +
    'where the row is to have its old key again, roll the re-key back.';
  return new DroverError('KEY_ISSUED_BEFORE', message, { table, key: to, leadsTo: key });
}

/**
 * Writes the alias of a migration that is done, with those that led to the old key. Only with committed work: an alias of
 * a key that the row still has would lead nowhere. @throws KEY_ISSUED_BEFORE
 */
export async function writeAlias(state: Tx, site: Site, done: DoneBy): Promise<void> {
  const rekeyed = rekeyedBy(done);
  if (rekeyed === undefined) return;
  const { tenant, table, from, to, returns } = rekeyed;
  const aliases = stateTable(site, 'aliases');
  const own = [recordedTenant(tenant), table];
  const known = await state.many<{ old: string; key: string }>(
    `SELECT old_key AS old, new_key AS key FROM ${aliases} WHERE ${ofTable(site)} AND old_key IN ($3, $4)`,
    [...own, from, to],
  );
  const taken = known.find(({ old }) => old === to);
  if (taken !== undefined && !returns) throw issued(rekeyed, taken.key);
  // Records are changed and never removed, so what led from the key that is the row's again now leads to it.
  if (!known.some(({ old, key }) => old === from && key === to))
    await state.run(
      taken === undefined
        ? `INSERT INTO ${aliases} (tenant_id, table_name, old_key, new_key, migration_id)
           VALUES ($1::text::${site.state.tenantType}, $2, $3, $4, $5::text::uuid)`
        : `UPDATE ${aliases} SET old_key = $3, new_key = $4, migration_id = $5::text::uuid, since = statement_timestamp()
           WHERE ${ofTable(site)} AND old_key = $4`,
      [...own, from, to, done.id],
    );
  await state.run(`UPDATE ${aliases} SET new_key = $4 WHERE ${ofTable(site)} AND new_key = $3`, [
    ...own,
    from,
    to,
  ]);
}

export interface Alias {
  readonly tenant: string;
  readonly table: string;
  readonly from: string;
  readonly to: string;
  readonly migrationId: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export interface AliasQuery {
  readonly tenant?: TenantKey;
  /** By its id; one of the schema `public` also without it. */
  readonly table?: string | undefined;
  /** Only those that were made at this time or later (ISO 8601). */
  readonly since?: string | undefined;
}

/** Every old key with the one that leads to the row now, chains resolved; by tenant, table and old key. */
export function listAliases(site: Site, { tenant, table, since }: AliasQuery): Promise<Alias[]> {
  return withState(site, tenant, async (state) => {
    if (!(await hasAliases(state, site))) return [];
    return state.many<Alias>(
      `SELECT tenant_id::text AS tenant, table_name AS "table", old_key AS "from", new_key AS "to", migration_id::text AS "migrationId",
         to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS since
       FROM ${stateTable(site, 'aliases')} a
       WHERE ($1::text IS NULL OR tenant_id::text = $1::text) AND ($2::text IS NULL OR table_name IN ($2::text, 'public.' || $2::text))
         AND ($3::text IS NULL OR a.since >= $3::text::timestamptz)
       ORDER BY tenant_id, table_name, old_key`,
      [tenant ?? null, table ?? null, since ?? null],
    );
  });
}
