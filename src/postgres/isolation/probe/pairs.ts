/** Two tenants, each with a row in a table: new ones where rows can be made, and otherwise two that have rows there. */
import type { Table } from '../../../engine/catalogue/catalog.ts';
import { findNamedColumn, findNamedTable } from '../../../engine/catalogue/names.ts';
import { tenantOfRowSql } from '../../sql/row.ts';
import { bind, column, ident, raw, rowsOf, sql } from '../../sql/sql.ts';
import { attempt } from './attempt.ts';
import type { BoutSide } from './bout.ts';
import { ownerColumn } from './crossing.ts';
import { Seeds } from './seeds.ts';
import type { SeedGround, Unseeded } from './seeds.ts';
import type { TenantContext } from './session.ts';

export interface TenantPair {
  readonly a: BoutSide;
  readonly b: BoutSide;
}

export class Pairs {
  readonly seeds: Seeds;
  readonly #ground: SeedGround & { readonly context: TenantContext };
  #fresh: readonly string[] | Unseeded | undefined;

  constructor(ground: SeedGround & { readonly context: TenantContext }) {
    this.#ground = ground;
    this.seeds = new Seeds(ground);
  }

  async of(table: Table, role: string): Promise<TenantPair | Unseeded> {
    this.#fresh ??= await this.#newTenants();
    const first = 'reason' in this.#fresh ? this.#fresh : await this.#sides(table, role, this.#fresh);
    if ('a' in first) return first;
    const there = await this.#sides(table, role, await this.#tenantsIn(table));
    if ('a' in there || this.#ground.makes === 'no') return there;
    return first;
  }

  async #sides(table: Table, role: string, tenants: readonly string[]): Promise<TenantPair | Unseeded> {
    const sides: BoutSide[] = [];
    let gap: Unseeded = { reason: `there are no two tenants with rows in ${table.id}` };
    for (const tenant of tenants) {
      const row = await this.seeds.of(tenant, table);
      const session = await this.#ground.sessionOf({ role, tenant });
      if ('reason' in row) gap = row;
      else if (session === undefined)
        gap = { reason: 'a value that the context of a tenant needs is in no row' };
      else sides.push({ tenant, session, row });
      const [a, b] = sides;
      if (a !== undefined && b !== undefined) return { a, b };
    }
    return gap;
  }

  async #newTenants(): Promise<readonly string[] | Unseeded> {
    const { rules, context, makes } = this.#ground;
    const { root: name = '', key: named } = rules.config.tenant;
    const root = findNamedTable(rules.scope, name);
    const key = named ?? root?.primaryKey[0];
    if (makes === 'no' || root === undefined || key === undefined || context.role !== undefined)
      return { reason: 'no new tenants are made' };
    const tenants: string[] = [];
    for (const _ of ['a', 'b']) {
      const tenant = await this.seeds.newTenant(root, key);
      if (typeof tenant !== 'string') return tenant;
      tenants.push(tenant);
    }
    return (await this.#addContext(tenants)) ?? tenants;
  }

  /** What the context of a tenant is read from has to be there first. */
  async #addContext(tenants: readonly string[]): Promise<Unseeded | undefined> {
    const { rules, context } = this.#ground;
    const columns = Object.values(context.settings).flatMap((value) =>
      typeof value === 'string' ? [] : [value.column],
    );
    for (const name of columns)
      for (const tenant of tenants) {
        const found = findNamedColumn(rules.scope, name);
        const row = found === undefined ? undefined : await this.seeds.of(tenant, found.table);
        if (row !== undefined && 'reason' in row) return row;
      }
    return undefined;
  }

  async #tenantsIn(table: Table): Promise<readonly string[]> {
    const { tx, rules, loginSees } = this.#ground;
    if (!loginSees) return this.listed();
    const owner = ownerColumn(rules, table);
    const own = owner === undefined ? undefined : column('t', owner);
    const tenant = own ?? tenantOfRowSql({ rules, table, size: 1, tenants: [''] });
    const one = (and: typeof tenant): Promise<{ tenant: string } | undefined> =>
      tx.maybeOne(
        sql`SELECT (${tenant})::text AS tenant FROM ${rowsOf(table)} t WHERE (${tenant}) IS NOT NULL${and} LIMIT 1`,
      );
    const found = await attempt(tx, async () => {
      const first = await one(raw(''));
      if (first === undefined) return [];
      const second = await one(sql` AND (${tenant})::text <> ${bind(first.tenant, 'text')}`);
      return second === undefined ? [first.tenant] : [first.tenant, second.tenant];
    });
    const tenants = found.done ? found.value : [];
    return tenants.length === 2
      ? tenants
      : [...tenants, ...(await this.listed()).filter((one) => !tenants.includes(one))];
  }

  /** The first tenants that the login sees. */
  async listed(): Promise<readonly string[]> {
    const { tx, rules } = this.#ground;
    const root = findNamedTable(rules.scope, rules.config.tenant.root ?? '');
    const key = rules.config.tenant.key ?? root?.primaryKey[0];
    if (root === undefined || key === undefined) return [];
    const found = await attempt(tx, () =>
      tx.many<{ tenant: string }>(
        sql`SELECT ${column('t', key)}::text AS tenant FROM ${rowsOf(root)} t ORDER BY ${ident(key)} LIMIT 10`,
      ),
    );
    return found.done ? found.value.map(({ tenant }) => tenant) : [];
  }
}
