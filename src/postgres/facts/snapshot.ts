/**
 * Reads the facts of plans in one transaction. It writes nothing, so a read-only login suffices; the same function reads them
 * again under the locks of an apply, where the value scan of unclassified columns is handed in instead of run.
 */
import type { Column } from '../../engine/catalogue/catalog.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { Snapshot, Unclassified } from '../../engine/plan/snapshot.ts';
import { isIgnored } from '../../engine/rules/classified.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Ground } from '../catalogue/rules.ts';
import type { Tx } from '../driver/database.ts';
import { castFor, columnOf } from '../sql/cast.ts';
import { quoteTable } from '../sql/identifiers.ts';
import { column, each, raw, sql, tableName } from '../sql/sql.ts';
import { forSome } from './member.ts';
import { readEach } from '../sql/members.ts';
import type { Batch } from './member.ts';
import { readPlaceGroups } from './places.ts';
import type { Samples } from './places.ts';
import { readSideFacts } from './side.ts';

export interface SnapshotInput {
  readonly ground: Ground;
  readonly members: Batch['members'];
  /** Of each member. */
  readonly tenants: readonly Snapshot['tenant'][];
  readonly unclassified: readonly (readonly Unclassified[])[];
  readonly samples: Samples;
}

/** The facts for each member. */
export async function readSnapshots(tx: Tx, input: SnapshotInput): Promise<Snapshot[]> {
  const { ground, members } = input;
  const batch = { rules: ground.rules, members };
  const places = await readPlaceGroups(tx, batch, input.samples);
  const beside = await readSideFacts(tx, { ...batch, groups: places });
  const hidden = await readHidden(tx, ground.rules);
  const today = await readToday(tx);
  return members.map(({ pair }, at) => ({
    rules: ground.rules,
    tenant: input.tenants[at] ?? null,
    ...pair,
    places: places[at] ?? [],
    ...(beside[at] ?? { parameters: [], grants: [], dependents: {}, demands: [] }),
    unclassified: input.unclassified[at] ?? [],
    hidden,
    definitions: ground.definitions,
    today,
  }));
}

/** The day in UTC, by the clock of the database. */
export async function readToday(tx: Tx): Promise<string> {
  const { today } = await tx.one<{ today: string }>(
    `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today`,
  );
  return today;
}

/** Where the session sets a tenant, the policies are meant to bind; elsewhere what they hide would be forgotten silently. */
async function readHidden(tx: Tx, rules: Rules): Promise<string[]> {
  if (Object.keys(rules.config.database?.session?.settings ?? {}).length > 0) return [];
  const tables = rules.catalog.tables.filter(
    (table) => table.rowSecurity.enabled && !isIgnored(rules, table.id),
  );
  if (tables.length === 0) return [];
  const rows = await tx.many<{ bound: boolean }>(
    'SELECT row_security_active(u.name::regclass) AS bound FROM unnest($1::text[]) WITH ORDINALITY u (name, n) ORDER BY u.n',
    [tables.map(quoteTable)],
  );
  return tables.filter((_, at) => rows[at]?.bound === true).map(({ id }) => id);
}

/** Can the text be a value of the column at all? What the database would refuse to read names no row. */
function isKeyOf({ kind }: Column, text: string): boolean {
  if (kind === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
  return kind !== 'integer' || /^-?\d{1,18}$/.test(text);
}

/** A tenant, null where the database has a single one, or why there is none. */
export type TenantFound = Snapshot['tenant'] | DroverError;

/** For each key: TENANT_NOT_FOUND, or for all of them TENANT_REQUIRED, where there is none. */
export async function readTenants(
  tx: Tx,
  rules: Rules,
  keys: readonly (string | undefined)[],
): Promise<TenantFound[]> {
  const { root, key: keyColumn, display } = rules.config.tenant;
  if (root === 'none') return keys.map(() => null);
  const table = findNamedTable(rules.scope, root);
  if (table === undefined) return keys.map(() => tenantRequired());
  const own = columnOf(table, keyColumn ?? table.primaryKey[0] ?? '');
  const name = display === undefined ? raw('NULL') : column('t', display);
  const isKey = (key: string | undefined): key is string => key !== undefined && isKeyOf(own, key);
  const missing = (key: string | undefined): DroverError =>
    key === undefined
      ? tenantRequired()
      : new DroverError('TENANT_NOT_FOUND', `There is no tenant ${key} in ${root}.`, { tenant: key });
  return forSome<string | undefined, TenantFound>(keys, (at) => isKey(keys[at]), {
    otherwise: (at) => missing(keys[at]),
    work: async (some) => {
      const select = sql`SELECT ${name}::text AS name FROM ${tableName(table)} t WHERE ${column('t', own.name)} = ${each(some, castFor(own))}`;
      const found = await readEach<{ name: string | null }>(tx, some.length, select);
      return some.map((key, at) => {
        const row = found[at]?.[0];
        return row === undefined || key === undefined ? missing(key) : { key, name: row.name ?? key };
      });
    },
  });
}

function tenantRequired(): DroverError {
  return new DroverError(
    'TENANT_REQUIRED',
    'Say which tenant: --tenant with the key of a row of the tenant table.',
  );
}
