/** What is sound in an unusual way is no finding: each case by itself. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Database } from '../../src/postgres/driver/database.ts';
import { oneEngine } from '../support/databases.ts';
import { judgePlanted, openFresh, roleName, shownFindings } from './ground.ts';
import type { Planting } from './ground.ts';

const tenant = `{{org_id}} = NULLIF(current_setting('app.org', true), '')::uuid`;

function policy(using: string, table = 'bookings'): string {
  return `ALTER POLICY tenant ON {{${table}}} USING (${using}) WITH CHECK (${using});`;
}

const extra = `CREATE TABLE {{extra}} ({{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{id}} uuid, {{user_id}} uuid,
    PRIMARY KEY ({{org_id}}, {{id}}));
  ALTER TABLE {{extra}} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; GRANT SELECT ON {{extra}} TO {{app}};
  CREATE POLICY tenant ON {{extra}} TO {{app}} USING (${tenant});`;
const view = (how: string): string =>
  `CREATE VIEW {{schema}}.listed ${how} AS SELECT * FROM {{bookings}}; GRANT SELECT ON {{schema}}.listed TO {{app}};`;
const owned = `GRANT SELECT ON {{bookings}} TO {{owner}}; GRANT CREATE ON SCHEMA {{schema}} TO {{owner}};
  DROP POLICY tenant ON {{bookings}}; CREATE POLICY tenant ON {{bookings}} USING (${tenant});`;
/** Each with a column by which it is known. */
const ledgers: Readonly<Record<string, string>> = {
  schema_migrations: 'version',
  _prisma_migrations: 'migration_name',
  knex_migrations: 'migration_time',
  flyway_schema_history: 'installed_rank',
  alembic_version: 'version_num',
  django_migrations: 'applied',
};

const cases: Readonly<Record<string, Omit<Planting, 'shape'>>> = {
  'true beside a restrictive policy of the tenant': {
    sql: `CREATE POLICY floor ON {{bookings}} AS RESTRICTIVE USING (${tenant}); ${policy('true')}`,
  },
  'true for a trusted role': {
    sql: 'GRANT SELECT ON {{bookings}} TO {{backup}}; CREATE POLICY all_rows ON {{bookings}} TO {{backup}} USING (true)',
  },
  'a child without a grant': { sql: 'CREATE TABLE {{extra}} () INHERITS ({{bookings}})' },
  'look-ups that are declared global': { sql: 'GRANT SELECT, INSERT ON {{currencies}} TO {{app}}' },
  'unique keys that are random, counted, or within a parent': {
    sql: `ALTER TABLE {{rooms}} ADD COLUMN seq integer GENERATED ALWAYS AS IDENTITY UNIQUE, ADD UNIQUE ({{id}});
      ALTER TABLE {{orgs}} ADD UNIQUE ({{note}})`,
  },
  'a second organisation that is no axis': {
    sql: `ALTER TABLE {{rooms}} ADD COLUMN partner uuid REFERENCES {{orgs}}; CREATE INDEX ON {{rooms}} (partner)`,
    tenant: { unrelated: ['public.rooms.partner'] },
  },
  'a wider branch for the parent organisation': {
    sql: policy(
      `${tenant} OR {{org_id}} IN (SELECT o.{{id}} FROM {{orgs}} o WHERE o.{{note}} = current_setting('app.parent', true))`,
    ),
  },
  'a table that is only read': { sql: extra },
  'wrapped in a sub-select': {
    sql: policy(`{{org_id}} = (SELECT NULLIF(current_setting('app.org', true), '')::uuid)`),
  },
  'a list of tenants': {
    sql: policy(
      `{{org_id}} = ANY (ARRAY(SELECT unnest(NULLIF(current_setting('app.orgs', true), '')::uuid[])))`,
      'users',
    ),
    isolation: { roles: [] },
  },
  'IS NOT DISTINCT FROM on an owner that is NOT NULL': {
    sql: policy(`{{org_id}} IS NOT DISTINCT FROM NULLIF(current_setting('app.org', true), '')::uuid`),
  },
  'cast to text': { sql: policy(`{{org_id}}::text = current_setting('app.org', true)`) },
  'a member of a JSON document in the same setting everywhere': {
    sql: ['users', 'rooms', 'bookings', 'orgs']
      .map((table) =>
        policy(
          `{{${table === 'orgs' ? 'id' : 'org_id'}}} = (NULLIF(current_setting('app.claims', true), '')::json ->> 'org')::uuid`,
          table,
        ),
      )
      .join('\n'),
  },
  'an operator’s scope in a setting beside the tenant': {
    sql: policy(`current_setting('app.scope', true) = 'system' OR ${tenant}`),
  },
  'an operator’s scope in a policy beside the tenant’s': {
    sql: `CREATE POLICY operator ON {{bookings}} TO {{app}} USING (current_setting('app.scope', true) = 'system')`,
  },
  'rows that tenants read and an operator’s scope writes': {
    sql: `ALTER POLICY tenant ON {{bookings}} WITH CHECK (current_setting('app.scope', true) = 'system')`,
  },
  'an operator’s scope that restricts beside the tenant’s policy': {
    sql: `CREATE POLICY floor ON {{bookings}} AS RESTRICTIVE USING (current_setting('app.scope', true) = 'system')`,
  },
  'the ledgers of migration tools': {
    sql: Object.entries(ledgers)
      .map(
        ([name, column]) =>
          `CREATE TABLE {{schema}}.${name} (${column} text); GRANT SELECT ON {{schema}}.${name} TO {{app}};`,
      )
      .join(' '),
  },
  'a view that asks as its reader: on': { sql: view('WITH (security_invoker = on)') },
  'a view that asks as its reader: 1': { sql: view('WITH (security_invoker = 1)') },
  'a view that asks as its reader: yes': { sql: view('WITH (security_invoker = yes)') },
  'a view that asks as its reader: bare': { sql: view('WITH (security_invoker)') },
  'a definer view of a plain owner, who is bound': {
    sql: `${owned} ${view('')} ALTER VIEW {{schema}}.listed OWNER TO {{owner}}`,
  },
  'a definer view over an invoker view': {
    sql: `${owned} CREATE VIEW {{schema}}.inner_one WITH (security_invoker) AS SELECT * FROM {{bookings}};
      GRANT SELECT ON {{schema}}.inner_one TO {{owner}};
      CREATE VIEW {{schema}}.outer_one AS SELECT * FROM {{schema}}.inner_one; GRANT SELECT ON {{schema}}.outer_one TO {{app}}`,
  },
  'an invoker view over a definer view that nobody may read': {
    sql: `CREATE VIEW {{schema}}.inner_one AS SELECT * FROM {{bookings}};
      CREATE VIEW {{schema}}.outer_one WITH (security_invoker) AS SELECT * FROM {{schema}}.inner_one;
      GRANT SELECT ON {{schema}}.outer_one TO {{app}}`,
  },
  'BYPASSRLS of a backup’s role': {
    sql: 'ALTER ROLE {{backup}} BYPASSRLS; GRANT SELECT ON {{bookings}} TO {{backup}}',
  },
  'a policy through a helper in SQL': {
    sql: `CREATE FUNCTION {{schema}}.current_org() RETURNS uuid LANGUAGE sql STABLE AS
        $$ SELECT NULLIF(current_setting('app.org', true), '')::uuid $$;
      ${policy('{{org_id}} = {{schema}}.current_org()')}`,
  },
  'a policy through a helper in PL/pgSQL': {
    sql: `CREATE FUNCTION {{schema}}.is_mine(uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS
        $$ BEGIN RETURN $1 = NULLIF(current_setting('app.org', true), '')::uuid; END $$;
      ${policy('{{schema}}.is_mine({{org_id}})')}`,
  },
  'a policy through a mapping that the role cannot write': {
    sql: `CREATE TABLE {{extra}} ({{id}} text, {{note}} uuid); GRANT SELECT ON {{extra}} TO {{app}};
      ${policy(`{{org_id}} IN (SELECT e.{{note}} FROM {{extra}} e WHERE e.{{id}} = current_setting('app.user', true))`)}`,
    tenant: { global: ['{{currencies}}', '{{extra}}'] },
  },
  'a policy through a parent': {
    sql: policy(
      `EXISTS (SELECT FROM {{rooms}} r WHERE r.{{org_id}} = {{bookings}}.{{org_id}} AND r.{{id}} = {{room_id}})`,
    ),
  },
  'a policy of the caller’s own user': {
    sql: policy(`{{user_id}} = NULLIF(current_setting('app.user', true), '')::uuid`),
  },
};

oneEngine((engine) => {
  let database: Database;
  let close: () => Promise<void>;
  before(async () => {
    ({ database, close } = await openFresh(engine));
  });
  after(() => close());

  describe('no finding', () => {
    for (const [name, { isolation, ...planting }] of Object.entries(cases))
      it(name, async () => {
        const roles = isolation?.roles?.length === 0 ? [roleName('backup')] : [roleName('app')];
        const said = { roles, trusted: [roleName('backup')] };
        const report = await judgePlanted(database, { ...planting, shape: 'plain', isolation: said });
        assert.deepEqual(shownFindings(report), []);
        assert.deepEqual(report.notRead, []);
      });

    it('a definer function that somebody answers for, with the reason in the report', async () => {
      const report = await judgePlanted(database, {
        shape: 'plain',
        sql: `CREATE FUNCTION public.gated() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
          AS $$ SELECT count(*) FROM public.bookings $$`,
        isolation: {
          roles: [roleName('app')],
          ignore: [
            { rule: 'definer-function-open', at: 'public.gated.""', reason: 'it counts for the bill' },
          ],
        },
      });
      assert.deepEqual(shownFindings(report), []);
      assert.deepEqual(
        report.ignored.map(({ ignored }) => ignored),
        ['it counts for the bill'],
      );
    });

    it('a membership with INHERIT FALSE and SET FALSE reaches nothing', async () => {
      const { server } = await judgePlanted(database, { shape: 'plain', sql: '' });
      if (server < 160_000) return;
      const report = await judgePlanted(database, {
        shape: 'plain',
        sql: `ALTER TABLE {{bookings}} OWNER TO {{owner}}; ALTER TABLE {{bookings}} NO FORCE ROW LEVEL SECURITY;
          GRANT {{owner}} TO {{app}} WITH INHERIT FALSE, SET FALSE`,
      });
      assert.deepEqual(shownFindings(report), []);
    });
  });

  it('what is not understood is not read, and no rule speaks of it', async () => {
    const report = await judgePlanted(database, {
      shape: 'plain',
      sql: `CREATE FUNCTION {{schema}}.is_mine(uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS
          $$ DECLARE x uuid; BEGIN x := $1; RETURN x IS NOT NULL; END $$; ${policy('{{schema}}.is_mine({{org_id}})')}`,
    });
    assert.deepEqual(shownFindings(report), []);
    assert.deepEqual(
      report.notRead.map(({ at, reason }) => [at.part, reason]),
      [['tenant', 'it calls public.is_mine, whose body is more than one expression']],
    );
    assert.ok(report.verdicts.every(({ verdict }) => verdict === 'unverified'));
  });

  it('a part that the login may not read skips its rules, and passes none', async () => {
    const report = await judgePlanted(database, {
      shape: 'plain',
      sql: `CREATE PUBLICATION outward FOR TABLE {{bookings}}; GRANT CREATE ON SCHEMA {{schema}} TO {{job}};
        REVOKE SELECT ON pg_catalog.pg_publication_tables FROM PUBLIC; SET LOCAL ROLE {{job}}`,
    });
    const skipped = report.rules.filter(({ state }) => state === 'skipped');
    assert.deepEqual(
      skipped.map(({ rule }) => rule),
      ['publication-filter-blocks-writes', 'publication-unfiltered'],
    );
    assert.match(skipped[0]?.reason ?? '', /pg_publication_tables/);
  });
});
