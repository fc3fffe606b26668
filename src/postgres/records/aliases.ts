/**
 * Aliases: the keys that rows had. They are written with the record of the re-key, in the transaction that does the work where the
 * records are in the same database. Chains are kept resolved, so that every old key leads to the row in one hop.
 */
import { keysReused, mergedPairs } from '../../engine/key-pairs.ts';
import type { KeyPair } from '../../engine/key-pairs.ts';
import { askedPairs } from '../../engine/plan/intent.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { undoneSql } from './undone.ts';
import { stateTable, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

/** Rows of a table got other keys. */
interface Rekeyed {
  readonly tenant: TenantKey;
  readonly table: string;
  readonly pairs: readonly KeyPair[];
  /** Pairs of which no row had the old key any more: only what named it was repaired. */
  readonly repaired: ReadonlySet<string>;
  /** The rows return to keys that they had: then those are none of an alias any more. */
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

/** The keys that rows gave up, or that somebody took from them before; nothing where models moved. A rollback by a journal has no plan. */
function rekeyedBy({ tenant, kind, plan }: DoneBy): Rekeyed | undefined {
  const table = plan?.source.table;
  return plan === undefined || plan === null || plan.intent.rows === undefined || table === undefined
    ? undefined
    : { tenant, table, ...keysOfPlan(plan), returns: kind === 'rollback' };
}

/** The keys of a plan as the database writes them, and those of which no row is left. */
export function keysOfPlan({
  intent,
  source,
  target,
  steps,
}: Pick<Plan, 'intent' | 'source' | 'target' | 'steps'>): Pick<Rekeyed, 'pairs' | 'repaired'> {
  const asked =
    source.key === undefined || target.key === undefined
      ? askedPairs(intent)
      : [{ from: source.key, to: target.key }];
  const pairs = intent.merge === true ? mergedPairs(asked) : asked;
  const moved = new Set(
    steps.flatMap((step) =>
      step.operation === 'rekey' || step.operation === 'merge-rows' ? step.pairs.map(({ from }) => from) : [],
    ),
  );
  return { pairs, repaired: new Set(pairs.map(({ from }) => from).filter((from) => !moved.has(from))) };
}

/** KEY_ISSUED_BEFORE where one of the keys is one that another row had; undefined where nothing stands in the way. */
export function refuseIssued(site: Site, asked: Rekeyed): Promise<DroverError | undefined> {
  return withState(site, asked.tenant, async (state) =>
    (await hasAliases(state, site)) ? refusalOf(asked, await knownAliases(state, site, asked)) : undefined,
  );
}

/** Refuses a migration that is done and not committed yet, where it gives a key that another row had. @throws KEY_ISSUED_BEFORE */
export async function checkAlias(state: Tx, site: Site, done: DoneBy): Promise<void> {
  const rekeyed = rekeyedBy(done);
  const refused = rekeyed && refusalOf(rekeyed, await knownAliases(state, site, rekeyed));
  if (refused !== undefined) throw refused;
}

/** What is recorded of the keys. */
function knownAliases(state: Tx, site: Site, { tenant, table, pairs }: Rekeyed): Promise<KnownAlias[]> {
  return state.many<KnownAlias>(
    `SELECT old_key AS old, new_key AS key, migration_id::text AS migration, ${standsSql(site)} AS stands
     FROM ${stateTable(site, 'aliases')} a WHERE ${ofTable(site)} AND old_key = ANY ($3::text[])`,
    [recordedTenant(tenant), table, pairs.flatMap(({ from, to }) => [from, to])],
  );
}

/** Does the alias `a` stand? A rollback of a re-key changes it; of one that only repaired it is taken away with what it repaired. */
export function standsSql(site: Site): string {
  return `NOT (SELECT ${undoneSql(site)} FROM ${stateTable(site, 'migrations')} m
    WHERE m.tenant_id = a.tenant_id AND m.id = a.migration_id)`;
}

/** A key that a row had is given to no other row, and taken from no other row that somebody gave it since. */
function refusalOf(
  { table, pairs, repaired, returns }: Rekeyed,
  known: readonly KnownAlias[],
): DroverError | undefined {
  const standing = new Map(known.filter(({ stands }) => stands).map((one) => [one.old, one]));
  for (const { from, to } of pairs) {
    const repairs = repaired.has(from);
    const taken = standing.get(to);
    if (taken !== undefined && !returns) return issued(table, to, taken.key);
    const led = standing.get(from);
    if (led !== undefined && !(repairs && led.key === to))
      return leadsElsewhere({ table, from, to, repairs }, led.key);
  }
  return undefined;
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

function issued(table: string, to: string, key: string): DroverError {
  const message =
    `A row of ${table} had the key ${to} before; it has ${key} now, and whoever holds ${to} must find that row. Choose another key; ` +
    'where the row is to have its old key again, roll the re-key back.';
  return new DroverError('KEY_ISSUED_BEFORE', message, { table, key: to, leadsTo: key });
}

function leadsElsewhere(
  { table, from, to, repairs }: KeyPair & { readonly table: string; readonly repairs: boolean },
  key: string,
): DroverError {
  const had = `A row of ${table} had the key ${from} before; it has ${key} now, and whoever holds ${from} must find that row`;
  const message = repairs
    ? `${had}, not ${to}. To repair what still names ${from}, say --to ${key}.`
    : `${had}. The row that has ${from} since is another one, and nobody can say which of the two a reference means: remove it, or give ` +
      'it another key where it was made.';
  return new DroverError('KEY_ISSUED_BEFORE', message, { table, key: from, leadsTo: key });
}

/** Columns of the aliases to be written, a value for each of them. */
interface AliasLists {
  readonly sought: string[];
  readonly old: string[];
  readonly key: string[];
  readonly migration: string[];
}

/**
 * Writes the aliases of a migration that is done, with those that led to old keys. Only with committed work: an alias of
 * a key that the row still has would lead nowhere. A key that another row got by the same migration leads to that one, so it has none.
 * Each kind of change is one statement, however many keys there are. @throws KEY_ISSUED_BEFORE
 */
export async function writeAlias(state: Tx, site: Site, done: DoneBy): Promise<void> {
  const rekeyed = rekeyedBy(done);
  if (rekeyed === undefined) return;
  const { tenant, table, pairs } = rekeyed;
  const own = [recordedTenant(tenant), table];
  const known = await knownAliases(state, site, rekeyed);
  const refused = refusalOf(rekeyed, known);
  if (refused !== undefined) throw refused;
  const byOld = new Map(known.map((one) => [one.old, one]));
  const added: AliasLists = { sought: [], old: [], key: [], migration: [] };
  const changed: AliasLists = { sought: [], old: [], key: [], migration: [] };
  const put = (lists: AliasLists, sought: string, alias: Omit<KnownAlias, 'stands'>): void => {
    lists.sought.push(sought);
    lists.old.push(alias.old);
    lists.key.push(alias.key);
    lists.migration.push(alias.migration);
  };
  // Records are changed and never removed, so what led from a key that is a row's again now leads to it.
  for (const { from, to, end } of chainsOf(pairs)) {
    const [led, taken] = [byOld.get(from), byOld.get(end)];
    const alias = { old: from, key: to, migration: done.id };
    if (led === undefined)
      put(taken === undefined ? added : changed, taken === undefined ? from : end, alias);
    else if (!led.stands) {
      put(changed, from, alias);
      // The key that is the row's again takes over what makes the old alias one that stands no more.
      if (taken !== undefined) put(changed, end, { ...taken, migration: led.migration });
    }
  }
  const aliases = stateTable(site, 'aliases');
  const type = site.state.tenantType;
  if (added.old.length > 0)
    await state.run(
      `INSERT INTO ${aliases} (tenant_id, table_name, old_key, new_key, migration_id)
       SELECT $1::text::${type}, $2, x.old, x.key, x.migration
       FROM unnest($3::text[], $4::text[], $5::text[]::uuid[]) x (old, key, migration)`,
      [...own, added.old, added.key, added.migration],
    );
  if (changed.old.length > 0)
    await state.run(
      `UPDATE ${aliases} a SET old_key = x.old, new_key = x.key, migration_id = x.migration,
         since = CASE WHEN x.migration = $7::text::uuid THEN statement_timestamp() ELSE a.since END
       FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]::uuid[]) x (sought, old, key, migration)
       WHERE ${ofTable(site)} AND a.old_key = x.sought`,
      [...own, changed.sought, changed.old, changed.key, changed.migration, done.id],
    );
  await state.run(
    `UPDATE ${aliases} a SET new_key = x.became FROM unnest($3::text[], $4::text[]) x (was, became)
     WHERE ${ofTable(site)} AND a.new_key = x.was AND a.old_key <> x.became AND a.migration_id <> $5::text::uuid`,
    [...own, pairs.map(({ from }) => from), pairs.map(({ to }) => to), done.id],
  );
}

/** Keys that no row has afterwards, with what each leads to, and the key that its chain gives to a row at its end. */
function chainsOf(pairs: readonly KeyPair[]): (KeyPair & { readonly end: string })[] {
  const reused = new Set(keysReused(pairs));
  const ends = new Map(mergedPairs(pairs).map(({ from, to }) => [from, to]));
  return pairs.flatMap(({ from, to }) => (reused.has(from) ? [] : [{ from, to, end: ends.get(from) ?? to }]));
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
    WHERE ${standsSql(site)} AND led.key = coalesce(CASE WHEN n.from_key = a.old_key THEN n.to_key ELSE n.from_key END,
      (SELECT x ->> 'to' FROM jsonb_array_elements(n.plan -> 'intent' -> 'pairs') x WHERE x ->> 'from' = a.old_key)))`;
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

interface AliasQuery {
  readonly tenant?: TenantKey;
  /** By its id; one of the schema `public` also without it. */
  readonly table?: string | undefined;
  /** Only those that were made at this time or later (ISO 8601). */
  readonly since?: string | undefined;
  /** So many, after the one of this table and old key. */
  readonly limit?: number | undefined;
  readonly after?: readonly [table: string, key: string] | undefined;
  /** Only of these old keys. */
  readonly keys?: readonly string[] | undefined;
}

/** Every old key with the one that leads to the row now, chains resolved; by tenant, table and old key. */
export function listAliases(
  site: Site,
  { tenant, table, since, limit, after, keys }: AliasQuery,
): Promise<Alias[]> {
  return withState(site, tenant, async (state) => {
    if (!(await hasAliases(state, site))) return [];
    return state.many<Alias>(
      `SELECT tenant_id::text AS tenant, table_name AS "table", old_key AS "from", new_key AS "to", migration_id::text AS "migrationId",
         to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS since
       FROM ${stateTable(site, 'aliases')} a
       WHERE ($1::text IS NULL OR tenant_id::text = $1::text) AND ($2::text IS NULL OR table_name IN ($2::text, 'public.' || $2::text))
         AND ($3::text IS NULL OR a.since >= $3::text::timestamptz) AND ${standsSql(site)}
         AND ($4::text IS NULL OR (table_name, old_key) > ($4::text, $5::text)) AND ($7::text[] IS NULL OR old_key = ANY ($7::text[]))
       ORDER BY tenant_id, table_name, old_key LIMIT $6::int`,
      [
        tenant ?? null,
        table ?? null,
        since ?? null,
        after?.[0] ?? null,
        after?.[1] ?? null,
        limit ?? null,
        keys ?? null,
      ],
    );
  });
}
