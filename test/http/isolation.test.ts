/** The doctor on Drover's own schema, as a sysadmin asks for it: nothing is wrong, and what somebody breaks is named. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { buildApp } from '../../src/http/server/app.ts';
import { watchIsolation } from '../../src/platform/judge.ts';
import { oneEngine } from '../support/databases.ts';
import { waitUntil } from '../support/guarantee.ts';
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

/** What the proof of the start does not look at. */
const reaching: readonly (readonly [done: string, undone: string, error: string])[] = [
  [
    'CREATE VIEW public.everybody AS SELECT * FROM migration.users; GRANT SELECT ON public.everybody TO drover_app',
    'DROP VIEW public.everybody',
    'view-exempt-owner public.everybody',
  ],
  [
    `CREATE FUNCTION public.count_all() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
       AS $$ SELECT count(*) FROM migration.users $$`,
    'DROP FUNCTION public.count_all()',
    'definer-function-open public.count_all.""',
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

  it('makes a server not ready, by what the exact proof does not look at, and judges anew where that has changed', async () => {
    let now = 0;
    const judged = watchIsolation(http.platform.database, () => now);
    for (const [done, undone, error] of reaching) {
      assert.deepEqual(await judged(), [], done);
      await http.asSuperuser((tx) => tx.script(done));
      try {
        assert.deepEqual(await judged(), [error]);
        const app = await buildApp({ platform: http.platform, version: 'test' });
        const ask = async (key?: string): Promise<{ status: string; detail?: string }> => {
          const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
          return JSON.parse((await app.inject({ url: '/readiness', headers })).body).checks.isolation;
        };
        await waitUntil(async () => (await ask()).status === 'fail', 'the server is not ready');
        const { detail = '' } = await ask(http.keys.sysadmin);
        assert.match(detail, new RegExp(`the doctor finds ${error.split(' ')[0]} `));
        await app.close();
      } finally {
        await http.asSuperuser((tx) => tx.script(undone));
      }
    }
    const first = await judged();
    assert.equal(await judged(), first);
    now = 60_000;
    assert.notEqual(await judged(), first);
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
