/** Small databases in which the probe is tried: tenants, tables under them, and policies. */
import type { Config } from '../../src/engine/rules/config.ts';
import type { ProbedVerdict } from '../../src/engine/isolation/proof.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { readCatalog } from '../../src/postgres/catalogue/catalog.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import { probe } from '../../src/postgres/isolation/probe/probe.ts';
import type { ProbeRequest } from '../../src/postgres/isolation/probe/probe.ts';
import type { Engine } from '../support/databases.ts';
import { freshDatabase } from '../support/databases.ts';

/** Roles belong to the whole server, and files run beside each other. */
export const role = `probed_${process.pid}`;

/** The tenant of the transaction; none where nothing says it. */
export const own = `nullif(current_setting('app.tenant', true), '')::int`;

/** Tenants, and what belongs to everybody. */
export const roots = `
  CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE kinds (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO kinds VALUES (1, 'plain');
  GRANT SELECT ON kinds TO ${role};
  ${secured('orgs')}
  CREATE POLICY own ON orgs USING (id = ${own});`;

/** Row-level security, and all rights. */
export function secured(table: string): string {
  return `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY; ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role};`;
}

export interface ProbedDatabase {
  readonly target: DatabaseTarget;
  readonly probed: (request?: Partial<ProbeRequest>) => Promise<ProbedVerdict[]>;
  readonly script: (sql: string) => Promise<void>;
  readonly drop: () => Promise<void>;
}

export async function probedDatabase(engine: Engine, schema: string): Promise<ProbedDatabase> {
  const { target, drop } = await freshDatabase(engine);
  const script = async (sql: string): Promise<void> => {
    const database = await openDatabase(target);
    try {
      await database.transaction({}, (tx) => tx.script(sql));
    } finally {
      await database.close();
    }
  };
  await script(`CREATE ROLE ${role}; ${schema}`);
  return {
    target,
    probed: (request) => probeOnce(target, request),
    script,
    drop: async () => {
      await script(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      await drop();
    },
  };
}

/** Each time a connection on which no tenant was named yet. */
export async function probeOnce(
  target: DatabaseTarget,
  request: Partial<ProbeRequest> = {},
): Promise<ProbedVerdict[]> {
  const database = await openDatabase(target);
  try {
    const config: Config = { version: 1, tenant: { root: 'orgs', column: 'org_id', global: ['kinds'] } };
    const catalog = await database.transaction({ readOnly: true }, (tx) =>
      readCatalog(tx, { schemas: ['public'] }),
    );
    const { rules } = resolveRules(catalog, config);
    const context = { settings: { 'app.tenant': '$tenant' } };
    return await probe(database, { rules, roles: [role], context, mode: 'write', ...request });
  } finally {
    await database.close();
  }
}

/** What is not proven, a line each: `rooms select leak: no context, SELECT`. */
export function unproven(verdicts: readonly ProbedVerdict[]): string[] {
  return verdicts
    .filter(({ verdict }) => verdict !== 'proven')
    .map(({ table, command, verdict, leaks, gaps }) => {
      const why =
        verdict === 'leak'
          ? leaks.map(({ way, statement }) => `${way}, ${statement}`)
          : gaps.map(({ reason, sqlState, constraint }) =>
              [reason, sqlState, constraint].filter(Boolean).join(' '),
            );
      return `${table.replace('public.', '')} ${command} ${verdict}: ${[...new Set(why)].join('; ')}`;
    });
}
