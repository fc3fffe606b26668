/** Databases to try guarantees on, opened and dropped by the hooks of node:test: the demo, and one of somebody else's. */
import { after, afterEach, before, beforeEach } from 'node:test';
import type { Config } from '../../src/engine/rules/config.ts';
import { type DatabaseTarget, openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { openSite, type Site } from '../../src/postgres/scope/site.ts';
import type { Engine } from './databases.ts';
import { platformSite, readRows, type Rows } from './guarantee.ts';
import { platformDatabase } from './platform.ts';
import { studioConfig, studioDatabase } from './studio.ts';

/** Only to be used within tests: its database is there from the hook on. */
export interface Ground {
  readonly target: DatabaseTarget;
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

/** The demo, anew for each test of the suite in which it is called. */
export function demoForEach(engine: Engine): Ground {
  return ground(() => openDemo(engine), beforeEach, afterEach);
}

/** The demo, once for all tests of the suite in which it is called: for tests that change nothing. */
export function demoForAll(engine: Engine): Ground {
  return ground(() => openDemo(engine), before, after);
}

/** The database of studio.ts, anew for each test of the suite in which it is called. */
export function studioForEach(engine: Engine, config: Config = studioConfig): Ground {
  return ground(() => openStudio(engine, config), beforeEach, afterEach);
}

/** The same, once for all tests of the suite: for tests that leave it as it was. */
export function studioForAll(engine: Engine): Ground {
  return ground(() => openStudio(engine, studioConfig), before, after);
}

interface Opened {
  readonly target: DatabaseTarget;
  readonly database: Database;
  readonly site: Site;
  readonly drop: () => Promise<void>;
}

async function openDemo(engine: Engine): Promise<Opened> {
  const platform = await platformDatabase(engine, 'demo');
  const { db: database, target } = platform;
  return { target, database, site: await platformSite(database), drop: () => platform.drop() };
}

async function openStudio(engine: Engine, config: Config): Promise<Opened> {
  const { target, drop } = await studioDatabase(engine);
  const database = await openDatabase(target);
  const dropAll = async (): Promise<void> => {
    await database.close();
    await drop();
  };
  return { target, database, site: await openSite({ database, config }), drop: dropAll };
}

type Hook = (run: () => Promise<void>) => void;

function ground(make: () => Promise<Opened>, setUp: Hook, tearDown: Hook): Ground {
  let current: (Opened & { start: Rows }) | undefined;
  setUp(async () => {
    const opened = await make();
    current = { ...opened, start: await readRows(opened.database) };
  });
  tearDown(async () => current?.drop());
  const open = (): Opened & { start: Rows } => {
    if (current === undefined) throw new Error('the ground is there within tests only');
    return current;
  };
  const superuser = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => open().database.transaction({}, work);
  return {
    get target() {
      return open().target;
    },
    get database() {
      return open().database;
    },
    get site() {
      return open().site;
    },
    get start() {
      return open().start;
    },
    superuser,
    script: (sql) => superuser((tx) => tx.script(sql)),
    value: async <T>(sql: string, params: readonly unknown[] = []) =>
      (await superuser((tx) => tx.one<{ value: T }>(sql, params))).value,
  };
}
