/** Promise 2 at its root: role and tenant are those of the transaction, end with it, and cannot be smuggled in. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { platformScope } from '../../src/platform/scope.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { asFleet, asOperator, asTenant, type TenantScope } from '../../src/postgres/scope/tenant.ts';
import { eachEngine } from '../support/databases.ts';
import { type PlatformDatabase, platformDatabase, refusal } from '../support/platform.ts';

const a = '00000001-def0-def0-def0-000000000000';
const b = '00000002-def0-def0-def0-000000000000';

/** How a foreign database may do it: no role, another setting, tenants as text. */
const foreign: TenantScope = {
  settings: { 'my.org': '$tenant', application_name: 'drover' },
  fleet: { settings: { 'my.orgs': '$tenants' } },
};

const nasty = [
  `it's`,
  `a'; RESET ROLE; --`,
  `back\\slash'`,
  `$tenant $1 $& $$`,
  `{a,"b"}`,
  `Ärger 💥`,
  `x; SET LOCAL ROLE postgres`,
];

eachEngine((engine) => {
  let database: PlatformDatabase;

  before(async () => {
    database = await platformDatabase(engine, 'demo');
  });
  after(() => database.drop());

  const setting =
    (name: string) =>
    async (tx: Tx): Promise<string | null> =>
      (await tx.one<{ value: string | null }>('SELECT current_setting($1, true) AS value', [name])).value;
  const user = async (tx: Tx): Promise<string> =>
    (await tx.one<{ name: string }>('SELECT current_user::text AS name')).name;
  const nobody = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction({}, work);

  describe('asTenant', () => {
    it('sets role and tenant for the transaction and for nothing after it', async () => {
      const login = await nobody(user);
      const inside = await asTenant(database.db, platformScope, a, async (tx) => [
        await user(tx),
        await setting('app.tenant_id')(tx),
      ]);
      assert.deepEqual(inside, ['drover_app', a]);
      assert.equal(await nobody(user), login);
      assert.ok(!(await nobody(setting('app.tenant_id'))));
    });

    it('leaves nothing behind after an error in SQL, in the work, or in the opening', async () => {
      const failures = [
        () => asTenant(database.db, platformScope, a, (tx) => tx.run('SELECT nothing')),
        () => asTenant(database.db, platformScope, a, () => Promise.reject(new Error('mistake'))),
        () => asTenant(database.db, { ...platformScope, role: 'nobody_here' }, a, user),
      ];
      for (const fail of failures) await assert.rejects(fail());
      assert.ok(!(await nobody(setting('app.tenant_id'))));
      assert.notEqual(await nobody(user), 'drover_app');
    });

    it('takes any uuid that PostgreSQL takes, and nothing else, as Drover’s tenant', async () => {
      assert.equal(
        await asTenant(database.db, platformScope, a.toUpperCase(), setting('app.tenant_id')),
        a.toUpperCase(),
      );
      for (const value of ['', 'x', `${a}'`, ` ${a}`, `${a}\n`, a.slice(1), ...nasty]) {
        await assert.rejects(
          asTenant(database.db, platformScope, value, user),
          refusal('TENANT_INVALID'),
          value,
        );
      }
    });

    it('carries any text as a foreign tenant, as a value and nothing more', async () => {
      const login = await nobody(user);
      for (const value of nasty) {
        const seen = await asTenant(database.db, foreign, value, async (tx) => [
          await setting('my.org')(tx),
          await user(tx),
        ]);
        assert.deepEqual(seen, [value, login]);
      }
      for (const value of ['', 'a\nb', 'a\0b', '\ud800', 'x'.repeat(1025)]) {
        await assert.rejects(asTenant(database.db, foreign, value, user), refusal('TENANT_INVALID'));
      }
    });

    it('puts only plain tenants into a larger text', async () => {
      const claims: TenantScope = { settings: { 'request.claims': '{"org":"$tenant"}' } };
      assert.equal(
        await asTenant(database.db, claims, 'org-7', setting('request.claims')),
        '{"org":"org-7"}',
      );
      await assert.rejects(asTenant(database.db, claims, 'x","admin":"y', user), refusal('TENANT_INVALID'));
    });

    it('refuses settings that would undo it', async () => {
      for (const name of ['role', 'SESSION_AUTHORIZATION', 'row_security', 'a b', `x'`, 'a;b', 'a.', '']) {
        const scope = { settings: { [name]: 'x' } };
        await assert.rejects(asTenant(database.db, scope, a, user), refusal('SETTING_INVALID'), name);
      }
    });

    it('sets isolation, read-only and lock timeout', async () => {
      const scope: TenantScope = {
        ...platformScope,
        isolation: 'repeatable read',
        readOnly: true,
        lockTimeoutMs: 1234,
      };
      const seen = await asTenant(database.db, scope, a, async (tx) => [
        await setting('transaction_isolation')(tx),
        await setting('transaction_read_only')(tx),
        await setting('lock_timeout')(tx),
      ]);
      assert.deepEqual(seen, ['repeatable read', 'on', '1234ms']);
      await assert.rejects(
        asTenant(database.db, { ...scope, lockTimeoutMs: 1.5 }, a, user),
        refusal('SETTING_INVALID'),
      );
    });
  });

  describe('asFleet', () => {
    it('names exactly the given tenants', async () => {
      const rows = await asFleet(database.db, platformScope, [a, b], (tx) =>
        tx.many<{ id: string }>('SELECT id::text FROM migration.tenants ORDER BY 1'),
      );
      assert.deepEqual(
        rows.map(({ id }) => id),
        [a, b],
      );
      assert.ok(!(await nobody(setting('app.tenant_ids'))));
    });

    it('carries any text as foreign tenants', async () => {
      const sql = `SELECT unnest(current_setting('my.orgs')::text[]) AS tenant`;
      const rows = await asFleet(database.db, foreign, nasty, (tx) => tx.many<{ tenant: string }>(sql));
      assert.deepEqual(
        rows.map(({ tenant }) => tenant),
        nasty,
      );
    });

    it('refuses no tenant, a wrong one among right ones, and a database that has no way to name several', async () => {
      await assert.rejects(asFleet(database.db, platformScope, [], user), refusal('TENANT_INVALID'));
      await assert.rejects(asFleet(database.db, platformScope, [a, 'x'], user), refusal('TENANT_INVALID'));
      const one: TenantScope = { settings: { 'my.org': '$tenant' } };
      await assert.rejects(asFleet(database.db, one, ['x'], user), refusal('FLEET_UNAVAILABLE'));
      assert.equal(await asFleet(database.db, { settings: {} }, ['x'], user), await nobody(user));
    });
  });

  describe('asOperator', () => {
    it('sees all tenants and no tenant’s rows', async () => {
      const { n } = await asOperator(database.db, platformScope, (tx) =>
        tx.one<{ n: number }>('SELECT count(*) AS n FROM migration.tenants'),
      );
      assert.equal(n, 4);
      const look = asOperator(database.db, platformScope, (tx) => tx.many('SELECT FROM migration.users'));
      await assert.rejects(look, refusal('NOT_PERMITTED'));
    });

    it('sets what is not a tenant’s', async () => {
      const seen = await asOperator(database.db, foreign, async (tx) => [
        await setting('my.org')(tx),
        await setting('application_name')(tx),
      ]);
      assert.ok(!seen[0]);
      assert.equal(seen[1], 'drover');
    });
  });
});
