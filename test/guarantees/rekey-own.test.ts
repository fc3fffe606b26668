/**
 * Rows of Drover's own schema get other keys, in history too, by a role that may write nothing but keys: each table that the configuration lists,
 * its most referred-to row, there, back, and there again. The tables that refer to it come from the catalogue, and so do the rights.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readRules } from '../../src/postgres/catalogue/rules.ts';
import { openPlatform } from '../../src/platform/open.ts';
import type { Platform } from '../../src/platform/open.ts';
import { manifest } from '../../src/platform/manifest.ts';
import { loadConfigFile } from '../../src/config-file.ts';
import { listAliases } from '../../src/postgres/records/aliases.ts';
import { listChanges } from '../../src/postgres/records/history.ts';
import { siteFor } from '../../src/postgres/scope/rows-site.ts';
import { withTenant } from '../../src/postgres/scope/site.ts';
import { applyOne, planOne, rollbackOne } from '../support/batches.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { eachEngine } from '../support/databases.ts';
import { digestRows, platformDatabase, refusal } from '../support/platform.ts';
import type { PlatformDatabase } from '../support/platform.ts';
import { codes } from '../support/rows-case.ts';

const actor = 'test';
const tenant = demoId(1, 'tenants', 0);
const records = ['aliases', 'audit_log', 'journal', 'migration_steps', 'migrations', 'set_aside'];
const rows = loadConfigFile('src/platform/drover.config.yaml').rows ?? [];

eachEngine((engine) => {
  let database: PlatformDatabase;
  let platform: Platform;
  before(async () => {
    database = await platformDatabase(engine, 'demo');
    platform = await openPlatform(database.db, { install: false });
  });
  after(() => database.drop());

  const digests = async (): Promise<Record<string, string>> => {
    const all = await database.asSuperuser((tx) => digestRows(tx));
    return Object.fromEntries(Object.entries(all).filter(([name]) => !records.includes(name)));
  };
  const changed = (one: Record<string, string>, other: Record<string, string>): string[] =>
    Object.keys(one).filter((name) => one[name] !== other[name]);
  const tablesThatFollow = (
    table: string,
  ): Promise<{ readonly table: string; readonly columns: string[] }[]> =>
    withTenant(siteFor(platform.site, { rows: table }), { tenant, readOnly: true }, async (tx) => {
      const { subject } = await readRules(tx, siteFor(platform.site, { rows: table }), tenant);
      return (subject?.followers ?? []).map(({ table: id, columns }) => ({
        table: id.replace(/^.*\./, ''),
        columns: columns.map(({ column }) => column),
      }));
    });

  describe('in Drover’s own schema', () => {
    it('the role that gives keys may write exactly the columns that hold keys, by the catalogue and the places', async () => {
      const written = new Map<string, Set<string>>();
      const add = (table: string, column: string): void =>
        void written.set(table, (written.get(table) ?? new Set()).add(column));
      for (const { table, names = [] } of rows) {
        for (const one of await tablesThatFollow(table))
          for (const column of one.columns) add(one.table, column);
        for (const { at } of names) add(...(at.split('.') as [string, string]));
      }
      const declared = Object.entries(manifest).flatMap(([name, { rekeyed = 'record' }]) =>
        rekeyed === 'record' ? [] : [[name, rekeyed.toSorted()] as const],
      );
      const found = [...written].map(([name, columns]) => [name, [...columns].toSorted()] as const);
      assert.deepEqual(Object.fromEntries(declared), Object.fromEntries(found));
    });

    for (const { table } of rows)
      it(`a row of ${table} keeps everything, and goes back`, async () => {
        const follows = await tablesThatFollow(table);
        const key = await mostReferred(table, follows);
        const to = `0badc0de-0000-4000-8000-${String(rows.findIndex((one) => one.table === table)).padStart(12, '0')}`;
        const intent = {
          rows: table,
          tenant,
          from: key,
          to,
          parameters: 'keep',
          answers: {},
          leaveAsks: false,
        } as const;
        const start = await digests();
        const plan = await planOne(platform.site, intent);
        assert.deepEqual(codes(plan), []);
        const first = await applyOne(platform.site, { intent, plan, confirm: true, actor });
        const done = await digests();
        const counted = plan.steps.flatMap((step) =>
          step.operation === 'rekey' ? step.follows.filter(({ expected }) => expected > 0) : [],
        );
        const soft = plan.steps.flatMap((step) => (step.operation === 'rewrite-json' ? [step.table] : []));
        const expected = new Set(
          [...counted.map((one) => one.table), ...soft].map((id) => id.replace(/^.*\./, '')),
        );
        assert.deepEqual(changed(start, done), [...expected].toSorted());
        const actual = first.steps.reduce((sum, step) => sum + step.actual, 0);
        const journal = await listChanges(platform.site, { tenant, id: first.migrationId, limit: 10_000 });
        assert.equal(journal.length, actual);
        const again = await applyOne(platform.site, { intent, plan, confirm: true, actor });
        assert.deepEqual([again.replayed, again.migrationId], [true, first.migrationId]);
        const led = await listAliases(platform.site, { tenant, table: `migration.${table}` });
        assert.deepEqual(
          led.map(({ from, to: now }) => [from, now]),
          [[key, to]],
        );
        let last = first.migrationId;
        for (const text of [start, done, start]) {
          const back = await rollbackOne(platform.site, { migrationId: last, tenant, actor });
          assert.equal(back.complete, true);
          assert.deepEqual(changed(text, await digests()), []);
          last = back.migrationId;
        }
      });

    it('refuses a table that nobody lists', async () => {
      const intent = {
        rows: 'users',
        tenant,
        from: 'a',
        to: 'b',
        parameters: 'keep',
        answers: {},
        leaveAsks: false,
      } as const;
      await assert.rejects(planOne(platform.site, intent), refusal('ROWS_UNKNOWN'));
    });
  });

  /** The row of the tenant to which the most tables refer. */
  async function mostReferred(
    table: string,
    follows: readonly { readonly table: string; readonly columns: readonly string[] }[],
  ): Promise<string> {
    const refers = follows.flatMap(({ table: name, columns }) =>
      columns.map(
        (column) =>
          `(SELECT DISTINCT '${name}.${column}' AS place, r.${column} AS key FROM migration.${name} r WHERE r.tenant_id = '${tenant}')`,
      ),
    );
    const { key } = await database.asSuperuser((tx) =>
      tx.one<{ key: string }>(
        `SELECT t.id::text AS key FROM migration.${table} t JOIN (${refers.join(' UNION ALL ')}) r ON r.key = t.id
         WHERE t.tenant_id = '${tenant}' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`,
      ),
    );
    return key;
  }
});
