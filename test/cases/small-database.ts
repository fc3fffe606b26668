/** Small databases that Drover did not create, and its command line on them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { droverHere } from '../cli/drover-here.ts';
import type { Outcome } from '../cli/drover-process.ts';
import { freshDatabase } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';

export interface SmallDatabase {
  /** As `--database` and `DATABASE_URL` take it. */
  readonly address: string;
  /** The options that lead to it. */
  readonly where: readonly string[];
  /** Runs `drover WORDS` on the database, with the configuration; with `--database` among the words by another way. */
  readonly run: (...words: string[]) => Promise<Outcome>;
  /** Replaces the configuration. */
  readonly configure: (yaml: string) => void;
  /** Runs `drover init`, keeps what it proposes as the configuration, and gives its text. */
  readonly init: (...words: string[]) => Promise<string>;
  /** The rows of a query as a superuser sees them, each as its values in order, as text. */
  readonly rows: (sql: string) => Promise<(string | null)[][]>;
  readonly script: (sql: string) => Promise<void>;
  readonly drop: () => Promise<void>;
}

/** A new database with what the script makes, and the configuration. */
export async function smallDatabase(engine: Engine, script: string, yaml = ''): Promise<SmallDatabase> {
  const { target, drop } = await freshDatabase(engine);
  const folder = mkdtempSync(join(tmpdir(), 'drover-case-'));
  const config = join(folder, 'drover.config.yaml');
  const address = 'url' in target ? target.url : `pglite:${target.dataDir}`;
  const configure = (text: string): void => writeFileSync(config, text);
  configure(yaml);
  await within(target, (tx) => tx.script(script));
  return {
    address,
    where: ['--database', address, '--config', config],
    configure,
    run: (...words) =>
      droverHere([
        ...words,
        ...(words.includes('--database') ? [] : ['--database', address]),
        '--config',
        config,
      ]),
    init: async (...words) => {
      const { status, stderr } = await droverHere([
        'init',
        ...words,
        '--database',
        address,
        '--out',
        config,
        '--force',
      ]);
      if (status !== 0) throw new Error(stderr);
      return readFileSync(config, 'utf8');
    },
    rows: (sql) =>
      within(target, async (tx) => {
        const rows = await tx.many<Record<string, unknown>>(sql);
        return rows.map((row) => Object.values(row).map(textOf));
      }),
    script: (sql) => within(target, (tx) => tx.script(sql)),
    drop: async () => {
      await drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function within<T>(target: DatabaseTarget, work: (tx: Tx) => Promise<T>): Promise<T> {
  const database = await openDatabase(target);
  try {
    return await database.transaction({}, work);
  } finally {
    await database.close();
  }
}
