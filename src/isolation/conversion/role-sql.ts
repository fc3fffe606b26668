/** Roles, grants and policies of a conversion. In shadow nothing is hidden, and what would be is counted; from bind on it is hidden. */
import type { PlannedPolicy, ObjectName } from '../../engine/tenantize/conversion.ts';
import { shadowSchema } from '../../engine/tenantize/secure-phases.ts';
import { fitted } from '../../engine/tenantize/shorten.ts';
import type { BindChange, ShadowChange } from '../../engine/tenantize/steps.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../../postgres/sql/identifiers.ts';
import { createRole, ofTenant, ofTenants } from '../policies.ts';
import { alter, columnList, refuseUngranted } from './statement-text.ts';
import type { ChangeOf, StepStatements } from './statement-text.ts';

export function roleStatements({ roles, v1, logins }: ChangeOf<'roles'>): StepStatements {
  const members = logins.map((login) => quoteIdent(login)).join(', ');
  return {
    up: [
      ...roles.flatMap((role) => createRole(role)),
      ...(logins.length === 0 ? [] : [`GRANT ${quoteIdent(v1)} TO ${members}`]),
    ],
    down: roles.map((role) => `DROP ROLE ${quoteIdent(role)}`),
  };
}

export function usageStatements({ schema, roles, owner }: ChangeOf<'usage'>): StepStatements {
  const name = quoteIdent(schema);
  return {
    up: [
      `GRANT USAGE ON SCHEMA ${name} TO ${columnList(roles)}`,
      `GRANT CREATE ON SCHEMA ${name} TO ${quoteIdent(owner)}`,
      refuseUngranted(schema, [...roles.map((role) => [role, 'USAGE'] as const), [owner, 'CREATE']]),
    ],
    down: [`REVOKE ALL ON SCHEMA ${name} FROM ${columnList(roles)}`],
  };
}

export function grantStatements({ at, grants, sequences }: ChangeOf<'grants'>): StepStatements {
  const table = quoteTable(at);
  const roles = columnList(grants.map(({ role }) => role));
  const served = sequences.map(quoteTable);
  return {
    up: [
      ...grants.map(
        ({ role, privileges }) =>
          `GRANT ${privileges.join(', ').toUpperCase()} ON ${table} TO ${quoteIdent(role)}`,
      ),
      ...served.map((name) => `GRANT USAGE ON SEQUENCE ${name} TO ${roles}`),
    ],
    down: [
      `REVOKE ALL ON ${table} FROM ${roles}`,
      ...served.map((name) => `REVOKE ALL ON SEQUENCE ${name} FROM ${roles}`),
    ],
  };
}

const shadowPolicy = quoteIdent('drover_shadow');

/** Functions whose calls pg_stat_user_functions counts: one for each statement, one for each row that would be hidden. */
function counterNames(counter: string, { schema }: ObjectName): { seen: string; hidden: string } {
  const name = (what: string): string =>
    quoteTable({ schema: shadowSchema, name: fitted(`${what}_${schema}_${counter}`) });
  return { seen: name('seen'), hidden: name('hidden') };
}

function counterFunctions(counter: string, at: ObjectName): string[] {
  const { seen, hidden } = counterNames(counter, at);
  return [seen, hidden].flatMap((name) => [
    `CREATE FUNCTION ${name}() RETURNS boolean LANGUAGE plpgsql STABLE AS $drover$ BEGIN RETURN true; END $drover$`,
    // A policy calls them as whoever reads, and default privileges may keep that from everybody.
    `GRANT EXECUTE ON FUNCTION ${name}() TO PUBLIC`,
  ]);
}

export function dropCounters(counter: string, at: ObjectName): string[] {
  const { seen, hidden } = counterNames(counter, at);
  return [`DROP FUNCTION ${seen}()`, `DROP FUNCTION ${hidden}()`];
}

interface BoundTable {
  readonly at: ObjectName;
  readonly column: string;
  readonly type: string;
  readonly context: string;
  readonly zero?: string;
}

/** It lets every row through. V1 is not counted: its own policy shows it what it saw. */
function countingPolicy(bound: BoundTable, counter: string, v1: string): string {
  const { seen, hidden } = counterNames(counter, bound.at);
  const own = ofTenant(quoteIdent(bound.column), bound.context, bound.type);
  const test =
    `(SELECT pg_has_role(current_user, ${quoteLiteral(v1)}, 'USAGE')) OR ` +
    `((SELECT ${seen}()) AND (coalesce(${own}, false) OR ${hidden}()))`;
  return policyText(bound.at, { name: shadowPolicy, role: 'PUBLIC', test });
}

function policyText(
  at: ObjectName,
  { name, role, test }: { readonly name: string; readonly role: string; readonly test: string },
): string {
  return `CREATE POLICY ${name} ON ${quoteTable(at)} FOR ALL TO ${role}\n  USING (${test})\n  WITH CHECK (${test})`;
}

function rolePolicy(bound: BoundTable, { role, who }: PlannedPolicy): string {
  const column = quoteIdent(bound.column);
  const tests: Readonly<Record<PlannedPolicy['who'], string>> = {
    tenant: ofTenant(column, bound.context, bound.type),
    tenants: ofTenants(column, `${bound.context}s`, bound.type),
    zero: `${column} = ${quoteLiteral(bound.zero ?? '')}::${bound.type}`,
    all: 'true',
  };
  return policyText(bound.at, { name: quoteIdent(role), role: quoteIdent(role), test: tests[who] });
}

function dropPolicy(at: ObjectName, name: string): string {
  return `DROP POLICY ${name} ON ${quoteTable(at)}`;
}

export function shadowStatements(change: ShadowChange): StepStatements {
  const { at, v1, counter } = change;
  return {
    up: [
      ...counterFunctions(counter, at),
      rolePolicy(change, v1),
      countingPolicy(change, counter, v1.role),
      alter(at, 'ENABLE ROW LEVEL SECURITY'),
      alter(at, 'FORCE ROW LEVEL SECURITY'),
    ],
    down: [
      alter(at, 'NO FORCE ROW LEVEL SECURITY'),
      alter(at, 'DISABLE ROW LEVEL SECURITY'),
      dropPolicy(at, shadowPolicy),
      dropPolicy(at, quoteIdent(v1.role)),
      ...dropCounters(counter, at),
    ],
  };
}

export function bindStatements(change: BindChange): StepStatements {
  const { at, policies, counter, v1 } = change;
  return {
    up: [...policies.map((policy) => rolePolicy(change, policy)), dropPolicy(at, shadowPolicy)],
    down: [
      countingPolicy(change, counter, v1),
      ...policies.map(({ role }) => dropPolicy(at, quoteIdent(role))),
    ],
  };
}
