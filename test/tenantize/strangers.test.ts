/**
 * Schemas that nobody here made for a conversion: what would lose rows or stop halfway is asked about before, and what is planned runs to
 * its end with V1 answering as before.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { statementsOf } from '../../src/isolation/conversion/statements.ts';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import type { PlannedConversion } from '../../src/site/tenantize.ts';
import { oneEngine } from '../support/databases.ts';
import { cloneOf, openRaw, planOf } from './ground.ts';
import type { RawSession } from './ground.ts';

/** A shop of several tenants in part: keys checked late, a key to itself, one from the table of tenants, triggers. */
const shop = `
CREATE TABLE shops (shop_id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE staff (id integer PRIMARY KEY, shop_id integer REFERENCES shops (shop_id), name text NOT NULL);
CREATE TABLE customers (id integer PRIMARY KEY, shop_id integer NOT NULL REFERENCES shops (shop_id), email text NOT NULL UNIQUE,
  referred_by integer REFERENCES customers (id));
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE lines (id integer PRIMARY KEY, order_id integer NOT NULL REFERENCES orders (id) ON DELETE CASCADE DEFERRABLE, sku text);
CREATE TABLE visits (id integer PRIMARY KEY, shop_id integer NOT NULL REFERENCES shops (shop_id), customer_id integer NOT NULL
  REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE baskets (id integer PRIMARY KEY, customer_id integer REFERENCES customers (id), note text);
CREATE TABLE baskets_before (id integer, customer_id integer, note text);
ALTER TABLE shops ADD manager_id integer REFERENCES staff (id);
CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'baskets are never deleted'; END $$;
CREATE TRIGGER baskets_stay BEFORE DELETE ON baskets FOR EACH ROW EXECUTE FUNCTION stays();
CREATE FUNCTION marks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'seen'; RETURN NEW; END $$;
CREATE TRIGGER baskets_mark BEFORE INSERT ON baskets FOR EACH ROW EXECUTE FUNCTION marks();
CREATE FUNCTION remembers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO public.baskets_before SELECT OLD.*; RETURN NEW; END $$;
CREATE TRIGGER baskets_remember AFTER UPDATE ON baskets FOR EACH ROW EXECUTE FUNCTION remembers();
ALTER TABLE baskets DISABLE TRIGGER baskets_remember;
CREATE VIEW several AS SELECT id, customer_id FROM baskets;
CREATE VIEW fewer AS SELECT id FROM several;
INSERT INTO shops VALUES (1, 'one'), (2, 'two');
INSERT INTO staff VALUES (1, 1, 'ada'), (2, NULL, 'nobody');
INSERT INTO customers VALUES (1, 1, 'a@example.com', NULL), (2, 2, 'b@example.com', NULL);
INSERT INTO orders VALUES (1, 1);
INSERT INTO lines VALUES (1, 1, 'A');
INSERT INTO baskets VALUES (1, 1, 'one'), (2, NULL, 'guest');
UPDATE baskets SET note = 'guest' WHERE id = 2;
DO $$ BEGIN CREATE ROLE stranger_v0 LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE stranger_reader LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO stranger_v0;
GRANT SELECT ON customers TO stranger_reader;
`;

type Tables = Record<string, Record<string, unknown>>;

const tables: Tables = {
  'public.shops': { name: 'tenants', columns: { shop_id: 'tenant_key' } },
  staff: { ownerless: '1' },
  baskets: { ownerless: 'quarantine', triggers: { baskets_stay: 'silence', baskets_mark: 'silence' } },
  baskets_before: { owner: 'zero' },
};

function saying(said: Tables): object {
  return {
    version: 1,
    tenant: { root: 'shops', column: 'shop_id' },
    tenantize: { name: 'stranger', zero: '1', keys: 'tenant-led', logins: ['stranger_v0'], tables: said },
  };
}

function asked({ plan }: PlannedConversion): string[] {
  return plan.questions.map(({ message }) => message);
}

/** What V1 does: names what comes later in the same transaction. */
const late = `INSERT INTO public.visits VALUES (9, 1, 9); INSERT INTO public.customers VALUES (9, 1, 'late@example.com', NULL)`;

async function asV1(session: RawSession, work: string): Promise<readonly unknown[]> {
  await session.run('BEGIN');
  await session.run('SET LOCAL ROLE stranger_v0');
  await session.run('SET LOCAL row_security = on');
  await session.run(late);
  await session.run('SET CONSTRAINTS ALL IMMEDIATE');
  const rows = await session.run(work);
  await session.run('ROLLBACK');
  return rows;
}

oneEngine((engine) => {
  describe('a schema of strangers', () => {
    const within = async (more: string, work: (target: DatabaseTarget) => Promise<void>): Promise<void> => {
      const { target, drop } = await cloneOf(engine, 'strangers', `${shop}${more}`);
      try {
        await work(target);
      } finally {
        if (engine === 'server') await dropRoles(target);
        await drop();
      }
    };

    test('is planned to its end, with V1 answering until contract', () =>
      within('', async (target) => {
        const planned = await planOf(target, saying(tables));
        assert.deepEqual(asked(planned), []);
        const { plan } = planned;
        assert.deepEqual(
          plan.duties
            .filter(({ id }) => ['login-unnamed', 'tenant-unsaid', 'row-trigger', 'late-key'].includes(id))
            .map(({ id, about }) => `${id} ${about}`),
          [
            'login-unnamed stranger_reader',
            'tenant-unsaid public.staff',
            'row-trigger public.baskets baskets_remember',
            'late-key public.orders orders_customer_id_fkey',
            'late-key public.lines lines_order_id_fkey',
          ],
        );
        const session = await openRaw(target);
        const visits = 'SELECT count(*)::integer AS n FROM public.visits';
        const basketsOff = `SELECT tgname::text FROM pg_trigger WHERE tgenabled = 'D' ORDER BY 1`;
        const all = 'SELECT * FROM public.baskets ORDER BY id';
        const before = await session.run(all);
        for (const phase of ['expand', 'fill', 'validate', 'shadow', 'bind'] as const) {
          await take(session, plan, phase, 'up');
          assert.deepEqual(await asV1(session, visits), [{ n: 1 }], phase);
        }
        assert.deepEqual(await session.run(basketsOff), [{ tgname: 'baskets_remember' }]);
        for (const phase of ['bind', 'shadow', 'validate', 'fill', 'expand'] as const)
          await take(session, plan, phase, 'down');
        assert.deepEqual(await session.run(all), before, 'rows that were put aside come back as they were');
        await session.run('DROP SCHEMA IF EXISTS drover_shadow, drover_quarantine');
        for (const phase of ['expand', 'fill', 'validate', 'shadow', 'bind', 'contract'] as const)
          await take(session, plan, phase, 'up');
        const late = await session.run(
          `SELECT conname::text AS name, condeferred AS late FROM pg_constraint WHERE contype = 'f' AND condeferrable ORDER BY 1`,
        );
        assert.deepEqual(late, [
          { name: 'lines_order_id_fkey_tenant', late: false },
          { name: 'orders_customer_id_fkey_tenant', late: true },
          { name: 'visits_customer_id_fkey_tenant', late: true },
        ]);
        const askers = await session.run(
          `SELECT relname::text AS view FROM pg_class WHERE 'security_invoker=true' = ANY (reloptions) ORDER BY 1`,
        );
        assert.deepEqual(
          askers,
          [{ view: 'fewer' }, { view: 'several' }],
          'a view on a view, too, asks as its reader',
        );
        await session.close();
      }));

    test('is asked about a materialised view that reads its tables by another view', () =>
      within('CREATE MATERIALIZED VIEW kept AS SELECT id FROM fewer;', async (target) => {
        assert.deepEqual(asked(await planOf(target, saying(tables))), [
          'the materialised view public.kept reads public.baskets, and no policy binds it',
        ]);
      }));

    test('loses no row to a cascade when others are put aside', () =>
      within(
        'INSERT INTO orders VALUES (2, NULL); INSERT INTO lines VALUES (2, 2, $$B$$);',
        async (target) => {
          const aside = { ownerless: 'quarantine' };
          const said = { ...tables, orders: aside, lines: aside };
          assert.deepEqual(asked(await planOf(target, saying(said))), [
            '1 rows of public.orders lead to no tenant: 2; other rows may name them, so that they cannot be put aside',
          ]);
        },
      ));

    test('is asked about rows that name another tenant’s in their own table', () =>
      within(`INSERT INTO customers VALUES (3, 2, 'c@example.com', 1);`, async (target) => {
        assert.deepEqual(asked(await planOf(target, saying(tables))), [
          '1 rows of public.customers name rows of another tenant by customers_referred_by_fkey: 3',
        ]);
      }));

    const crossings: readonly (readonly [
      what: string,
      more: string,
      said: Tables,
      unrelated: readonly string[],
      asked: readonly string[],
    ])[] = [
      [
        'a key that says nothing of the owner names another tenant’s row',
        `SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE orders ADD taken_by integer REFERENCES staff (id);
         INSERT INTO staff VALUES (3, 2, 'bo'); INSERT INTO orders VALUES (2, 2, 3), (3, 1, 1), (4, 1, NULL), (5, 1, 3);`,
        {},
        ['orders.taken_by'],
        ['1 rows of public.orders name rows of another tenant by orders_taken_by_fkey: 5'],
      ],
      [
        'the row that it names is given to a tenant',
        `SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE orders ADD taken_by integer REFERENCES staff (id); INSERT INTO orders VALUES (2, 2, 2), (3, 1, 2);`,
        {},
        ['orders.taken_by'],
        ['1 rows of public.orders name rows of another tenant by orders_taken_by_fkey: 2'],
      ],
      [
        'the row itself is given to a tenant',
        `ALTER TABLE staff ADD knows integer REFERENCES customers (id); INSERT INTO staff VALUES (3, NULL, 'bo', 1), (4, NULL, 'cy', 2);`,
        {},
        ['staff.knows'],
        ['1 rows of public.staff name rows of another tenant by staff_knows_fkey: 4'],
      ],
      [
        'all rows of a table are said to be tenant zero’s',
        `CREATE TABLE badges (id integer PRIMARY KEY, customer_id integer REFERENCES customers (id));
         INSERT INTO badges VALUES (1, 1), (2, 2), (3, NULL);`,
        { badges: { owner: 'zero' } },
        [],
        [
          '1 rows of public.badges name rows of another tenant by badges_customer_id_fkey: 2; they are tenant zero’s only because of owner: zero',
        ],
      ],
      [
        'a column says it, which no answer overrules',
        `INSERT INTO visits VALUES (1, 1, 2), (2, 2, 2);`,
        { visits: { disputed: 'quarantine' } },
        [],
        ['1 rows of public.visits name rows of another tenant by visits_customer_id_fkey: 1'],
      ],
    ];
    for (const [what, more, said, unrelated, expected] of crossings)
      test(`is asked about rows that V2 would refuse where ${what}`, () =>
        within(more, async (target) => {
          const { tenant, ...rest } = saying({ ...tables, ...said }) as { tenant: object };
          const planned = await planOf(target, { ...rest, tenant: { ...tenant, unrelated } });
          assert.deepEqual(asked(planned), expected);
        }));

    test('is asked about rows whose column is empty, whatever their keys say', () =>
      within(
        'ALTER TABLE visits ALTER shop_id DROP NOT NULL; INSERT INTO visits VALUES (1, NULL, 2);',
        async (target) => {
          assert.deepEqual(asked(await planOf(target, saying(tables))), [
            '1 rows of public.visits lead to no tenant: 1',
          ]);
          const given = { ...tables, visits: { ownerless: '1' } };
          assert.deepEqual(asked(await planOf(target, saying(given))), [
            '1 rows of public.visits name rows of another tenant by visits_customer_id_fkey: 1',
          ]);
        },
      ));

    test('is told of a tenant for rows without an owner that there is not', () =>
      within('', async (target) => {
        const said = { ...tables, staff: { ownerless: '7' } };
        await assert.rejects(planOf(target, saying(said)), /shops has no row with that key/);
      }));

    test('is asked about triggers that a row put aside would fire, or that name a column of V1', () =>
      within('', async (target) => {
        const said = {
          ...tables,
          baskets: { ownerless: 'quarantine', columns: { note: 'remark' } },
        };
        assert.deepEqual(asked(await planOf(target, saying(said))), [
          'the trigger baskets_mark calls public.marks, which names note of the row: V2 calls or writes that column otherwise, and V1’s writes would fail',
          'a fill changes every row of public.baskets, and its trigger baskets_mark calls public.marks',
          'a fill changes every row of public.baskets, and its trigger baskets_stay calls public.stays, which refuses changes',
        ]);
      }));
  });
});

async function take(
  session: RawSession,
  { steps }: PlannedConversion['plan'],
  phase: string,
  way: 'up' | 'down',
): Promise<void> {
  const own = steps.filter((step) => step.phase === phase);
  for (const step of way === 'up' ? own : own.toReversed()) {
    const statements = statementsOf(step)[way];
    const all = step.transaction ? ['BEGIN', ...statements, 'COMMIT'] : statements;
    for (const statement of all)
      await session.run(statement).catch((error: unknown) => {
        throw new Error(`${phase} ${step.table} ${step.what}, ${way}: ${String(error)}`, { cause: error });
      });
  }
}

/** Roles belong to the whole server, and outlive the database. */
async function dropRoles(target: DatabaseTarget): Promise<void> {
  const session = await openRaw(target);
  for (const role of ['owner', 'app', 'fleet', 'operator', 'v1', 'v0', 'reader'])
    await session.run(
      `DO $$ BEGIN IF to_regrole('stranger_${role}') IS NOT NULL THEN DROP OWNED BY stranger_${role} CASCADE;
         DROP ROLE stranger_${role}; END IF; EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END $$`,
    );
  await session.close();
}
