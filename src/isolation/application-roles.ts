/** Which roles policies must bind: those that somebody named, else the login, else every login that may touch a tenant's table. */
import type { TableId } from '../engine/catalogue/catalog.ts';
import type { IsolationFacts, RelationFact } from '../engine/isolation/facts.ts';
import type { IsolationReport } from '../engine/isolation/report.ts';
import { findOwned, ownedTables } from './ground.ts';
import { findHolding } from './owned-relations.ts';
import type { BareGround, IsolationSettings } from './ground.ts';
import { isAllPowerful, isExempt, mayUse, rowPrivileges, untrustedOf } from './reach.ts';

type Bound = Pick<IsolationReport, 'applicationRoles' | 'rolesFrom'>;

/** The facts, ready to be asked. */
export function groundOf(facts: IsolationFacts, settings: IsolationSettings): BareGround {
  const relations = new Map(facts.relations.map((relation) => [relation.id, relation]));
  const whole = ({ table }: { readonly table: TableId }): TableId => relations.get(table)?.root ?? table;
  const bare = {
    facts,
    settings,
    applicationRoles: [],
    rolesFrom: 'unknown' as const,
    trusted: settings.trusted,
    roles: new Map(facts.roles.map((role) => [role.name, role])),
    relations,
    tables: new Map(facts.catalog.tables.map((table) => [table.id, table])),
    functions: Map.groupBy(facts.functions, ({ id }) => id),
    keys: Map.groupBy(facts.keys, whole),
    indexes: Map.groupBy(facts.indexes, whole),
    owned: findOwned({ facts, relations }),
    holding: findHolding(facts),
    untrusted: [],
  };
  const bound = { ...bare, ...boundRoles(bare) };
  return { ...bound, untrusted: untrustedOf(bound) };
}

function boundRoles(ground: BareGround): Bound {
  const { settings, facts } = ground;
  if (settings.roles !== undefined)
    return { applicationRoles: settings.roles.names, rolesFrom: settings.roles.from };
  const tables = ownedTables(ground).map(({ relation }) => relation);
  if (mayBeBound(ground, facts.login, tables)) return { applicationRoles: [facts.login], rolesFrom: 'login' };
  const logins = boundLogins(ground);
  return logins.length === 0
    ? { applicationRoles: [], rolesFrom: 'unknown' }
    : { applicationRoles: logins, rolesFrom: 'logins' };
}

/** Every login that policies bind and that may use a tenant's table. */
export function boundLogins(ground: BareGround): string[] {
  const tables = ownedTables(ground).map(({ relation }) => relation);
  return ground.facts.roles
    .filter(({ login }) => login)
    .map(({ name }) => name)
    .filter((name) => mayBeBound(ground, name, tables));
}

function mayBeBound(ground: BareGround, name: string, tables: readonly RelationFact[]): boolean {
  const role = ground.roles.get(name);
  return (
    role !== undefined &&
    !isAllPowerful(role) &&
    !ground.trusted.includes(name) &&
    !tables.some((relation) => isExempt(ground, name, relation)) &&
    tables.some((relation) => mayUse(ground, name, { relation, privileges: rowPrivileges }))
  );
}
