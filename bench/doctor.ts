/**
 * `npm run bench:doctor [-- TABLES …]`: the doctor on so many tables with two policies each, as many keys as tables and three roles, on a
 * server and on the embedded engine: the whole judgement beside what the database needs for its catalogue queries. Ratios travel, absolute
 * times do not.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Config } from '../src/engine/rules/config.ts';
import type { IsolationSettings } from '../src/isolation/ground.ts';
import { judge } from '../src/isolation/judge.ts';
import { openDatabase } from '../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../src/postgres/driver/database.ts';
import { factsWithin } from '../src/postgres/isolation/owned-facts.ts';
import { startPostgres } from '../test/support/postgres-server.ts';

const config: Config = {
  version: 1,
  tenant: { root: 'orgs', key: 'id', column: 'org_id' },
  isolation: { roles: ['bench_app'], trusted: ['bench_backup'] },
};
const settings: IsolationSettings = {
  ownership: 'declared',
  roles: { names: ['bench_app'], from: 'configuration' },
  trusted: ['bench_backup'],
  context: ['app.org'],
  ignored: [],
  today: new Date().toISOString().slice(0, 10),
};
const own = `org_id = NULLIF(current_setting('app.org', true), '')::bigint`;

const sizes = process.argv.slice(2).map(Number);
const table = new Table({
  head: ['engine', 'tables', 'catalogue queries', 'the whole', 'ratio', 'findings'],
  style: { head: [], border: [] },
});
const server = await startPostgres();
const folder = mkdtempSync(join(tmpdir(), 'drover-bench-'));
try {
  for (const [engine, target] of [
    ['server', { url: server.url }],
    ['embedded', { dataDir: folder }],
  ] as const) {
    const database = await openDatabase(target);
    for (const tables of sizes.length > 0 ? sizes : [100, 1000])
      table.push(await measured(database, engine, tables));
    await database.close();
  }
  console.log(table.toString());
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measured(database: Database, engine: string, tables: number): Promise<string[]> {
  await fill(database, tables);
  const runs: { asked: number; whole: number; findings: number }[] = [];
  for (let run = 0; run < 5; run += 1) {
    let asked = 0;
    const from = performance.now();
    const { facts } = await database.transaction({ isolation: 'repeatable read', readOnly: true }, (tx) =>
      factsWithin(
        timed(tx, (ms) => (asked += ms)),
        database.engine,
        { config, records: 'drover', roles: ['bench_app', 'bench_backup'], settings: ['app.org'] },
      ),
    );
    const { findings } = await judge(facts, settings);
    runs.push({ asked, whole: performance.now() - from, findings: findings.length });
  }
  const middle = runs.toSorted((a, b) => a.whole - b.whole)[2];
  const { asked = 0, whole = 0, findings = 0 } = middle ?? {};
  return [
    engine,
    tables.toLocaleString('en'),
    `${asked.toFixed(0)} ms`,
    `${whole.toFixed(0)} ms`,
    (whole / asked).toFixed(2),
    String(findings),
  ];
}

/** The same transaction, with a word for how long each question took. */
function timed(tx: Tx, took: (ms: number) => void): Tx {
  return new Proxy(tx, {
    get(of, name, receiver) {
      const member: unknown = Reflect.get(of, name, receiver);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const from = performance.now();
        try {
          return await (Reflect.apply(member, of, args) as Promise<unknown>);
        } finally {
          took(performance.now() - from);
        }
      };
    },
  });
}

async function fill(database: Database, tables: number): Promise<void> {
  const made = Array.from({ length: tables }, (_, at) => {
    const parent = at === 0 ? '' : `, FOREIGN KEY (org_id, parent_id) REFERENCES t${at - 1}`;
    return `CREATE TABLE t${at} (org_id bigint NOT NULL REFERENCES orgs, id bigint NOT NULL, parent_id bigint, note text,
        PRIMARY KEY (org_id, id)${parent});
      CREATE INDEX ON t${at} (org_id, parent_id);
      ALTER TABLE t${at} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      CREATE POLICY own ON t${at} TO bench_app USING (${own}); CREATE POLICY whole ON t${at} TO bench_backup USING (true);
      GRANT SELECT, INSERT, UPDATE, DELETE ON t${at} TO bench_app; GRANT SELECT ON t${at} TO bench_backup;`;
  });
  await database.transaction({}, (tx) =>
    tx.script(`DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC;
      DO $$ BEGIN
        CREATE ROLE bench_app LOGIN; CREATE ROLE bench_job LOGIN; CREATE ROLE bench_backup;
      EXCEPTION WHEN duplicate_object THEN NULL; END $$;
      CREATE TABLE orgs (id bigint PRIMARY KEY); ALTER TABLE orgs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      CREATE POLICY own ON orgs TO bench_app USING (${own.replace('org_id', 'id')}); GRANT SELECT ON orgs TO bench_app`),
  );
  for (let at = 0; at < made.length; at += 100)
    await database.transaction({}, (tx) => tx.script(made.slice(at, at + 100).join('\n')));
}
