/** The doctor on Drover's own schema, as a sysadmin asks for it: nothing is wrong, and what somebody breaks is named. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';

const path = '/api/v1/sysadmin/isolation';

/** What somebody does to a policy of the table, and the finding that names it. */
const mutations: readonly (readonly [sql: string, finding: string])[] = [
  ['ALTER TABLE migration.spaces DISABLE ROW LEVEL SECURITY', 'error rls-off spaces'],
  ['DROP POLICY drover_app ON migration.spaces', 'warning command-without-policy spaces.drover_app'],
  ['ALTER POLICY drover_app ON migration.spaces USING (true)', 'error policy-always-true spaces.drover_app'],
  [
    'ALTER POLICY drover_app ON migration.spaces WITH CHECK (true)',
    'error check-weaker-than-using spaces.drover_app',
  ],
  ['CREATE POLICY wide ON migration.spaces TO drover_app USING (true)', 'error policies-or-open spaces.wide'],
  [
    `ALTER POLICY drover_app ON migration.spaces USING (current_setting('app.tenant_id', true) IS NULL
       OR tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)`,
    'error context-fails-open spaces.drover_app',
  ],
  [
    `ALTER POLICY drover_app ON migration.spaces USING (tenant_id = current_setting('app.tenant_id', true)::uuid)`,
    'warning context-cast-unguarded spaces.drover_app',
  ],
];

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  const findings = async (): Promise<string[]> => {
    const { status, json } = await http.call('GET', path, { key: http.keys.sysadmin });
    assert.equal(status, 200, JSON.stringify(json));
    type Found = { severity: string; rule: string; at: { name: string; part?: string } };
    // The release of the server that runs the tests is no fault of the schema.
    return (json.findings as Found[])
      .filter(({ rule }) => rule !== 'server-cve')
      .map(
        ({ severity, rule, at }) =>
          `${severity} ${rule} ${at.name}${at.part === undefined ? '' : `.${at.part}`}`,
      );
  };

  it('is for a sysadmin, kept by nobody, and has no error and no warning', async () => {
    for (const role of ['admin', 'member', 'viewer'] as const)
      assert.equal((await http.call('GET', path, { key: http.keys[role] })).status, 403);
    const { headers, json } = await http.call('GET', path, { key: http.keys.sysadmin });
    assert.equal(headers['cache-control'], 'no-store');
    assert.deepEqual(await findings(), []);
    assert.deepEqual(json.notRead, []);
    assert.ok(json.tables.owned > 15);
    assert.ok(json.verdicts.every(({ verdict }: { verdict: string }) => verdict === 'unverified'));
  });

  for (const [sql, finding] of mutations)
    it(`names what was done: ${finding}`, async () => {
      const before = await http.asSuperuser((tx) =>
        tx.many<{ polname: string; using: string; check: string }>(
          `SELECT polname::text, pg_get_expr(polqual, polrelid) AS using, pg_get_expr(polwithcheck, polrelid) AS check
           FROM pg_policy WHERE polrelid = 'migration.spaces'::regclass AND polname = 'drover_app'`,
        ),
      );
      await http.asSuperuser((tx) => tx.script(sql));
      try {
        assert.deepEqual(await findings(), [finding]);
      } finally {
        const { using, check } = before[0] ?? { using: '', check: '' };
        await http.asSuperuser((tx) =>
          tx.script(`DROP POLICY IF EXISTS wide ON migration.spaces; DROP POLICY IF EXISTS drover_app ON migration.spaces;
            CREATE POLICY drover_app ON migration.spaces TO drover_app USING (${using}) WITH CHECK (${check});
            ALTER TABLE migration.spaces ENABLE ROW LEVEL SECURITY`),
        );
      }
      assert.deepEqual(await findings(), []);
    });
});
