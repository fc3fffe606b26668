/** P, of how the tenant is named: one name, no error where it is missing, no constant in its place. */
import type { RelationFact, StoredPolicy } from '../../engine/isolation/facts.ts';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { policyKey } from '../conditions/policy-key.ts';
import { ownedTables } from '../ground.ts';
import { appliesTo } from '../policies-in-force.ts';
import { comparedColumn, withSettings } from './expression-text.ts';
import type { SettingCall } from './expression-text.ts';
import { noSql } from './mend.ts';
import type { MendStep, Mending } from './mend.ts';
import { replaceCondition, tiePolicy, tiedAt } from './policy-mends.ts';
import { bound, tenantCondition } from './policy-steps.ts';
import type { MendGround } from './policy-steps.ts';
import { altered } from './statements.ts';

const inFunction = noSql('the setting is not read by the policy itself: mend the function that it calls');

interface Reworded {
  readonly key: string;
  readonly step: MendStep;
}

function reword(
  { parser }: MendGround,
  on: RelationFact,
  policy: StoredPolicy,
  change: (call: SettingCall) => { readonly name: string } | undefined,
): Reworded | undefined {
  const parts = [
    ['USING', policy.using],
    ['WITH CHECK', policy.withCheck],
  ].flatMap(([word = '', text]) => {
    const made = text === undefined ? undefined : withSettings(parser, text, change);
    return made === undefined || made === text ? [] : [`${word} (${made})`];
  });
  if (parts.length === 0) return undefined;
  const sql = [`ALTER POLICY ${quoteIdent(policy.name)} ON ${quoteTable(on)} ${parts.join(' ')}`];
  const what = `let ${policy.name} of ${on.id} give no row where no tenant is named`;
  return { key: policyKey(on, policy.name), step: bound({ on, what, sql }) };
}

function all(reworded: readonly (Reworded | undefined)[]): Mending {
  const found = reworded.filter((each) => each !== undefined);
  return found.length === 0
    ? inFunction
    : { steps: found.map(({ step }) => step), writes: found.map(({ key }) => key) };
}

/** After its first use a setting is the empty text, which is no value of the type. */
export function guardCast(ground: MendGround, finding: IsolationFinding): Mending {
  const on = tiedAt(ground, finding)?.on;
  const policy = on?.policies.find(({ name }) => name === finding.at.part);
  if (on === undefined || policy === undefined) return noSql('it is not there any more');
  return all([reword(ground, on, policy, (call) => (call.guarded ? undefined : call))]);
}

/** Those that raise give no row instead, as the others do. */
export function silence(ground: MendGround, { at }: IsolationFinding): Mending {
  const owned = ownedTables(ground).filter(({ relation }) => relation.schema === at.name);
  return all(
    owned.flatMap(({ relation }) =>
      relation.policies.map((policy) =>
        reword(ground, relation, policy, (call) => (call.raises ? call : undefined)),
      ),
    ),
  );
}

/** The name that the configuration says, if it says one of them. */
export function oneSetting(ground: MendGround, { at }: IsolationFinding): Mending {
  const named = new Map<string, Set<string>>();
  const policies = ownedTables(ground).flatMap(({ relation }) =>
    relation.policies
      .filter((policy) => appliesTo(ground, policy, at.name))
      .map((policy) => {
        const read = ground.conditions.get(policyKey(relation, policy.name));
        const own = [read?.using, read?.check].flatMap((each) => each?.ownerSettings ?? []);
        named.set(policyKey(relation, policy.name), new Set(own));
        return { relation, policy };
      }),
  );
  const used = new Set([...named.values()].flatMap((names) => [...names]));
  const [kept, ...more] = ground.settings.context.filter((name) => used.has(name));
  if (kept === undefined || more.length > 0)
    return noSql('which of the names stays is for you to say: leave one of them in isolation.context');
  return all(
    policies.map(({ relation, policy }) => {
      const own = named.get(policyKey(relation, policy.name));
      return reword(ground, relation, policy, ({ name }) =>
        name !== kept && own?.has(name) === true ? { name: kept } : undefined,
      );
    }),
  );
}

/** A comparison with the user of the database, and nothing else, becomes one with the tenant. */
export function nameTenant(ground: MendGround, finding: IsolationFinding): Mending {
  const policy = tiedAt(ground, finding)?.on.policies.find(({ name }) => name === finding.at.part);
  const text = policy?.using ?? policy?.withCheck;
  return text === undefined || comparedColumn(ground.parser, text) === undefined
    ? noSql('the user stands among other conditions, which are for you to say anew')
    : replaceCondition(ground, finding);
}

/** A constant in a policy becomes the caller's tenant; one that a column begins with does, too. */
export function namesCaller(ground: MendGround, finding: IsolationFinding): Mending {
  const tied = tiedAt(ground, finding);
  if (tied === undefined || tied.on.policies.some(({ name }) => name === finding.at.part))
    return tiePolicy(ground, finding);
  const { owned, on } = tied;
  const column = quoteIdent(owned.ownerColumn ?? '');
  const condition = tenantCondition(ground, tied, ground.applicationRoles[0] ?? '');
  return {
    steps: [
      altered({
        phase: 'bind',
        what: `let a row of ${on.id} without a tenant be refused`,
        sql: [`ALTER TABLE ${quoteTable(on)} ALTER COLUMN ${column} DROP DEFAULT`],
        lock: 'access exclusive',
        tables: [on.id],
      }),
    ],
    note: `statements that leave ${column} out fail from then on${condition === undefined ? '' : `; they name the tenant`}`,
  };
}
