/** Policies that tie rows to the caller's tenant, in the words that the schema uses already. */
import type { TableId } from '../../engine/catalogue/catalog.ts';
import { everybody } from '../../engine/isolation/facts.ts';
import type { RelationFact, StoredPolicy } from '../../engine/isolation/facts.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { Parser } from '../conditions/parser.ts';
import { policyKey } from '../conditions/policy-key.ts';
import { listed, ownedTables } from '../ground.ts';
import type { Ground, OwnedTable } from '../ground.ts';
import { ofTenant } from '../policies.ts';
import { appliesTo, commands, inForce } from '../policies-in-force.ts';
import type { RowCommand } from '../policies-in-force.ts';
import { isExempt, mayUse, rowPrivileges } from '../reach.ts';
import { comparedColumn, withColumn } from './expression-text.ts';
import { altered, roleWord } from './statements.ts';
import type { MendStep, Mending } from './mend.ts';

/** What mends read beside the facts. */
export interface MendGround extends Ground {
  readonly parser: Parser;
}

export const noContext: Mending = {
  steps: [],
  note:
    'no sound policy says how the tenant is named, and the configuration has not exactly one name for it: ' +
    'say it in database.session.settings or isolation.context',
};

/** A table that is written to: a tenant's, or a partition or child of one. */
export interface TiedTable {
  readonly owned: OwnedTable;
  readonly on: RelationFact;
}

/**
 * The condition that a row is the caller's. A comparison that is sound on another table is taken over, first one of the same role; where
 * there is none the one name of the configuration is. A table without an owner column asks its parent. Undefined where nothing is known.
 */
export function tenantCondition(
  ground: MendGround,
  { owned, on }: TiedTable,
  role: string,
): string | undefined {
  const { ownerColumn } = owned;
  if (ownerColumn === undefined) return parentCondition(owned, on);
  const type = typeOf(owned, ownerColumn);
  const applying = (name: string) => (found: SoundPolicy) => appliesTo(ground, found.policy, name);
  const sound = soundPolicies(ground).filter((found) => found.type === type);
  const ofApplication = sound.find((found) => ground.applicationRoles.some((name) => applying(name)(found)));
  const found = sound.find(applying(role)) ?? ofApplication ?? sound[0];
  if (found !== undefined) return withColumn(ground.parser, found.text, ownerColumn);
  const [setting, ...more] = ground.settings.context;
  return setting === undefined || more.length > 0 || type === undefined
    ? undefined
    : ofTenant(quoteIdent(ownerColumn), setting.replaceAll("'", "''"), type);
}

interface SoundPolicy {
  readonly policy: StoredPolicy;
  readonly text: string;
  readonly type: string | undefined;
}

function typeOf({ table }: OwnedTable, column: string): string | undefined {
  return table.columns.find(({ name }) => name === column)?.type;
}

/** Conditions that compare the owner with the caller, and say nothing else. */
function soundPolicies(ground: MendGround): SoundPolicy[] {
  return ownedTables(ground).flatMap((owned) =>
    owned.relation.policies.flatMap((policy): SoundPolicy[] => {
      const text = policy.using ?? policy.withCheck;
      const read = ground.conditions.get(policyKey(owned.relation, policy.name));
      const said = policy.using === undefined ? read?.check : read?.using;
      const { ownerColumn } = owned;
      if (text === undefined || said === undefined || ownerColumn === undefined) return [];
      const isSound =
        policy.permissive &&
        said.meaning.is === 'restricts' &&
        said.looksAt.length === 0 &&
        !(said.ownerIsUser && ground.applicationRoles.length === 1) &&
        !said.settings.some(({ unguarded, silent }) => unguarded || !silent) &&
        !policy.calls.some(({ builtIn, volatility }) => !builtIn && volatility !== 'stable') &&
        comparedColumn(ground.parser, text) === ownerColumn;
      return isSound ? [{ policy, text, type: typeOf(owned, ownerColumn) }] : [];
    }),
  );
}

/** As safe as the parent's policies, which the caller is asked by. */
function parentCondition({ paths, table: { schema } }: OwnedTable, on: RelationFact): string | undefined {
  const [hop] = paths.find(({ many }) => !many)?.hops ?? [];
  if (hop === undefined || hop.how !== 'equal' || hop.where !== undefined) return undefined;
  const same = hop.from.map(
    (column, at) =>
      `parent_row.${quoteIdent(hop.to[at] ?? '')} = ${quoteIdent(on.name)}.${quoteIdent(column)}`,
  );
  return `EXISTS (SELECT FROM ${idSql(hop.table, schema)} parent_row WHERE ${same.join(' AND ')})`;
}

/** An id is quoted as PostgreSQL would print it, and one of public stands alone. */
function idSql(id: TableId, schema: string): string {
  return id.includes('.') ? id : `${quoteIdent(schema)}.${id}`;
}

/** Commands that a role has a right to and for which no permissive policy is. */
export function uncovered(ground: Ground, on: RelationFact, role: string): RowCommand[] {
  const isServed = (command: RowCommand): boolean =>
    role === everybody
      ? on.policies.some(
          (policy) =>
            policy.permissive &&
            (policy.command === 'all' || policy.command === command) &&
            policy.roles.includes(everybody),
        )
      : inForce(ground, on, { role, command }).some(({ permissive }) => permissive);
  const isGranted = (command: RowCommand): boolean =>
    role === everybody
      ? on.grants.some(({ grantee, privilege }) => grantee === everybody && privilege === command)
      : mayUse(ground, role, { relation: on, privileges: [command] });
  return commands.filter((command) => isGranted(command) && !isServed(command));
}

/** Whom a table was granted to, without its owner and those who may see all tenants. */
export function granteesOf(ground: Ground, on: RelationFact): string[] {
  const names = on.grants
    .filter(({ grantee, privilege }) => grantee !== on.owner && rowPrivileges.includes(privilege))
    .map(({ grantee }) => grantee);
  return [...new Set(names)].filter((name) => !ground.trusted.includes(name));
}

export interface MadePolicy extends TiedTable {
  readonly role: string;
  readonly only: readonly RowCommand[];
}

/** Policies for a role and those commands; undefined where nobody knows how the tenant is named. */
export function createPolicies(ground: MendGround, made: MadePolicy): string[] | undefined {
  const condition = tenantCondition(ground, made, made.role);
  if (condition === undefined) return undefined;
  const isAll = made.only.length === commands.length;
  const taken = new Set(made.on.policies.map(({ name }) => name));
  const asked = isAll ? (['all'] as const) : made.only;
  return asked.map((command) => {
    const name = freeName(taken, isAll ? 'tenant' : `tenant_${command}`);
    const using = command === 'insert' ? '' : ` USING (${condition})`;
    const check = command === 'select' || command === 'delete' ? '' : ` WITH CHECK (${condition})`;
    return (
      `CREATE POLICY ${quoteIdent(name)} ON ${quoteTable(made.on)} FOR ${command.toUpperCase()} ` +
      `TO ${roleWord(made.role)}${using}${check}`
    );
  });
}

function freeName(taken: Set<string>, wanted: string): string {
  let name = wanted;
  for (let at = 2; taken.has(name); at += 1) name = `${wanted}_${at}`;
  taken.add(name);
  return name;
}

/** Row-level security on, also for the owner, with a policy for whoever has a right and no policy. */
export function secure(ground: MendGround, { owned, on }: TiedTable, roles: readonly string[]): Mending {
  const made = roles.flatMap((role) => {
    const only = uncovered(ground, on, role);
    return only.length === 0 ? [] : [createPolicies(ground, { owned, on, role, only })];
  });
  if (made.some((statements) => statements === undefined)) return noContext;
  const sql = [
    ...made.flatMap((statements) => statements ?? []),
    `ALTER TABLE ${quoteTable(on)} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
  ];
  const note = losing(ground, { owned, on }, roles);
  return {
    steps: [bound({ on, what: `bind the roles that use ${on.id} to their tenant`, sql })],
    writes: [on.id],
    ...(note === undefined ? {} : { note }),
  };
}

/** Policies change under a lock that all wait for, for a moment. */
export function bound({
  on,
  what,
  sql,
}: {
  readonly on: RelationFact;
  readonly what: string;
  readonly sql: readonly string[];
}): MendStep {
  return altered({ phase: 'bind', what, sql, lock: 'access exclusive', tables: [on.id] });
}

/** Roles in use that see no row any more once policies bind them, with how many rows there are about. */
function losing(ground: Ground, { owned, on }: TiedTable, bindsNow: readonly string[]): string | undefined {
  const forced = { ...on, secured: true, forced: true };
  const lost = [...new Set([...on.grants.map(({ grantee }) => grantee), on.owner])].filter(
    (role) =>
      ground.roles.has(role) &&
      !bindsNow.includes(role) &&
      !isExempt(ground, role, forced) &&
      mayUse(ground, role, { relation: on, privileges: ['select'] }) &&
      uncovered(ground, on, role).includes('select'),
  );
  if (lost.length === 0) return undefined;
  const { rowEstimate } = owned.table;
  const rows =
    rowEstimate < 0 ? 'its rows, which nobody has counted' : `about ${Math.round(rowEstimate)} rows`;
  return `${listed(lost)} would see nothing of ${rows} any more: first a policy for what works for all tenants`;
}
