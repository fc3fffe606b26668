/** The databases of the examples: loaded once in a test run for each engine, and cloned. */
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { embeddedTemplate, serverTemplate } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';
import type { Example } from './cases.ts';

/** A clone of the example's database. */
export async function copyOf(
  engine: Engine,
  example: Example,
): Promise<{ target: DatabaseTarget; drop: () => Promise<void> }> {
  const key = `example ${example.name}`;
  if (engine === 'embedded') {
    const { dataDir, drop } = await embeddedTemplate(key, (folder) => load({ dataDir: folder }, example));
    return { target: { dataDir }, drop };
  }
  const { url, drop } = await serverTemplate(key, (address) => load({ url: address }, example));
  return { target: { url }, drop };
}

async function load(target: DatabaseTarget, { schema, data }: Example): Promise<void> {
  const database = await openDatabase(target);
  try {
    await runScript(database, `${schema}\n${data}`);
  } finally {
    await database.close();
  }
}

export async function runScript(database: Database, sql: string): Promise<void> {
  await database.transaction({}, (tx) => tx.script(sql));
}
