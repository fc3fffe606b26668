/**
 * A row gets another key, and keeps everything: whatever refers to it by a foreign key follows in one statement, at any depth; what names
 * it otherwise follows where the configuration says so, and whatever else holds the key is found. Nothing else differs by a byte, and
 * a rollback gives the start.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RowsConfig } from '../../src/engine/rules/config.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import pg from 'pg';
import { completionLine } from '../../src/engine/planner/render.ts';
import { explainPlan } from '../../src/postgres/move/explain.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { listAliases } from '../../src/postgres/records/aliases.ts';
import { openSite, prepareState } from '../../src/postgres/scope/site.ts';
import { compareDatabases, queryText } from '../attached/database-text.ts';
import { applyOne, planOne, rollbackOne } from '../support/batches.ts';
import { oneEngine, freshDatabase } from '../support/databases.ts';
import { actor, codes, literalOf, nextKey, oldKey, prepareRows, refusedAs } from '../support/rows-case.ts';
import type { RowsCase } from '../support/rows-case.ts';

const old = oldKey;
const other = '22222222-2222-4222-8222-22222222bbbb';
const next = nextKey;

async function aliasesOf({ site, schema }: RowsCase): Promise<string[][]> {
  return (await listAliases(site, { table: `${schema}.printers` })).map(({ from, to }) => [from, to]);
}

oneEngine((engine) => {
  let database: Database;
  let drop: () => Promise<void>;
  let url: string | undefined;

  before(async () => {
    const fresh = await freshDatabase(engine);
    drop = fresh.drop;
    url = 'url' in fresh.target ? fresh.target.url : undefined;
    database = await openDatabase(fresh.target);
  });
  after(async () => {
    await database.close();
    await drop();
  });

  const prepare = (sql: string, how?: Parameters<typeof prepareRows>[2]): Promise<RowsCase> =>
    prepareRows(database, sql, how);

  const printers = `CREATE TABLE printers (id uuid PRIMARY KEY, name text); INSERT INTO printers VALUES ('${old}', 'Kitchen'), ('${other}', 'Bar');`;

  describe('by foreign key', () => {
    it('follows at three levels of composite keys, in a ring, to itself and by two columns of one row, and no other tenant’s', async () => {
      const at = await prepare(
        `CREATE TABLE tenants (id text PRIMARY KEY); INSERT INTO tenants VALUES ('a'), ('b');
         CREATE TABLE printers (tenant_id text NOT NULL REFERENCES tenants, id text, spare text, lead_job int, PRIMARY KEY (tenant_id, id),
           FOREIGN KEY (tenant_id, spare) REFERENCES printers);
         CREATE TABLE jobs (tenant_id text NOT NULL, printer_id text NOT NULL, n int, PRIMARY KEY (tenant_id, printer_id, n),
           FOREIGN KEY (tenant_id, printer_id) REFERENCES printers ON DELETE CASCADE);
         ALTER TABLE printers ADD FOREIGN KEY (tenant_id, id, lead_job) REFERENCES jobs (tenant_id, printer_id, n);
         CREATE TABLE pages (tenant_id text NOT NULL, printer_id text NOT NULL, job int NOT NULL, n int, PRIMARY KEY (tenant_id, printer_id, job, n),
           FOREIGN KEY (tenant_id, printer_id, job) REFERENCES jobs ON UPDATE SET NULL);
         CREATE TABLE moves (tenant_id text NOT NULL, n int, was text, became text, PRIMARY KEY (tenant_id, n),
           FOREIGN KEY (tenant_id, was) REFERENCES printers, FOREIGN KEY (tenant_id, became) REFERENCES printers ON DELETE SET NULL);
         INSERT INTO printers SELECT t, k, NULL, NULL FROM (VALUES ('a'), ('b')) x (t), (VALUES ('one'), ('two')) y (k);
         INSERT INTO jobs SELECT t, k, n FROM (VALUES ('a'), ('b')) x (t), (VALUES ('one'), ('two')) y (k), generate_series(1, 3) n;
         INSERT INTO pages SELECT tenant_id, printer_id, n, 1 FROM jobs;
         UPDATE printers SET spare = 'one', lead_job = 2;
         INSERT INTO moves VALUES ('a', 1, 'one', 'two'), ('a', 2, 'two', 'one'), ('a', 3, 'one', 'one'), ('a', 4, 'two', NULL), ('b', 1, 'one', 'one');`,
        {
          tenant: { root: 'tenants', column: 'tenant_id' },
          intent: { tenant: 'a', from: 'one', to: 'three' },
        },
      );
      assert.ok(codes(await at.plan(), 'warning').includes('KEY_NOT_TELLING'));
      const result = await at.roundTrip(['printers', 'jobs', 'pages', 'moves']);
      assert.deepEqual(
        result.steps.map(({ operation, actual }) => [operation, actual]),
        // Two printers (the row, and the one whose spare it is), three jobs, three pages, three moves.
        [['rekey', 11]],
      );
      await at.apply({ to: 'four' });
      assert.deepEqual(await at.rows(`SELECT n, was, became FROM ~moves WHERE tenant_id = 'a' ORDER BY 1`), [
        ['1', 'four', 'two'],
        ['2', 'two', 'four'],
        ['3', 'four', 'four'],
        ['4', 'two', null],
      ]);
      assert.deepEqual(
        await at.rows(`SELECT j.before ->> 'was', j.after ->> 'was', j.befores FROM drover.journal j JOIN drover.migrations m ON m.id = j.migration_id
          WHERE m.to_key = 'four' AND j.table_name LIKE '%.jobs'`),
        [[null, null, null]],
      );
    });

    it('follows where keys are deferrable, deferred or neither, and rows that nothing limits', async () => {
      const at = await prepare(`${printers}
        CREATE TABLE a (id int PRIMARY KEY, printer uuid REFERENCES printers DEFERRABLE);
        CREATE TABLE b (id int PRIMARY KEY, printer uuid REFERENCES printers DEFERRABLE INITIALLY DEFERRED);
        CREATE TABLE c (id int PRIMARY KEY, printer uuid REFERENCES printers ON DELETE RESTRICT);
        INSERT INTO a VALUES (1, '${old}'), (2, '${other}'); INSERT INTO b VALUES (1, '${old}'); INSERT INTO c VALUES (1, '${old}'), (2, NULL);`);
      assert.ok(codes(await at.plan(), 'warning').includes('NO_INDEX'));
      await at.roundTrip(['printers', 'a', 'b', 'c']);
    });

    it('names what nobody may write to, every reason at once, before anything is written', async () => {
      const at =
        await prepare(`CREATE TABLE printers (id varchar(36) PRIMARY KEY, code text GENERATED ALWAYS AS ('p-' || id) STORED UNIQUE, CHECK (id <> '${next}'));
        INSERT INTO printers VALUES ('${old}');
        CREATE TABLE jobs (printer varchar(12) REFERENCES printers ON UPDATE CASCADE, id int PRIMARY KEY);
        CREATE TABLE codes (code text REFERENCES printers (code), id int PRIMARY KEY);
        CREATE TABLE parts (printer varchar(36) REFERENCES printers, id int, PRIMARY KEY (printer, id)) PARTITION BY LIST (printer);
        CREATE TABLE parts_old PARTITION OF parts FOR VALUES IN ('${old}');
        CREATE TABLE ruled (printer varchar(36) REFERENCES printers, id int PRIMARY KEY);
        CREATE RULE kept AS ON UPDATE TO ruled WHERE new.id > 5 DO INSTEAD NOTHING;
        INSERT INTO codes VALUES ('p-${old}', 1); INSERT INTO parts VALUES ('${old}', 1); INSERT INTO ruled VALUES ('${old}', 1);`);
      const start = await at.text();
      const plan = await at.plan();
      const words = plan.findings.filter(({ code }) => code === 'REKEY_IMPOSSIBLE').map(({ place }) => place);
      assert.deepEqual(
        [...new Set(words)].toSorted((a = '', b = '') => (a < b ? -1 : 1)),
        ['computed', 'key-type', 'no-partition', 'rule'],
      );
      await assert.rejects(at.apply(), refusedAs('PLAN_REFUSED'));
      await assert.rejects(at.apply({}, { force: true, reason: 'no' }), refusedAs('PLAN_REFUSED'));
      assert.deepEqual(compareDatabases(start, await at.text()), {});
    });

    it(
      'is found by its indexes, and a writer that inserts meanwhile is done before or is refused',
      { skip: engine === 'embedded' && 'one connection' },
      async () => {
        const at = await prepare(`${printers}
        CREATE TABLE jobs (id int PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, printer uuid NOT NULL REFERENCES printers, filler text);
        CREATE INDEX ON jobs (printer);
        INSERT INTO jobs (printer, filler) SELECT '${other}', repeat('x', 100) FROM generate_series(1, 2000);
        INSERT INTO jobs (printer) VALUES ('${old}');
        ANALYZE jobs;`);
        const plan = await at.plan();
        assert.deepEqual(
          codes(plan, 'warning').filter((code) => code === 'NO_INDEX'),
          [],
        );
        await prepareState(at.site);
        const [statement = ''] = await explainPlan(at.site, plan);
        const [text = '', values = ''] = statement.split(/;\n-- (?=\$1)/);
        const bound = [...values.matchAll(/\$(\d+) = ("(?:[^"\\]|\\.)*")/g)].toReversed();
        const sql = bound.reduce(
          (all, [, number, value = '""']) =>
            all.replaceAll(`$${number}::`, `${literalOf(JSON.parse(value) as string)}::`),
          text,
        );
        const plain = `EXPLAIN ${sql.replace(/^-- step.*\n/, '')}`;
        const lines = await database.transaction({}, (tx) => tx.many<Record<string, string>>(plain));
        assert.doesNotMatch(JSON.stringify(lines), /Seq Scan on jobs/);
        assert.match(JSON.stringify(lines), /jobs_printer_idx/);
        const keys = [old, next];
        const writing = { over: false };
        let refused = 0;
        const pool = new pg.Pool({ connectionString: url, max: 4 });
        const write = async (): Promise<void> => {
          while (!writing.over)
            await pool
              .query(
                `INSERT INTO ${at.schema}.jobs (printer) SELECT id FROM ${at.schema}.printers WHERE name = 'Kitchen'`,
              )
              .catch((error: unknown) => {
                refused += 1;
                assert.equal((error as { code?: string }).code, '23503');
              });
        };
        const writers = [1, 2, 3, 4].map(write);
        let last = (await at.apply()).migrationId;
        for (let times = 0; times < 12; times += 1)
          last = (await rollbackOne(at.site, { migrationId: last, actor })).migrationId;
        writing.over = true;
        await Promise.all(writers);
        await pool.end();
        assert.deepEqual(await at.rows(`SELECT DISTINCT printer FROM ~jobs j WHERE printer <> '${other}'`), [
          [keys[1]],
        ]);
        const [[written = '0'] = []] = await at.rows(`SELECT count(*) FROM ~jobs WHERE filler IS NULL`);
        assert.ok(Number(written) > 1, `somebody wrote meanwhile, and ${refused} were refused`);
      },
    );

    it('follows whatever tables and columns are called, and whatever the key holds', async () => {
      const long = `${'x'.repeat(57)}"'$1`;
      const name = `"${long.replaceAll('"', '""')}"`;
      const [from, to] = [`it's "1" $1 \\ {a,b} % 0123456789`, `ünï $2::text; -- 0123456789 ''`];
      const at = await prepare(
        `CREATE TABLE "Order" ("select" text PRIMARY KEY, "Name" text);
         CREATE TABLE ${name} ("from" int PRIMARY KEY, ${name} text REFERENCES "Order", "Other$1" text REFERENCES "Order");
         CREATE TABLE plain (id int PRIMARY KEY, body jsonb, list text[]);
         INSERT INTO "Order" VALUES (${literalOf(from)}, 'a'), ('b', 'b');
         INSERT INTO ${name} VALUES (1, ${literalOf(from)}, 'b'), (2, 'b', ${literalOf(from)});
         INSERT INTO plain VALUES (1, jsonb_build_object('a', ${literalOf(from)}), ARRAY[${literalOf(from)}, 'b']);`,
        {
          table: '"Order"',
          names: [{ at: 'plain.body', json: '/a' }, { at: 'plain.list' }],
          intent: { rows: '"Order"', from, to },
        },
      );
      const result = await at.roundTrip(
        ['"Order"', name, 'plain'].map((each) => (each === name ? long : each.replaceAll('"', ''))),
      );
      assert.equal(result.steps.at(-1)?.actual, 3);
    });

    it('follows a row that refers to itself by MATCH FULL, by a unique key beside the primary one, and where NULLs are', async () => {
      const at = await prepare(
        `CREATE TABLE printers (id uuid PRIMARY KEY, room text NOT NULL, spare uuid, spare_room text, UNIQUE (room, id), UNIQUE NULLS NOT DISTINCT (spare),
           FOREIGN KEY (spare_room, spare) REFERENCES printers (room, id) MATCH FULL);
         INSERT INTO printers VALUES ('${old}', 'r', '${old}', 'r'), ('${other}', 'r', NULL, NULL);
         CREATE TABLE parts (id int PRIMARY KEY, room text, printer uuid, FOREIGN KEY (room, printer) REFERENCES printers (room, id));
         INSERT INTO parts VALUES (1, 'r', '${old}'), (2, NULL, '${old}'), (3, NULL, NULL);`,
      );
      await at.roundTrip(['printers', 'parts']);
      await at.apply({ to: next.replace('c', 'd') });
      assert.deepEqual(await at.rows(`SELECT count(*) FROM ~parts WHERE printer = '${old}'`), [['0']]);
    });

    it('writes a row anew whose key the database alone may write, over two levels, and nothing cascades', async () => {
      const at = await prepare(
        `CREATE TABLE printers (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text UNIQUE, spare int REFERENCES printers ON DELETE SET NULL,
           label text GENERATED ALWAYS AS ('p ' || name) STORED);
         INSERT INTO printers (name, spare) VALUES ('x', 1), ('y', 1), ('z', 2);
         CREATE TABLE jobs (printer int REFERENCES printers ON DELETE CASCADE, n int, PRIMARY KEY (printer, n));
         CREATE TABLE pages (printer int, job int, n int PRIMARY KEY, FOREIGN KEY (printer, job) REFERENCES jobs ON DELETE RESTRICT);
         INSERT INTO jobs VALUES (1, 1), (1, 2), (2, 1); INSERT INTO pages VALUES (1, 1, 1), (1, 2, 2), (2, 1, 3);
         CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN coalesce(new, old); END $$;
         CREATE TRIGGER removed BEFORE DELETE ON printers FOR EACH ROW EXECUTE FUNCTION nothing();`,
        { intent: { from: '1', to: '100' } },
      );
      const plan = await at.plan();
      assert.deepEqual(
        [codes(plan), codes(plan, 'info').filter((code) => /ANEW|FIRE/.test(code))],
        [[], ['ROW_WRITTEN_ANEW', 'TRIGGERS_FIRE']],
      );
      const result = await at.roundTrip(['printers', 'jobs', 'pages']);
      assert.equal(result.steps[0]?.actual, 6);
      await at.apply({ to: '200' });
      await at.script(`INSERT INTO printers (name) VALUES ('next')`);
      assert.deepEqual(await at.rows('SELECT id, name, spare, label FROM ~printers ORDER BY name'), [
        ['4', 'next', null, 'p next'],
        ['200', 'x', '200', 'p x'],
        ['2', 'y', '200', 'p y'],
        ['3', 'z', '2', 'p z'],
      ]);
    });

    it('says that other tenants’ rows would follow, and takes them along only when forced', async () => {
      const at = await prepare(
        `CREATE TABLE tenants (id text PRIMARY KEY); INSERT INTO tenants VALUES ('a'), ('b');
         CREATE TABLE printers (id uuid PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants); INSERT INTO printers VALUES ('${old}', 'a');
         CREATE TABLE jobs (id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, printer uuid REFERENCES printers);
         INSERT INTO jobs VALUES (1, 'a', '${old}'), (2, 'b', '${old}');`,
        { tenant: { root: 'tenants', column: 'tenant_id' }, intent: { tenant: 'a' } },
      );
      const plan = await at.plan();
      assert.deepEqual(codes(plan), ['FOREIGN_ROWS']);
      await assert.rejects(at.apply(), refusedAs('PLAN_REFUSED'));
      const { migrationId } = await at.apply({}, { force: true, reason: 'agreed' });
      assert.deepEqual(await at.rows('SELECT DISTINCT printer FROM ~jobs'), [[next]]);
      await rollbackOne(at.site, { migrationId, tenant: 'a', actor });
      assert.deepEqual(await at.rows('SELECT DISTINCT printer FROM ~jobs'), [[old]]);
    });

    it('names a rule that could not be asked, and that nobody looked for a key which tells nothing', async () => {
      const at = await prepare(`CREATE FUNCTION judge(text) RETURNS boolean LANGUAGE plpgsql AS $f$
          BEGIN IF $1 = 'two' THEN RAISE EXCEPTION 'not two'; END IF; RETURN true; END $f$;
        CREATE TABLE printers (id text PRIMARY KEY, CONSTRAINT judged CHECK (judge(id))); INSERT INTO printers VALUES ('one');`);
      const plan = await at.plan({ from: 'one', to: 'two' });
      const open = plan.findings.filter(({ code }) => code === 'TARGET_NOT_JUDGED');
      assert.match(open.map(({ message }) => message).join(), /Only the write can tell .*judged/);
      assert.match(
        completionLine(plan),
        /^Complete: .*; what names it without a foreign key was not looked for\.$/,
      );
      await assert.rejects(at.apply({ from: 'one', to: 'two' }), /not two/);
    });

    it('says beforehand that a row of another tenant has the key, where it is unique over all of them', async () => {
      const tenants = `CREATE TABLE tenants (id text PRIMARY KEY); INSERT INTO tenants VALUES ('a'), ('b');`;
      const about = { tenant: { root: 'tenants', column: 'tenant_id' }, intent: { tenant: 'a' } };
      const rows = `INSERT INTO printers VALUES ('${old}', 'a'), ('${next}', 'b');`;
      for (const [key, words] of [
        ['PRIMARY KEY (id)', ['key-taken']],
        ['PRIMARY KEY (tenant_id, id)', []],
      ] as const) {
        const made = `CREATE TABLE printers (id uuid, tenant_id text REFERENCES tenants, ${key});`;
        const at = await prepare(`${tenants} ${made} ${rows}`, about);
        const { findings } = await at.plan();
        assert.deepEqual(
          findings.filter(({ severity }) => severity === 'error').map(({ place }) => place),
          words,
        );
      }
    });

    it('is refused where an action of a foreign key would reach rows that policies hide, and nowhere else', async () => {
      const role = `keys_${process.pid}_${engine}`;
      const own = `shop_id = current_setting('app.shop', true)`;
      const secured = (name: string, using = own): string =>
        `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON ${name} USING (${using});`;
      const child = (name: string, key: string, using?: string): string =>
        `CREATE TABLE ${name} (id int PRIMARY KEY, shop_id text REFERENCES shops, printer_id KIND, ${key});
         INSERT INTO ${name} VALUES (1, 's1', 'OLD'); ${using === '' ? '' : secured(name, using)}`;
      const refers = 'FOREIGN KEY (printer_id) REFERENCES printers ON';
      const made = (type: string, key: string, more: string): string =>
        `CREATE TABLE shops (id text PRIMARY KEY); INSERT INTO shops VALUES ('s1'), ('s2');
         CREATE TABLE printers (id ${type} PRIMARY KEY, shop_id text NOT NULL REFERENCES shops, UNIQUE (shop_id, id));
         INSERT INTO printers (id, shop_id) OVERRIDING SYSTEM VALUE VALUES ('${key}', 's1'); ${secured('printers')}
         ${more.replaceAll('KIND,', `${type.split(' ', 1)[0]},`).replaceAll('OLD', key)}
         GRANT ALL ON ALL TABLES IN SCHEMA ~ TO ${role}; GRANT USAGE ON SCHEMA ~ TO ${role};`;
      const about = { session: { role, settings: { 'app.shop': '$tenant' } } };
      const tenant = { root: 'shops', column: 'shop_id' };
      const refusedTables = (plan: Plan): string[] =>
        plan.findings
          .filter(({ place }) => place === 'hidden-rows')
          .map(
            ({ message }) =>
              /of \S+\.(\w+) from.*with (ON [A-Z ]+), which/.exec(message)?.slice(1).join(' ') ?? message,
          );
      await database.transaction({}, (tx) => tx.script(`CREATE ROLE ${role}`));
      try {
        const children = [
          child('a', `${refers} UPDATE CASCADE`),
          child('b', `${refers} UPDATE SET NULL`),
          child('c', `${refers} UPDATE SET DEFAULT`),
          child('d', `${refers} DELETE CASCADE`),
          child('e', `${refers} UPDATE CASCADE`, 'true'),
          child('f', `${refers} UPDATE CASCADE`, ''),
          child('g', `FOREIGN KEY (shop_id, printer_id) REFERENCES printers (shop_id, id) ON UPDATE CASCADE`),
          `INSERT INTO a VALUES (2, 's2', 'OLD'); INSERT INTO b VALUES (2, 's2', 'OLD'); INSERT INTO d VALUES (2, 's2', 'OLD');`,
        ].join('\n');
        const at = await prepare(made('uuid', old, children), { about, tenant, intent: { tenant: 's1' } });
        const start = await at.text();
        assert.deepEqual(refusedTables(await at.plan()), [
          'a ON UPDATE CASCADE',
          'b ON UPDATE SET NULL',
          'c ON UPDATE SET DEFAULT',
        ]);
        await assert.rejects(at.apply({}, { force: true, reason: 'no' }), refusedAs('PLAN_REFUSED'));
        await at.script('DROP TABLE a, b, c');
        assert.deepEqual(codes(await at.plan()), []);
        await assert.rejects(at.apply(), /d_printer_id_fkey|foreign key/);
        assert.deepEqual(
          Object.keys(compareDatabases(start, await at.text())).length,
          3,
          'the tables that are gone',
        );
        await at.script('DELETE FROM d WHERE id = 2');
        await at.roundTrip(['printers', 'd', 'e', 'f', 'g']);

        const anew = [
          child('a', `${refers} DELETE CASCADE`),
          child('b', `${refers} DELETE SET NULL`),
          child('c', `${refers} DELETE RESTRICT`),
          `INSERT INTO a VALUES (2, 's2', 'OLD'); INSERT INTO b VALUES (2, 's2', 'OLD');`,
        ].join('\n');
        const again = await prepare(made('int GENERATED ALWAYS AS IDENTITY', '7', anew), {
          about,
          tenant,
          intent: { tenant: 's1', from: '7', to: '900' },
        });
        assert.deepEqual(refusedTables(await again.plan()), ['a ON DELETE CASCADE', 'b ON DELETE SET NULL']);
        await assert.rejects(again.apply(), refusedAs('PLAN_REFUSED'));
        await again.script('DROP TABLE a, b');
        await again.roundTrip(['printers', 'c']);
      } finally {
        await database.transaction({}, (tx) => tx.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
      }
    });

    it('is refused where tables refer that are not read, where a key on other columns cascades, and for the tenants’ own table', async () => {
      const told = (plan: Plan): (string | undefined)[] =>
        plan.findings.filter(({ code }) => code === 'REKEY_IMPOSSIBLE').map(({ place }) => place);
      const at = await prepare(
        `${printers} CREATE TABLE jobs (id int PRIMARY KEY, printer uuid REFERENCES printers);
         CREATE TABLE pages (job int REFERENCES jobs, id int PRIMARY KEY);
         CREATE TABLE kept (printer uuid REFERENCES printers ON UPDATE SET NULL); CREATE TABLE still (printer uuid REFERENCES printers);
         INSERT INTO kept VALUES ('${old}');`,
        { about: { ignore: ['kept', 'still', 'pages'] } },
      );
      const start = await at.text();
      const plan = await at.plan();
      const named = plan.findings.filter(({ place }) => place === 'not-read').map(({ message }) => message);
      assert.deepEqual(told(plan), ['not-read', 'not-read']);
      assert.match(
        named[0] ?? '',
        /kept_printer_fkey of \S+\.kept leads to \S+\.printers \(ON UPDATE SET NULL.*database\.ignore/,
      );
      await assert.rejects(at.apply({}, { force: true, reason: 'no' }), refusedAs('PLAN_REFUSED'));
      assert.deepEqual(compareDatabases(start, await at.text()), {});
      await at.script('DROP TABLE kept, still');
      assert.deepEqual(told(await at.plan()), []);

      const anew = await prepare(
        `CREATE TABLE printers (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, code text UNIQUE); INSERT INTO printers (code) VALUES ('x');
         CREATE TABLE labels (id int PRIMARY KEY, code text REFERENCES printers (code) ON DELETE CASCADE); INSERT INTO labels VALUES (1, 'x');`,
        { intent: { from: '1', to: '100' } },
      );
      assert.deepEqual(told(await anew.plan()), ['written-anew']);
      await assert.rejects(anew.apply(), refusedAs('PLAN_REFUSED'));
      assert.deepEqual(await anew.rows('SELECT code FROM ~labels'), [['x']]);

      const own = await prepare(printers, { tenant: { root: 'printers' }, intent: { tenant: old } });
      assert.deepEqual(told(await own.plan()), ['tenant-root']);
      await assert.rejects(own.apply(), refusedAs('PLAN_REFUSED'));
    });

    it('never takes a trigger that swallows or refuses for success, and tells which fire and what is computed', async () => {
      const at = await prepare(`${printers}
        CREATE TABLE jobs (id int PRIMARY KEY, printer uuid REFERENCES printers, label text GENERATED ALWAYS AS ('job') STORED);
        CREATE INDEX ON jobs (printer);
        CREATE MATERIALIZED VIEW busy AS SELECT printer, count(*) FROM jobs GROUP BY 1;
        INSERT INTO jobs VALUES (1, '${old}'), (2, '${old}');
        CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN old.id = 2 THEN NULL ELSE new END; END $$;
        CREATE TRIGGER meddle BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION meddle();`);
      const start = await at.text();
      assert.deepEqual(
        codes(await at.plan(), 'info').filter((code) => /TRIGGERS|DERIVED/.test(code)),
        ['DERIVED_DATA', 'TRIGGERS_FIRE'],
      );
      await assert.rejects(
        at.apply(),
        (error) => refusedAs('ROW_REFUSED')(error) || refusedAs('COUNT_MISMATCH')(error),
      );
      await at.script(
        `CREATE OR REPLACE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;`,
      );
      await assert.rejects(at.apply(), /not now/);
      assert.deepEqual(compareDatabases(start, await at.text()), {});
      assert.deepEqual(await listAliases(at.site, { table: `${at.schema}.printers` }), []);
      await at.script('DROP TRIGGER meddle ON jobs');
      await at.roundTrip(['printers', 'jobs']);
    });
  });

  describe('by value', () => {
    const hex = (key: string): string => key.replaceAll('-', '');
    const soft = `${printers}
      CREATE TABLE presets (id int PRIMARY KEY, body jsonb, list text, ids uuid[], url text, plain text);
      CREATE TABLE audit (id int PRIMARY KEY, subject_type text, subject_id text);
      INSERT INTO presets VALUES (1, '{"printer": "${old}", "names": {"${old}": 1}, "n": 1.50}', 'x, ${hex(old)} ,y', '{${other},${old}}', 'https://x/printers/${old}?q=1', '{${old}}'),
        (2, '{"printer": "${other}"}', '${other}', '{}', 'https://x/printers/${other}', NULL);
      INSERT INTO audit VALUES (1, 'printer', '${old}'), (2, 'user', '${old}');`;
    const names: RowsConfig['names'] = [
      { at: 'presets.body', json: '/printer' },
      { at: 'presets.body', json: '/names/~key' },
      { at: 'presets.list', shape: 'comma' },
      { at: 'presets.ids' },
      { at: 'presets.url', as: '/printers/{key}', within: 'token' },
      { at: 'presets.plain' },
      { at: 'audit.subject_id', when: `subject_type = 'printer'` },
    ];

    it('follows in documents, lists, arrays, addresses and pairs of type and id, each in its own spelling', async () => {
      const at = await prepare(soft, { names });
      assert.deepEqual(codes(await at.plan()), []);
      await at.roundTrip(['printers', 'presets', 'audit']);
      await at.apply({ to: other.replace('b', 'd') });
      const key = other.replace('b', 'd');
      assert.deepEqual(
        await at.rows('SELECT body ->> $$printer$$, list, ids::text, url, plain FROM ~presets WHERE id = 1'),
        [[key, `x, ${hex(key)} ,y`, `{${other},${key}}`, `https://x/printers/${key}?q=1`, `{${key}}`]],
      );
      assert.deepEqual(await at.rows('SELECT subject_type, subject_id FROM ~audit ORDER BY id'), [
        ['printer', key],
        ['user', old],
      ]);
    });

    it('finds what nobody spoke about, in every spelling and type, and refuses', async () => {
      const at = await prepare(`${printers}
        CREATE TABLE shared (id uuid PRIMARY KEY); INSERT INTO shared VALUES ('${old}');
        CREATE TABLE loose (id int PRIMARY KEY, a text, b bytea, c jsonb, d uuid, e text[]);
        INSERT INTO loose VALUES (1, upper('${hex(old)}'), decode('${hex(old)}', 'hex'), '["urn:uuid:${old}"]', '${old}', '{"{${old.toUpperCase()}}"}');`);
      const plan = await at.plan();
      const places = plan.leftBehind
        .filter(({ live }) => live)
        .map(({ place }) => place)
        .toSorted();
      assert.deepEqual(places, ['loose.a', 'loose.b', 'loose.c/*', 'loose.d', 'loose.e/*', 'shared.id']);
      await assert.rejects(at.apply(), refusedAs('PLAN_REFUSED'));
    });

    it('leaves history as it was, and the alias leads from it to the row, through any number of re-keys', async () => {
      const at = await prepare(`${soft} DELETE FROM presets;`, {
        names: [{ at: 'audit.subject_id', role: 'history' }, ...names.slice(0, -1)],
      });
      const aliases = (): Promise<string[][]> => aliasesOf(at);
      const first = await at.apply();
      assert.equal(first.completion, 'complete');
      assert.deepEqual(await at.rows('SELECT DISTINCT subject_id FROM ~audit'), [[old]]);
      const last = '44444444-4444-4444-8444-44444444dddd';
      const second = await at.apply({ from: next, to: last });
      assert.deepEqual(await aliases(), [
        [old, last],
        [next, last],
      ]);
      await assert.rejects(at.plan({ from: last, to: old }), refusedAs('KEY_ISSUED_BEFORE'));
      await assert.rejects(at.apply({ from: other, to: next }), refusedAs('KEY_ISSUED_BEFORE'));
      await assert.rejects(
        rollbackOne(at.site, { migrationId: first.migrationId, actor }),
        refusedAs('ROLLBACK_IMPOSSIBLE'),
      );
      await rollbackOne(at.site, { migrationId: second.migrationId, actor });
      assert.deepEqual(await aliases(), [
        [old, next],
        [last, next],
      ]);
      await rollbackOne(at.site, { migrationId: first.migrationId, actor });
      assert.deepEqual(await aliases(), [
        [next, old],
        [last, old],
      ]);
    });

    it('warns where the key tells nothing, and names the columns that hold it', async () => {
      const at = await prepare(
        `CREATE TABLE printers (id int PRIMARY KEY); INSERT INTO printers VALUES (7), (8);
         CREATE TABLE jobs (id serial PRIMARY KEY, printer_id int, pages int); INSERT INTO jobs (printer_id, pages) VALUES (7, 7), (8, 7);`,
        { intent: { from: '7', to: '70' } },
      );
      const [finding] = (await at.plan()).findings.filter(({ code }) => code === 'KEY_NOT_TELLING');
      assert.match(finding?.message ?? '', /jobs\.printer_id \(1 row\)\./);
      assert.doesNotMatch(finding?.message ?? '', /pages/);
    });
  });

  describe('what is there already', () => {
    it('never makes two rows one, waits for a busy one, and knows a row by its name', async () => {
      const at = await prepare(`${printers} ALTER TABLE printers ADD busy boolean NOT NULL DEFAULT false;`, {
        natural: ['name'],
        busy: 'busy',
      });
      assert.deepEqual(codes(await at.plan({ to: other })), ['BOTH_ROWS_EXIST']);
      await assert.rejects(at.plan({ from: 'Kitchen', to: 'Bar' }), refusedAs('INVALID_VALUE'));
      await assert.rejects(at.plan({ to: old }), refusedAs('SAME_MODEL'));
      await assert.rejects(at.plan({ from: next }), refusedAs('SAME_MODEL'));
      await assert.rejects(
        at.plan({ from: '44444444-4444-4444-8444-44444444dddd' }),
        refusedAs('ROW_NOT_FOUND'),
      );
      await assert.rejects(at.plan({ to: 'Cellar' }), refusedAs('INVALID_VALUE'));
      await assert.rejects(at.plan({ rows: 'plotters' }), refusedAs('ROWS_UNKNOWN'));
      await at.script('UPDATE printers SET busy = true');
      assert.deepEqual(codes(await at.plan({ from: 'Kitchen' })), ['ROW_BUSY']);
      await at.script(`UPDATE printers SET busy = false; UPDATE printers SET name = 'Kitchen'`);
      await assert.rejects(at.plan({ from: 'Kitchen' }), refusedAs('ROW_AMBIGUOUS'));
    });

    it('repairs what still names a row that somebody gave another key, and takes only that back', async () => {
      const at = await prepare(
        `${printers} UPDATE printers SET id = '${next}' WHERE id = '${old}';
         CREATE TABLE hooks (id int PRIMARY KEY, printer text); INSERT INTO hooks VALUES (1, '${old}'), (2, '${next}');`,
        { names: [{ at: 'hooks.printer' }] },
      );
      assert.ok(codes(await at.plan(), 'warning').includes('SOURCE_ROW_GONE'));
      await at.roundTrip(['hooks']);
      assert.deepEqual(await aliasesOf(at), [], 'what was taken back took its alias with it');
      const { migrationId } = await at.apply();
      assert.deepEqual(await aliasesOf(at), [[old, next]], 'whoever holds the old key finds the row');
      const { migrationId: back } = await rollbackOne(at.site, { migrationId, actor });
      assert.deepEqual(await aliasesOf(at), []);
      await rollbackOne(at.site, { migrationId: back, actor });
      assert.deepEqual(await aliasesOf(at), [[old, next]]);
      await at.script(`INSERT INTO hooks VALUES (3, '${old}')`);
      await at.apply();
      assert.deepEqual(
        await aliasesOf(at),
        [[old, next]],
        'a late reference is repaired, and the alias is there',
      );
      await at.script(`INSERT INTO hooks VALUES (4, '${old}')`);
      await assert.rejects(at.plan({ to: other }), refusedAs('KEY_ISSUED_BEFORE'));
      await assert.rejects(at.apply({ to: other }), refusedAs('KEY_ISSUED_BEFORE'));
      await at.script('DELETE FROM hooks WHERE id = 4');
    });

    it('takes a key from no row that was given one which a row had before, wherever the records are', async () => {
      const last = next.replace('c', 'd');
      const records = await freshDatabase('embedded');
      const state = await openDatabase(records.target);
      try {
        const at = await prepare(printers);
        for (const site of [at.site, await openSite({ database, config: at.site.config, state })]) {
          const { migrationId } = await applyOne(site, { intent: at.intent(), confirm: true, actor });
          await at.script(`INSERT INTO printers VALUES ('${old}', 'Again')`);
          const start = await at.text();
          const again = { intent: at.intent({ to: last }), confirm: true, actor };
          await assert.rejects(planOne(site, again.intent), refusedAs('KEY_ISSUED_BEFORE'));
          await assert.rejects(applyOne(site, again), refusedAs('KEY_ISSUED_BEFORE'));
          assert.deepEqual(compareDatabases(start, await at.text()), {});
          await at.script(`DELETE FROM printers WHERE id = '${old}'`);
          const { migrationId: stands } = await rollbackOne(site, { migrationId, actor });
          if (site === at.site) continue;
          // Somebody else writes an alias of the key to be while the work is under way.
          const late = (): Promise<void> =>
            state.transaction({}, (tx) =>
              tx.script(`INSERT INTO drover.aliases (tenant_id, table_name, old_key, new_key, migration_id)
                SELECT tenant_id, '${at.schema}.printers', '${last}', '${other}', id FROM drover.migrations WHERE id = '${stands}'`),
            );
          const free = await at.text();
          await assert.rejects(
            applyOne(site, { ...again, beforeCommit: late }),
            refusedAs('KEY_ISSUED_BEFORE'),
          );
          assert.deepEqual(compareDatabases(free, await at.text()), {});
          const statuses = `SELECT DISTINCT status FROM drover.migrations ORDER BY 1`;
          assert.deepEqual(await queryText(state, statuses), [['failed'], ['succeeded']]);
        }
      } finally {
        await state.close();
        await records.drop();
      }
    });

    it('tells keys that differ in form only, or that the database takes for equal, from each other or does nothing', async () => {
      const hex = old.replaceAll('-', '');
      const made = (type: string, keys: readonly string[]): string =>
        `CREATE TABLE printers (id ${type} PRIMARY KEY, slug text); INSERT INTO printers SELECT k::${type}, 'kitchen' || n
         FROM unnest(ARRAY[${keys.map(literalOf).join(', ')}]::text[]) WITH ORDINALITY x (k, n);`;
      for (const twin of [old, hex.toUpperCase(), `{${old}}`]) {
        const at = await prepare(made('text', [hex, twin]), { intent: { from: hex } });
        await assert.rejects(
          at.plan(),
          (error) =>
            refusedAs('ROW_AMBIGUOUS')(error) && String(error).includes(twin) && String(error).includes(hex),
        );
        await assert.rejects(at.apply({ from: twin }), refusedAs('ROW_AMBIGUOUS'));
      }
      const alone = await prepare(made('text', [hex, 'x']), { intent: { from: hex, to: old } });
      await alone.roundTrip(['printers']);
      await assert.rejects(alone.plan({ from: 'x' }), refusedAs('ROW_AMBIGUOUS'));
      const slugs = await prepare(made('text', ['a', 'x']), { natural: ['slug'] });
      assert.deepEqual(codes(await slugs.plan({ from: 'a', to: 'kitchen1' })), []);
      assert.deepEqual(codes(await slugs.plan({ from: 'x', to: 'kitchen1' })), []);
      assert.deepEqual(codes(await slugs.plan({ from: 'gone', to: 'kitchen1' }), 'warning').slice(-1), [
        'SOURCE_ROW_GONE',
      ]);
      const folds = `CREATE COLLATION folds (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;
      const loose = ['numeric', ...(engine === 'embedded' ? [] : ['text COLLATE folds'])];
      for (const type of loose) {
        const at = await prepare(
          `${type === 'numeric' ? '' : folds} CREATE TABLE printers (id ${type} PRIMARY KEY); INSERT INTO printers VALUES ('1');`,
        );
        await assert.rejects(
          at.plan({ from: '1', to: '2' }),
          (error) => refusedAs('INVALID_VALUE')(error) && /printers/.test(String(error)),
        );
      }
    });

    it('refuses a key that a list would read as another element, or as two, and counts the rows', async () => {
      const at = await prepare(
        `CREATE TABLE printers (id text PRIMARY KEY); INSERT INTO printers VALUES ('${old}');
         CREATE TABLE presets (id int PRIMARY KEY, commas text, bars text);
         INSERT INTO presets VALUES (1, 'x, ${old}', '${old}|y'), (2, '${old}', NULL);`,
        {
          names: [
            { at: 'presets.commas', shape: 'comma' },
            { at: 'presets.bars', shape: 'bars' },
          ],
        },
      );
      const found = async (to: string): Promise<unknown[]> =>
        (await at.plan({ to })).findings
          .filter(({ code }) => code === 'TARGET_REFUSED')
          .map(({ place, count }) => [place, count]);
      assert.deepEqual(await found('a,b'), [['presets.commas', 2]]);
      assert.deepEqual(await found('a|b'), [['presets.bars', 1]]);
      assert.deepEqual((await found(' a')).length, 2);
      assert.deepEqual(await found('a b'), []);
      await assert.rejects(at.apply({ to: 'a,b' }, { force: true, reason: 'no' }), refusedAs('PLAN_REFUSED'));
    });

    it('has its alias in the database of the records, once the work is committed', async () => {
      const at = await prepare(
        `${printers} CREATE TABLE jobs (id int PRIMARY KEY, printer uuid REFERENCES printers); INSERT INTO jobs VALUES (1, '${old}');`,
      );
      const records = await freshDatabase('embedded');
      const state = await openDatabase(records.target);
      try {
        const site = await openSite({ database, config: at.site.config, state });
        const request = { intent: at.intent(), confirm: true, actor };
        const { migrationId } = await applyOne(site, request);
        const aliases = async (): Promise<string[][]> =>
          (await listAliases(site, {})).map(({ from, to }) => [from, to]);
        assert.deepEqual(await aliases(), [[old, next]]);
        await at.script(`CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'too late'; END $$;
          CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON jobs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();`);
        await assert.rejects(rollbackOne(site, { migrationId, actor }));
        assert.deepEqual(await aliases(), [[old, next]]);
        await at.script('DROP TRIGGER late ON jobs');
        await rollbackOne(site, { migrationId, actor });
        assert.deepEqual(await aliases(), [[next, old]]);
      } finally {
        await state.close();
        await records.drop();
      }
    });

    it('is stale when a row came to follow, and a replay when it was applied', async () => {
      const at = await prepare(
        `${printers} CREATE TABLE jobs (id int PRIMARY KEY, printer uuid REFERENCES printers); INSERT INTO jobs VALUES (1, '${old}');`,
      );
      const seen = await at.plan();
      await at.script(`INSERT INTO jobs VALUES (2, '${old}')`);
      await assert.rejects(
        at.apply({}, { plan: seen }),
        (error) =>
          refusedAs('PLAN_STALE')(error) && /rows that follow by foreign key: changed/.test(String(error)),
      );
      const plan = await at.plan();
      const done = await at.apply({}, { plan });
      const again = await at.apply({}, { plan });
      assert.deepEqual([again.replayed, again.migrationId], [true, done.migrationId]);
    });
  });
});
