/** How a transaction says for which tenant it works, as the probe tries it. */
import { findNamedColumn } from '../../../engine/catalogue/names.ts';
import type { ProbedWay } from '../../../engine/isolation/proof.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import type { Tx } from '../../driver/database.ts';
import { enterTenant, type TenantScope } from '../../scope/tenant.ts';
import { mineSql } from '../../sql/row.ts';
import { column, rowsOf, sql } from '../../sql/sql.ts';

/** A value that is found in a row of the tenant: `users.id` where policies ask for a user, `tenants.db_user` for a role. */
interface ContextColumn {
  readonly column: string;
}

export interface TenantContext {
  /** Settings by name; `$tenant` in a text stands for the tenant. */
  readonly settings: Readonly<Record<string, string | ContextColumn>>;
  /** Where each tenant has a role of its own; `$tenant` in a text stands for the tenant. */
  readonly role?: string | ContextColumn;
}

/** Whoever works for a tenant: a role, and the tenant. */
export interface RoleOfTenant {
  readonly role: string;
  readonly tenant: string;
}

/** What is needed to find out how a tenant's transaction begins. */
interface SessionGround {
  readonly tx: Tx;
  readonly rules: Rules;
  readonly context: TenantContext;
}

export type TenantSession = TenantScope & { readonly role: string };

/** The session of a tenant; undefined where a value of it is in no row. Asked as the login. */
export async function findSession(
  ground: SessionGround,
  { role, tenant }: RoleOfTenant,
): Promise<TenantSession | undefined> {
  const own = ground.context.role === undefined ? role : await valueOf(ground, tenant, ground.context.role);
  if (own === undefined) return undefined;
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(ground.context.settings)) {
    const found = await valueOf(ground, tenant, value);
    if (found === undefined) return undefined;
    settings[name] = found;
  }
  return { role: own, settings };
}

async function valueOf(
  { tx, rules }: SessionGround,
  tenant: string,
  value: string | ContextColumn,
): Promise<string | undefined> {
  if (typeof value === 'string') return value.replaceAll('$tenant', () => tenant);
  const found = findNamedColumn(rules.scope, value.column);
  if (found === undefined) return undefined;
  const mine = mineSql({ rules, table: found.table, size: 1, tenants: [tenant] });
  const row = await tx.maybeOne<{ value: string | null }>(
    sql`SELECT ${column('t', found.column.name)}::text AS value FROM ${rowsOf(found.table)} t WHERE ${mine} LIMIT 1`,
  );
  return row?.value ?? undefined;
}

/** Begins to act, until the savepoint in which it was called is gone back to. */
export async function act(tx: Tx, session: TenantSession, way: ProbedWay = 'another tenant'): Promise<void> {
  await enterTenant(
    tx,
    { role: session.role, settings: settingsOf(session, way) },
    'in its settings already',
  );
}

/** The settings hold no placeholder any more. One that a transaction had set before is empty in the next, and no longer missing. */
function settingsOf({ settings }: TenantSession, way: ProbedWay): Readonly<Record<string, string>> {
  if (way === 'no context') return {};
  if (way === 'another tenant') return settings;
  return Object.fromEntries(Object.keys(settings).map((name) => [name, '']));
}
