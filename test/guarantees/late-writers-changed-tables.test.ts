/**
 * Promise 4 in a foreign database that goes on living: a fence stays behind in tables whose triggers, columns and rights are other ones
 * than on the day of the migration. It judges the row that is stored, and it never closes a table to rows that do not name the source.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { smallDatabase } from '../cases/small-database.ts';
import type { SmallDatabase } from '../cases/small-database.ts';

/** How a condition of a place comes to fail for a writer, by table: `live` of the place, and what is done to the table `after` the move. */
const failing = {
  casts: { live: 'grade::int > 0', after: `ALTER TABLE casts ALTER grade SET DEFAULT 'high'` },
  calls: { live: 'counts(grade)', after: '' },
  typed: {
    live: `lower(grade) <> 'off'`,
    after: 'ALTER TABLE typed ALTER grade DROP DEFAULT, ALTER grade TYPE int USING 1',
  },
  taken: { live: `grade <> '0'`, after: 'ALTER TABLE taken DROP grade' },
} as const;
const tables = [...Object.keys(failing), 'plain'];
const role = `late_${randomBytes(4).toString('hex')}`;

const script = `ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO firms VALUES (1, 'Fig');
  CREATE FUNCTION counts(text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT true $$;
  CREATE FUNCTION older() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE ROLE ${role};
  ${tables
    .map(
      (
        table,
      ) => `CREATE TABLE ${table} (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text, note text,
        grade text DEFAULT '1', is_open boolean GENERATED ALWAYS AS (note IS DISTINCT FROM 'closed') STORED);
      INSERT INTO ${table} (id, firm_id, model) VALUES (1, 1, 'gpt-4o');
      GRANT SELECT, INSERT, UPDATE ON ${table} TO ${role};`,
    )
    .join('\n')}
  CREATE TRIGGER drover_fence BEFORE INSERT OR UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION older();`;

const yaml = `version: 1
database: { fence: trigger }
model: { identity: [provider, name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
${Object.entries(failing)
  .map(([table, { live }]) => `  - { at: ${table}.model, live: ${JSON.stringify(live)} }`)
  .join('\n')}
  - { at: plain.model, live: is_open }
`;

describe('a fence in a table that changed since', () => {
  let small: SmallDatabase;
  let writer: pg.Client;

  before(async () => {
    small = await smallDatabase('server', script, yaml);
    const { status, stdout, stderr } = await small.run(
      'apply',
      '--tenant',
      'Fig',
      '--from',
      'openai/gpt-4o',
      '--to',
      'openai/gpt-5',
      '--yes',
      '--json',
    );
    assert.equal(status, 0, stdout + stderr);
    assert.doesNotMatch(stdout, /NOT_FENCED/);
    await small.script(
      Object.values(failing)
        .map(({ after: change }) => change)
        .join(';'),
    );
    writer = new pg.Client({ connectionString: small.address });
    await writer.connect();
    await writer.query(`SET ROLE ${role}`);
  });
  after(async () => {
    await writer.end();
    await small.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await small.drop();
  });

  const insert = (table: string, id: number, model: string, note = 'was gpt-4o'): Promise<unknown> =>
    writer.query(`INSERT INTO ${table} (id, firm_id, model, note) VALUES ($1, 1, $2, $3)`, [id, model, note]);

  for (const table of Object.keys(failing))
    it(`refuses what mentions the source in its place where its condition fails (${table}), says how to lift it, and lets all else pass`, async () => {
      await insert(table, 2, 'o3');
      await insert(table, 4, 'gpt-4o-mini');
      await writer.query(`UPDATE ${table} SET note = 'gpt-4o no more' WHERE id IN (1, 2)`);
      const refusal = await insert(table, 3, 'GPT-4o').catch((error: unknown) => error as pg.DatabaseError);
      assert.ok(refusal instanceof pg.DatabaseError, 'refused');
      assert.equal(refusal.code, 'DR001', refusal.message);
      assert.match(
        refusal.message,
        new RegExp(`by Drover \\(migration [0-9a-f-]{36}\\): use .* names it in ${table}\\.model`),
      );
      const lift = /UPDATE "drover"\.fences .*$/.exec(refusal.message)?.[0] ?? '';
      await small.script(lift);
      await insert(table, 3, 'gpt-4o');
      await small.script(lift.replace('false', 'true'));
      await writer.query(`UPDATE ${table} SET note = 'as before' WHERE id = 3`);
      await assert.rejects(writer.query(`UPDATE ${table} SET model = 'gpt-4o' WHERE id = 2`), {
        code: 'DR001',
      });
    });

  it('is looked up by the tenant: those of others cost a writer nothing', async () => {
    await small.script(`INSERT INTO drover.fences (tenant_id, migration_id, number, table_name, content, message, owner)
        SELECT tenant_id, migration_id, n, table_name, jsonb_build_object('firm_id', n), message, n::text
        FROM drover.fences, generate_series(1000, 4000) n WHERE table_name LIKE '%plain'; ANALYZE drover.fences`);
    await writer.query(`BEGIN; INSERT INTO plain (id, firm_id, model) VALUES (9, 1, 'o3')`);
    const { rows } = await writer.query<{ looked: string }>(
      `SELECT pg_stat_get_xact_tuples_returned(c) + pg_stat_get_xact_tuples_fetched(c) AS looked FROM (SELECT 'drover.fences'::regclass) t (c)`,
    );
    await writer.query('ROLLBACK');
    assert.ok(Number(rows[0]?.looked) < 100, JSON.stringify(rows));
  });

  it('takes the place of the trigger of an earlier version, and judges the row that is stored: after the triggers of others, with generated columns, and not a copy that is dropped', async () => {
    await assert.rejects(insert('plain', 2, 'gpt-4o'), { code: 'DR001' });
    await insert('plain', 2, 'gpt-4o', 'closed');
    await assert.rejects(writer.query(`UPDATE plain SET note = NULL WHERE id = 2`), { code: 'DR001' });
    await writer.query(
      `INSERT INTO plain (id, firm_id, model) VALUES (1, 1, 'gpt-4o') ON CONFLICT (id) DO UPDATE SET note = 'kept'`,
    );
    for (const [is, becomes] of [
      ['gpt-4o', 'o3'],
      ['o3', 'gpt-4o'],
    ] as const) {
      await small.script(`CREATE OR REPLACE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN NEW.model := replace(NEW.model, '${is}', '${becomes}'); RETURN NEW; END $$;
        CREATE OR REPLACE TRIGGER late BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION rewrite()`);
      const written = insert('plain', 3, is);
      await (becomes === 'o3' ? written : assert.rejects(written, { code: 'DR001' }));
      await small.script('DELETE FROM plain WHERE id = 3');
    }
  });
});
