/** The SQL that mends keys, owner columns and indexes clears every finding that has any, and the application works on. */
import assert from 'node:assert/strict';
import { after, afterEach, before, it } from 'node:test';
import pg from 'pg';
import { judge } from '../../src/isolation/judge.ts';
import type { MendStep } from '../../src/isolation/mends/mend.ts';
import { mendsOf, stepsInOrder } from '../../src/isolation/mends/mends.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { DroverError } from '../../src/errors.ts';
import { oneEngine } from '../support/databases.ts';
import { fill, openFresh, plant, readPlanted, roleName, secured, shownAs, shownFindings } from './ground.ts';
import type { OpenedFresh, Planting, Shape } from './ground.ts';

const one = '00000000-0000-0000-0000-000000000001';
const two = '00000000-0000-0000-0000-000000000002';

/** Rows of two tenants that obey what is to come, then every fault that SQL mends, each on objects of its own. */
const faults = (version: number, partitioned: boolean): string => `
  INSERT INTO {{orgs}} VALUES ('${one}'), ('${two}');
  INSERT INTO {{currencies}} VALUES ('red'), ('blue');
  INSERT INTO {{users}} VALUES ('${one}', '${one}', 'ann'), ('${two}', '${two}', 'bob');
  INSERT INTO {{rooms}} VALUES ('${one}', '${one}', 'red'), ('${two}', '${two}', 'blue');
  INSERT INTO {{bookings}} VALUES ('${one}', '${one}', '${one}', '${one}');
  ALTER TABLE {{users}} ADD UNIQUE ({{id}});
  ALTER TABLE {{rooms}} ADD COLUMN {{user_id}} uuid,
    ADD CONSTRAINT acts FOREIGN KEY ({{user_id}}) REFERENCES {{users}} ({{id}}) ON DELETE SET NULL ON UPDATE CASCADE;
  CREATE INDEX ON {{rooms}} ({{user_id}});
  UPDATE {{rooms}} SET {{user_id}} = {{id}};
  CREATE TABLE {{halls}} ({{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{id}} uuid PRIMARY KEY) {{BY id}}; {{PARTS halls}}
  CREATE TABLE {{seats}} ({{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{room_id}} uuid NOT NULL,
    CONSTRAINT crosses FOREIGN KEY ({{room_id}}) REFERENCES {{halls}} DEFERRABLE INITIALLY DEFERRED);
  CREATE INDEX ON {{halls}} ({{org_id}}); CREATE INDEX ON {{seats}} ({{org_id}}, {{room_id}});
  ${secured('halls')} ${secured('seats')}
  INSERT INTO {{halls}} VALUES ('${one}', '${one}'), ('${two}', '${two}');
  INSERT INTO {{seats}} VALUES ('${one}', '${one}');
  ALTER TABLE {{bookings}} ADD {{partner_id}} uuid,
    ADD CONSTRAINT lets_go FOREIGN KEY ({{org_id}}, {{partner_id}}) REFERENCES {{users}} ON DELETE SET NULL;
  CREATE INDEX ON {{bookings}} ({{partner_id}});
  UPDATE {{bookings}} SET {{partner_id}} = {{user_id}};
  ALTER TABLE {{rooms}} ADD CONSTRAINT later CHECK ({{org_id}} IS NOT NULL) NOT VALID;
  ${version < 180_000 ? '' : `ALTER TABLE {{rooms}} ADD CONSTRAINT hopes CHECK ({{org_id}} IS NOT NULL) NOT ENFORCED;`}
  ALTER TABLE {{users}} ADD CONSTRAINT narrow UNIQUE NULLS NOT DISTINCT ({{note}});
  CREATE TABLE {{labels}} ({{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{note}} text,
    CONSTRAINT labels_pkey PRIMARY KEY (${partitioned ? '{{org_id}}, ' : ''}{{note}}));
  INSERT INTO {{labels}} VALUES ('${one}', 'fragile');
  CREATE INDEX ON {{labels}} ({{org_id}});
  CREATE TABLE {{letters}} ({{org_id}} uuid REFERENCES {{orgs}}, {{note}} integer) {{BY note}}; {{PARTS letters}}
  INSERT INTO {{letters}} SELECT '${one}', n FROM generate_series(1, 10001) AS n;
  CREATE UNIQUE INDEX narrow_letters ON {{letters}} ({{note}}) INCLUDE ({{org_id}}) WHERE {{note}} > 7;
  CREATE TABLE {{stamps}} ({{org_id}} uuid REFERENCES {{orgs}}, {{user_id}} uuid NOT NULL,
    CONSTRAINT half FOREIGN KEY ({{org_id}}, {{user_id}}) REFERENCES {{users}}) {{BY org_id}}; {{PARTS stamps}}
  CREATE INDEX ON {{stamps}} ({{org_id}}, {{user_id}}); ${secured('stamps')}
  CREATE TABLE {{parcels}} ({{org_id}} uuid NOT NULL, {{note}} text) {{BY org_id}}; {{PARTS parcels}}
  CREATE INDEX ON {{parcels}} ({{org_id}});
  INSERT INTO {{parcels}} VALUES ('${one}', 'heavy');
  CREATE TABLE {{partners}} ({{id}} uuid PRIMARY KEY); ALTER TABLE {{partners}} ENABLE ROW LEVEL SECURITY;
  ALTER TABLE {{orgs}} ADD {{partner_id}} uuid REFERENCES {{partners}}; CREATE INDEX ON {{orgs}} ({{partner_id}});
  ALTER TABLE {{rooms}} ADD {{partner_id}} uuid REFERENCES {{partners}}; CREATE INDEX ON {{rooms}} ({{partner_id}});
  ALTER TABLE {{rooms}} ADD CONSTRAINT priced FOREIGN KEY ({{note}}) REFERENCES {{currencies}};
  ANALYZE {{letters}};`;

/** What is planted, whose finding it is, and why no statement mends it by itself. */
const withoutSql: readonly (readonly [sql: string, rule: string, note: RegExp])[] = [
  [`ALTER TABLE users ADD EXCLUDE USING hash (note WITH =)`, 'unique-across-tenants', /lock/],
  [`CREATE UNIQUE INDEX ON users (lower(note))`, 'unique-across-tenants', /by hand/],
  [`ALTER TABLE users ADD UNIQUE (note) DEFERRABLE`, 'unique-across-tenants', /deferrable/],
  [
    `ALTER TABLE users ADD UNIQUE (note); ALTER TABLE rooms ADD FOREIGN KEY (note) REFERENCES users (note)`,
    'unique-across-tenants',
    /foreign key/,
  ],
  [
    `CREATE TABLE notes (org_id uuid NOT NULL REFERENCES orgs, note text PRIMARY KEY) PARTITION BY HASH (note)`,
    'unique-across-tenants',
    /primary key of a partitioned table/,
  ],
  [
    `ALTER TABLE users ADD UNIQUE (id); CREATE TABLE notes (user_id uuid NOT NULL REFERENCES users (id), org_id uuid NOT NULL,
      room_id uuid NOT NULL REFERENCES users (id)); ${secured('notes', 'false')}`,
    'key-crosses-tenants',
    /owner column/,
  ],
  [
    `ALTER TABLE rooms DROP CONSTRAINT rooms_org_id_fkey, ADD FOREIGN KEY (org_id) REFERENCES orgs ON DELETE SET NULL`,
    'key-set-null-tenant',
    /for you to say/,
  ],
  [
    `ALTER POLICY tenant ON bookings USING (org_id = '${one}'::uuid AND state = 'open')`,
    'tenant-literal',
    /among other conditions/,
  ],
  [
    `ALTER POLICY tenant ON bookings USING (org_id = current_setting('app.other')::uuid AND org_id::text = current_user)`,
    'current-user-shared',
    /among other conditions/,
  ],
];

const mended = [
  'foreign-key-unindexed',
  'key-acts-across-tenants',
  'key-crosses-tenants',
  'key-not-enforced',
  'key-not-validated',
  'key-set-null-tenant',
  'key-tenant-optional',
  'second-owner-untied',
  'tenant-column-nullable',
  'tenant-index-missing',
  'tenant-root-untied',
  'unique-across-tenants',
];

/** As psql would send it. An embedded database has one connection: nobody writes meanwhile, and every statement is in a transaction. */
async function take(opened: OpenedFresh, { sql, transactional }: MendStep): Promise<void> {
  const { database, url } = opened;
  if (!transactional && url !== undefined) return outside(url, sql);
  await database.transaction({}, async (tx) => {
    for (const statement of sql)
      await tx.run(transactional ? statement : statement.replace(' CONCURRENTLY ', ' '));
  });
}

async function outside(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}

/** As the application's role in one tenant. */
function asTenant(database: Database, tenant: string, sql: string): Promise<number> {
  return database.transaction({}, async (tx) => {
    await tx.run(`SET LOCAL ROLE ${roleName('app')}`);
    await tx.run(`SET LOCAL app.org = '${tenant}'`);
    return tx.run(sql);
  });
}

function refusedWith(sqlState: string): (error: unknown) => boolean {
  return (error) => error instanceof DroverError && error.data['sqlState'] === sqlState;
}

oneEngine((engine) => {
  let opened: OpenedFresh;
  let database: Database;
  let version: number;
  before(async () => {
    opened = await openFresh(engine);
    ({ database } = opened);
    const sql = `SELECT current_setting('server_version_num')::integer AS version`;
    ({ version } = await database.transaction({}, (tx) => tx.one<{ version: number }>(sql)));
  });
  afterEach(() => database.transaction({}, (tx) => tx.script(cleaned())));
  after(() => opened.close());

  const tried: readonly Shape[] = ['quoted', 'partitioned'];
  for (const shape of tried)
    it(`clears what it has SQL for (${shape})`, async () => {
      const planting: Planting = {
        shape,
        sql: faults(version, shape === 'partitioned'),
        tenant: { column: shownAs(shape, 'org_id') },
      };
      await database.transaction({}, (tx) => plant(tx, planting));
      const read = (): ReturnType<typeof readPlanted> =>
        database.transaction({}, (tx) => readPlanted(tx, engine, planting));
      const { facts, settings } = await read();
      const { findings } = await judge(facts, settings);
      assert.deepEqual(
        [...new Set(findings.map(({ rule }) => rule))].toSorted(),
        mended.filter((rule) => version >= 180_000 || rule !== 'key-not-enforced'),
      );

      const mends = await mendsOf(facts, settings, findings);
      assert.deepEqual(
        mends.filter(({ steps }) => steps.length === 0),
        [],
      );
      assert.equal(mends.length, findings.length);
      const refusing = mends.flatMap((mend) => mend.refusing ?? []);
      for (const sql of refusing)
        assert.deepEqual(await database.transaction({}, (tx) => tx.many(sql)), [], sql);
      for (const step of stepsInOrder(mends)) await take(opened, step);

      const mendedFacts = await read();
      assert.deepEqual(shownFindings(await judge(mendedFacts.facts, mendedFacts.settings)), []);
      await worksOn(shape);
    });

  it('says why where it has no SQL', async () => {
    for (const [sql, rule, note] of withoutSql) {
      const planting: Planting = { shape: 'plain', sql };
      await database.transaction({}, async (tx) => {
        await plant(tx, planting);
        const { facts, settings } = await readPlanted(tx, engine, planting);
        const { findings } = await judge(facts, settings);
        const mends = (await mendsOf(facts, settings, findings)).filter((mend) => mend.rule === rule);
        assert.deepEqual(
          mends.map(({ steps, note: why = '' }) => [steps, note.test(why)]),
          [[[], true]],
          `${rule} ${sql}`,
        );
        await tx.script(cleaned());
      });
    }
    await database.transaction({}, (tx) => plant(tx, { shape: 'plain', sql: '' }));
  });

  it('names who would see nothing any more, and writes nothing where nobody says how the tenant is named', async () => {
    const off = 'ALTER TABLE bookings DISABLE ROW LEVEL SECURITY; GRANT SELECT ON bookings TO {{backup}};';
    const silent = ['orgs', 'users', 'rooms', 'bookings'].map((table) => `DROP POLICY tenant ON ${table};`);
    const said = { roles: [roleName('app')], trusted: [roleName('backup')] };
    for (const [sql, isolation, steps, note] of [
      [off, said, 1, /_backup would see nothing of its rows/],
      [off + silent.join(' '), { ...said, context: ['app.other'] }, 0, /isolation\.context/],
    ] as const) {
      const planting: Planting = { shape: 'plain', sql, isolation };
      await database.transaction({}, async (tx) => {
        await plant(tx, planting);
        const { facts, settings } = await readPlanted(tx, engine, planting);
        const { findings } = await judge(facts, settings);
        const [mend] = (await mendsOf(facts, settings, findings)).filter(({ rule }) => rule === 'rls-off');
        assert.equal(mend?.steps.length, steps);
        assert.match(mend?.note ?? '', note);
        await tx.script(cleaned());
      });
    }
    await database.transaction({}, (tx) => plant(tx, { shape: 'plain', sql: '' }));
  });

  async function worksOn(shape: Shape): Promise<void> {
    const filled = (sql: string): string => fill(shape, sql);
    const use = (sql: string): Promise<number> => asTenant(database, one, filled(sql));
    const values = `'${one}', gen_random_uuid(), '${one}', '${one}', 'x', 'open', '${one}'`;
    assert.equal(await use(`INSERT INTO {{bookings}} VALUES (${values})`), 1);
    assert.equal(await use(`UPDATE {{rooms}} SET {{user_id}} = '${one}'`), 1);
    await assert.rejects(use(`UPDATE {{rooms}} SET {{user_id}} = '${two}'`), refusedWith('23503'));
    await assert.rejects(use(`INSERT INTO {{seats}} VALUES ('${one}', '${two}')`), refusedWith('23503'));
    assert.equal(
      await asTenant(
        database,
        two,
        filled(`INSERT INTO {{users}} VALUES ('${two}', gen_random_uuid(), 'ann')`),
      ),
      1,
    );
    await assert.rejects(
      use(`INSERT INTO {{users}} VALUES ('${one}', gen_random_uuid(), 'ann')`),
      refusedWith('23505'),
    );
    // What an action may write is the reference alone.
    const leave = filled(`DELETE FROM {{users}} WHERE {{note}} = 'bob'`);
    assert.equal(await asTenant(database, two, leave), 1);
    const kept = filled(
      `SELECT {{org_id}} AS org, {{user_id}} AS named FROM {{rooms}} WHERE {{id}} = '${two}'`,
    );
    assert.deepEqual(await database.transaction({}, (tx) => tx.many(kept)), [{ org: two, named: null }]);
  }
});

function cleaned(): string {
  const roles = ['app', 'job', 'owner', 'backup'].map(roleName);
  return `DROP SCHEMA IF EXISTS side CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    ${roles.map((role) => `DROP OWNED BY ${role}; DROP ROLE ${role};`).join('\n')}`;
}
