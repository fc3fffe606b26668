/** Cases in which rows get other keys: a schema each in one database, and what such tests ask of it. */
import assert from 'node:assert/strict';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import type { Config, RowsConfig } from '../../src/engine/rules/config.ts';
import { DroverError } from '../../src/errors.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import type { MoveResult } from '../../src/postgres/records/move-result.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { compareDatabases, listTables, queryText, readDatabase } from '../attached/database-text.ts';
import type { DatabaseText } from '../attached/database-text.ts';
import { applyOne, planOne, rollbackOne } from './batches.ts';

export const oldKey = '11111111-1111-4111-8111-11111111aaaa';
export const nextKey = '33333333-3333-4333-8333-33333333cccc';
export const actor = 'test';

/** A schema of its own in one database. */
export class RowsCase {
  readonly database: Database;
  readonly site: Site;
  readonly schema: string;
  readonly #base: Intent;

  constructor(database: Database, { site, schema, intent }: { site: Site; schema: string; intent: Intent }) {
    this.database = database;
    this.site = site;
    this.schema = schema;
    this.#base = intent;
  }

  intent(more: Partial<Intent> = {}): Intent {
    return { ...this.#base, ...more };
  }

  plan(more?: Partial<Intent>): Promise<Plan> {
    return planOne(this.site, this.intent(more));
  }

  apply(
    more?: Partial<Intent>,
    how: { force?: boolean; reason?: string; plan?: Plan } = {},
  ): Promise<MoveResult> {
    return applyOne(this.site, { intent: this.intent(more), confirm: true, actor, ...how });
  }

  script(sql: string): Promise<void> {
    return this.database.transaction({}, (tx) =>
      tx.script(`SET LOCAL search_path TO ${this.schema}; ${sql}`),
    );
  }

  rows(sql: string): Promise<(string | null)[][]> {
    return queryText(this.database, sql.replaceAll('~', `${this.schema}.`));
  }

  /** @param without columns, as `table.column` */
  async text(without: readonly string[] = []): Promise<DatabaseText> {
    const tables = await listTables(
      this.database,
      without.map((name) => `${this.schema}.${name}`),
    );
    return readDatabase(
      this.database,
      tables.filter(({ name }) => name.startsWith(`${this.schema}.`)),
    );
  }

  /** How many rows its tables hold, with those that were set aside and did not return. */
  async rowsInAll(): Promise<number> {
    const tables = await this.text();
    const held = [...tables.values()].reduce((sum, rows) => sum + rows.length, 0);
    const aside = await queryText(
      this.database,
      `SELECT count(*) FROM drover.set_aside WHERE table_name LIKE '${this.schema}.%' AND returned_by IS NULL`,
    );
    return held + Number(aside[0]?.[0]);
  }

  /** Applies, compares the tables that changed, takes back, takes that back, and takes it back again. */
  async roundTrip(changed: readonly string[], more?: Partial<Intent>): Promise<MoveResult> {
    const start = await this.text();
    const result = await this.apply(more);
    const done = await this.text();
    assert.deepEqual(
      Object.keys(compareDatabases(start, done)).toSorted(),
      changed.map((name) => `${this.schema}.${name}`).toSorted(),
    );
    let last = result.migrationId;
    for (const expected of [start, done, start]) {
      const { migrationId, complete } = await rollbackOne(this.site, {
        migrationId: last,
        tenant: this.#base.tenant,
        actor,
      });
      assert.equal(complete, true);
      assert.deepEqual(compareDatabases(expected, await this.text()), {});
      last = migrationId;
    }
    return result;
  }
}

let schemas = 0;

/** Makes the schema of a case; `SCHEMA ~` in its script stands for it. */
export async function prepareRows(
  database: Database,
  sql: string,
  {
    tenant = { root: 'none' },
    intent = {},
    about = {},
    ...rows
  }: Partial<RowsConfig> & {
    tenant?: Config['tenant'];
    intent?: Partial<Intent>;
    about?: Config['database'];
  } = {},
): Promise<RowsCase> {
  const schema = `keys_${(schemas += 1)}`;
  await database.transaction({}, (tx) =>
    tx.script(
      `CREATE SCHEMA ${schema}; SET LOCAL search_path TO ${schema}; ${sql.replaceAll('SCHEMA ~', `SCHEMA ${schema}`)}`,
    ),
  );
  const config: Config = {
    version: 1,
    database: { schemas: [schema], ...about },
    tenant,
    rows: [{ table: 'printers', ...rows }],
  };
  const base = {
    rows: 'printers',
    from: oldKey,
    to: nextKey,
    parameters: 'keep',
    answers: {},
    leaveAsks: false,
  } as const;
  return new RowsCase(database, {
    site: await openSite({ database, config }),
    schema,
    intent: { ...base, ...intent },
  });
}

export function codes({ findings }: Pick<Plan, 'findings'>, severity = 'error'): string[] {
  return findings.filter((one) => one.severity === severity).map(({ code }) => code);
}

export function literalOf(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function refusedAs(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DroverError && error.code === code;
}
