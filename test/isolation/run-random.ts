/** One random schema: what the doctor says of it beside what PostgreSQL lets a tenant reach. */
import type { IsolationFacts } from '../../src/engine/isolation/facts.ts';
import type { IsolationReport } from '../../src/engine/isolation/report.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import { groundOf } from '../../src/isolation/application-roles.ts';
import { readConditions } from '../../src/isolation/conditions/read.ts';
import type { Ground, IsolationSettings } from '../../src/isolation/ground.ts';
import { effective, isBound } from '../../src/isolation/policies-in-force.ts';
import type { RowCommand } from '../../src/isolation/policies-in-force.ts';
import { judge } from '../../src/isolation/judge.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { factsWithin } from '../../src/postgres/isolation/owned-facts.ts';
import { probe } from '../../src/postgres/isolation/probe/probe.ts';
import { schemaSql, triedTables } from './random-world.ts';
import type { RandomSchema, SchemaNames } from './random-world.ts';
import { rowsReached } from './rows-reached.ts';
import type { Reach } from './rows-reached.ts';

/** Who says what is reached: a few plain statements, or the probe, which takes ten times as long. */
export type ReachJudge = 'statements' | 'probe';

export interface RandomOutcome {
  readonly sql: string;
  readonly report: IsolationReport;
  readonly reached: readonly Reach[];
  /** `t0 select using`: what the policies of a table, all together, were read to restrict. */
  readonly restricted: ReadonlySet<string>;
}

class RolledBack extends Error {}

let count = 0;

/** Makes the schema, judges it and tries it in one transaction that is rolled back. */
export async function judgeRandom(
  database: Database,
  schema: RandomSchema,
  by: ReachJudge,
): Promise<RandomOutcome> {
  count += 1;
  // Roles belong to the server; a setting that was named once on a connection is not missing any more.
  const own = `r${process.pid}_${count}`;
  const names: SchemaNames = { app: `${own}_app`, other: `${own}_other`, settings: own, schema: own };
  const sql = schemaSql(schema, names);
  let outcome: RandomOutcome | undefined;
  await database
    .transaction({ isolation: 'repeatable read' }, async (tx) => {
      await tx.script('SET LOCAL statement_timeout = 5000');
      await tx.script(sql);
      outcome = { sql, ...(await judged(tx, database, { names, schema, by })) };
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw new Error(sql, { cause: error });
    });
  if (outcome === undefined) throw new Error('nothing was judged');
  return outcome;
}

/** Rules of keys say nothing of who reads. */
const ofKeys = /^(key|unique|tenant-(column|root|index)|child-without|second-owner)/;

/**
 * What contradicts: a row that is reached where all policies together were read as restricting, and none by which they go lies open; or one
 * that is reached although nothing is said, neither an error nor *not read*, there or on a table by which its policies go.
 */
export function contradictions({ sql, report, reached, restricted }: RandomOutcome): string[] {
  const policies = [...sql.matchAll(/CREATE POLICY \w+ ON (\w+) ([^;]*);/g)];
  const aroundOf = (table: string): ReadonlySet<string> => {
    const around = new Set([table]);
    for (const each of around)
      for (const [, of, text = ''] of policies)
        if (of === each) for (const [found] of text.matchAll(/\b(?:t\d|orgs|members)\b/g)) around.add(found);
    return around;
  };
  return reached.flatMap((reach) => {
    const { table, command, session, how, clause } = reach;
    const around = aroundOf(table);
    const isSaid = ({
      at,
      rule,
    }: {
      readonly at: { readonly name: string };
      readonly rule?: string;
    }): boolean => around.has(at.name) && !(command === 'select' && ofKeys.test(rule ?? ''));
    const isUnsaid =
      !report.findings.some((finding) => finding.severity === 'error' && isSaid(finding)) &&
      !report.notRead.some(isSaid);
    const isOpen = (each: string): boolean =>
      report.findings.some(({ rule, at }) => rule === 'rls-off' && at.name === each) ||
      reached.some(
        (other) => other.table === each && other.command === 'select' && other.session === session,
      );
    // A row under a parent of its own may carry another tenant where the key does not: the fault of the key is said.
    const isOfKey =
      clause === 'check' &&
      report.findings.some(({ rule, at }) => at.name === table && /^key-(crosses|acts)/.test(rule));
    const isRestricted =
      !isOfKey &&
      restricted.has(`${table} ${command} ${clause}`) &&
      ![...around].some((each) => each !== table && isOpen(each));
    if (!isUnsaid && !isRestricted) return [];
    return [
      `${isRestricted ? 'read as restricting' : 'nothing is said'}: ${command} ${table}, ${session}: ${how}`,
    ];
  });
}

const clauses = ['select using', 'insert check', 'update using', 'update check', 'delete using'] as const;

/** Of each table what its policies, all together, were read to restrict: `t0 select using`. */
async function restrictedBy(
  facts: IsolationFacts,
  settings: IsolationSettings,
): Promise<ReadonlySet<string>> {
  const bare = groundOf(facts, settings);
  const ground: Ground = { ...bare, conditions: await readConditions(bare) };
  const [role = ''] = ground.applicationRoles;
  return new Set(
    facts.relations.flatMap((relation) =>
      clauses.flatMap((name) => {
        const [command, clause] = name.split(' ') as [RowCommand, 'using' | 'check'];
        if (!isBound(ground, relation, { role, command })) return [];
        const { is } = effective(ground, relation, { role, command, clause });
        return is === 'restricts' || is === 'false' ? [`${relation.name} ${name}`] : [];
      }),
    ),
  );
}

interface RandomAttempt {
  readonly names: SchemaNames;
  readonly schema: RandomSchema;
  readonly by: ReachJudge;
}

async function judged(
  tx: Tx,
  database: Database,
  { names: { app, settings, schema: name }, schema, by }: RandomAttempt,
): Promise<Omit<RandomOutcome, 'sql'>> {
  const config: Config = { version: 1, database: { schemas: [name] }, tenant: { root: 'orgs' } };
  const context = {
    [`${settings}.tenant`]: '$tenant',
    [`${settings}.tenants`]: '$tenant',
    [`${settings}.claims`]: '{"org":"$tenant"}',
    [`${settings}.member`]: { column: 'members.id' },
  };
  const request = { config, records: 'drover', roles: [app], settings: Object.keys(context) };
  const { facts, rules } = await factsWithin(tx, database.engine, request);
  const known: IsolationSettings = {
    ownership: 'declared',
    roles: { names: [app], from: 'configuration' },
    // What other files do with the server is not this one's fault.
    trusted: facts.roles.map(({ name }) => name).filter((name) => name !== app),
    context: Object.keys(context),
    ignored: [],
    today: '2026-12-01',
  };
  const report = await judge(facts, known);
  const restricted = await restrictedBy(facts, known);
  if (by === 'statements') {
    const own = Object.fromEntries(
      Object.entries(context).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.replace('$tenant', '1') : '1',
      ]),
    );
    const emptied = Object.fromEntries(Object.keys(context).map((name) => [name, '']));
    const sessions = { 'no context': {}, 'emptied context': emptied, 'another tenant': own };
    const reached = await rowsReached(tx, { role: app, tables: triedTables(schema), sessions });
    return { report, reached, restricted };
  }
  const within: Database = { ...database, transaction: (_, work) => work(tx), close: async () => {} };
  const verdicts = await probe(within, {
    rules,
    roles: [app],
    context: { settings: context },
    mode: 'write',
  });
  const reached = verdicts.flatMap(({ table, command, leaks }) =>
    leaks.map(({ way, statement, key = '' }) => ({
      table: table.replace(`${name}.`, ''),
      command,
      session: way,
      clause:
        command === 'insert' || /under another|given|own row/.test(statement)
          ? ('check' as const)
          : ('using' as const),
      how: `${statement} ${key}`,
    })),
  );
  return { report, reached, restricted };
}
