/** A database of an example, its whole state as text, and a session that runs steps as a person would, without Drover. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { stringify } from 'yaml';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { readOwnedFacts } from '../../src/postgres/isolation/owned-facts.ts';
import { planFor } from '../../src/site/tenantize.ts';
import type { PlannedConversion } from '../../src/site/tenantize.ts';
import { embeddedTemplate, serverTemplate } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';
import { runScript } from '../attached/example-database.ts';
import { listTables, readDatabase } from '../attached/database-text.ts';

export interface ConversionPlace {
  readonly target: DatabaseTarget;
  readonly drop: () => Promise<void>;
}

/** A clone of a database that a script makes. */
export async function cloneOf(engine: Engine, name: string, script: string): Promise<ConversionPlace> {
  const load = async (target: DatabaseTarget): Promise<void> =>
    withOpened(target, (database) => runScript(database, script));
  if (engine === 'embedded') {
    const { dataDir, drop } = await embeddedTemplate(`conversion ${name} ${script}`, (folder) =>
      load({ dataDir: folder }),
    );
    return { target: { dataDir }, drop };
  }
  const { url, drop } = await serverTemplate(`conversion ${name} ${script}`, (address) =>
    load({ url: address }),
  );
  return { target: { url }, drop };
}

export async function withOpened<T>(
  target: DatabaseTarget,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(target);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** The plan under a configuration that is given as data. */
export async function planOf(target: DatabaseTarget, config: unknown): Promise<PlannedConversion> {
  const folder = mkdtempSync(join(tmpdir(), 'drover-conversion-'));
  try {
    const file = join(folder, 'drover.config.yaml');
    writeFileSync(file, typeof config === 'string' ? config : stringify(config));
    return await withOpened(target, (database) => planFor(database, file));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every row of every table, and all that the catalogue says. */
export async function wholeState(target: DatabaseTarget): Promise<{ rows: unknown; catalogue: unknown }> {
  return withOpened(target, async (database) => {
    const config = { version: 1, tenant: { root: 'none' } } as const;
    const { facts } = await readOwnedFacts(database, { config, records: 'drover', roles: [], settings: [] });
    const { catalog, schemas, relations, functions, keys, indexes, defaults } = facts;
    const tables = catalog.tables.map((table) => ({ ...table, rowEstimate: 0 }));
    const rows = await readDatabase(database, await listTables(database));
    return {
      rows: Object.fromEntries(rows),
      catalogue: sorted({ tables, schemas, relations, functions, keys, indexes, defaults }),
    };
  });
}

/** Lists in one order: access lists keep that in which rights were given. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    const isColumns = items.every((item) => typeof item === 'string');
    return isColumns ? items : items.toSorted((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, sorted(member)]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One connection, statement by statement; rows as JSON, so that both engines give the same. */
export interface RawSession {
  readonly run: (sql: string) => Promise<readonly unknown[]>;
  readonly close: () => Promise<void>;
}

export async function openRaw(target: DatabaseTarget): Promise<RawSession> {
  if ('url' in target) {
    const client = new pg.Client({ connectionString: target.url });
    await client.connect();
    return { run: async (sql) => (await client.query(sql)).rows as unknown[], close: () => client.end() };
  }
  const lite = await PGlite.create(join(target.dataDir, 'postgres'));
  return { run: async (sql) => (await lite.exec(sql)).at(-1)?.rows ?? [], close: () => lite.close() };
}
