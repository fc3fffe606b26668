/** P: policies that bind, for whoever uses a table, and that tie every row to the caller's tenant. */
import type { RelationFact, StoredPolicy } from '../../engine/isolation/facts.ts';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { policyKey } from '../conditions/policy-key.ts';
import { listed, ownedTables } from '../ground.ts';
import type { Ground } from '../ground.ts';
import { commands, inForce, isBound, meaningFor, meaningOf } from '../policies-in-force.ts';
import { tableId } from '../../engine/catalogue/catalog.ts';
import { isExempt, mayUse } from '../reach.ts';
import { isLiteralTie } from './expression-text.ts';
import { revoked } from './grant-mends.ts';
import { noSql } from './mend.ts';
import type { Mending } from './mend.ts';
import {
  bound,
  createPolicies,
  granteesOf,
  noContext,
  secure,
  tenantCondition,
  uncovered,
} from './policy-steps.ts';
import type { MendGround, TiedTable } from './policy-steps.ts';
import { altered, stated } from './statements.ts';

const gone = noSql('it is not there any more');

/** The table of a finding, a tenant's or a part of one. */
export function tiedAt(ground: Ground, { at: { schema, name } }: IsolationFinding): TiedTable | undefined {
  const on = ground.relations.get(tableId(schema, name));
  const owned = ownedTables(ground).find(({ id }) => id === (on?.root ?? on?.id));
  return owned === undefined || on === undefined ? undefined : { owned, on };
}

interface FoundPolicy extends TiedTable {
  readonly policy: StoredPolicy;
}

function policyAt(ground: Ground, finding: IsolationFinding): FoundPolicy | undefined {
  const tied = tiedAt(ground, finding);
  const policy = tied?.on.policies.find(({ name }) => name === finding.at.part);
  return tied === undefined || policy === undefined ? undefined : { ...tied, policy };
}

export function secureTable(ground: MendGround, finding: IsolationFinding): Mending {
  const tied = tiedAt(ground, finding);
  return tied === undefined ? gone : secure(ground, tied, granteesOf(ground, tied.on));
}

/** Who has the rights of the owner is bound from then on, and gets a policy. */
export function forcePolicies(ground: MendGround, finding: IsolationFinding): Mending {
  const tied = tiedAt(ground, finding);
  return tied === undefined ? gone : secure(ground, tied, finding.reachedBy);
}

/** A partition or child that is named by itself asks no policy of its table. */
export function secureChild(ground: MendGround, finding: IsolationFinding): Mending {
  const tied = tiedAt(ground, finding);
  if (tied === undefined) return gone;
  if (tied.on.policies.length === 0) return secure(ground, tied, granteesOf(ground, tied.on));
  const roles = finding.reachedBy;
  const statements = tied.on.policies
    .filter(({ permissive }) => permissive)
    .map((policy) => tie(ground, { ...tied, policy }, roles[0] ?? ''));
  if (statements.some((sql) => sql === undefined)) return noContext;
  const on = `ALTER TABLE ${quoteTable(tied.on)} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`;
  const sql = [...statements.flatMap((each) => each ?? []), on];
  return {
    steps: [bound({ on: tied.on, what: `tie the policies of ${tied.on.id} to the tenant`, sql })],
    writes: [tied.on.id],
  };
}

/** The same policy, which also asks whose the row is. What it said before stays said, but for what holds for every row. */
export function tiePolicy(ground: MendGround, finding: IsolationFinding): Mending {
  const found = policyAt(ground, finding);
  if (found === undefined) return gone;
  const { on, policy } = found;
  const isPartly = (['using', 'check'] as const).some((clause) => {
    const meaning = meaningOf(ground, { relation: on, policy, clause });
    const text = clause === 'using' ? policy.using : policy.withCheck;
    const isLiteral = meaning.is === 'open' && meaning.why === 'literal' && text !== undefined;
    return isLiteral && !isLiteralTie(ground.parser, text);
  });
  if (isPartly) return noSql('the constant stands among other conditions, which are for you to say anew');
  const sql = tie(ground, found, finding.reachedBy[0] ?? '');
  if (sql === undefined) return noContext;
  const served = policy.roles.filter((role) => ground.trusted.includes(role) && !isExempt(ground, role, on));
  return {
    steps: [bound({ on, what: `tie ${policy.name} of ${on.id} to the tenant`, sql })],
    writes: [policyKey(on, policy.name)],
    ...(served.length === 0 ? {} : { note: `it also serves ${listed(served)}, which would see one tenant` }),
  };
}

/** Undefined where nobody knows how the tenant is named. */
function tie(ground: MendGround, { owned, on, policy }: FoundPolicy, role: string): string[] | undefined {
  const tenant = tenantCondition(ground, { owned, on }, role);
  if (tenant === undefined) return undefined;
  const tied = (clause: 'using' | 'check'): string | undefined => {
    const text = clause === 'using' ? policy.using : policy.withCheck;
    if (text === undefined) return undefined;
    const meaning = meaningFor(ground, { relation: on, policy, clause, role });
    if (meaning.is !== 'true' && meaning.is !== 'open') return undefined;
    const isTenantAlone = meaning.is === 'true' || isLiteralTie(ground.parser, text);
    return isTenantAlone ? tenant : `(${text}) AND (${tenant})`;
  };
  return alter(on, policy, { using: tied('using'), check: tied('check') });
}

function alter(
  on: RelationFact,
  { name }: StoredPolicy,
  { using, check }: { readonly using: string | undefined; readonly check: string | undefined },
): string[] {
  const parts = [
    ...(using === undefined ? [] : [`USING (${using})`]),
    ...(check === undefined ? [] : [`WITH CHECK (${check})`]),
  ];
  return parts.length === 0
    ? []
    : [`ALTER POLICY ${quoteIdent(name)} ON ${quoteTable(on)} ${parts.join(' ')}`];
}

/** Policies that leave to a trigger what is written. */
export function tieBehindTrigger(ground: MendGround, finding: IsolationFinding): Mending {
  const tied = finding.also.map(({ at }) => tiePolicy(ground, { ...finding, at }));
  const [failed] = tied.filter(({ steps }) => steps.length === 0);
  if (failed !== undefined) return failed;
  return {
    steps: tied.flatMap(({ steps }) => steps),
    writes: tied.flatMap(({ writes = [] }) => writes),
  };
}

/** A policy whose condition is replaced: what it said cannot be asked, or says nothing of tenants. */
export function replaceCondition(ground: MendGround, finding: IsolationFinding): Mending {
  const found = policyAt(ground, finding);
  if (found === undefined) return gone;
  const { on, policy } = found;
  const tenant = tenantCondition(ground, found, ground.applicationRoles[0] ?? '');
  if (tenant === undefined) return noContext;
  const sql = alter(on, policy, {
    using: policy.using === undefined ? undefined : tenant,
    check: policy.withCheck === undefined ? undefined : tenant,
  });
  return {
    steps: [bound({ on, what: `let ${policy.name} of ${on.id} compare with the tenant`, sql })],
    writes: [policyKey(on, policy.name)],
    note: `${policy.name} said something else, which this leaves out: ${policy.using ?? policy.withCheck ?? ''}`,
  };
}

/** Who reads rows of everybody goes on to; who writes has to be their tenant. */
export function sealGlobalRows(ground: MendGround, finding: IsolationFinding): Mending {
  const found = policyAt(ground, finding);
  if (found === undefined) return gone;
  const { on, policy } = found;
  const tenant = tenantCondition(ground, found, finding.reachedBy[0] ?? '');
  if (tenant === undefined) return noContext;
  const { using, withCheck } = policy;
  const reads =
    policy.command !== 'all' || using === undefined
      ? []
      : [
          `CREATE POLICY ${quoteIdent(`${policy.name.slice(0, 40)}_read`)} ON ${quoteTable(on)} FOR SELECT ` +
            `TO ${policy.roles.map((role) => (role === 'public' ? 'PUBLIC' : quoteIdent(role))).join(', ')} USING (${using})`,
        ];
  const narrowed = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : `(${text}) AND (${tenant})`;
  const sql = [...reads, ...alter(on, policy, { using: narrowed(using), check: narrowed(withCheck) })];
  return {
    steps: [bound({ on, what: `let nobody write rows of everybody by ${policy.name} of ${on.id}`, sql })],
    writes: [policyKey(on, policy.name)],
  };
}

/** A right that no policy serves: a policy for it, or, where one says no to all, the right goes. */
export function serveRight(ground: MendGround, finding: IsolationFinding): Mending {
  const tied = tiedAt(ground, finding);
  const role = finding.at.part;
  if (tied === undefined || role === undefined) return gone;
  const { on } = tied;
  const only = uncovered(ground, on, role);
  const denied = commands.filter(
    (command) =>
      isBound(ground, on, { role, command }) &&
      inForce(ground, on, { role, command }).length > 0 &&
      !only.includes(command) &&
      inForce(ground, on, { role, command })
        .filter(({ permissive }) => permissive)
        .every((policy) => {
          const clause = command === 'insert' ? 'check' : 'using';
          return meaningOf(ground, { relation: on, policy, clause }).is === 'false';
        }),
  );
  const made = only.length === 0 ? [] : createPolicies(ground, { ...tied, role, only });
  if (made === undefined) return noContext;
  const taken = denied.length === 0 ? [] : revoked(ground, { on, privileges: denied, roles: [role] });
  return {
    steps: [
      ...(made.length === 0
        ? []
        : [bound({ on, what: `give ${role} its tenant’s rows of ${on.id}`, sql: made })]),
      ...(taken.length === 0
        ? []
        : [stated('contract', `take rights on ${on.id} from ${role} that no row answers to`, taken)]),
    ],
    writes: [on.id],
  };
}

/** The policies are there: they are switched on. */
export function switchOn(ground: Ground, { at }: IsolationFinding): Mending {
  const on = ground.relations.get(tableId(at.schema, at.name));
  if (on === undefined) return gone;
  const shut = ground.applicationRoles.filter((role) =>
    commands.some(
      (command) =>
        mayUse(ground, role, { relation: on, privileges: [command] }) &&
        !inForce(ground, on, { role, command }).some(({ permissive }) => permissive),
    ),
  );
  const sql = [`ALTER TABLE ${quoteTable(on)} ENABLE ROW LEVEL SECURITY`];
  return {
    steps: [bound({ on, what: `switch the policies of ${on.id} on`, sql })],
    ...(shut.length === 0 ? {} : { note: `${listed(shut)} has rights there that no policy serves` }),
  };
}

export function dropPolicy(ground: Ground, finding: IsolationFinding): Mending {
  const found = policyAt(ground, finding);
  if (found === undefined) return gone;
  const { on, policy } = found;
  const sql = [`DROP POLICY ${quoteIdent(policy.name)} ON ${quoteTable(on)}`];
  const what = `drop ${policy.name} of ${on.id}, by which nobody is asked`;
  return { steps: [altered({ phase: 'contract', what, sql, lock: 'access exclusive', tables: [on.id] })] };
}
