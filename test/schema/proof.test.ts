/** Promise 10: whatever takes the isolation of one table or role away, Drover notices it at start and says what. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { expectedPolicies, roles } from '../../src/isolation/policies.ts';
import type { TableDeclaration } from '../../src/isolation/policies.ts';
import { proveIsolation } from '../../src/platform/install.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { checkIsolation } from '../../src/postgres/schema/isolation-proof.ts';
import { eachEngine } from '../support/databases.ts';
import { type PlatformDatabase, platformDatabase, refusal } from '../support/platform.ts';

interface Fault {
  readonly name: string;
  readonly plant: string;
  readonly mend: string;
  readonly says: RegExp;
}

function faultsOf(table: string): Fault[] {
  const declaration = manifest[table];
  const [first] = declaration ? expectedPolicies(declaration, 'postgresql') : [];
  const on = `ON migration.${table}`;
  const expression = first?.expression ?? '';
  const policy = (using: string, check: string): string =>
    `DROP POLICY drover_app ${on}; CREATE POLICY drover_app ${on} TO drover_app USING (${using}) WITH CHECK (${check})`;
  const mend = `ALTER POLICY drover_app ${on} USING (${expression}) WITH CHECK (${expression})`;
  const alter = `ALTER TABLE migration.${table}`;
  const column = declaration?.tenantColumn ?? 'tenant_id';
  return [
    {
      name: 'row-level security off',
      plant: `${alter} DISABLE ROW LEVEL SECURITY`,
      mend: `${alter} ENABLE ROW LEVEL SECURITY`,
      says: /is off on/,
    },
    {
      name: 'not forced',
      plant: `${alter} NO FORCE ROW LEVEL SECURITY`,
      mend: `${alter} FORCE ROW LEVEL SECURITY`,
      says: /is not forced on/,
    },
    {
      name: 'no policy',
      plant: `DROP POLICY drover_app ${on}`,
      mend: `CREATE POLICY drover_app ${on} TO drover_app USING (${expression}) WITH CHECK (${expression})`,
      says: /drover_app on .* is missing/,
    },
    {
      name: 'a policy that is always true',
      plant: policy('true', 'true'),
      mend,
      says: /not what it must be/,
    },
    { name: 'a weaker WITH CHECK', plant: policy(expression, 'true'), mend, says: /not what it must be/ },
    {
      name: 'rows of nobody for everybody',
      plant: policy(`${expression} OR ${column} IS NULL`, expression),
      mend,
      says: /not what it must be/,
    },
    {
      name: 'a weaker fleet policy',
      plant: `ALTER POLICY drover_fleet ${on} USING (true)`,
      mend: `ALTER POLICY drover_fleet ${on} USING (${column} = ANY (ARRAY(SELECT unnest(nullif(current_setting('app.tenant_ids', true), '')::uuid[]))))`,
      says: /drover_fleet on/,
    },
    {
      name: 'one policy more',
      plant: `CREATE POLICY wide ${on} USING (true)`,
      mend: `DROP POLICY wide ${on}`,
      says: /the policy wide on/,
    },
    {
      name: 'a right too many',
      plant: `GRANT TRUNCATE ${on} TO drover_app`,
      mend: `REVOKE TRUNCATE ${on} FROM drover_app`,
      says: /drover_app may truncate/,
    },
    {
      name: 'a right too few',
      plant: `REVOKE SELECT ${on} FROM drover_app`,
      mend: `GRANT SELECT ${on} TO drover_app`,
      says: /drover_app may not select/,
    },
    {
      name: 'a weaker policy of the role that writes keys',
      plant: `ALTER POLICY drover_rekey ${on} USING (true)`,
      mend: `ALTER POLICY drover_rekey ${on} USING (${expression})`,
      says: /drover_rekey on/,
    },
    ...columnFaults(table, declaration),
  ];
}

/** The role that writes keys may update the columns that the manifest lists, all of them and no others. */
function columnFaults(table: string, declaration: TableDeclaration | undefined): Fault[] {
  const rekeyed = declaration?.rekeyed ?? 'record';
  if (rekeyed === 'record') return [];
  const [column = ''] = rekeyed;
  const fault = (
    name: string,
    [plant, mend]: readonly [string, string],
    of: string,
    says: RegExp,
  ): Fault => ({
    name,
    plant: `${plant} UPDATE (${of}) ON migration.${table} ${plant === 'GRANT' ? 'TO' : 'FROM'} drover_rekey`,
    mend: `${mend} UPDATE (${of}) ON migration.${table} ${mend === 'GRANT' ? 'TO' : 'FROM'} drover_rekey`,
    says,
  });
  const other = declaration?.tenantColumn ?? 'tenant_id';
  return [
    fault('a column too many', ['GRANT', 'REVOKE'], other, /drover_rekey may update .*, which it must not/),
    fault('a column too few', ['REVOKE', 'GRANT'], column, /drover_rekey may not update /),
  ];
}

eachEngine((engine) => {
  let database: PlatformDatabase;

  before(async () => {
    database = await platformDatabase(engine, 'demo');
  });
  after(() => database.drop());

  const sql = (text: string): Promise<void> => database.asSuperuser((tx) => tx.script(text));
  /** Planted, it is refused and named; mended, it passes. */
  const refuses = async ({ plant, mend, says }: Omit<Fault, 'name'>): Promise<void> => {
    await sql(plant);
    try {
      await assert.rejects(proveIsolation(database.db), refusal('ISOLATION_NOT_EFFECTIVE', says));
    } finally {
      await sql(mend);
    }
  };

  it('the schema as it is installed is proved', () => proveIsolation(database.db));

  for (const [table] of Object.entries(manifest).filter(([, { kind }]) => kind === 'tenant')) {
    it(`each fault in ${table} is noticed`, async () => {
      for (const fault of faultsOf(table)) await refuses(fault);
      await proveIsolation(database.db);
    });
  }

  it('a table or view that nobody declared is noticed, and one that is gone', async () => {
    const says = /the table extra is not declared/;
    await refuses({
      plant: 'CREATE TABLE migration.extra (id int)',
      mend: 'DROP TABLE migration.extra',
      says,
    });
    await refuses({
      plant: 'CREATE VIEW migration.extra AS SELECT 1',
      mend: 'DROP VIEW migration.extra',
      says,
    });
    const rename = (from: string, to: string): string => `ALTER TABLE migration.${from} RENAME TO ${to}`;
    await refuses({
      plant: rename('apps', 'extra'),
      mend: rename('extra', 'apps'),
      says: /the table apps is missing/,
    });
  });

  it('rows of everybody that the application may write are noticed', () =>
    refuses({
      plant: 'GRANT UPDATE ON migration.global_app_templates TO drover_app',
      mend: 'REVOKE UPDATE ON migration.global_app_templates FROM drover_app',
      says: /drover_app may update on global_app_templates/,
    }));

  it('a tenant that is set for everybody who connects is noticed', async () => {
    // What a pooler's session or ALTER DATABASE leaves behind: a setting that outlives its transaction.
    await sql(`SET app.tenant_id = '00000001-def0-def0-def0-000000000000'`);
    await assert.rejects(
      proveIsolation(database.db),
      refusal('ISOLATION_NOT_EFFECTIVE', /app\.tenant_id has a value/),
    );
    await sql('RESET app.tenant_id');
    await proveIsolation(database.db);
  });

  describe('a role', () => {
    // Roles belong to the whole server and other tests use the real ones, so these have names of their own.
    const role = `proof_${process.pid}`;
    const expected = { schema: 'migration', tables: [], tenantRoles: [role], settings: [] };
    const problems = async (): Promise<string> => {
      const error = await checkIsolation(database.db, expected).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return error instanceof Error ? error.message : '';
    };

    before(() => sql(`CREATE ROLE ${role}`));
    after(() => sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`));

    it('that is superuser or exempt is noticed', async () => {
      await sql(`ALTER ROLE ${role} SUPERUSER`);
      assert.match(await problems(), /is a superuser/);
      await sql(`ALTER ROLE ${role} NOSUPERUSER BYPASSRLS`);
      assert.match(await problems(), /is exempt from row-level security/);
      await sql(`ALTER ROLE ${role} NOBYPASSRLS`);
      assert.doesNotMatch(await problems(), new RegExp(role));
    });

    it('that is a member of such a role or of the owner is noticed', async () => {
      await sql(`CREATE ROLE ${role}_strong BYPASSRLS; GRANT ${role}_strong TO ${role}`);
      assert.match(await problems(), new RegExp(`${role} can become ${role}_strong, which is exempt`));
      await sql(`ALTER ROLE ${role}_strong NOBYPASSRLS; ALTER TABLE migration.apps OWNER TO ${role}_strong`);
      assert.match(await problems(), new RegExp(`${role}_strong, the owner of tables`));
      await sql(`ALTER TABLE migration.apps OWNER TO CURRENT_USER; DROP ROLE ${role}_strong`);
      assert.doesNotMatch(await problems(), new RegExp(role));
    });

    it('that reaches another one by what its version of PostgreSQL knows is noticed, and no more', async () => {
      const strong = `${role}_strong`;
      await sql(`CREATE ROLE ${strong} BYPASSRLS`);
      const { version } = await database.asSuperuser((tx) =>
        tx.one<{ version: number }>(`SELECT current_setting('server_version_num')::integer AS version`),
      );
      const exempt = new RegExp(`${role} can become ${strong}, which is exempt`);
      if (version < 160_000) {
        await sql(`ALTER ROLE ${role} CREATEROLE`);
        assert.match(await problems(), exempt);
        await sql(`ALTER ROLE ${role} NOCREATEROLE`);
      } else {
        await sql(`GRANT ${strong} TO ${role} WITH INHERIT FALSE, SET FALSE`);
        assert.doesNotMatch(await problems(), new RegExp(role), 'a member that reaches nothing');
        await sql(`GRANT ${strong} TO ${role} WITH ADMIN TRUE`);
        assert.match(await problems(), exempt, 'who may grant it to itself');
        await sql(`REVOKE ${strong} FROM ${role}; GRANT ${strong} TO ${role} WITH INHERIT TRUE, SET FALSE`);
        assert.doesNotMatch(await problems(), new RegExp(role), 'BYPASSRLS is not inherited');
        await sql(`ALTER TABLE migration.apps OWNER TO ${strong}`);
        assert.match(
          await problems(),
          new RegExp(`${strong}, the owner of tables`),
          'the rights of an owner are',
        );
        await sql(`ALTER TABLE migration.apps OWNER TO CURRENT_USER`);
      }
      await sql(`DROP ROLE ${strong}`);
      assert.doesNotMatch(await problems(), new RegExp(role));
    });

    it('that owns the schema is noticed, and one that does not exist', async () => {
      await sql(`ALTER SCHEMA migration OWNER TO ${role}`);
      assert.match(await problems(), /the owner of the schema/);
      await sql(`ALTER SCHEMA migration OWNER TO CURRENT_USER`);
      const missing = { ...expected, tenantRoles: ['nobody_here'] };
      await assert.rejects(
        checkIsolation(database.db, missing),
        refusal('ISOLATION_NOT_EFFECTIVE', /nobody_here does not exist/),
      );
    });
  });

  it('the roles that Drover uses do not log in', async () => {
    const rows = await database.asSuperuser((tx) =>
      tx.many<{ able: boolean }>(
        `SELECT rolcanlogin OR rolsuper OR rolbypassrls AS able FROM pg_roles WHERE rolname = ANY ($1)`,
        [Object.values(roles)],
      ),
    );
    assert.deepEqual(rows, [{ able: false }, { able: false }, { able: false }, { able: false }]);
  });
});
