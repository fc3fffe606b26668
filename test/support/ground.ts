/** The demo in Drover's own schema as a place to try guarantees on: opened and dropped by the hooks of node:test. */
import { after, afterEach, before, beforeEach } from 'node:test';
import type { Database, Tx } from '../../src/postgres/database.ts';
import type { Site } from '../../src/postgres/site.ts';
import type { Engine } from './databases.ts';
import { platformSite, readRows, type Rows } from './guarantee.ts';
import { type PlatformDatabase, platformDatabase } from './platform.ts';

/** Only to be used within tests: its database is there from the hook on. */
export interface Ground {
  readonly platform: PlatformDatabase;
  readonly database: Database;
  readonly site: Site;
  /** All rows as they were at the start. */
  readonly start: Rows;
  /** As the login, which is superuser in tests. */
  superuser<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs statements as the login. */
  script(sql: string): Promise<void>;
  /** The one value, in a column called `value`, as the login sees it. */
  value<T>(sql: string, params?: readonly unknown[]): Promise<T>;
}

/** A database for each test of the suite in which it is called. */
export function demoForEach(engine: Engine): Ground {
  return demo(engine, beforeEach, afterEach);
}

/** One database for all tests of the suite in which it is called: for tests that change nothing. */
export function demoForAll(engine: Engine): Ground {
  return demo(engine, before, after);
}

type Hook = (run: () => Promise<void>) => void;

function demo(engine: Engine, setUp: Hook, tearDown: Hook): Ground {
  let current: { platform: PlatformDatabase; site: Site; start: Rows } | undefined;
  setUp(async () => {
    const platform = await platformDatabase(engine, 'demo');
    current = { platform, site: await platformSite(platform.db), start: await readRows(platform.db) };
  });
  tearDown(async () => current?.platform.drop());
  const open = (): NonNullable<typeof current> => {
    if (current === undefined) throw new Error('the ground is there within tests only');
    return current;
  };
  return {
    get platform() {
      return open().platform;
    },
    get database() {
      return open().platform.db;
    },
    get site() {
      return open().site;
    },
    get start() {
      return open().start;
    },
    superuser: (work) => open().platform.asSuperuser(work),
    script: (sql) => open().platform.asSuperuser((tx) => tx.script(sql)),
    value: async <T>(sql: string, params: readonly unknown[] = []) =>
      (await open().platform.asSuperuser((tx) => tx.one<{ value: T }>(sql, params))).value,
  };
}
