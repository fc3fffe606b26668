/** What is said of memberships is what PostgreSQL lets the role do: to become another one, and to have its rights. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { DroverError } from '../../src/errors.ts';
import { backToSavepoint } from '../../src/postgres/driver/question.ts';
import { eachEngine } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';
import { fill, openFresh, plant, readPlanted, roleName, shownFindings } from './ground.ts';
import { judge } from '../../src/isolation/judge.ts';

/** The owner of a table that forces nothing: who has its rights sees every tenant's rows, who becomes it does, too. */
const unforced = `ALTER TABLE {{users}} OWNER TO {{owner}}; ALTER TABLE {{users}} NO FORCE ROW LEVEL SECURITY;`;
const rows = ['1', '2'].map((n) => `00000000-0000-0000-0000-00000000000${n}`);

interface Reach {
  /** SET ROLE works, at once or once the role has granted itself what it may. */
  readonly becomes: boolean;
  /** It sees the rows of both tenants as it is. */
  readonly holds: boolean;
}

const [yes, no] = [true, false];
/** From 16 on, by ADMIN, INHERIT and SET. */
const combinations = [yes, no].flatMap((admin) =>
  [yes, no].flatMap((inherit) => [yes, no].map((set) => ({ admin, inherit, set }))),
);

eachEngine((engine) => {
  let database: Database;
  let close: () => Promise<void>;
  let version: number;
  before(async () => {
    ({ database, close } = await openFresh(engine));
    const sql = `SELECT current_setting('server_version_num')::integer AS version`;
    ({ version } = await database.transaction({}, (tx) => tx.one<{ version: number }>(sql)));
  });
  after(() => close());

  /** What the facts say, what trying shows, and what is found. */
  async function compared(sql: string): Promise<{ said: Reach; tried: Reach; found: string[] }> {
    let result: { said: Reach; tried: Reach; found: string[] } | undefined;
    const back = new Error('back');
    await database
      .transaction({}, async (tx) => {
        const planting = { shape: 'plain', sql: `${unforced} ${sql}` } as const;
        await plant(tx, planting);
        result = await look(tx, engine, planting);
        throw back;
      })
      .catch((error: unknown) => {
        if (error !== back) throw error;
      });
    // The embedded engine keeps who the session was when the transaction is taken back.
    if (engine === 'embedded')
      await database.transaction({}, (tx) => tx.run('SET SESSION AUTHORIZATION postgres'));
    assert.ok(result);
    return result;
  }

  it('each of ADMIN, INHERIT and SET', async () => {
    if (version < 160_000) return;
    for (const { admin, inherit, set } of combinations) {
      const options = `WITH ADMIN ${admin}, INHERIT ${inherit}, SET ${set}`;
      const { said, tried, found } = await compared(`GRANT {{owner}} TO {{app}} ${options}`);
      assert.deepEqual(said, tried, options);
      assert.deepEqual(tried, { becomes: admin || set, holds: inherit }, options);
      const isReached = admin || set || inherit;
      assert.deepEqual(found, isReached ? [`error role-owns ${roleName('app')}`] : [], options);
    }
  });

  it('a member without INHERIT, and who may make roles', async () => {
    const isOld = version < 160_000;
    for (const [sql, expected] of [
      ['ALTER ROLE {{app}} NOINHERIT; GRANT {{owner}} TO {{app}}', { becomes: true, holds: false }],
      ['ALTER ROLE {{app}} CREATEROLE', { becomes: isOld, holds: false }],
      ['SELECT 1', { becomes: false, holds: false }],
    ] as const) {
      const { said, tried } = await compared(sql);
      assert.deepEqual([said, tried], [expected, expected], sql);
    }
  });

  it('the owner of the database, who is in a role without having been granted it', async () => {
    const owning = `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO ${roleName('app')}', current_database()); END $$;
      ALTER TABLE {{users}} OWNER TO pg_database_owner;`;
    const { said, tried, found } = await compared(owning);
    assert.deepEqual([said.holds, tried.holds], [true, true]);
    assert.ok(found.includes(`error role-owns ${roleName('app')}`), String(found));
  });
});

async function look(
  tx: Tx,
  engine: Engine,
  planting: { readonly shape: 'plain'; readonly sql: string },
): Promise<{ said: Reach; tried: Reach; found: string[] }> {
  const { facts, settings } = await readPlanted(tx, engine, planting);
  const found = shownFindings(await judge(facts, settings)).filter((text) => !text.includes('server-cve'));
  const app = facts.roles.find(({ name }) => name === roleName('app'));
  const owner = facts.relations.find(({ name }) => name === 'users')?.owner ?? '';
  const said = { becomes: app?.becomes.includes(owner) === true, holds: app?.holds.includes(owner) === true };
  for (const id of rows)
    await tx.script(
      fill(
        'plain',
        `INSERT INTO {{orgs}} VALUES ('${id}'); INSERT INTO {{users}} ({{org_id}}) VALUES ('${id}')`,
      ),
    );
  const attempt = async (...statements: string[]): Promise<boolean> => {
    await tx.run('SAVEPOINT attempt');
    try {
      await tx.run(`SET LOCAL SESSION AUTHORIZATION ${roleName('app')}`);
      for (const sql of statements) await tx.run(sql);
      return (await tx.many(fill('plain', 'SELECT 1 FROM {{users}}'))).length === rows.length;
    } catch (error) {
      if (error instanceof DroverError) return false;
      throw error;
    } finally {
      await tx.ask(backToSavepoint('attempt'));
    }
  };
  const [app_, owner_] = [`"${roleName('app')}"`, `"${owner}"`];
  const become = `SET LOCAL ROLE ${owner_}`;
  const tried = {
    becomes:
      (await attempt(become)) ||
      (await attempt(`GRANT ${owner_} TO ${app_}${engine === 'embedded' ? ' WITH SET TRUE' : ''}`, become)),
    holds: await attempt(),
  };
  return { said, tried, found };
}
