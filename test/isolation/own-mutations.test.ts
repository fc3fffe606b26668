/**
 * Whatever is done to a policy of Drover's own schema: the start refuses it, the doctor names it where it exposes or hides rows, and the
 * probe shows a row where one is exposed. Each is done to the policies of all tenants' tables at once, and each table has to be named.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DroverError } from '../../src/errors.ts';
import type { ProbedCommand, ProbedVerdict } from '../../src/engine/isolation/proof.ts';
import type { Rules } from '../../src/engine/rules/references.ts';
import { expectedPolicies, roles } from '../../src/isolation/policies.ts';
import { proveIsolation } from '../../src/platform/install.ts';
import { judgePlatform, platformContexts } from '../../src/platform/judge.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { probe } from '../../src/postgres/isolation/probe/probe.ts';
import { oneEngine } from '../support/databases.ts';
import { platformDatabase } from '../support/platform.ts';
import type { PlatformDatabase } from '../support/platform.ts';

const tables = Object.entries(manifest).filter(([, { kind }]) => kind === 'tenant');

interface MutatedPolicy {
  readonly on: string;
  readonly role: string;
  readonly column: string;
  readonly expression: string;
  /** How the role says whom it works for. */
  readonly setting: string;
}

interface Mutation {
  readonly name: string;
  readonly sql: (policy: MutatedPolicy) => string;
  /** The rule that names each table; none where no row is exposed and none is hidden from who should see it. */
  readonly rule?: string;
  /** What else is said, of a role. */
  readonly also?: string;
  /** Only where the role may write. */
  readonly ofWriters?: true;
  /** What the probe reaches then. */
  readonly exposes?: ProbedCommand;
}

const alter = (condition: (policy: MutatedPolicy) => string) => (policy: MutatedPolicy) =>
  `ALTER POLICY ${policy.role} ON ${policy.on} USING (${condition(policy)}) WITH CHECK (${policy.expression})`;

const mutations: readonly Mutation[] = [
  { name: 'dropped', sql: ({ on, role }) => `DROP POLICY ${role} ON ${on}`, rule: 'command-without-policy' },
  { name: 'not forced', sql: ({ on }) => `ALTER TABLE ${on} NO FORCE ROW LEVEL SECURITY` },
  {
    name: 'off',
    sql: ({ on }) => `ALTER TABLE ${on} DISABLE ROW LEVEL SECURITY`,
    rule: 'rls-off',
    exposes: 'select',
  },
  { name: 'USING true', sql: alter(() => 'true'), rule: 'policy-always-true', exposes: 'select' },
  {
    name: 'WITH CHECK true',
    sql: ({ on, role }) => `ALTER POLICY ${role} ON ${on} WITH CHECK (true)`,
    rule: 'check-weaker-than-using',
    ofWriters: true,
    exposes: 'insert',
  },
  // The other role is then asked by two settings, which a person should know.
  {
    name: 'TO PUBLIC',
    sql: ({ on, role }) => `ALTER POLICY ${role} ON ${on} TO PUBLIC`,
    also: 'context-many-settings',
  },
  {
    name: 'a second one',
    sql: ({ on, role }) => `CREATE POLICY wide ON ${on} TO ${role} USING (true)`,
    rule: 'policies-or-open',
    exposes: 'select',
  },
  {
    name: 'without NULLIF',
    sql: alter(({ expression }) => expression.replace(/nullif\((.*?\)), ''\)/, '$1')),
    rule: 'context-cast-unguarded',
  },
  {
    name: 'IS NULL OR',
    sql: alter(({ expression, setting }) => `current_setting('${setting}', true) IS NULL OR ${expression}`),
    rule: 'context-fails-open',
    exposes: 'select',
  },
];

class RolledBack extends Error {}

oneEngine((engine) => {
  let platform: PlatformDatabase;
  before(async () => {
    platform = await platformDatabase(engine, 'demo');
    // An embedded folder is one connection's.
    await platform.db.close();
  });
  after(() => platform.drop());

  /** Does the work in a transaction that holds the mutations, on a connection that named no tenant yet, and takes both back. */
  const mutated = async (sql: string, work: (database: Database) => Promise<void>): Promise<void> => {
    const database = await openDatabase(platform.target);
    try {
      await database.transaction({}, async (tx) => {
        await tx.script(sql);
        await work({ ...database, transaction: (_, inner) => inner(tx) });
        throw new RolledBack();
      });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    } finally {
      await database.close();
    }
  };

  for (const { role, settings } of platformContexts)
    describe(role, () => {
      const [setting = ''] = Object.keys(settings);
      const policies = tables.map(([name, declaration]): MutatedPolicy => ({
        on: `migration.${name}`,
        role,
        column: declaration.tenantColumn ?? 'tenant_id',
        expression:
          expectedPolicies(declaration, 'postgresql').find((policy) => policy.role === role)?.expression ??
          '',
        setting,
      }));
      const used = (writes: boolean): string[] =>
        tables
          .filter(([, { application }]) =>
            application.some((right) => !writes || right === 'insert' || right === 'update'),
          )
          .map(([name]) => name);
      const probed = async (
        database: Database,
        rules: Rules,
        exposes: ProbedCommand,
      ): Promise<ProbedVerdict[]> => {
        const mode = exposes === 'select' ? 'read' : 'write';
        const verdicts = await probe(database, { rules, roles: [role], context: { settings }, mode });
        return verdicts.filter(({ command, notGranted }) => command === exposes && !notGranted);
      };

      for (const { name, sql, rule, also, ofWriters = false, exposes } of mutations)
        it(name, async () => {
          const script = policies.map(sql).join(';\n');
          await mutated(script, async (database) => {
            const { report, rules } = await judgePlatform(database, '2026-12-01');
            const named = report.findings.filter((finding) => finding.rule === rule).map(({ at }) => at.name);
            const missing = used(ofWriters).filter((table) => !named.includes(table));
            assert.deepEqual(rule === undefined ? [] : missing, [], 'the doctor names each');
            const said = report.findings.filter(
              ({ severity, rule: of }) => severity !== 'info' && of !== 'server-cve' && of !== also,
            );
            if (rule === undefined) assert.deepEqual(said, []);
            // Writing is tried as one of them: it takes as long as all the rest.
            const isTried = exposes === 'select' || (exposes !== undefined && role === roles.application);
            if (!isTried) return;
            // Each is a leak, or there was no row to try with.
            const verdicts = await probed(database, rules, exposes);
            const proven = verdicts.filter(({ verdict }) => verdict === 'proven').map(({ table }) => table);
            assert.deepEqual(proven, [], 'the probe proves none');
            const shown = verdicts.filter(({ leaks }) => leaks.some(({ key }) => key !== undefined));
            assert.ok(shown.length > 15, `${shown.length} rows are shown`);
          });
          await mutated(script, async (database) => {
            const error = await proveIsolation(database).catch((thrown: unknown) => thrown);
            assert.ok(error instanceof DroverError && error.code === 'ISOLATION_NOT_EFFECTIVE');
            const problems = (error.data as { problems: readonly string[] }).problems;
            const unnamed = tables.filter(
              ([table]) => !problems.some((problem) => problem.includes(` ${table}`)),
            );
            assert.deepEqual(
              unnamed.map(([table]) => table),
              [],
              'the start refuses each',
            );
          });
        });

      it('another setting', async () => {
        const [first, ...others] = policies;
        assert.ok(first);
        const other = alter(({ expression }) => expression.replace(setting, 'app.another'))(first);
        await mutated(other, async (database) => {
          const { report } = await judgePlatform(database, '2026-12-01');
          const said = report.findings.find(({ rule }) => rule === 'context-many-settings');
          assert.equal(said?.at.name, role);
          await assert.rejects(proveIsolation(database), /is missing or is not what it must be/);
        });
        assert.ok(others.length > 20);
      });
    });
});
