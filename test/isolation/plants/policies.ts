import { roleName } from '../ground.ts';
import type { Plant } from './plant.ts';

const tenant = `{{org_id}} = NULLIF(current_setting('app.org', true), '')::uuid`;

/** The policy of a table with other conditions. */
function policy(using: string, check = tenant, table = 'bookings'): string {
  return `ALTER POLICY tenant ON {{${table}}} USING (${using}) WITH CHECK (${check});`;
}

const gate = `current_setting('app.scope', true) = 'system'`;
/** Who sets it is the operator. */
const scope = `SET LOCAL app.scope = 'system'`;
const flag = `COALESCE(NULLIF(current_setting('app.scope', true), '')::boolean, false)`;

const nullable = 'CREATE TABLE {{extra}} ({{org_id}} uuid REFERENCES {{orgs}}, {{id}} uuid NOT NULL UNIQUE);';
const secured = `CREATE INDEX ON {{extra}} ({{org_id}}); ALTER TABLE {{extra}} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
  GRANT SELECT, INSERT, UPDATE, DELETE ON {{extra}} TO {{app}};`;

export const policyPlants: readonly Plant[] = [
  { rule: 'rls-off', sql: 'ALTER TABLE {{bookings}} DISABLE ROW LEVEL SECURITY' },
  {
    rule: 'rls-off',
    severity: 'warning',
    sql: `ALTER TABLE {{bookings}} DISABLE ROW LEVEL SECURITY; REVOKE ALL ON {{bookings}} FROM {{app}};
      GRANT SELECT ON {{bookings}} TO {{job}}`,
    shapes: ['plain'],
    use: 'nothing',
  },
  {
    rule: 'rls-not-forced',
    severity: 'warning',
    sql: `ALTER TABLE {{bookings}} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {{bookings}} OWNER TO {{owner}}; GRANT {{owner}} TO {{job}}`,
  },
  {
    rule: 'rls-not-forced',
    severity: 'warning',
    sql: `ALTER TABLE {{bookings}} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {{bookings}} OWNER TO {{owner}};
      GRANT {{owner}} TO {{job}} WITH INHERIT TRUE, SET FALSE`,
    shapes: ['plain'],
    since: 160_000,
  },
  {
    rule: 'policy-inert',
    severity: 'warning',
    sql: 'CREATE POLICY nobody ON {{currencies}} USING (true)',
  },
  {
    rule: 'policy-for-exempt-role',
    severity: 'info',
    sql: 'ALTER ROLE {{backup}} BYPASSRLS; CREATE POLICY backup ON {{bookings}} TO {{backup}} USING (true)',
  },
  { rule: 'command-without-policy', severity: 'warning', sql: 'DROP POLICY tenant ON {{bookings}}' },
  {
    rule: 'command-without-policy',
    severity: 'warning',
    sql: 'ALTER POLICY tenant ON {{bookings}} USING (false) WITH CHECK (false)',
    shapes: ['plain'],
    use: 'nothing',
  },
  {
    rule: 'policy-recursive',
    severity: 'warning',
    sql: policy(
      `{{room_id}} IN (SELECT b.{{room_id}} FROM {{bookings}} b WHERE b.{{org_id}} = NULLIF(current_setting('app.org', true), '')::uuid)`,
    ),
  },
  { rule: 'policy-always-true', sql: policy('true', 'true') },
  { rule: 'policy-always-true', sql: policy('1 = 1', '1 = 1'), shapes: ['plain'] },
  {
    rule: 'policy-always-true',
    sql: policy('{{org_id}} = {{org_id}}', '{{org_id}} IS NOT NULL'),
    shapes: ['plain'],
  },
  {
    rule: 'policy-always-true',
    sql: `${policy(tenant, 'true')} DROP POLICY tenant ON {{bookings}}; CREATE POLICY w ON {{bookings}} USING (true)`,
    shapes: ['plain'],
  },
  // An operator's setting is no owner: alone, by itself or with rows of nobody, it opens every tenant's rows to whoever sets it.
  { rule: 'policy-ignores-tenant', sql: policy(gate, gate), use: scope },
  {
    rule: 'policy-ignores-tenant',
    sql: policy(flag, flag),
    use: `SET LOCAL app.scope = 'true'`,
    shapes: ['plain'],
  },
  {
    rule: 'policy-ignores-tenant',
    sql: policy(`${gate} OR {{org_id}} IS NULL`, gate),
    shapes: ['plain'],
    use: scope,
  },
  {
    rule: 'policy-always-true',
    sql: `CREATE POLICY floor ON {{bookings}} AS RESTRICTIVE USING (${gate}); ${policy('true', 'true')}`,
    shapes: ['plain'],
    use: scope,
  },
  {
    rule: 'policy-ignores-tenant',
    severity: 'warning',
    sql: `GRANT SELECT ON {{bookings}} TO {{job}}; CREATE POLICY job ON {{bookings}} TO {{job}} USING (${gate})`,
    shapes: ['plain'],
  },
  { rule: 'policy-ignores-tenant', sql: policy(`{{state}} = 'open'`, `{{state}} = 'open'`) },
  {
    rule: 'policies-or-open',
    sql: `CREATE POLICY wide ON {{bookings}} FOR SELECT TO {{app}} USING ({{state}} = 'open')`,
  },
  {
    rule: 'command-escapes-select',
    sql: 'CREATE POLICY wide ON {{bookings}} FOR UPDATE TO {{app}} USING (true)',
  },
  {
    rule: 'command-escapes-select',
    sql: 'CREATE POLICY wide ON {{bookings}} FOR DELETE TO {{app}} USING (true)',
    shapes: ['plain'],
  },
  { rule: 'check-weaker-than-using', sql: policy(tenant, 'true') },
  {
    rule: 'global-row-writable',
    sql: `${nullable} ALTER TABLE {{extra}} ADD CONSTRAINT shared CHECK ({{org_id}} IS NOT NULL OR {{id}} IS NOT NULL);
      ${secured} CREATE POLICY shared ON {{extra}} TO {{app}} USING ({{org_id}} IS NULL OR ${tenant})`,
  },
  { rule: 'context-fails-open', sql: policy(`current_setting('app.org', true) IS NULL OR ${tenant}`) },
  {
    rule: 'context-fails-open',
    sql: policy(`{{org_id}} = COALESCE(NULLIF(current_setting('app.org', true), '')::uuid, {{org_id}})`),
    shapes: ['plain', 'quoted'],
  },
  {
    rule: 'context-fails-open',
    sql: `CREATE TABLE {{extra}} ({{org_id}} uuid REFERENCES {{orgs}}, {{id}} uuid PRIMARY KEY);
      ${secured} CREATE POLICY tenant ON {{extra}} TO {{app}}
        USING ({{org_id}} IS NOT DISTINCT FROM NULLIF(current_setting('app.org', true), '')::uuid)`,
    shapes: ['plain'],
  },
  {
    rule: 'policy-reads-open-table',
    sql: `CREATE TABLE {{extra}} ({{id}} text, {{note}} uuid); GRANT SELECT, INSERT ON {{extra}} TO {{app}};
      ${policy(`{{org_id}} IN (SELECT e.{{note}} FROM {{extra}} e WHERE e.{{id}} = current_setting('app.user', true))`)}`,
    use: `INSERT INTO {{extra}} VALUES ('ann', '00000000-0000-0000-0000-000000000001')`,
    tenant: () => ({ global: ['{{currencies}}', '{{extra}}'] }),
  },
  { rule: 'tenant-literal', sql: policy(`{{org_id}} = '7c9e6679-7425-40de-944b-e07fc1f90ae7'::uuid`) },
  {
    rule: 'tenant-literal',
    severity: 'warning',
    sql: `ALTER TABLE {{rooms}} ALTER COLUMN {{org_id}} SET DEFAULT '7c9e6679-7425-40de-944b-e07fc1f90ae7'`,
  },
  {
    rule: 'immutable-context',
    sql: `CREATE FUNCTION {{schema}}.current_org() RETURNS uuid LANGUAGE sql IMMUTABLE AS
      $$ SELECT NULLIF(current_setting('app.org', true), '')::uuid $$;
      ${policy('{{org_id}} = {{schema}}.current_org()')}`,
  },
  {
    rule: 'volatile-in-policy',
    severity: 'info',
    sql: policy(`${tenant} AND clock_timestamp() > '2020-01-01'`),
    left: 'no SQL',
  },
  {
    rule: 'volatile-in-policy',
    severity: 'info',
    sql: `CREATE FUNCTION {{schema}}.open_now() RETURNS boolean LANGUAGE sql AS $$ SELECT now() > '2020-01-01' $$;
      ${policy(`${tenant} AND {{schema}}.open_now()`)}`,
  },
  {
    rule: 'context-cast-unguarded',
    severity: 'warning',
    sql: policy(`{{org_id}} = current_setting('app.org', true)::uuid`),
  },
  {
    rule: 'context-mixed',
    severity: 'warning',
    sql: policy(
      `{{org_id}} = current_setting('app.org')::uuid`,
      `{{org_id}} = current_setting('app.org')::uuid`,
    ),
  },
  {
    rule: 'context-many-settings',
    severity: 'warning',
    sql: policy(`{{org_id}} = NULLIF(current_setting('app.tenant', true), '')::uuid`),
  },
  { rule: 'current-user-shared', severity: 'warning', sql: policy('{{org_id}}::text = current_user') },
  {
    rule: 'current-user-shared',
    severity: 'warning',
    sql: policy('{{org_id}}::text = session_user'),
    isolation: () => ({ trusted: [roleName('backup'), roleName('job')] }),
    shapes: ['plain'],
  },
];
