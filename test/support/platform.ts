/** Databases with Drover's own schema in them, cloned from a template. */
import assert from 'node:assert/strict';
import { DroverError, type ErrorCode } from '../../src/errors.ts';
import { installPlatform } from '../../src/platform/install.ts';
import { seedDemo } from '../../src/platform/demo/seed.ts';
import { type DatabaseTarget, openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { embeddedTemplate, type Engine, serverTemplate } from './databases.ts';

export interface PlatformDatabase {
  readonly db: Database;
  readonly target: DatabaseTarget;
  /** As the login, which is superuser in tests: for setting the scene and for looking at the result. */
  asSuperuser<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

/** A database with the schema, and with the demo where it is asked for. */
export async function platformDatabase(engine: Engine, content: 'empty' | 'demo'): Promise<PlatformDatabase> {
  const key = `platform-${content}`;
  const build = async (target: DatabaseTarget): Promise<void> => {
    const db = await openDatabase(target);
    try {
      await installPlatform(db);
      if (content === 'demo') await seedDemo(db);
    } finally {
      await db.close();
    }
  };
  if (engine === 'server') {
    const { url, drop } = await serverTemplate(key, (to) => build({ url: to }));
    return opened({ url }, drop);
  }
  const { dataDir, drop } = await embeddedTemplate(key, (to) => build({ dataDir: to }));
  return opened({ dataDir }, drop);
}

async function opened(target: DatabaseTarget, drop: () => Promise<void>): Promise<PlatformDatabase> {
  const db = await openDatabase(target);
  return {
    db,
    target,
    asSuperuser: (work) => db.transaction({}, work),
    drop: async () => {
      await db.close();
      await drop();
    },
  };
}

/** For assert.rejects: which error, and what its message must say. */
export function refusal(code: ErrorCode, says: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DroverError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, says);
    return true;
  };
}

/** A digest of every row of every table of the schema, by table. */
export async function digestRows(tx: Tx, schema = 'migration'): Promise<Record<string, string>> {
  const tables = await tx.many<{ name: string }>(
    'SELECT tablename::text AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1',
    [schema],
  );
  const digests: Record<string, string> = {};
  for (const { name } of tables) {
    const { digest } = await tx.one<{ digest: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') AS digest FROM ${schema}.${name} t`,
    );
    digests[name] = digest;
  }
  return digests;
}
