/**
 * Aliases: the keys that rows had. They are written with the record of the re-key, in the transaction that does the work where the
 * records are in the same database. Chains are kept resolved, so that every old key leads to the row in one hop.
 */
import type { Plan } from '../../engine/plan/plan-types.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { undoneSql } from './undone.ts';
import { stateTable, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

/** A row of a table got another key. */
interface Rekeyed {
  readonly tenant: TenantKey;
  readonly table: string;
  readonly from: string;
  readonly to: string;
  /** No row had the old key any more: only what named it was repaired. */
  readonly repairs: boolean;
  /** The row returns to a key that it had: then that key is none of an alias any more. */
  readonly returns: boolean;
}

/** What is recorded of a key. It stands unless the migration that wrote it was taken back: records are never removed. */
interface KnownAlias {
  readonly old: string;
  readonly key: string;
  readonly migration: string;
  readonly stands: boolean;
}

/** What a migration was done by, as far as an alias follows from it. */
export interface DoneBy {
  readonly tenant: TenantKey;
  readonly id: string;
  readonly kind: string;
  readonly plan?: Pick<Plan, 'intent' | 'source' | 'target' | 'steps'> | null | undefined;
}

/** The key that a row gave up, or that somebody took from it before; nothing where models moved. A rollback by a journal has no plan. */
function rekeyedBy({ tenant, kind, plan }: DoneBy): Rekeyed | undefined {
  if (plan?.intent.rows === undefined) return undefined;
  const { source, target, steps } = plan;
  if (source.key === undefined || target.key === undefined || source.table === undefined) return undefined;
  const repairs = !steps.some(({ operation }) => operation === 'rekey' || operation === 'merge-rows');
  return {
    tenant,
    table: source.table,
    from: source.key,
    to: target.key,
    repairs,
    returns: kind === 'rollback',
  };
}

/** KEY_ISSUED_BEFORE where one of the two keys is one that another row had; undefined where nothing stands in the way. */
export function refuseIssued(site: Site, asked: Rekeyed): Promise<DroverError | undefined> {
  return withState(site, asked.tenant, async (state) =>
    (await hasAliases(state, site)) ? refusalOf(asked, await knownAliases(state, site, asked)) : undefined,
  );
}

/** The same of a migration that is done and not committed yet. @throws KEY_ISSUED_BEFORE */
export async function checkAlias(state: Tx, site: Site, done: DoneBy): Promise<void> {
  const rekeyed = rekeyedBy(done);
  const refused = rekeyed && refusalOf(rekeyed, await knownAliases(state, site, rekeyed));
  if (refused !== undefined) throw refused;
}

/** What is recorded of the two keys. */
function knownAliases(
  state: Tx,
  site: Site,
  { tenant, table, from, to }: Pick<Rekeyed, 'tenant' | 'table' | 'from' | 'to'>,
): Promise<KnownAlias[]> {
  return state.many<KnownAlias>(
    `SELECT old_key AS old, new_key AS key, migration_id::text AS migration, ${standsSql(site)} AS stands
     FROM ${stateTable(site, 'aliases')} a WHERE ${ofTable(site)} AND old_key IN ($3, $4)`,
    [recordedTenant(tenant), table, from, to],
  );
}

/** Does the alias `a` stand? A rollback of a re-key changes it; of one that only repaired it is taken away with what it repaired. */
function standsSql(site: Site): string {
  return `NOT (SELECT ${undoneSql(site)} FROM ${stateTable(site, 'migrations')} m
    WHERE m.tenant_id = a.tenant_id AND m.id = a.migration_id)`;
}

/** A key that a row had is given to no other row, and taken from no other row that somebody gave it since. */
function refusalOf(rekeyed: Rekeyed, known: readonly KnownAlias[]): DroverError | undefined {
  const { from, to, repairs, returns } = rekeyed;
  const standing = known.filter(({ stands }) => stands);
  const taken = standing.find(({ old }) => old === to);
  if (taken !== undefined && !returns) return issued(rekeyed, taken.key);
  const led = standing.find(({ old }) => old === from);
  return led === undefined || (repairs && led.key === to) ? undefined : leadsElsewhere(rekeyed, led.key);
}

async function hasAliases(state: Tx, site: Site): Promise<boolean> {
  const { found } = await state.one<{ found: boolean }>('SELECT to_regclass($1::text) IS NOT NULL AS found', [
    stateTable(site, 'aliases'),
  ]);
  return found;
}

function ofTable({ state }: Site): string {
  return `a.tenant_id = $1::text::${state.tenantType} AND a.table_name = $2`;
}

function issued({ table, to }: Pick<Rekeyed, 'table' | 'to'>, key: string): DroverError {
  const message =
    `A row of ${table} had the key ${to} before; it has ${key} now, and whoever holds ${to} must find that row. Choose another key; ` +
    'where the row is to have its old key again, roll the re-key back.';
  return new DroverError('KEY_ISSUED_BEFORE', message, { table, key: to, leadsTo: key });
}

function leadsElsewhere({ table, from, to, repairs }: Rekeyed, key: string): DroverError {
  const had = `A row of ${table} had the key ${from} before; it has ${key} now, and whoever holds ${from} must find that row`;
  const message = repairs
    ? `${had}, not ${to}. To repair what still names ${from}, say --to ${key}.`
    : `${had}. The row that has ${from} since is another one, and nobody can say which of the two a reference means: remove it, or give ` +
      'it another key where it was made.';
  return new DroverError('KEY_ISSUED_BEFORE', message, { table, key: from, leadsTo: key });
}

/**
 * Writes the alias of a migration that is done, with those that led to the old key. Only with committed work: an alias of
 * a key that the row still has would lead nowhere. @throws KEY_ISSUED_BEFORE
 */
export async function writeAlias(state: Tx, site: Site, done: DoneBy): Promise<void> {
  const rekeyed = rekeyedBy(done);
  if (rekeyed === undefined) return;
  const { tenant, table, from, to } = rekeyed;
  const aliases = stateTable(site, 'aliases');
  const own = [recordedTenant(tenant), table];
  const known = await knownAliases(state, site, rekeyed);
  const refused = refusalOf(rekeyed, known);
  if (refused !== undefined) throw refused;
  const led = known.find(({ old }) => old === from);
  const taken = known.find(({ old }) => old === to);
  // Records are changed and never removed, so what led from the key that is the row's again now leads to it.
  if (led === undefined)
    await state.run(
      taken === undefined
        ? `INSERT INTO ${aliases} (tenant_id, table_name, old_key, new_key, migration_id)
           VALUES ($1::text::${site.state.tenantType}, $2, $3, $4, $5::text::uuid)`
        : `UPDATE ${aliases} a SET old_key = $3, new_key = $4, migration_id = $5::text::uuid, since = statement_timestamp()
           WHERE ${ofTable(site)} AND old_key = $4`,
      [...own, from, to, done.id],
    );
  else if (!led.stands) await writeOver(state, site, { rekeyed, led, id: done.id });
  await state.run(
    `UPDATE ${aliases} a SET new_key = $4 WHERE ${ofTable(site)} AND new_key = $3 AND old_key <> $4`,
    [...own, from, to],
  );
}

/** The old key was an alias that stands no more. The key that is the row's again takes over what makes that so. */
async function writeOver(
  state: Tx,
  site: Site,
  { rekeyed: { tenant, table, from, to }, led, id }: { rekeyed: Rekeyed; led: KnownAlias; id: string },
): Promise<void> {
  const aliases = stateTable(site, 'aliases');
  const own = [recordedTenant(tenant), table];
  await state.run(
    `UPDATE ${aliases} a SET new_key = $4, migration_id = $5::text::uuid, since = statement_timestamp()
     WHERE ${ofTable(site)} AND old_key = $3`,
    [...own, from, to, id],
  );
  await state.run(
    `UPDATE ${aliases} a SET migration_id = $4::text::uuid WHERE ${ofTable(site)} AND old_key = $3`,
    [...own, to, led.migration],
  );
}

/**
 * A merge is taken back by its journal, so no plan says what becomes of aliases. What led to the row that returned, leads to it again;
 * where the merge stands again, to where that row went.
 */
export async function leadAgain(
  state: Tx,
  site: Site,
  { tenant, id }: Pick<DoneBy, 'tenant' | 'id'>,
): Promise<void> {
  const own = recordedTenant(tenant);
  const [aliases, migrations] = [stateTable(site, 'aliases'), stateTable(site, 'migrations')];
  const merged = await state.many<{ table: string; old: string; key: string; stands: boolean }>(
    `WITH RECURSIVE up AS (
       SELECT m.tenant_id, m.id, m.parent_id, m.kind FROM ${migrations} m
       WHERE m.tenant_id = $1::text::${site.state.tenantType} AND m.id = $2::text::uuid
       UNION ALL SELECT m.tenant_id, m.id, m.parent_id, m.kind FROM up
         JOIN ${migrations} m ON m.tenant_id = up.tenant_id AND m.id = up.parent_id)
     SELECT a.table_name AS "table", a.old_key AS old, a.new_key AS key, ${standsSql(site)} AS stands
     FROM up JOIN ${aliases} a ON a.tenant_id = up.tenant_id AND a.migration_id = up.id WHERE up.kind = 'merge'`,
    [own, id],
  );
  for (const { table, old, key, stands } of merged)
    await state.run(
      stands
        ? `UPDATE ${aliases} a SET new_key = $4 WHERE ${ofTable(site)} AND new_key = $3 AND old_key <> $4`
        : `${ledSql(site)} UPDATE ${aliases} a SET new_key = $3 FROM led
           WHERE ${ofTable(site)} AND a.old_key = led.key AND a.old_key <> $3`,
      [own, table, old, ...(stands ? [key] : [])],
    );
}

/** The keys that led to $3, step by step as each migration made them: chains are kept resolved, so what they lead to does not say it. */
function ledSql(site: Site): string {
  return `WITH RECURSIVE led AS (SELECT $3::text AS key
    UNION SELECT a.old_key FROM led JOIN ${stateTable(site, 'aliases')} a ON ${ofTable(site)}
      JOIN ${stateTable(site, 'migrations')} n ON n.tenant_id = a.tenant_id AND n.id = a.migration_id
    WHERE ${standsSql(site)} AND led.key = CASE WHEN n.from_key = a.old_key THEN n.to_key ELSE n.from_key END)`;
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
         AND ($3::text IS NULL OR a.since >= $3::text::timestamptz) AND ${standsSql(site)}
       ORDER BY tenant_id, table_name, old_key`,
      [tenant ?? null, table ?? null, since ?? null],
    );
  });
}
