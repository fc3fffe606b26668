/**
 * PostgreSQL as the judge of what the doctor says of a condition: two tenants with rows that are alike but for their keys, and what the
 * application's role then sees of the other one's.
 */
import type { IsolationReport } from '../../src/engine/isolation/report.ts';
import { judge } from '../../src/isolation/judge.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { backToSavepoint } from '../../src/postgres/driver/question.ts';
import { fill, plant, readPlanted, roleName } from './ground.ts';

const [a, b] = [1, 2].map((of) => `${String(of).repeat(8)}-0000-0000-0000-000000000000`);

/** Whom the callers are, the members of both, and rows of both that say the same. */
const rows = `
  CREATE TABLE {{extra}} ({{id}} text, {{org_id}} uuid, {{note}} text, PRIMARY KEY ({{id}}, {{org_id}}));
  GRANT SELECT ON {{extra}} TO {{app}};
  ALTER TABLE {{rooms}} ADD COLUMN seq integer NOT NULL DEFAULT 1; ALTER TABLE {{bookings}} ADD COLUMN seq integer NOT NULL DEFAULT 1;
  ALTER TABLE {{orgs}} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {{users}} NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE {{rooms}} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {{bookings}} NO FORCE ROW LEVEL SECURITY;
  ${[a, b]
    .map(
      (
        org,
      ) => `INSERT INTO {{orgs}} VALUES ('${org}', 'same'); INSERT INTO {{users}} VALUES ('${org}', '${org}', 'same');
    INSERT INTO {{rooms}} VALUES ('${org}', '${org}', 'same'); INSERT INTO {{extra}} VALUES ('${org}', '${org}', 'same');
    INSERT INTO {{bookings}} VALUES ('${org}', '${org}', '${org}', '${org}', 'same');`,
    )
    .join('\n')}
  ALTER TABLE {{orgs}} FORCE ROW LEVEL SECURITY; ALTER TABLE {{users}} FORCE ROW LEVEL SECURITY;
  ALTER TABLE {{rooms}} FORCE ROW LEVEL SECURITY; ALTER TABLE {{bookings}} FORCE ROW LEVEL SECURITY;`;

/** What a session of tenant A may have set: nothing, what a transaction before left, or its own. */
const sessions: readonly Readonly<Record<string, string>>[] = [
  {},
  { 'app.org': '', 'app.user': '', 'app.claims': '', 'app.scope': '' },
  {
    'app.org': a ?? '',
    'app.user': a ?? '',
    'app.claims': `{"org":"${a}","role":"authenticated"}`,
    'app.scope': 'tenant',
  },
];

export interface Judged {
  readonly report: IsolationReport;
  /** Did a session that is not B's see a row of B? */
  readonly leaks: boolean;
  /** Did B see its own? */
  readonly serves: boolean;
}

class RolledBack extends Error {}

/** Makes the schema once and tries each text of SQL in it. */
export async function judgeByRows(
  database: Database,
  texts: readonly string[],
): Promise<(Judged | { readonly refused: string })[]> {
  const found: (Judged | { refused: string })[] = [];
  const work = async (tx: Tx): Promise<never> => {
    await plant(tx, { shape: 'plain', sql: rows });
    for (const sql of texts) {
      await tx.run('SAVEPOINT fault');
      found.push(await judged(tx, database, sql).catch((error: unknown) => ({ refused: String(error) })));
      await tx.ask(backToSavepoint('fault'));
    }
    throw new RolledBack();
  };
  await database.transaction({}, work).catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error;
  });
  return found;
}

async function judged(tx: Tx, database: Database, sql: string): Promise<Judged> {
  await tx.script(fill('plain', sql));
  const { facts, settings } = await readPlanted(tx, database.engine, {
    shape: 'plain',
    sql: '',
    tenant: { global: ['{{currencies}}', '{{extra}}'] },
  });
  const report = await judge(facts, settings);
  const own = Object.fromEntries(
    Object.entries(sessions.at(-1) ?? {}).map(([name, value]) => [name, value.replaceAll(a ?? '', b ?? '')]),
  );
  const seen = [];
  for (const session of sessions) seen.push(await seesB(tx, session));
  return { report, leaks: seen.includes(true), serves: await seesB(tx, own) };
}

async function seesB(tx: Tx, session: Readonly<Record<string, string>>): Promise<boolean> {
  await tx.run('SAVEPOINT session');
  try {
    for (const name of ['app.org', 'app.user', 'app.claims', 'app.scope'])
      await tx.run(
        session[name] === undefined
          ? `RESET ${name}`
          : `SELECT set_config('${name}', '${session[name]}', true)`,
      );
    await tx.script(`SET LOCAL ROLE ${roleName('app')}`);
    const { n } = await tx.one<{ n: number }>(
      `SELECT count(*)::int AS n FROM public.bookings WHERE org_id = '${b}'`,
    );
    return n > 0;
  } catch {
    // What raises shows nothing.
    return false;
  } finally {
    await tx.ask(backToSavepoint('session'));
  }
}
